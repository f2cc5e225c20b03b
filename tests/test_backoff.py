"""Exponential backoff."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from syndicate.backoff import Backoff

BACKOFF = Backoff(timedelta(minutes=5), timedelta(hours=4))


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    minutes = [BACKOFF.delay(failures) // timedelta(minutes=1) for failures in range(8)]
    assert minutes == [5, 10, 20, 40, 80, 160, 240, 240]


@given(st.integers(0, 500))
def test_the_total_grows_by_the_next_wait(failures: int) -> None:
    assert BACKOFF.total(failures + 1) - BACKOFF.total(failures) == BACKOFF.delay(failures)
