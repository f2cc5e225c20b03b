"""What a way to send is: messages are handed over one by one, in two steps.

Between the steps nothing is sent yet, and after the second it is known what became of the message.
So whoever must know of each message whether it can have gone out writes that down in between.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Session(Protocol):
    """A connection to whoever takes messages, used by one thread."""

    def begin(self, sender: str, to: str) -> None:
        """Announce a message between these addresses. Raises DeliveryError if it is refused."""
        ...

    def finish(self, message: bytes) -> str:
        """Hand over the message that was announced, CRLF at each end of line; give the reply.

        Raises DeliveryError if it is refused.
        """
        ...


class Transport(Protocol):
    """A way to send."""

    def session(self) -> AbstractContextManager[Session]:
        """A connection. Raises DeliveryError when there is none to be had."""
        ...
