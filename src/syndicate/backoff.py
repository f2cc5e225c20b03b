"""Exponential backoff: how long to wait before the next try. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

MAX_DOUBLINGS = 20
"""More than any wait needs to reach its longest; keeps the number small."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Each wait is twice the one before, up to a longest. Without jitter, as nothing is random."""

    initial: timedelta
    longest: timedelta

    def delay(self, failures: int) -> timedelta:
        """How long to wait after the try that failed when `failures` others had failed before."""
        doublings: int = 2 ** min(failures, MAX_DOUBLINGS)
        return min(self.initial * doublings, self.longest)

    def total(self, failures: int) -> timedelta:
        """How long all waits after so many failures took together."""
        return sum(map(self.delay, range(failures)), timedelta(0))
