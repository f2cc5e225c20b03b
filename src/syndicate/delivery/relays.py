"""Relays: SMTP servers, or the outbox, with their quotas and health.

The workers of a relay share it. It does not use the store, and times are passed in.
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
from syndicate.delivery.relay_quota import RelayQuota
from syndicate.errors import DeliveryError
from syndicate.mail.outbox import Outbox
from syndicate.mail.smtp.client import SmtpTransport
from syndicate.mail.transport import Session, Transport

OUTBOX = Server(name="outbox", host="", connections=1)
BACKOFF = Backoff(timedelta(seconds=1), timedelta(minutes=1))
"""The delay until a relay is used again after an error."""


class RelayError(NamedTuple):
    """The error of a relay.

    The relay is used again in `retry_in` seconds, or not again in this run if it `is_disabled`.
    """

    text: str
    retry_in: float
    is_disabled: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class Relay:
    """A server with its quota and health. Times are seconds of a monotonic clock."""

    server: Server
    transport: Transport
    quota: RelayQuota = field(init=False)
    dispatched: int = 0
    """Messages since the set of available relays last changed."""
    disabled_by: DeliveryError | None = None
    """The permanent error that disabled it for the rest of this run, if there was one."""
    last_error: DeliveryError | None = None
    """The last error after the last message that it accepted."""
    _failures: int = 0
    _retry_at: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.quota = RelayQuota(self.server)

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.server.name

    @property
    def share(self) -> float:
        """The number of dispatched messages, divided by its weight."""
        return self.dispatched / self.server.weight

    def available(self, moment: float) -> bool:
        """Whether it may be used."""
        return self.disabled_by is None and moment >= self._retry_at

    def mark_healthy(self) -> None:
        """Reset errors and delays: it accepted a message."""
        self._failures = 0
        self.last_error = None

    def error_at(self, moment: float) -> RelayError | None:
        """The current error, with the delay from `moment` until it is used again."""
        error = self.disabled_by or self.last_error
        if error is None:
            return None
        retry_in = max(self._retry_at - moment, 0.0)
        return RelayError(f"{self.name}: {error.message}", retry_in, self.disabled_by is not None)

    def mark_failed(self, error: DeliveryError, moment: float) -> None:
        """After an error of a connection: use it again after a delay; never if it is permanent."""
        with self._lock:
            self.last_error = error
            if error.permanent:
                self.disabled_by = error
            elif moment >= self._retry_at:  # else another worker has reported this already
                self._retry_at = moment + BACKOFF.delay(self._failures).total_seconds()
                self._failures += 1


def transports(sending: Sending, outbox: Path, helo: str) -> Mapping[Server, Transport]:
    """The transports of a configuration, by server. `helo` is the host of `site.url`."""
    if sending.transport == "outbox":
        return {OUTBOX: Outbox(outbox)}
    return {server: SmtpTransport(server, helo) for server in sending.servers.values()}


class FailoverTransport:
    """A transport for single messages: uses the first server that accepts a connection."""

    def __init__(self, transports: Iterable[Transport]) -> None:
        self._transports = tuple(transports)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session of the first server with one. Raises the error of the last."""
        *first, last = self._transports
        with ExitStack() as stack:
            for transport in first:
                with suppress(DeliveryError):
                    session = stack.enter_context(transport.session())
                    break
            else:
                session = stack.enter_context(last.session())
            yield session
