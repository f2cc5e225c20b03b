"""The quota of a relay: how many messages, over how many connections, this worker may send.

All workers of a store share the limits of a relay. Each reserves messages in the store before it
announces them, and records there what became of them: an exchange, in the transaction that also
records the outcomes. Between exchanges its threads use what was reserved. Pure: moments are seconds
of a monotonic clock, `now` and times of the store those of `Database.clock`.

The store never has less reserved than the worker may use: what it gives back it stops using before
the transaction, and what it gets it uses after the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from syndicate.config.model import Server
from syndicate.delivery.connection_slots import ConnectionSlots, even_share
from syndicate.delivery.rate_limits import RateLimiter, max_exchange_seconds
from syndicate.store.relay_usage import Reservation, Usage

EXCHANGE_SECONDS = 0.25
"""Seconds between exchanges of a relay with limits, as long as what is reserved suffices."""

UNLIMITED_SECONDS = 1.0
"""Seconds between exchanges of a relay without limits."""

MIN_WAIT, MAX_WAIT = 0.02, 0.2
"""Seconds after which to exchange again when a limit left less than was wanted."""

TOKEN_SECONDS = 10.0
"""Seconds for which what was reserved may be announced.

Others may count a worker that has not reached the database for longer as dead.
"""

LAZY_PART = 4
"""A worker reserves more than its connections need at once only up to this part of what is left."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an exchange writes, and what it changes once that is committed.

    `used` messages are recorded, those of `expired` workers among them; `recorded` are the ones of
    this worker. It holds `reservation` then, may announce `granted` more messages, and open
    `connections`. When `is_short`, limits left less than its connections need; `wait` is for how
    many seconds at least.
    """

    reservation: Reservation
    used: int
    recorded: int
    expired: Sequence[int]
    granted: int
    connections: int
    is_short: bool
    wait: float


class RelayQuota:
    """What this worker may send through a relay. Thread-safe.

    Before it is announced, each message is taken; then it is finished, or put back if it was never
    announced.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._limiter = RateLimiter(server)
        self._grace = max_exchange_seconds(server) + TOKEN_SECONDS
        self._lock = Lock()
        self._free = 0
        self._in_use = 0
        self._finished = 0
        self._valid_until = 0.0
        self._exchange_at = 0.0
        self._short_until = 0.0
        self._is_short = False
        self.sequence = 0
        self.slots = ConnectionSlots()

    # -- for the threads of connections ------------------------------------------------------

    def take(self, moment: float) -> bool:
        """Take a message that is about to be announced; False if none may be now."""
        with self._lock:
            if self.is_limited:
                if not self._free or moment > self._valid_until:
                    return False
                self._free -= 1
            self._in_use += 1
            return True

    def put_back(self) -> None:
        """A message that was taken was never announced."""
        with self._lock:
            self._in_use -= 1
            if self.is_limited:
                self._free += 1

    def finish(self) -> None:
        """The outcome of a message that was taken is known, or it was announced in vain."""
        with self._lock:
            self._in_use -= 1
            self._finished += 1

    @property
    def is_limited(self) -> bool:
        """Whether the relay has any rate limit."""
        return self._limiter.is_limited

    @property
    def is_exhausted(self) -> bool:
        """Whether its limits allow no message now."""
        return self._is_short and not self._free

    # -- when to exchange --------------------------------------------------------------------

    def seconds_until_due(self, moment: float, queued: int) -> float:
        """Seconds until an exchange is due."""
        with self._lock:
            at = self._exchange_at
            if self.is_limited:
                if self._finished and self._is_short:
                    at = 0.0  # the sooner it is recorded, the sooner its window ends
                elif not self._free and self._needed(queued, self.slots.allowed):
                    at = min(at, self._short_until)
            return max(at - moment, 0.0)

    def _needed(self, queued: int, connections: int) -> int:
        """How many more messages connections can take: a present and a next one for each."""
        return max(min(2 * connections - self._in_use, queued), 0)

    # -- the exchange ------------------------------------------------------------------------

    def observe(self, usage: Sequence[Usage], now: float) -> None:
        """Count what all workers recorded since the last time."""
        for row in usage:
            self._limiter.add(row.recorded_at, row.messages, now)
            self.sequence = row.sequence

    def used_first(self, at: float) -> None:
        """Note a moment at which the relay was used: the days of warming up begin at the first."""
        self._limiter.used_first(at)

    def exchange(
        self, worker: int, reservations: Sequence[Reservation], queued: int, now: float
    ) -> Exchange:
        """Decide what to record and reserve, when so many deliveries are queued.

        `reservations` are those of all workers. Messages that it gives back are not used any more.
        """
        others = [each for each in reservations if each.worker != worker]
        expired = [each for each in others if each.ended_at and each.ended_at + self._grace <= now]
        living = [each for each in others if not each.ended_at]
        elsewhere = sum(each.messages for each in others)
        allowed, connections = self._connections(worker, living)
        with self._lock:
            recorded = self._finished
            needed = self._needed(queued, allowed) if self.is_limited else 0
            wanted = max(needed, min(2 * recorded, queued)) if self.is_limited else 0
            self._free = min(self._free, wanted)
            held = self._free + self._in_use if self.is_limited else 0
            reserved = elsewhere + held + recorded
            room = self._limiter.room(now, reserved)
            granted = max(min(needed - self._free, room), room // LAZY_PART, 0)
            granted = min(granted, wanted - self._free)
            is_short = self._free + granted < needed
        return Exchange(
            Reservation(worker, held + granted, connections),
            recorded + sum(each.messages for each in expired),
            recorded,
            [each.worker for each in expired],
            granted,
            allowed,
            is_short,
            self._limiter.seconds_until_room(now, reserved) if is_short else 0.0,
        )

    def _connections(self, worker: int, living: Sequence[Reservation]) -> tuple[int, int]:
        """How many connections may be opened then, and how many may be open until then."""
        total = self._server.connections
        share = even_share(total, [worker, *(each.worker for each in living)], worker)
        free = total - sum(each.connections for each in living)
        still_open = self.slots.lower(share)
        allowed = max(min(share, free), self.slots.allowed)
        return allowed, max(allowed, still_open)

    def apply(self, exchange: Exchange, moment: float) -> None:
        """Use what an exchange got that is committed; `moment` is before its transaction."""
        with self._lock:
            self._finished -= exchange.recorded
            self._free += exchange.granted
            self._valid_until = moment + TOKEN_SECONDS
            self._is_short = exchange.is_short
            wait = min(max(exchange.wait, MIN_WAIT), MAX_WAIT) if exchange.is_short else 0.0
            self._short_until = moment + wait
            period = EXCHANGE_SECONDS if self.is_limited else UNLIMITED_SECONDS
            self._exchange_at = moment + period
        self.slots.allow(exchange.connections)

    @property
    def unrecorded(self) -> int:
        """How many messages are not recorded; those in use are announced, or may be."""
        return self._finished + self._in_use
