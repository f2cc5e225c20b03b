"""Each slot is made or skipped exactly once, through clock changes, crashes and restarts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from local_calendar import year
from syndicate.schedule import Missed
from syndicate.schedule.due import ON_TIME, Due, SkipReason, due
from syndicate.schedule.slots import Schedule

EIGHT = Schedule.parse(every="day at 08:00", time_zone="UTC")
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int, time: str = "08:00") -> datetime:
    return datetime.fromisoformat(f"2026-01-{number:02}T{time}").replace(tzinfo=UTC)


def days(found: Due) -> tuple[list[int], dict[int, SkipReason]]:
    """Days of January that are made, and those that are skipped, with the reason."""
    make = [slot.due.day for slot in found.make]
    return make, {skipped.slot.due.day: skipped.reason for skipped in found.skip}


# -- in time ---------------------------------------------------------------------------------------


def test_nothing_is_due_before_its_time() -> None:
    assert due(EIGHT, since=SINCE, now=day(1, "07:59:59")) == Due()


@pytest.mark.parametrize("missed", get_args(Missed))
def test_a_slot_that_is_on_time_is_made_whatever_the_policy_for_missed_ones(missed: Missed) -> None:
    for late in (timedelta(), timedelta(seconds=5), ON_TIME):
        found = due(EIGHT, since=SINCE, now=day(1) + late, missed=missed, max_age=timedelta(0))
        assert days(found) == ([1], {})


@pytest.mark.parametrize("missed", get_args(Missed))
def test_two_times_that_the_clocks_jump_over_are_both_made(missed: Missed) -> None:
    schedule = Schedule.parse(every="day at 02:15 and 02:45", time_zone="Europe/Berlin")
    jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    found = due(schedule, since=jump - timedelta(hours=2), now=jump, missed=missed)
    assert [slot.local[11:] for slot in found.make] == ["02:15", "02:45"]
    assert found.skip == ()


def test_there_are_no_slots_before_the_schedule_began() -> None:
    assert due(EIGHT, since=day(5), now=day(5, "23:00")) == Due()
    assert days(due(EIGHT, since=day(5, "07:59"), now=day(5))) == ([5], {})
    later = due(EIGHT, since=day(5, "12:00"), last="2026-01-01T08:00", now=day(6))
    assert days(later) == ([6], {})


# -- late ------------------------------------------------------------------------------------------


def test_of_several_missed_slots_the_latest_is_made_and_the_others_are_skipped() -> None:
    found = due(EIGHT, since=SINCE, last="2026-01-01T08:00", now=day(4, "20:00"))
    assert days(found) == ([4], {2: SkipReason.TOO_OLD, 3: SkipReason.TOO_OLD})
    found = due(EIGHT, since=SINCE, now=day(4, "20:00"), max_age=timedelta(days=3))
    superseded = {2: SkipReason.SUPERSEDED, 3: SkipReason.SUPERSEDED}
    assert days(found) == ([4], {1: SkipReason.TOO_OLD, **superseded})


def test_a_slot_on_time_replaces_missed_ones() -> None:
    found = due(EIGHT, since=SINCE, now=day(3), max_age=timedelta(days=3))
    assert days(found) == ([3], {1: SkipReason.SUPERSEDED, 2: SkipReason.SUPERSEDED})


def test_all_missed_slots_that_are_not_too_old_are_made() -> None:
    found = due(EIGHT, since=SINCE, now=day(4, "20:00"), missed="all", max_age=timedelta(days=2))
    assert days(found) == ([3, 4], {1: SkipReason.TOO_OLD, 2: SkipReason.TOO_OLD})


def test_no_missed_slot_is_made_with_catch_up_none() -> None:
    found = due(EIGHT, since=SINCE, now=day(2, "08:11"), missed="none")
    assert days(found) == ([], {1: SkipReason.UNWANTED, 2: SkipReason.UNWANTED})


def test_a_slot_is_too_old_only_beyond_the_age_allowed() -> None:
    age = timedelta(hours=3)
    at_the_limit = due(EIGHT, since=SINCE, now=day(1) + age, max_age=age)
    assert days(at_the_limit) == ([1], {})
    beyond = due(EIGHT, since=SINCE, now=day(1) + age + timedelta(seconds=1), max_age=age)
    assert days(beyond) == ([], {1: SkipReason.TOO_OLD})


def test_by_default_a_slot_may_be_a_day_late() -> None:
    late = day(2)
    assert days(
        due(EIGHT, since=day(1, "07:59"), last="", now=late, made=["2026-01-02T08:00"])
    ) == (
        [],
        {1: SkipReason.SUPERSEDED},
    )
    assert days(
        due(
            EIGHT,
            since=day(1, "07:59"),
            now=late + timedelta(seconds=1),
            made=["2026-01-02T08:00"],
        )
    ) == ([], {1: SkipReason.TOO_OLD})


# -- clocks that are set ---------------------------------------------------------------------------


def test_a_clock_set_back_makes_nothing_again() -> None:
    for now in (day(3, "07:00"), day(3), day(3, "09:00"), day(1)):
        assert due(EIGHT, since=SINCE, last="2026-01-03T08:00", now=now) == Due()
    assert due(EIGHT, since=SINCE, now=SINCE - timedelta(days=400)) == Due()


def test_a_clock_set_forward_an_hour_misses_nothing() -> None:
    last = "2026-01-02T08:00"
    assert days(due(EIGHT, since=SINCE, last=last, now=day(3, "08:40"))) == ([3], {})


# -- a month in the life of a newsletter -----------------------------------------------------------

PLACE = "Europe/Berlin"
SCHEDULES: dict[str, Callable[[datetime], bool]] = {
    "15 minutes": lambda wall: True,
    "2 hours": lambda wall: wall.hour % 2 == 0 and wall.minute == 0,
    "day at 02:30": lambda wall: (wall.hour, wall.minute) == (2, 30),
    "day at 02:15, 02:30 and 08:00": lambda wall: (
        (wall.hour, wall.minute) in ((2, 15), (2, 30), (8, 0))
    ),
    "sunday and monday at 02:00": lambda wall: (
        wall.isoweekday() in (7, 1) and (wall.hour, wall.minute) == (2, 0)
    ),
}


class Row(NamedTuple):
    """What a store keeps of a slot: what became of it, and when by the clock."""

    state: str
    at: datetime


def last(rows: Mapping[str, Row], now: datetime) -> str:
    """The latest slot that was made or skipped by now, as a store gives it."""
    return max((local for local, row in rows.items() if row.at <= now), default="")


def made(rows: Mapping[str, Row]) -> list[str]:
    """The slots that have an issue."""
    return [local for local, row in rows.items() if row.state == "made"]


@pytest.mark.slow
@given(
    ahead=st.timedeltas(timedelta(minutes=1), timedelta(days=3 * 365)),
    before=st.timedeltas(timedelta(0), timedelta(days=4)),
    missed=st.sampled_from(get_args(Missed)),
    max_age=st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_a_clock_that_was_ahead_once_silences_no_slot(
    ahead: timedelta, before: timedelta, missed: Missed, max_age: timedelta
) -> None:
    rows: dict[str, Row] = {}

    def look(now: datetime) -> None:
        found = due(
            EIGHT,
            since=SINCE,
            last=last(rows, now),
            made=made(rows),
            now=now,
            missed=missed,
            max_age=max_age,
        )
        rows.update({skipped.slot.local: Row("skipped", now) for skipped in found.skip})
        for slot in found.make:
            assert rows.get(slot.local, Row("skipped", now)).state == "skipped", "made twice"
            rows[slot.local] = Row("made", now)

    jumped = SINCE + before
    look(jumped)
    look(jumped + ahead)
    for number in range(1, 15):
        if day(number) > jumped:
            look(day(number) + timedelta(seconds=1))
            assert rows[f"2026-01-{number:02}T08:00"].state == "made"


class Life(RuleBasedStateMachine):
    """Ticks, restarts, crashes, clocks set forward and back, around a change of the clocks.

    `rows` is what a store keeps, the local time of a slot being its key; `furthest` the latest
    moment at which all that was due has been kept.
    """

    @initialize(
        text=st.sampled_from(sorted(SCHEDULES)),
        missed=st.sampled_from(get_args(Missed)),
        max_age=st.timedeltas(timedelta(minutes=1), timedelta(days=3)),
        since=st.sampled_from(
            [datetime(2026, 3, 27, 9, tzinfo=UTC), datetime(2026, 10, 23, 22, 30, tzinfo=UTC)]
        ),
    )
    def begin(self, text: str, missed: Missed, max_age: timedelta, since: datetime) -> None:
        self.schedule = Schedule.parse(every=text, time_zone=PLACE)
        self.calendar = [
            (local.isoformat()[:16], moment)
            for local, moment in year(PLACE).items()
            if since < moment < since + timedelta(days=40) and SCHEDULES[text](local)
        ]
        self.missed, self.max_age = missed, max_age
        self.since = self.now = self.furthest = since
        self.rows: dict[str, Row] = {}

    def look(self) -> Due:
        return due(
            self.schedule,
            since=self.since,
            last=last(self.rows, self.now),
            made=made(self.rows),
            now=self.now,
            missed=self.missed,
            max_age=self.max_age,
        )

    def keep(self, found: Due) -> None:
        for slot in (*found.make, *(skipped.slot for skipped in found.skip)):
            before = self.rows.get(slot.local)
            assert before is None or (before.state, before.at > self.now) == ("skipped", True)
            assert slot.due <= self.now
        late = [self.now - slot.due for slot in found.make if self.now - slot.due > ON_TIME]
        assert max(late, default=self.max_age) <= self.max_age
        assert len(late) <= {"none": 0, "latest": 1, "all": len(late)}[self.missed]
        if self.missed == "all":
            assert {skipped.reason for skipped in found.skip} <= {SkipReason.TOO_OLD}
        self.rows |= {slot.local: Row("made", self.now) for slot in found.make}
        self.rows |= {skipped.slot.local: Row("skipped", self.now) for skipped in found.skip}
        self.furthest = max(self.furthest, self.now)

    @rule(pause=st.timedeltas(timedelta(seconds=1), timedelta(minutes=9)))
    def time_passes(self, pause: timedelta) -> None:
        before = self.furthest
        self.now += pause
        found = self.look()
        if before == self.now - pause:  # nothing can be missed while it runs
            assert found.skip == ()
        self.keep(found)

    @rule(pause=st.timedeltas(timedelta(minutes=1), timedelta(hours=40)))
    def service_is_down(self, pause: timedelta) -> None:
        self.now += pause
        self.keep(self.look())

    @rule(step=st.timedeltas(timedelta(hours=-3), timedelta(hours=3)))
    def the_clock_is_set(self, step: timedelta) -> None:
        self.now += step
        self.keep(self.look())

    @rule(pause=st.timedeltas(timedelta(0), timedelta(hours=30)))
    def service_dies_before_saving(self, pause: timedelta) -> None:
        self.now += pause
        self.look()

    @rule(data=st.data())
    def service_dies_after_saving_some(self, data: st.DataObject) -> None:
        """Slots are kept one by one, in their order."""
        self.now += timedelta(hours=5)
        found = self.look()
        states = {slot.local: "made" for slot in found.make}
        states |= {skipped.slot.local: "skipped" for skipped in found.skip}
        number = data.draw(st.integers(0, len(states)))
        kept = sorted(states)[:number]
        self.rows |= {local: Row(states[local], self.now) for local in kept}

    @invariant()
    def every_slot_is_made_or_skipped(self) -> None:
        wanted = {local for local, moment in self.calendar if moment <= self.furthest}
        assert wanted <= self.rows.keys()
        assert self.rows.keys() <= {local for local, _ in self.calendar}


Life.TestCase.settings = settings(max_examples=50, stateful_step_count=15, deadline=None)
TestLife = pytest.mark.slow(Life.TestCase)
