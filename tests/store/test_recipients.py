"""Who gets an issue, on both databases."""

from __future__ import annotations

import pytest
from planned_issues import plan_all

from syndicate.store.database import Database
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.recipients import MAX_ID, Recipients
from syndicate.store.subscribers import Subscribers, SuppressionReason

ISSUE, NOW = 7, "2026-11-22T12:00:00Z"
SENDING = IssueSend(ISSUE, "weekly", "2026-11-22T12:00", NOW)


def subscribe(database: Database, number: int, tags: tuple[str, ...] = ()) -> None:
    """Subscribe the person with this number."""
    subscribers = Subscribers(database)
    with database.transaction():
        subscribers.subscribe(
            f"p{number}@example.org", f"h{number}", "", "weekly", "in the shop", "2026-11-01"
        )
        (subscription,) = subscribers.subscriptions(number)
        subscribers.choose(subscription, tags)


@pytest.fixture
def recipients(database: Database) -> Recipients:
    """Two subscribers of everything, and one each of the topics `sea` and `100%`."""
    subscribe(database, 1)
    subscribe(database, 2)
    subscribe(database, 3, ("sea",))
    subscribe(database, 4, ("100%",))
    return Recipients(database)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [([], [1, 2]), (["sea"], [1, 2, 3]), (["100%"], [1, 2, 4]), (["1000", "se"], [1, 2])],
)
def test_an_issue_goes_to_subscribers_of_everything_or_of_one_of_its_topics(
    database: Database, recipients: Recipients, tags: list[str], expected: list[int]
) -> None:
    assert recipients.count("weekly", tags) == len(expected)
    with database.transaction():
        plan_all(database, SENDING, tags)
    planned = Deliveries(database).with_recipients(ISSUE, ["pending"])
    assert [each.subscriber for each in planned] == expected


def test_a_suppressed_subscriber_is_planned_as_suppressed(
    database: Database, recipients: Recipients
) -> None:
    with database.transaction():
        Subscribers(database).suppress("h1", SuppressionReason.COMPLAINT, "spam", NOW)
        plan_all(database, SENDING)
    assert recipients.count("weekly", []) == 1
    assert Deliveries(database).counts(ISSUE) == {"pending": 1, "suppressed": 1}


def test_subscribers_who_come_after_the_start_are_not_planned(
    database: Database, recipients: Recipients
) -> None:
    with database.transaction():
        recipients.begin(SENDING)
    subscribe(database, 5)
    with database.transaction():
        plan_all(database, SENDING)
    sends = IssueSends(database).get(ISSUE)
    assert sends is not None
    assert (sends.planned, sends.is_planned) == (2, True)


def test_those_who_missed_an_issue_are_new_subscribers_and_failed_deliveries(
    database: Database, recipients: Recipients
) -> None:
    with database.transaction():
        plan_all(database, SENDING)
        Deliveries(database).close(ISSUE, "failed", NOW, "refused")
    subscribe(database, 5)
    with database.transaction():
        assert recipients.plan_missed(SENDING, [], 0, 10, NOW) == (MAX_ID, 3)
        assert recipients.plan_missed(SENDING, [], 0, 10, NOW) == (MAX_ID, 0)
    assert Deliveries(database).counts(ISSUE) == {"pending": 3}
