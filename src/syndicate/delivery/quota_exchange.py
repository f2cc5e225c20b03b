"""Exchanges of quotas with the store, within the transactions of a worker."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from syndicate.delivery.rate_limits import DAY
from syndicate.delivery.relay_quota import Exchange
from syndicate.delivery.relays import Relay
from syndicate.store.database import Database
from syndicate.store.relay_usage import RelayUsage, Reservation

MERGE_SECONDS = 60.0
"""Seconds after which usage is merged by second, and between merges."""


class PendingExchange(NamedTuple):
    """An exchange of a relay, to be applied after its commit; `moment`: when it was decided."""

    relay: Relay
    exchange: Exchange
    moment: float


class QuotaExchange:
    """Exchanges the quotas of all relays of one worker."""

    def __init__(self, database: Database, worker: int, relays: Sequence[Relay]) -> None:
        self._database = database
        self._usage = RelayUsage(database)
        self._worker = worker
        self._relays = relays
        self._written: dict[str, Reservation] = {}
        self._merged: dict[str, int] = {}
        self._merge_at = 0.0
        self._used: set[str] = set()
        """Relays whose first use is recorded."""

    def seconds_until_due(self, queued: int) -> float:
        """Seconds until an exchange is due, when so many deliveries are queued."""
        return min(seconds for _, _, seconds in self._demands(queued, time.monotonic()))

    def apply(self, exchanges: Sequence[PendingExchange]) -> None:
        """Use what exchanges got, after the commit."""
        for relay, exchange, moment in exchanges:
            relay.quota.apply(exchange, moment)
            self._written[relay.name] = exchange.reservation
            if exchange.used:
                self._used.add(relay.name)

    # -- inside a transaction ----------------------------------------------------------------

    def exchange(self, queued: int) -> list[PendingExchange]:
        """Exchange the quotas that are due, when so many deliveries are queued."""
        moment = time.monotonic()
        demands = self._demands(queued, moment)
        due = [(relay, queued) for relay, queued, seconds in demands if seconds <= 0]
        if not due:
            return []
        now = self._database.clock()
        if moment >= self._merge_at:
            self._merge(now)
            self._merge_at = moment + MERGE_SECONDS
        return [PendingExchange(each, self._exchange(each, n, now), moment) for each, n in due]

    def close(self) -> None:
        """Record all, and reserve nothing more: no message is being sent.

        What a worker reserved that was found dead meanwhile is recorded by others.
        """
        for relay in self._relays:
            if self._usage.remove(relay.name, self._worker) and relay.quota.unrecorded:
                self._record(relay.name, relay.quota.unrecorded, self._database.clock())

    def _exchange(self, relay: Relay, queued: int, now: float) -> Exchange:
        quota, name = relay.quota, relay.name
        if not quota.sequence and (first := self._usage.first_used(name)):
            quota.used_first(min(first, now))
        if quota.is_limited:
            quota.observe(self._usage.since(name, quota.sequence, now - DAY), now)
        exchange = quota.exchange(self._worker, self._usage.reservations(name), queued, now)
        self._usage.expire(name, exchange.expired)
        if exchange.used:
            self._record(name, exchange.used, now)
        # Without a commit, what the store has is unknown afterwards.
        if exchange.reservation != self._written.pop(name, None):
            self._usage.reserve(name, exchange.reservation)
        return exchange

    def _record(self, relay: str, messages: int, now: float) -> None:
        self._usage.record(relay, messages, now)
        if relay not in self._used:
            self._usage.record_first_use(relay, now)

    def _demands(self, queued: int, moment: float) -> list[tuple[Relay, int, float]]:
        """Each relay with how many deliveries it can take and the seconds until its exchange."""
        usable = [(each, queued if each.available(moment) else 0) for each in self._relays]
        return [(each, n, each.quota.seconds_until_due(moment, n)) for each, n in usable]

    def _merge(self, now: float) -> None:
        for name in (relay.name for relay in self._relays):
            sequence = self._merged.get(name, 0)
            self._merged[name] = self._usage.merge(name, sequence, now - MERGE_SECONDS)
