"""Throughput: events per second, now. Pure: moments are seconds of any monotonic clock."""

from __future__ import annotations

from collections import deque

WINDOW = 10.0
"""Seconds that are looked back."""


class ThroughputMeter:
    """Tells a rate from how many were done at which moment."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def record(self, moment: float, done: int) -> None:
        """So many are done by now."""
        if self._seen and moment - self._seen[-1][0] < WINDOW / 100:
            return  # often enough
        self._seen.append((moment, done))
        while moment - self._seen[0][0] > WINDOW:
            self._seen.popleft()

    @property
    def per_second(self) -> float:
        """How many a second, of late; 0 before that is known."""
        if len(self._seen) < 2:
            return 0.0
        (before, then), (now, done) = self._seen[0], self._seen[-1]
        return (done - then) / (now - before)
