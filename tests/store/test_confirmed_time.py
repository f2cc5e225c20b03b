"""Nothing is deleted for its age on the word of one reading of the clock, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.store.confirmed_time import MIN_AGE, confirmed_time
from syndicate.store.database import Database
from syndicate.store.sqlite import in_memory

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY, YEARS = timedelta(days=1), timedelta(days=3650)


def look(database: Database, *moments: datetime, kind: str = "requests") -> list[datetime | None]:
    with database.transaction():
        return [confirmed_time(database, kind, moment) for moment in moments]


def test_a_time_has_passed_when_a_reading_a_day_later_confirms_it(database: Database) -> None:
    soon = NOON + DAY - timedelta(seconds=1)
    assert look(database, NOON, soon, NOON + DAY, NOON + DAY) == [None, None, NOON, None]
    assert look(database, NOON + 5 * DAY) == [NOON + DAY]


def test_each_kind_has_its_own_reading_of_the_clock(database: Database) -> None:
    assert look(database, NOON) == [None]
    assert look(database, NOON + DAY, kind="events") == [None]
    assert look(database, NOON + DAY) == [NOON]


def test_a_clock_that_is_ahead_or_behind_for_a_moment_makes_nothing_pass(
    database: Database,
) -> None:
    for wrong in (NOON + YEARS, NOON - YEARS):
        found = look(database, NOON, wrong, NOON, NOON + DAY)
        assert max(filter(None, found)) <= NOON


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.timedeltas(timedelta(0), 3 * DAY), st.booleans()), max_size=30),
    st.timedeltas(-YEARS, YEARS),
)
@settings(suppress_health_check=list(HealthCheck), max_examples=200)
def test_no_moment_passes_before_its_time_while_wrong_readings_stay_alone(
    steps: list[tuple[timedelta, bool]], wrong: timedelta
) -> None:
    """Between two wrong readings, of one jump, there is a right one."""
    database, truth = in_memory(), NOON
    for length, jump in steps:
        truth += length
        for moment in (truth + wrong, truth) if jump else (truth,):
            found = look(database, moment)[0]
            assert found is None or found <= truth


def test_all_that_is_old_passes_in_the_end(database: Database) -> None:
    found = look(database, *(NOON + timedelta(minutes=10) * number for number in range(3 * 144)))
    assert max(filter(None, found)) >= NOON + 3 * DAY - 2 * MIN_AGE
