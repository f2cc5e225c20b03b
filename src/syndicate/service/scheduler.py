"""The scheduler: one tick gives every task its turn; none disturbs another.

A failure of a task is reported once, kept for the status, and retried; the others continue. Knows
no clock and no threads but the one it is called in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from syndicate.backoff import Backoff
from syndicate.errors import Location
from syndicate.findings import Finding, Level
from syndicate.service.problems import PROGRAM, Problems, as_findings

log = logging.getLogger(__name__)

BACKOFF = Backoff(timedelta(seconds=2), timedelta(seconds=30))
"""From one try to the next of a part that fails."""

MAX_TURN = 1800.0
"""Seconds after which a turn is taken for stuck."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What a part's turn came to.

    `findings` is what is wrong (None: as it was), `again` after how many seconds it wants the
    next turn if that is sooner than usual, `facts` what `syndicate status` says of it.
    """

    findings: Sequence[Finding] | None = None
    next_in: float | None = None
    status: Mapping[str, str] = field(default_factory=dict)


class Task(Protocol):
    """Something the service does. A newsletter can be one, so that it fails alone."""

    @property
    def name(self) -> str:
        """What it is called in logs and in the status."""
        ...

    def turn(self, now: datetime) -> TaskResult:
        """Do what is due at `now`. Raises what it likes: that costs only this part its turn."""
        ...


@dataclass(slots=True)
class _FailedTask:
    """A part that failed, how often in a row, and when last."""

    tries: int
    since: datetime

    def over(self, now: datetime) -> bool:
        """Each rest is twice as long as the one before; a clock set back ends it."""
        return not self.since <= now < self.since + BACKOFF.delay(self.tries - 1)


class Scheduler:
    """The parts, in order, and what became of their turns."""

    def __init__(self, parts: Sequence[Task]) -> None:
        self._parts = parts
        self._resting: dict[str, _FailedTask] = {}
        self.faults = Problems()
        self.facts: dict[str, str] = {}
        self.last: datetime | None = None
        """When the last turn was."""
        self.count = 0
        """How many turns there were."""
        self.stopping = False
        """Set to end after the part whose turn it is."""
        self._began: float | None = None
        self._ended = time.monotonic()

    def replace(self, parts: Sequence[Task]) -> None:
        """From the next turn on, these are the parts."""
        self._parts = parts
        self._resting = {}

    def __call__(self, now: datetime) -> float | None:
        """Give every part its turn; after how many seconds one wants another, if it is soon."""
        self._began = time.monotonic()
        try:
            turns = [self._turn(part, now) for part in self._parts if not self.stopping]
        finally:
            self._began, self._ended = None, time.monotonic()
        self.last = now
        self.count += 1
        return min((turn.next_in for turn in turns if turn.next_in is not None), default=None)

    def alive(self, patience: float) -> bool:
        """Whether turns come: the last ended at most `patience` seconds ago, or one is going on."""
        began = self._began
        if began is not None:
            return time.monotonic() - began < MAX_TURN
        return time.monotonic() - self._ended < patience

    def _turn(self, part: Task, now: datetime) -> TaskResult:
        resting = self._resting.get(part.name)
        if resting and not resting.over(now):
            return TaskResult()
        try:
            turn = part.turn(now)
        except Exception as error:  # noqa: BLE001  whatever it is, the other parts go on
            self._failed(part.name, error, now)
            return TaskResult()
        self._resting.pop(part.name, None)
        self.facts.update(turn.status)
        if turn.findings is not None:
            self.found(part.name, turn.findings, now)
        return turn

    def _failed(self, part: str, error: Exception, now: datetime) -> None:
        rest = self._resting.get(part)
        self._resting[part] = _FailedTask(rest.tries + 1 if rest else 1, now)
        findings = as_findings(f"{part}-failed", error)
        ours = error if findings[0].rule == PROGRAM else None
        self.found(part, findings, now, ours)

    def found(
        self, part: str, findings: Sequence[Finding], now: datetime, error: Exception | None = None
    ) -> None:
        """Keep what is wrong in a part now, and log what is news, with the trace of `error`."""
        news = self.faults.replace(part, findings, now)
        for finding in sorted(news.new, key=_by_place):
            level = logging.ERROR if finding.level == Level.ERROR else logging.WARNING
            log.log(level, "%s", finding.message, extra=_facts(part, finding), exc_info=error)
        for finding in sorted(news.mended, key=_by_place):
            log.info("mended: %s", finding.message, extra=_facts(part, replace(finding, hint="")))


def _by_place(finding: Finding) -> tuple[str, int, str]:
    return finding.path, finding.line or 0, finding.message


def _facts(part: str, finding: Finding) -> dict[str, dict[str, str]]:
    place = str(Location(finding.path, finding.line)) if finding.path else ""
    facts = {"part": part, "place": place, "rule": finding.rule, "hint": finding.hint}
    return {"facts": {name: value for name, value in facts.items() if value}}
