"""How many deliveries a step of planning plans: all other writers wait for its transaction."""

from __future__ import annotations

import time
from collections.abc import Callable

from syndicate.store.chunks import CHUNK_SIZE
from syndicate.store.database import Database

STEP_SECONDS = 0.3
"""How long a step is to last."""

TURN_SECONDS = 0.12
"""Seconds for other writers: one that waits for SQLite looks every 0.1 seconds."""

FIRST_LIMIT, MIN_LIMIT, MAX_LIMIT = 20_000, 10_000, 100_000
"""Recipients of the first step, and of any: each step costs something besides."""


class PlanningPace:
    """Runs steps of planning, and adapts the number of recipients to the time that steps take."""

    def __init__(self) -> None:
        self._limit = FIRST_LIMIT

    def step(self, database: Database, plan: Callable[[int], int]) -> int:
        """Run a step, in a transaction; how many deliveries it planned.

        `plan` gets the most that it may plan, and returns how many it planned.
        """
        with database.transaction():
            begin = time.monotonic()
            planned = plan(self._limit)
        if planned >= self._limit:
            self._limit = next_limit(self._limit, time.monotonic() - begin)
        return planned


def give_turn() -> None:
    """Let other writers go ahead, between two steps."""
    time.sleep(TURN_SECONDS)


def next_limit(limit: int, seconds: float) -> int:
    """The limit of the step after one that planned `limit` deliveries in so many seconds. Pure.

    It at most doubles. Chunks are full as long as it is a multiple of their size.
    """
    suitable = min(limit * STEP_SECONDS / max(seconds, 0.001), limit * 2, MAX_LIMIT)
    return max(int(suitable) // CHUNK_SIZE * CHUNK_SIZE, MIN_LIMIT)
