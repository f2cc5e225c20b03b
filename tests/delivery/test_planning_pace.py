"""Steps of planning are adapted to the time that they take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.delivery.planning_pace import (
    MAX_LIMIT,
    MIN_LIMIT,
    STEP_SECONDS,
    PlanningPace,
    next_limit,
)
from syndicate.store.chunks import CHUNK_SIZE
from syndicate.store.sqlite import in_memory

LIMITS = st.integers(MIN_LIMIT, MAX_LIMIT)


@given(LIMITS, st.floats(0, 1_000))
def test_chunks_are_full_and_no_step_is_larger_than_the_largest(limit: int, seconds: float) -> None:
    following = next_limit(limit, seconds)
    assert MIN_LIMIT <= following <= min(2 * limit, MAX_LIMIT)
    assert following % CHUNK_SIZE == 0


@given(LIMITS, st.floats(STEP_SECONDS, 10))
def test_after_a_slow_step_the_next_one_is_as_long_as_it_should_be(
    limit: int, seconds: float
) -> None:
    following = next_limit(limit, seconds)
    assert following == MIN_LIMIT or following / limit * seconds <= STEP_SECONDS


@pytest.mark.parametrize("planned", [0, 1])
def test_a_step_that_planned_less_than_it_could_changes_no_limit(planned: int) -> None:
    pace, limits = PlanningPace(), []

    def plan(limit: int) -> int:
        limits.append(limit)
        return planned

    for _ in range(2):
        assert pace.step(in_memory(), plan) == planned
    assert limits[0] == limits[1]
