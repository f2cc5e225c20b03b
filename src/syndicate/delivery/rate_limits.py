"""The rate limits of a relay: exact for any second, hour and 24 hours. Pure.

A message counts from before it is announced until a window after the server's reply. Whenever
the server counts it in between, it never counts more than the limit in any window. The price: a
limit is used once in a window plus the time that messages take.

Times are seconds since 1970, from a clock that does not jump (the time of day when the process
started, plus the time passed since). If it goes back all the same, or did between two processes,
later entries count as now.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import inf

from syndicate.config.model import Server

SECOND, HOUR, DAY = 1.0, 3600.0, 86_400.0
PARTS = 3600
"""Parts of a window: entries of one part are merged into its last, so memory is bounded."""


class RateLimiter:
    """The limits of one server, for its only sender. Not thread-safe.

    Each message is reserved, then recorded or released.
    """

    def __init__(
        self, server: Server, sent: Iterable[tuple[int, int]], first: int | None, now: float
    ) -> None:
        """Start with what earlier processes sent.

        `sent` are seconds, in order, each with the number of messages marked as being sent, for the
        last `history_seconds(server)` at least. `first` is the server's first such second.
        """
        self._server = server
        self._now = now
        self._reserved = 0
        self._second, self._hour, self._day = _Window(SECOND), _Window(HOUR), _Window(DAY)
        limited = {
            self._second: server.per_second,
            self._hour: server.per_hour,
            self._day: server.per_day or server.warm_up,
        }
        self._windows = [window for window, limit in limited.items() if limit]
        self._first = None if first is None else self._latest(first)
        for second, many in sent:
            self._add(self._latest(second), many)

    def reserve(self, now: float) -> bool:
        """Reserve a message that is about to be announced; False if the limits do not allow it."""
        if self.seconds_until_free(now) != 0:
            return False
        self._reserved += 1
        return True

    def release(self) -> None:
        """Release a reserved message that was never marked as being sent."""
        self._reserved -= 1

    def record(self, now: float) -> None:
        """Count a reserved message: the server has replied, or never will."""
        self._update(now)
        self._reserved -= 1
        self._add(self._now, 1)
        if self._first is None:
            self._first = self._now

    def seconds_until_free(self, now: float) -> float | None:
        """Seconds until a message may be reserved, 0 for now.

        None: not before a reserved one is recorded or released.
        """
        self._update(now)
        if not self._windows:
            return 0.0
        at = max(
            self._free_at(self._second, self._server.per_second),
            self._free_at(self._hour, self._server.per_hour),
            self._free_today(self._day),
        )
        return None if at == inf else max(at - now, 0.0)

    def _free_at(self, window: _Window, limit: int) -> float:
        excess = window.total + self._reserved + 1 - limit
        return window.free_at(excess) if limit and excess > 0 else 0.0

    def _free_today(self, window: _Window) -> float:
        """By the limit of 24 hours, and that of the present day of warming up."""
        daily = self._free_at(window, self._server.per_day)
        start = self._now if self._first is None else self._first
        day = int((self._now - start) // DAY)
        if day >= len(self._server.warm_up):
            return daily
        next_day = inf if self._first is None else start + (day + 1) * DAY
        return max(daily, min(self._free_at(window, self._server.warm_up[day]), next_day))

    def _update(self, now: float) -> None:
        """Drop old entries; if the clock went back, later ones count as now."""
        if now < self._now:
            for window in self._windows:
                window.not_after(now)
            if self._first is not None:
                self._first = min(self._first, now)
        for window in self._windows:
            window.forget(now)
        self._now = now

    def _add(self, at: float, many: int) -> None:
        for window in self._windows:
            window.add(at, many)

    def _latest(self, second: int) -> float:
        """The latest time at which a message marked in this second can have been sent."""
        return min(second + 1 + max_exchange_seconds(self._server), self._now)


class _Window:
    """The messages of a window that ends now; `total` counts them."""

    def __init__(self, length: float) -> None:
        self.total = 0
        self._length = length
        self._sent: deque[tuple[float, int]] = deque()  # in order

    def add(self, at: float, many: int) -> None:
        """Add messages at a time not before the last entry."""
        part = self._length / PARTS
        self.total += many
        if self._sent and self._sent[-1][0] // part == at // part:
            many += self._sent.pop()[1]
        self._sent.append((at, many))

    def forget(self, now: float) -> None:
        """Drop entries older than the window."""
        while self._sent and self._sent[0][0] + self._length <= now:
            self.total -= self._sent.popleft()[1]

    def not_after(self, now: float) -> None:
        """Move entries later than now to now."""
        ahead = 0
        while self._sent and self._sent[-1][0] > now:
            ahead += self._sent.pop()[1]
        if ahead:
            self._sent.append((now, ahead))

    def free_at(self, many: int) -> float:
        """When so many messages have left the window; infinity if it has fewer."""
        for at, sent in self._sent:
            many -= sent
            if many <= 0:
                return at + self._length
        return inf


def max_exchange_seconds(server: Server) -> float:
    """Maximum seconds from marking a message to the reply.

    One timeout each to record and to send it, ten for the reply (RFC 5321, section 4.5.3.2).
    """
    return 12 * server.timeout


def history_seconds(server: Server) -> int:
    """Seconds for which sent messages can matter for a limit."""
    return int(DAY + max_exchange_seconds(server)) + 2
