"""The status file of the service."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from site_folder import NOON
from syndicate.errors import SyndicateError
from syndicate.findings import Finding, Level
from syndicate.service.jobs import IntervalTrigger, Job, TaskResult
from syndicate.service.scheduler import Scheduler
from syndicate.service.status_reporter import HEARTBEAT, StatusReporter
from syndicate.service_state.status import Status, read

BROKEN = Finding(Level.ERROR, "unreadable", "no date", "a.md", 3, "write one")


@dataclass
class Step:
    """A part that found something."""

    name: str = "articles"
    next: TaskResult = field(
        default_factory=lambda: TaskResult([BROKEN], status={"articles": "3 published"})
    )

    def turn(self, now: datetime) -> TaskResult:
        return self.next


def job(step: Step) -> Job:
    return Job("articles", IntervalTrigger(timedelta()), step.turn)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "status"


def read_status(path: Path) -> Status:
    status = read(path)
    assert status is not None
    return status


def test_before_the_first_start_there_is_no_status(path: Path) -> None:
    assert read(path) is None


def test_a_status_is_read_back_as_written(path: Path) -> None:
    scheduler = Scheduler([job(Step())])
    scheduler.run_due(NOON)
    assert StatusReporter(path, 4711).report(scheduler, NOON) == []
    status = read_status(path)
    assert (status.pid, status.last_pass) == (4711, NOON)
    assert status.rows == {"articles": "3 published"}
    assert status.problems == ((BROKEN, NOON),)
    assert status.jobs == {"articles": NOON}


def test_it_is_written_when_something_changed_and_now_and_then(path: Path) -> None:
    step = Step()
    scheduler = Scheduler([job(step)])
    reporter = StatusReporter(path, os.getpid())
    for second in range(5):
        scheduler.run_due(NOON + timedelta(seconds=second))
        reporter.report(scheduler, NOON + timedelta(seconds=second))
    assert read_status(path).last_pass == NOON
    step.next = TaskResult(())
    scheduler.run_due(later := NOON + timedelta(seconds=6))
    reporter.report(scheduler, later)
    assert (read_status(path).last_pass, read_status(path).problems) == (later, ())
    reporter.report(scheduler, later + HEARTBEAT)
    assert read_status(path).last_pass == later + HEARTBEAT
    reporter.report(scheduler, NOON - timedelta(hours=1))
    assert read_status(path).last_pass == NOON - timedelta(hours=1), "the clock was set back"


def test_a_file_that_cannot_be_written_is_a_fault_until_it_can(path: Path) -> None:
    path.mkdir()
    reporter = StatusReporter(path, 1)
    (finding,) = reporter.report(Scheduler([]), NOON)
    assert finding.path == str(path)
    path.rmdir()
    assert reporter.report(Scheduler([]), NOON) == []


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": 1}'])
def test_a_status_file_with_other_content_is_an_error_with_its_path(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(SyndicateError) as caught:
        read(path)
    assert caught.value.place is not None
    assert caught.value.place.path == str(path)
