"""The protocol of transports: messages are sent one by one, in two steps.

Between the steps nothing is sent yet; after the second the outcome is known. Callers that must
know which messages may have gone out record that in between.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Envelope:
    """Sender and recipient of a message in SMTP: addresses without names (RFC 5321)."""

    sender: str
    to: str


class Session(Protocol):
    """A connection to a server, or to the outbox; used by one thread.

    Closing it between the two steps withdraws the announcement: nothing was sent.
    """

    doubt: str
    """Why the outcome of the last message is unknown although its reply was positive, or ""."""

    def begin(self, envelope: Envelope) -> None:
        """Announce a message. Raises DeliveryError if it is refused."""
        ...

    def finish(self, message: bytes, following: Envelope | None = None) -> str:
        """Send the announced message, with CRLF line ends; returns the reply.

        The message `following` it may be announced in the same exchange; `begin` must still be
        called with it, and raises any refusal. Raises DeliveryError if the message is refused, or
        if its outcome is unknown.
        """
        ...


class Transport(Protocol):
    """A way to send."""

    def session(self) -> AbstractContextManager[Session]:
        """A connection. Raises DeliveryError when none can be opened."""
        ...
