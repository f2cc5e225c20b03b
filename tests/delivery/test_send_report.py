"""When an operator has to act after a run of the sender."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syndicate.delivery.relays import RelayError
from syndicate.delivery.sender import SendReport
from syndicate.store.issue_sends import IssueSend

DONE = SendReport(
    sent=9,
    failed=1,
    held=0,
    remaining={"weekly/2026-11-22T12:00": 0},
    held_by_issue={},
    paused=(),
    quiet_until=None,
    next_try=None,
    relay_errors=(),
)
ISSUE = IssueSend(1, "weekly", "2026-11-22T12:00", "", pause_kind="operator")
BUSY = RelayError("main: busy", 5.0)
LEFT = {"weekly/2026-11-22T12:00": 3}


@pytest.mark.parametrize(
    ("report", "needed"),
    [
        (DONE, False),
        (replace(DONE, paused=(ISSUE,)), True),
        (replace(DONE, held_by_issue={"weekly/2026-11-22T12:00": 1}), True),
        (replace(DONE, sent=0, failed=4), True),
        (replace(DONE, sent=0, failed=0), False),
        (replace(DONE, relay_errors=(BUSY,)), False),
        (replace(DONE, remaining=LEFT), False),
        (replace(DONE, relay_errors=(BUSY,), remaining=LEFT), True),
    ],
)
def test_an_operator_is_needed_when_the_sender_alone_cannot_finish(
    report: SendReport, needed: bool
) -> None:
    assert report.needs_operator is needed
