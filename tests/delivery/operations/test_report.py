"""The delivery report of an issue, and why there is none."""

from __future__ import annotations

import pytest
from planned_issue import set_states

from syndicate.delivery.operations.report import recipients, reconcile, sending_of
from syndicate.delivery.states import DeliveryState
from syndicate.errors import SyndicateError
from syndicate.site import Site
from syndicate.store.chunks import STATES, Chunks
from syndicate.store.issue_sends import IssueSend
from syndicate.store.issues import Issue, IssueState


def test_each_delivery_is_counted_once_and_open_ones_are_pending(
    opened: Site, sending: IssueSend
) -> None:
    set_states(opened, DeliveryState.SENT, DeliveryState.HELD, DeliveryState.SENDING)
    report = reconcile(opened, sending)
    assert report.by_state == {"sent": 1, "failed": 0, "held": 1, "suppressed": 0, "pending": 2}
    assert list(report.by_state) == ["sent", "failed", "held", "suppressed", "pending"]
    assert report.balanced


def test_a_report_does_not_balance_when_a_delivery_is_missing(
    opened: Site, sending: IssueSend
) -> None:
    with opened.database.transaction():
        opened.database.run("DELETE FROM deliveries WHERE subscriber = 1")
        chunks = Chunks(opened.database)
        chunks.release(chunks.having(sending.issue, STATES))
    assert not reconcile(opened, sending).balanced


def test_recipients_are_listed_by_the_states_of_the_report(
    opened: Site, sending: IssueSend
) -> None:
    set_states(opened, DeliveryState.SENT, DeliveryState.RETRY)

    def listed(state: str = "") -> set[str]:
        return {each.address for each in recipients(opened, sending, state)}

    assert listed("sent") == {"p0@example.org"}
    assert listed("pending") == {"p1@example.org", "p2@example.org", "p3@example.org"}
    assert listed("failed") == set()
    assert len(listed()) == 4


@pytest.mark.parametrize(
    ("state", "personal", "message", "hint"),
    [
        (IssueState.DRAFT, "{}", "is draft", "syndicate issues approve weekly/2026-11-22T12:00"),
        (IssueState.APPROVED, "{}", "is approved", "syndicate send sends it"),
        (IssueState.APPROVED, "", "is approved", "made without newsletters.weekly.deliver: true"),
        (IssueState.CANCELLED, "{}", "is cancelled", "syndicate issues make weekly"),
        (IssueState.SKIPPED, "", "was skipped", "syndicate issues make weekly"),
    ],
)
def test_an_issue_without_deliveries_has_a_hint_how_to_send_it(
    opened: Site, issue: Issue, state: IssueState, personal: str, message: str, hint: str
) -> None:
    unsent = issue._replace(sequence=99, state=state, personal=personal)
    with pytest.raises(SyndicateError, match=message) as caught:
        sending_of(opened, unsent)
    assert hint in caught.value.hint
    assert sending_of(opened, issue).planned == 4
