"""The rate limits of a relay: exact for any second, hour and 24 hours, over all workers. Pure.

A message counts from before it is announced until a window after its outcome is recorded. Whenever
the server counts it in between, it never counts more than the limit in any window. The price: a
limit is used once in a window plus the time that messages take.

Times are seconds since 1970, by the clock that all workers share (`Database.clock`). If it goes
back, later entries count as now.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from math import inf

from syndicate.config.model import Server

SECOND, HOUR, DAY = 1.0, 3600.0, 86_400.0
PARTS = 3600
"""Parts of a window: entries of one part are merged into its last, so memory is bounded."""

UNLIMITED = sys.maxsize
"""How many messages may be reserved where nothing limits them."""


class RateLimiter:
    """The limits of one server, and what was sent through it. Not thread-safe.

    Messages that are reserved, by this worker or another, are not in it: callers count them.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._now = 0.0
        self._second, self._hour, self._day = _Window(SECOND), _Window(HOUR), _Window(DAY)
        limited = {
            self._second: server.per_second,
            self._hour: server.per_hour,
            self._day: server.per_day or server.warm_up,
        }
        self._windows = [window for window, limit in limited.items() if limit]
        self._first = inf

    @property
    def is_limited(self) -> bool:
        """Whether the server has any limit."""
        return bool(self._windows)

    def used_first(self, at: float) -> None:
        """Count the days of warming up from this moment, if it is the earliest known."""
        self._first = min(self._first, at)

    def add(self, at: float, many: int, now: float) -> None:
        """Count messages whose outcome was recorded at a moment. In the order recorded."""
        self._update(now)
        self.used_first(min(at, now))
        for window in self._windows:
            window.add(min(at, now), many)

    def room(self, now: float, reserved: int) -> int:
        """How many more messages may be reserved now, while so many are."""
        self._update(now)
        room = min((limit - window.total for window, limit in self._limits()), default=UNLIMITED)
        return max(room - reserved, 0)

    def seconds_until_room(self, now: float, reserved: int) -> float:
        """Seconds until one more message may be reserved, 0 for now.

        Infinity: not before a reserved one is recorded or released.
        """
        self._update(now)
        next_day = self._first + (self._day_number() + 1) * DAY
        at = max(
            self._free_at(self._second, self._server.per_second, reserved),
            self._free_at(self._hour, self._server.per_hour, reserved),
            self._free_at(self._day, self._server.per_day, reserved),
            min(self._free_at(self._day, self._warm_up(), reserved), next_day),
        )
        return max(at - now, 0.0)

    def _limits(self) -> Iterator[tuple[_Window, int]]:
        for window, limit in (
            (self._second, self._server.per_second),
            (self._hour, self._server.per_hour),
            (self._day, self._server.per_day),
            (self._day, self._warm_up()),
        ):
            if limit:
                yield window, limit

    def _free_at(self, window: _Window, limit: int, reserved: int) -> float:
        excess = window.total + reserved + 1 - limit
        return window.free_at(excess) if limit and excess > 0 else 0.0

    def _warm_up(self) -> int:
        """The limit of the present day of warming up; 0 afterwards."""
        day = self._day_number()
        return self._server.warm_up[day] if day < len(self._server.warm_up) else 0

    def _day_number(self) -> int:
        """The number of days since the first use."""
        return int((self._now - min(self._first, self._now)) // DAY)

    def _update(self, now: float) -> None:
        """Drop old entries; if the clock went back, later ones count as now."""
        if now < self._now:
            for window in self._windows:
                window.not_after(now)
            if self._first < inf:
                self._first = min(self._first, now)
        for window in self._windows:
            window.forget(now)
        self._now = now


class _Window:
    """The messages of a window that ends now; `total` counts them."""

    def __init__(self, length: float) -> None:
        self.total = 0
        self._length = length
        self._sent: deque[tuple[float, int]] = deque()  # in order

    def add(self, at: float, many: int) -> None:
        """Add messages; they count no earlier than the last entry."""
        part = self._length / PARTS
        self.total += many
        if self._sent and at // part <= self._sent[-1][0] // part:
            last, before = self._sent.pop()
            at, many = max(last, at), before + many
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

    def free_at(self, number: int) -> float:
        """When so many messages have left the window; infinity if it has fewer."""
        for at, sent in self._sent:
            number -= sent
            if number <= 0:
                return at + self._length
        return inf


def max_exchange_seconds(server: Server) -> float:
    """Maximum seconds from marking a message to the reply.

    One timeout each to record and to send it, ten for the reply (RFC 5321, section 4.5.3.2).
    """
    return 12 * server.timeout
