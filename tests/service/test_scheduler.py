"""A job that fails affects no other, is reported once, and is retried."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event, Semaphore

import pytest

from site_folder import NOON
from syndicate.config.loader import load
from syndicate.errors import Location, StoreError, SyndicateError
from syndicate.findings import Finding, Level
from syndicate.service.jobs import IntervalTrigger, Job, OnDemandTrigger, TaskResult
from syndicate.service.problems import as_findings
from syndicate.service.scheduler import Scheduler

LOCKED = StoreError("the database is locked", hint="wait")
BROKEN = Finding(Level.ERROR, "unreadable", "no date", "a.md", 3, "write one")


@dataclass
class Step:
    """A part that does next what it is told to."""

    name: str
    next: Exception | TaskResult = field(default_factory=TaskResult)
    turns: list[datetime] = field(default_factory=list)

    def turn(self, now: datetime) -> TaskResult:
        self.turns.append(now)
        if isinstance(self.next, Exception):
            raise self.next
        return self.next


def jobs(*steps: Step) -> list[Job]:
    """A job for each, due in every pass."""
    return [Job(step.name, IntervalTrigger(timedelta()), step.turn) for step in steps]


@pytest.fixture(autouse=True)
def log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def problems(scheduler: Scheduler) -> list[tuple[str, str]]:
    return [(part, finding.message) for part, finding, _ in scheduler.problems]


def seconds(*numbers: int) -> Sequence[datetime]:
    return [NOON + timedelta(seconds=number) for number in numbers]


@pytest.mark.parametrize(
    "error", [LOCKED, OSError(28, "No space left on device", "x"), KeyError("surprise")]
)
def test_other_jobs_continue_when_one_fails(error: Exception) -> None:
    bad, good = Step("bad", error), Step("good")
    scheduler = Scheduler(jobs(bad, good))
    scheduler.run_due(NOON)
    assert good.turns == [NOON]
    assert [part for part, _ in problems(scheduler)] == ["bad"]


def test_a_problem_is_reported_once_and_when_it_is_solved(caplog: pytest.LogCaptureFixture) -> None:
    part = Step("store", LOCKED)
    scheduler = Scheduler(jobs(part))
    for now in seconds(0, 10, 20, 60):
        scheduler.run_due(now)
    assert logged(caplog) == [("ERROR", LOCKED.message)]
    assert caplog.records[0].facts["hint"] == "wait"  # type: ignore[attr-defined]
    part.next = TaskResult(findings=())
    scheduler.run_due(NOON + timedelta(minutes=5))
    assert logged(caplog)[1:] == [("INFO", f"solved: {LOCKED.message}")]
    assert problems(scheduler) == []


def test_a_problem_that_changes_is_reported_again(caplog: pytest.LogCaptureFixture) -> None:
    part = Step("store", LOCKED)
    scheduler = Scheduler(jobs(part))
    scheduler.run_due(NOON)
    part.next = StoreError("the database is gone")
    scheduler.run_due(NOON + timedelta(minutes=1))
    assert ("ERROR", "the database is gone") in logged(caplog)
    assert problems(scheduler) == [("store", "the database is gone")]


def test_a_problem_has_its_time_of_beginning() -> None:
    part = Step("store", LOCKED)
    scheduler = Scheduler(jobs(part))
    for now in seconds(0, 10, 60):
        scheduler.run_due(now)
    assert [since for _, _, since in scheduler.problems] == [NOON]


def test_a_finding_of_a_task_is_reported_once_with_its_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    part = Step("articles", TaskResult(findings=[BROKEN]))
    scheduler = Scheduler(jobs(part))
    scheduler.run_due(NOON)
    scheduler.run_due(NOON)
    assert logged(caplog) == [("ERROR", "no date")]
    assert caplog.records[0].facts["place"] == "a.md:3"  # type: ignore[attr-defined]
    part.next = TaskResult()
    scheduler.run_due(NOON)
    assert problems(scheduler) == [("articles", "no date")], "no news is no change"


def test_a_part_that_fails_rests_longer_each_time_and_never_more_than_half_a_minute() -> None:
    part = Step("store", LOCKED)
    scheduler = Scheduler(jobs(part))
    for now in seconds(*range(200)):
        scheduler.run_due(now)
    since = [int((turn - NOON).total_seconds()) for turn in part.turns]
    assert since[:5] == [0, 2, 6, 14, 30]
    assert {late - early for early, late in pairwise(since[4:])} == {30}


def test_a_clock_set_back_ends_a_rest() -> None:
    part = Step("store", LOCKED)
    scheduler = Scheduler(jobs(part))
    scheduler.run_due(NOON)
    scheduler.run_due(NOON - timedelta(hours=1))
    assert len(part.turns) == 2


def test_an_internal_error_is_logged_with_its_traceback_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scheduler = Scheduler(jobs(Step("odd", ZeroDivisionError("by zero"))))
    for now in seconds(0, 60):
        scheduler.run_due(now)
    (record,) = caplog.records
    assert "ZeroDivisionError: by zero" in record.getMessage()
    assert record.exc_info is not None
    assert "raise self.next" in caplog.text


def test_an_error_of_the_user_is_logged_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Scheduler(jobs(Step("store", LOCKED))).run_due(NOON)
    assert caplog.records[0].exc_info is None


def test_a_job_can_run_sooner() -> None:
    step = Step("a", TaskResult(next_in=0.2))
    scheduler = Scheduler([Job("a", IntervalTrigger(timedelta(seconds=5)), step.turn)])
    scheduler.run_due(NOON)
    assert scheduler.next_runs(NOON) == {"a": NOON + timedelta(seconds=0.2)}
    step.next = TaskResult()
    scheduler.run_due(later := NOON + timedelta(seconds=1))
    assert scheduler.next_runs(later) == {"a": later + timedelta(seconds=5)}


def test_a_job_can_schedule_another() -> None:
    first = Step("first", TaskResult(reschedule={"second": NOON + timedelta(hours=1)}))
    second = Step("second")
    hourly = IntervalTrigger(timedelta(hours=2))
    scheduler = Scheduler(
        [Job("second", OnDemandTrigger(), second.turn), Job("first", hourly, first.turn)]
    )
    scheduler.run_due(NOON)
    for now in seconds(1, 3599, 3600, 3601):
        scheduler.run_due(now)
    assert second.turns == [NOON + timedelta(hours=1)]


def test_a_requested_job_runs_before_its_time_unless_it_failed() -> None:
    wanted, step = Event(), Step("a")
    scheduler = Scheduler(
        [Job("a", IntervalTrigger(timedelta(hours=1)), step.turn, has_work=wanted.is_set)]
    )
    scheduler.run_due(NOON)
    wanted.set()
    assert scheduler.next_runs(NOON) == {"a": NOON}
    step.next = LOCKED
    for now in seconds(1, 2, 3):
        scheduler.run_due(now)
    assert step.turns == seconds(0, 1, 3)


def test_a_job_in_the_background_delays_no_other_and_runs_once_at_a_time() -> None:
    go, begun, other = Event(), Semaphore(0), Step("other")

    def slow(_: datetime) -> TaskResult:
        begun.release()
        go.wait(60)
        return TaskResult(status={"slow": "done"})

    often = IntervalTrigger(timedelta())
    scheduler = Scheduler([Job("slow", often, slow, background=True), *jobs(other)])
    for now in seconds(0, 1, 2):
        scheduler.run_due(now)
    assert other.turns == seconds(0, 1, 2)
    assert begun.acquire(timeout=60)
    assert not begun.acquire(blocking=False)
    assert scheduler.running == {"slow"}
    assert not scheduler.status
    go.set()
    scheduler.close("slow")
    scheduler.stopping = True
    scheduler.run_due(NOON + timedelta(seconds=3))
    assert other.turns == seconds(0, 1, 2)


def test_an_error_of_a_background_job_is_a_problem() -> None:
    step = Step("slow", LOCKED)
    scheduler = Scheduler([Job("slow", IntervalTrigger(timedelta()), step.turn, background=True)])
    scheduler.run_due(NOON)
    while not problems(scheduler):
        scheduler.run_due(NOON)
    assert problems(scheduler) == [("slow", LOCKED.message)]
    assert scheduler.next_runs(NOON) == {"slow": NOON + timedelta(seconds=2)}


def test_jobs_of_a_new_configuration_run_at_once_and_problems_of_others_are_forgotten() -> None:
    old, kept = Step("old", LOCKED), Step("kept", LOCKED)
    scheduler = Scheduler(jobs(old, kept))
    scheduler.run_due(NOON)
    scheduler.replace([Job("kept", IntervalTrigger(timedelta(hours=1)), kept.turn)])
    assert problems(scheduler) == [("kept", LOCKED.message)]
    scheduler.run_due(NOON)
    assert kept.turns == [NOON, NOON]


@pytest.mark.parametrize("shift", [timedelta(days=365), timedelta(days=-365)])
def test_after_a_clock_jump_every_job_runs_and_continues_from_there(shift: timedelta) -> None:
    step = Step("a")
    scheduler = Scheduler([Job("a", IntervalTrigger(timedelta(minutes=1)), step.turn)])
    scheduler.run_due(NOON)
    scheduler.run_due(NOON + shift)
    assert step.turns == [NOON, NOON + shift]
    assert scheduler.next_runs(NOON + shift) == {"a": NOON + shift + timedelta(minutes=1)}


def test_after_a_request_to_stop_no_job_begins() -> None:
    scheduler = Scheduler(jobs(part := Step("a")))
    scheduler.stopping = True
    scheduler.run_due(NOON)
    assert part.turns == []


def test_a_tick_lives_while_turns_come() -> None:
    scheduler = Scheduler(jobs(Step("a")))
    scheduler.run_due(NOON)
    assert scheduler.is_alive(max_idle=60)
    assert not scheduler.is_alive(max_idle=0)


def test_every_problem_of_a_configuration_becomes_a_finding_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("site:\n  title: T\n  url: nowhere\n  colour: red\n")
    with pytest.raises(SyndicateError) as caught:
        load(file, {})
    assert [f.line for f in as_findings("configuration", caught.value)] == [3, 4]


def test_a_refusal_of_the_system_names_the_file() -> None:
    (finding,) = as_findings("x", OSError(28, "No space left on device", "/somewhere"))
    assert (finding.path, finding.message) == (
        "/somewhere",
        "the system refuses: No space left on device",
    )
    assert finding.hint


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_right_that_is_missing_is_named_with_the_file(number: int) -> None:
    (finding,) = as_findings(
        "x", OSError(number, os.strerror(number), "/site/syndicate.db.running")
    )
    assert finding.path == "/site/syndicate.db.running"
    assert finding.message == f"cannot be read or written: {os.strerror(number)}"
    assert finding.hint == "let the user who runs syndicate write this file and its folder"


def test_an_error_with_a_place_becomes_a_finding_at_that_place() -> None:
    (finding,) = as_findings("x", SyndicateError("odd", place=Location("a.md", 7), hint="mend it"))
    assert (finding.path, finding.line, finding.hint) == ("a.md", 7, "mend it")
