"""Pausing and resuming an issue that is being sent."""

from __future__ import annotations

import pytest
from planned_issue import sending_now

from syndicate.delivery.operations.pausing import pause, resume
from syndicate.delivery.pauses import resume_hint
from syndicate.site import Site
from syndicate.store.issue_sends import IssueSend, IssueSends, Pause, PauseKind
from syndicate.store.issues import Issue


def test_an_issue_is_paused_and_resumed_once(
    opened: Site, issue: Issue, sending: IssueSend
) -> None:
    assert pause(opened, sending)
    paused = sending_now(opened, issue)
    assert (paused.pause_kind, paused.pause_reason) == ("operator", "paused by the operator")
    assert resume(opened, paused)
    assert not sending_now(opened, issue).is_paused
    assert not resume(opened, paused)


def test_an_issue_that_has_ended_is_not_paused(
    opened: Site, issue: Issue, sending: IssueSend
) -> None:
    with opened.database.transaction():
        opened.database.run("UPDATE issue_sends SET ended_at = '2026-11-22T12:00:00Z'")
    assert not pause(opened, sending)
    assert not sending_now(opened, issue).is_paused


@pytest.mark.parametrize("kind", PauseKind)
def test_resuming_confirms_refusals_only_if_they_paused_the_issue(
    opened: Site, issue: Issue, sending: IssueSend, kind: PauseKind
) -> None:
    with opened.database.transaction():
        IssueSends(opened.database).pause(sending.issue, Pause(kind, "for a test"))
    assert resume(opened, sending_now(opened, issue))
    assert bool(sending_now(opened, issue).confirmed_at) is (kind == PauseKind.REFUSALS)


def test_the_hint_for_refusals_names_both_decisions_and_what_resuming_does(
    sending: IssueSend,
) -> None:
    name = sending.name
    hint = resume_hint(sending._replace(pause_kind=PauseKind.REFUSALS))
    assert f"syndicate issues retry-failed {name}" in hint
    assert f"syndicate issues resume {name}, which suppresses" in hint
    simple = resume_hint(sending._replace(pause_kind=PauseKind.SERVER))
    assert simple == f"correct the cause, then: syndicate issues resume {name}"
