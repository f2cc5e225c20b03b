"""The protocol of transports: messages are handed over one by one, in two steps.

Between the steps nothing is sent yet; after the second the outcome is known. Callers that must
know which messages may have gone out record that in between.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Envelope:
    """Between whom a message goes, as mail servers are told: bare addresses (RFC 5321)."""

    sender: str
    to: str


class Session(Protocol):
    """A connection to whoever takes messages, used by one thread.

    Leaving it between the two steps takes the announcement back: nothing was sent.
    """

    doubt: str
    """Why the outcome of the last message is unknown although its reply was positive, or ""."""

    def begin(self, envelope: Envelope) -> None:
        """Announce a message. Raises DeliveryError if it is refused."""
        ...

    def finish(self, message: bytes, following: Envelope | None = None) -> str:
        """Hand over the message that was announced, CRLF at each end of line; give the reply.

        The message `following` it may be announced in the same breath: `begin` is still called
        with it then, and tells what came of that. Raises DeliveryError if the message is refused,
        or if nobody knows whether it was.
        """
        ...


class Transport(Protocol):
    """A way to send."""

    def session(self) -> AbstractContextManager[Session]:
        """A connection. Raises DeliveryError when there is none to be had."""
        ...
