"""The rate limits of a relay: exact for any second, hour and 24 hours. Pure.

A message counts from before it is announced until a window after the server's reply. Whenever
the server itself counts it in between, it never counts more than the limit in any window.
The price: a limit is used once in a window plus the time that messages take.

Moments are seconds since 1970, from a clock that does not jump (the time of day when the process
began, plus the time passed since). If it goes back all the same, or did between two processes,
later entries count as now.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import inf

from syndicate.config.model import Server

SECOND, HOUR, DAY = 1.0, 3600.0, 86_400.0
PARTS = 3600
"""What lies in the same of so many parts of a window counts as its last: memory is bounded."""


class RateLimiter:
    """The limits of one server, for its only sender. Each message is reserved, then counted or
    released. Threads must take turns.
    """

    def __init__(
        self, server: Server, sent: Iterable[tuple[int, int]], first: int | None, now: float
    ) -> None:
        """Begin with what earlier processes sent.

        `sent` are seconds, in order, and how many messages were marked as being sent in each; of
        `remembered(server)` seconds at least. `first` is the first such second of the server.
        """
        self._server = server
        self._now = now
        self._in_hand = 0
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
        """Take a place for a message that is about to be announced; False if there is none."""
        if self.seconds_until_free(now) != 0:
            return False
        self._in_hand += 1
        return True

    def release(self) -> None:
        """A message that was reserved came to nothing: it was never marked as being sent."""
        self._in_hand -= 1

    def record(self, now: float) -> None:
        """A message that was reserved is over: the server answered, or never will."""
        self._look(now)
        self._in_hand -= 1
        self._add(self._now, 1)
        if self._first is None:
            self._first = self._now

    def seconds_until_free(self, now: float) -> float | None:
        """Seconds until it is worth asking again; 0: a message may begin now.

        None: not before one that is reserved is counted or released.
        """
        self._look(now)
        if not self._windows:
            return 0.0
        at = max(
            self._free_at(self._second, self._server.per_second),
            self._free_at(self._hour, self._server.per_hour),
            self._free_today(self._day),
        )
        return None if at == inf else max(at - now, 0.0)

    def _free_at(self, window: _Window, limit: int) -> float:
        excess = window.total + self._in_hand + 1 - limit
        return window.free_at(excess) if limit and excess > 0 else 0.0

    def _free_today(self, window: _Window) -> float:
        """By the day's limit, or that of the day of warming up: another day, another limit."""
        free = self._free_at(window, self._server.per_day)
        days = int((self._now - self._first) // DAY) if self._first is not None else 0
        if days >= len(self._server.warm_up):
            return free
        tomorrow = inf if self._first is None else self._first + (days + 1) * DAY
        return max(free, min(self._free_at(window, self._server.warm_up[days]), tomorrow))

    def _look(self, now: float) -> None:
        """Forget what is over; when the clock went back, nothing was later than now."""
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
        """When a message marked in a second of an earlier process went out, at the latest."""
        return min(second + 1 + max_exchange_seconds(self._server), self._now)


class _Window:
    """What counts in a window that ends now. `total` is how much that is."""

    def __init__(self, length: float) -> None:
        self.total = 0
        self._length = length
        self._sent: deque[tuple[float, int]] = deque()  # in order

    def add(self, at: float, many: int) -> None:
        """Count something not earlier than all there is."""
        part = self._length / PARTS
        self.total += many
        if self._sent and self._sent[-1][0] // part == at // part:
            many += self._sent.pop()[1]
        self._sent.append((at, many))

    def forget(self, now: float) -> None:
        """Count no more what is older than the window."""
        while self._sent and self._sent[0][0] + self._length <= now:
            self.total -= self._sent.popleft()[1]

    def not_after(self, now: float) -> None:
        """Count what is later than now as now."""
        ahead = 0
        while self._sent and self._sent[-1][0] > now:
            ahead += self._sent.pop()[1]
        if ahead:
            self._sent.append((now, ahead))

    def free_at(self, many: int) -> float:
        """When so many of those counted are too old to count; never, if there are fewer."""
        for at, sent in self._sent:
            many -= sent
            if many <= 0:
                return at + self._length
        return inf


def max_exchange_seconds(server: Server) -> float:
    """Seconds from marking a message to the answer, at most.

    A timeout each to keep and to write it, ten for the answer (RFC 5321, section 4.5.3.2).
    """
    return 12 * server.timeout


def history_seconds(server: Server) -> int:
    """For how many seconds what was sent can matter."""
    return int(DAY + max_exchange_seconds(server)) + 2
