"""Throughput: messages per second, now. Pure: times are seconds of any monotonic clock."""

from __future__ import annotations

from collections import deque

WINDOW = 10.0
"""Seconds that count."""


class ThroughputMeter:
    """Computes a rate from how many were done at which time."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def record(self, moment: float, done: int) -> None:
        """Record how many are done by now."""
        if self._seen and moment - self._seen[-1][0] < WINDOW / 100:
            return  # too soon after the last one
        self._seen.append((moment, done))
        while moment - self._seen[0][0] > WINDOW:
            self._seen.popleft()

    @property
    def per_second(self) -> float:
        """The rate of the last WINDOW seconds; 0 before it is known."""
        if len(self._seen) < 2:
            return 0.0
        (before, then), (now, done) = self._seen[0], self._seen[-1]
        return (done - then) / (now - before)
