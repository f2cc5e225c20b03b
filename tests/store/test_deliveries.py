"""Deliveries as an operator and a new sender change them, on both databases."""

from __future__ import annotations

import pytest
from planned_issues import plan_all

from syndicate.store.claims import Claims
from syndicate.store.database import Database
from syndicate.store.deliveries import UNKNOWN, Deliveries
from syndicate.store.delivery_events import DeliveryEvents
from syndicate.store.issue_sends import IssueSend
from syndicate.store.recipients import MAX_ID
from syndicate.store.subscribers import Subscribers

ISSUE, NOW, LATER = 7, "2026-11-22T12:00:00Z", "2026-11-22T18:00:00Z"
SENDING = IssueSend(ISSUE, "weekly", "2026-11-22T12:00", NOW)
PEOPLE = (1, 2, 3)


@pytest.fixture
def deliveries(database: Database) -> Deliveries:
    """An issue with deliveries to three subscribers."""
    with database.transaction():
        for number in PEOPLE:
            Subscribers(database).subscribe(
                f"p{number}@example.org", f"h{number}", "", "weekly", "in the shop", "2026-11-01"
            )
        plan_all(database, SENDING)
    return Deliveries(database)


def set_state(database: Database, state: str, *subscribers: int) -> None:
    """Have a sender bring deliveries into a state, and end."""
    claims = Claims(database, "sender")
    with database.transaction():
        claims.claim(ISSUE, NOW, LATER)
        for subscriber in subscribers:
            database.run(
                "UPDATE deliveries SET state = :state WHERE subscriber = :s",
                {"state": state, "s": subscriber},
            )
        claims.release_all()


def test_counts_are_by_state(database: Database, deliveries: Deliveries) -> None:
    assert deliveries.planned_and_counts(ISSUE) == (3, {"pending": 3})
    set_state(database, "sent", 1)
    assert deliveries.counts(ISSUE) == {"pending": 2, "sent": 1}
    assert deliveries.is_any(ISSUE, "sent")
    assert not deliveries.is_any(ISSUE, "held")


def test_recipients_are_listed_by_state_with_their_address(
    database: Database, deliveries: Deliveries
) -> None:
    set_state(database, "held", 2)
    (held,) = deliveries.with_recipients(ISSUE, ["held"])
    assert (held.subscriber, held.address) == (2, "p2@example.org")
    assert [each.subscriber for each in deliveries.with_recipients(ISSUE, ["pending"])] == [1, 3]
    assert deliveries.held() == {SENDING.name: 1}


def test_an_erased_recipient_has_no_address(database: Database, deliveries: Deliveries) -> None:
    with database.transaction():
        database.run("DELETE FROM subscribers WHERE id = 1")
    first = next(deliveries.with_recipients(ISSUE, ["pending"]))
    assert (first.subscriber, first.address) == (1, "")


def test_the_deliveries_of_a_subscriber_are_listed_with_their_issue(
    deliveries: Deliveries,
) -> None:
    ((sending, delivery),) = deliveries.for_subscriber(2)
    assert (sending.name, delivery.subscriber, delivery.state) == (SENDING.name, 2, "pending")
    assert deliveries.for_subscriber(99) == []


def test_a_retry_resets_the_delivery_and_is_recorded(
    database: Database, deliveries: Deliveries
) -> None:
    set_state(database, "failed", 1, 2)
    with database.transaction():
        assert deliveries.retry(ISSUE, "failed", LATER, [1]) == 1
    retried, failed = deliveries.find(ISSUE, 1), deliveries.find(ISSUE, 2)
    assert retried is not None
    assert failed is not None
    assert (retried.state, retried.attempts, failed.state) == ("pending", 0, "failed")
    (event,) = DeliveryEvents(database).of(ISSUE, 1)
    assert (event.event, event.detail) == ("resend", "was failed")


def test_a_held_delivery_is_resolved_once(database: Database, deliveries: Deliveries) -> None:
    set_state(database, "held", 1, 2)
    with database.transaction():
        assert deliveries.mark_sent(ISSUE, LATER) == 2
        assert deliveries.mark_sent(ISSUE, LATER) == 0
    assert deliveries.counts(ISSUE) == {"pending": 1, "sent": 2}


def test_missed_deliveries_go_only_to_people_who_are_subscribed_now(
    database: Database, deliveries: Deliveries
) -> None:
    set_state(database, "failed", 1, 2)
    with database.transaction():
        Subscribers(database).unsubscribe(1, ["weekly"], "by email", LATER)
        assert deliveries.retry_missed(SENDING, 0, MAX_ID, LATER) == 1
    assert deliveries.counts(ISSUE) == {"pending": 2, "failed": 1}


def test_stopping_suppresses_what_no_server_has(database: Database, deliveries: Deliveries) -> None:
    set_state(database, "sent", 1)
    with database.transaction():
        assert deliveries.stop(ISSUE, LATER, "cancelled") == 2
    assert deliveries.counts(ISSUE) == {"sent": 1, "suppressed": 2}


@pytest.mark.parametrize(
    ("resend", "states"), [(False, ["held", "held"]), (True, ["pending", "held"])]
)
def test_what_a_dead_sender_was_sending_is_held_or_sent_again_once(
    database: Database, deliveries: Deliveries, resend: bool, states: list[str]
) -> None:
    claims = Claims(database, "dead")
    with database.transaction():
        claims.claim(ISSUE, NOW, LATER)
        assert claims.mark_sending(SENDING, [1, 2], "main", NOW) == {1, 2}
        database.run("UPDATE deliveries SET attempts = 1 WHERE subscriber = 2")
    with database.transaction():
        assert deliveries.recover("dead", LATER, resend=resend) == [(ISSUE, 1), (ISSUE, 2)]
    recovered = [deliveries.find(ISSUE, number) for number in (1, 2)]
    assert [each.state for each in recovered if each] == states
    assert deliveries.counts(ISSUE)["pending"] == 1 + states.count("pending")
    assert DeliveryEvents(database).of(ISSUE, 2)[0].detail == UNKNOWN


def test_the_next_retry_is_due_at_the_earliest_time_or_now_after_a_wrong_clock(
    database: Database, deliveries: Deliveries
) -> None:
    def retry_at(moment: str) -> str:
        claims = Claims(database, "sender")
        with database.transaction():
            claims.claim(ISSUE, NOW, LATER)
            database.run(
                "UPDATE deliveries SET state = 'retry', next_try = :t WHERE subscriber = 1",
                {"t": moment},
            )
            claims.release_all()
        return deliveries.next_try(NOW, LATER)

    assert deliveries.next_try(NOW, LATER) == ""
    assert retry_at("2026-11-22T13:00:00Z") == "2026-11-22T13:00:00Z"
    assert retry_at("2027-11-22T13:00:00Z") == NOW, "it was set while the clock was ahead"
