"""No email of an issue goes out before readers can read its web page."""

from __future__ import annotations

import pytest
from mailing_site import NAME, MailingSite, ignore_progress, never_stop

from site_folder import NOON
from syndicate.delivery.operations.cancellation import stop
from syndicate.delivery.planning import plan_approved, plan_step
from syndicate.delivery.planning_pace import PlanningPace
from syndicate.delivery.sender import send
from syndicate.issues.archive import is_written
from syndicate.issues.freeze import freeze_issue
from syndicate.issues.transitions import cancel_issue
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import Issues, IssueState

pytestmark = pytest.mark.postgresql

PAGE = "newsletters/weekly/2026-11-22-1200/index.html"


@pytest.fixture
def made(site: MailingSite) -> MailingSite:
    """An approved issue whose maker died before its documents were written."""
    site.subscribe(["ada@example.net"])
    site.folder.article("one.md", "The first", date="2026-11-01")
    site.folder.build(NOON)
    with site.folder.opened() as opened:
        freeze_issue(
            opened, opened.config.newsletters["weekly"], NAME.partition("/")[2], NOON, NOON
        )
    return site


def test_an_issue_waits_until_its_documents_are_written(made: MailingSite) -> None:
    waiting = made.send()
    assert (waiting.sent, waiting.waiting) == (0, (NAME,))
    made.folder.build(NOON)
    sent = made.send()
    assert (sent.sent, sent.waiting) == (1, ())


def test_an_issue_waits_when_its_page_is_not_on_disk(made: MailingSite) -> None:
    made.folder.build(NOON)
    (made.folder.root / "public" / PAGE).unlink()
    assert made.send().waiting == (NAME,)
    made.folder.build(NOON)
    assert made.send().sent == 1


def test_an_issue_waits_until_its_page_is_served(made: MailingSite) -> None:
    made.folder.build(NOON)
    with made.folder.opened() as opened:
        outbox = made.folder.root / "outbox"
        report = send(opened, outbox, never_stop, ignore_progress, lambda _, __: False)
        assert (report.sent, report.waiting) == (0, (NAME,))
        issue = Issues(opened.database).get(*NAME.split("/"))
        assert issue
        assert issue.state == IssueState.APPROVED, "it can still be cancelled"
        assert cancel_issue(opened, issue, NOON)
        assert not is_written(opened, issue), "the next build takes its page away"


def test_an_issue_that_began_to_be_sent_meanwhile_is_not_cancelled_beside_its_deliveries(
    made: MailingSite,
) -> None:
    made.folder.build(NOON)
    with made.folder.opened() as opened:
        seen = Issues(opened.database).get(*NAME.split("/"))
        assert seen
        plan_approved(opened, NOON)
        assert not cancel_issue(opened, seen, NOON), "`stop` is for that"
        current = Issues(opened.database).get(*NAME.split("/"))
    assert current
    assert current.state == IssueState.SENDING
    assert made.send().sent == 1


def test_a_step_plans_nothing_of_an_issue_that_was_cancelled_after_the_step_read_it(
    made: MailingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.folder.build(NOON)
    with made.folder.opened() as opened:
        plan_approved(opened, NOON)
        read = IssueSends.open

        def then_cancelled(self: IssueSends) -> list[IssueSend]:
            found = read(self)
            monkeypatch.undo()
            issue = Issues(opened.database).get(*NAME.split("/"))
            assert issue
            assert stop(opened, issue, NOON, "a typo") == (1, IssueState.CANCELLED)
            return found

        monkeypatch.setattr(IssueSends, "open", then_cancelled)
        plan_step(opened, NOON, PlanningPace())
        assert Deliveries(opened.database).counts(1) == {}
    assert made.send().sent == 0
