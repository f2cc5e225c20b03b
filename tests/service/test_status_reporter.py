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
from syndicate.service.jobs import Every, Job, TaskResult
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
    return Job("articles", Every(timedelta()), step.turn)


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
    tick = Scheduler([job(Step())])
    tick(NOON)
    assert StatusReporter(path, 4711).report(tick, NOON) == []
    status = read_status(path)
    assert (status.pid, status.ticked) == (4711, NOON)
    assert status.facts == {"articles": "3 published"}
    assert status.faults == ((BROKEN, NOON),)
    assert status.jobs == {"articles": NOON}


def test_it_is_written_when_something_changed_and_now_and_then(path: Path) -> None:
    step = Step()
    tick = Scheduler([job(step)])
    reporter = StatusReporter(path, os.getpid())
    for second in range(5):
        tick(NOON + timedelta(seconds=second))
        reporter.report(tick, NOON + timedelta(seconds=second))
    assert read_status(path).ticked == NOON
    step.next = TaskResult(())
    tick(later := NOON + timedelta(seconds=6))
    reporter.report(tick, later)
    assert (read_status(path).ticked, read_status(path).faults) == (later, ())
    reporter.report(tick, later + HEARTBEAT)
    assert read_status(path).ticked == later + HEARTBEAT
    reporter.report(tick, NOON - timedelta(hours=1))
    assert read_status(path).ticked == NOON - timedelta(hours=1), "the clock was set back"


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
