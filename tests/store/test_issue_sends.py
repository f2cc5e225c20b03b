"""Issues that are being sent, on both databases."""

from __future__ import annotations

import pytest
from planned_issues import plan_all

from syndicate.store.database import Database
from syndicate.store.issue_sends import IssueSend, IssueSends, Pause, PauseKind
from syndicate.store.recipients import Recipients
from syndicate.store.subscribers import Subscribers

ISSUE, NOW = 7, "2026-11-22T12:00:00Z"
SENDING = IssueSend(ISSUE, "weekly", "2026-11-22T12:00", NOW)
PAUSE = Pause(PauseKind.OPERATOR, "for a test")


@pytest.fixture
def sends(database: Database) -> IssueSends:
    """An issue that is planned for no one."""
    with database.transaction():
        plan_all(database, SENDING)
    return IssueSends(database)


def stored(sends: IssueSends) -> IssueSend:
    sending = sends.get(ISSUE)
    assert sending is not None
    return sending


def test_an_issue_is_paused_and_resumed_once(database: Database, sends: IssueSends) -> None:
    with database.transaction():
        assert sends.pause(ISSUE, PAUSE)
        assert not sends.pause(ISSUE, Pause(PauseKind.SERVER, "another reason"))
    assert (stored(sends).pause_kind, stored(sends).pause_reason) == tuple(PAUSE)
    with database.transaction():
        assert sends.resume(ISSUE)
        assert not sends.resume(ISSUE)
    assert not stored(sends).is_paused


def test_a_confirmation_of_refusals_is_kept(database: Database, sends: IssueSends) -> None:
    with database.transaction():
        sends.pause(ISSUE, PAUSE)
        sends.resume(ISSUE, NOW)
        sends.pause(ISSUE, PAUSE)
        sends.resume(ISSUE)
    assert stored(sends).confirmed_at == NOW


def test_an_issue_ends_once_and_is_not_paused_afterwards(
    database: Database, sends: IssueSends
) -> None:
    with database.transaction():
        assert sends.end(ISSUE, NOW)
        assert not sends.end(ISSUE, NOW)
        assert not sends.pause(ISSUE, PAUSE)
    assert sends.open() == []
    with database.transaction():
        sends.reopen(ISSUE)
    assert [each.issue for each in sends.open()] == [ISSUE]


def test_an_issue_with_a_pending_delivery_does_not_end(database: Database) -> None:
    with database.transaction():
        Subscribers(database).subscribe(
            "ada@example.org", "h1", "", "weekly", "in the shop", "2026-11-01"
        )
        plan_all(database, SENDING)
        assert not IssueSends(database).end(ISSUE, NOW)


def test_an_issue_that_is_not_completely_planned_does_not_end(database: Database) -> None:
    with database.transaction():
        Subscribers(database).subscribe(
            "ada@example.org", "h1", "", "weekly", "in the shop", "2026-11-01"
        )
        Recipients(database).begin(SENDING)
        assert not IssueSends(database).end(ISSUE, NOW)
