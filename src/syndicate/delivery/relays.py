"""Relays: SMTP servers, or the outbox, with their limits and health.

Shared by the threads of their workers; knows no store and no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from syndicate.backoff import Backoff
from syndicate.config.model import Sending, Server
from syndicate.delivery.rate_limits import RateLimiter
from syndicate.errors import DeliveryError
from syndicate.mail.outbox import Outbox
from syndicate.mail.smtp.client import SmtpTransport
from syndicate.mail.transport import Session, Transport

OUTBOX = Server(name="outbox", host="", connections=1)
BACKOFF = Backoff(timedelta(seconds=1), timedelta(minutes=1))
"""How long a server in trouble is left alone."""


class RelayError(NamedTuple):
    """What is wrong with a server, for a person.

    `rest` is in how many seconds it is tried again: None if it is not, 0 if that is happening now.
    """

    text: str
    rest: float | None

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class Relay:
    """A server, what it is given, and its troubles. Moments are seconds of a monotonic clock."""

    server: Server
    transport: Transport
    limiter: RateLimiter
    dispatched: int = 0
    """Messages since the number of relays last changed."""
    disabled_by: DeliveryError | None = None
    """Why it is not used again, if it is not."""
    last_error: DeliveryError | None = None
    """What went wrong since it last took a message."""
    _failures: int = 0
    _until: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    @property
    def name(self) -> str:
        """What it is called in the configuration."""
        return self.server.name

    @property
    def share(self) -> float:
        """How much it was given, for its weight."""
        return self.dispatched / self.server.weight

    def available(self, moment: float) -> bool:
        """Whether it may be tried."""
        return self.disabled_by is None and moment >= self._until

    def mark_healthy(self) -> None:
        """It took a message."""
        self._failures = 0
        self.last_error = None

    def not_written(self, error: DeliveryError) -> None:
        """It could not take a message, for a reason that is not the message."""
        self.last_error = error

    def trouble_at(self, moment: float) -> RelayError | None:
        """What is wrong with it, and when it is tried again."""
        error = self.disabled_by or self.last_error
        if error is None:
            return None
        rest = None if self.disabled_by else max(self._until - moment, 0.0)
        return RelayError(f"{self.name}: {error.message}", rest)

    def mark_failed(self, error: DeliveryError, moment: float) -> None:
        """It has no connection to give, or ended one: leave it alone for a while, or for good."""
        with self._lock:
            self.last_error = error
            if error.for_good:
                self.disabled_by = error
            elif moment >= self._until:  # else another connection has told already
                self._until = moment + BACKOFF.delay(self._failures).total_seconds()
                self._failures += 1


def transports(sending: Sending, outbox: Path, helo: str) -> Mapping[Server, Transport]:
    """The ways to send that a configuration has. `helo` is what this machine calls itself."""
    if sending.transport == "outbox":
        return {OUTBOX: Outbox(outbox)}
    return {server: SmtpTransport(server, helo) for server in sending.servers.values()}


class FailoverTransport:
    """A transport for single messages: the first server that gives a connection."""

    def __init__(self, transports: Iterable[Transport]) -> None:
        self._transports = tuple(transports)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A connection of the first that has one. Raises what the last one said."""
        *first, last = self._transports
        with ExitStack() as stack:
            for transport in first:
                with suppress(DeliveryError):
                    session = stack.enter_context(transport.session())
                    break
            else:
                session = stack.enter_context(last.session())
            yield session
