"""Whether the sender has something to do again after a run. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.delivery.sender import SendReport

RERUN_INTERVAL = timedelta(minutes=1)
"""Between two runs while issues are being sent but nothing seems to be due."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run: its report, when it ended, and the issues that were active afterwards."""

    report: SendReport
    ended: datetime
    active: frozenset[int]


def needs_run(last: LastRun | None, active: frozenset[int], now: datetime) -> bool:
    """Whether something is to be sent that the last run did not leave waiting; None: no run yet."""
    if not active:
        return False
    if last is None or now < last.ended:  # the clock was set back
        return True
    if last.report.quiet_until and now < last.report.quiet_until:
        return False
    if active != last.active:
        return True
    if last.report.next_try and now >= last.report.next_try:
        return True
    return now >= last.ended + RERUN_INTERVAL
