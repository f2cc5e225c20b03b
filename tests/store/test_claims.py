"""Deliveries while a sender works on them, on both databases."""

from __future__ import annotations

import pytest
from planned_issues import plan_all

from syndicate.store.claims import Claims, Transition
from syndicate.store.database import Database
from syndicate.store.deliveries import Deliveries
from syndicate.store.delivery_events import DeliveryEvents
from syndicate.store.issue_sends import IssueSend, IssueSends, Pause, PauseKind
from syndicate.store.subscribers import Subscribers

ISSUE, NOW, LATER = 7, "2026-11-22T12:00:00Z", "2026-11-22T18:00:00Z"
SENDING = IssueSend(ISSUE, "weekly", "2026-11-22T12:00", NOW)


@pytest.fixture
def claims(database: Database) -> Claims:
    """A sender that has claimed all three deliveries of an issue."""
    with database.transaction():
        for number in (1, 2, 3):
            Subscribers(database).subscribe(
                f"p{number}@example.org", f"h{number}", "", "weekly", "in the shop", "2026-11-01"
            )
        plan_all(database, SENDING)
        claims = Claims(database, "sender")
        (chunk,) = claims.claim(ISSUE, NOW, LATER)
    assert [each.address for each in chunk.deliveries] == [
        f"p{number}@example.org" for number in (1, 2, 3)
    ]
    return claims


def state(database: Database, subscriber: int) -> str:
    delivery = Deliveries(database).find(ISSUE, subscriber)
    assert delivery is not None
    return delivery.state


def test_a_second_sender_gets_nothing_that_is_claimed(database: Database, claims: Claims) -> None:
    other = Claims(database, "other")
    with database.transaction():
        assert other.claim(ISSUE, NOW, LATER) == []
        assert other.mark_sending(SENDING, [1], "main", NOW) == frozenset()
        claims.release_all()
        assert len(other.claim(ISSUE, NOW, LATER)) == 1


def test_a_message_may_not_go_to_a_subscriber_who_unsubscribed_meanwhile(
    database: Database, claims: Claims
) -> None:
    with database.transaction():
        Subscribers(database).unsubscribe(2, ["weekly"], "by email", NOW)
        assert claims.mark_sending(SENDING, [1, 2], "main", NOW) == {1}
        assert claims.suppress_unsubscribed(SENDING, [2], NOW) == 1
    assert (state(database, 1), state(database, 2)) == ("sending", "suppressed")


def test_no_message_of_a_paused_issue_may_go(database: Database, claims: Claims) -> None:
    with database.transaction():
        IssueSends(database).pause(ISSUE, Pause(PauseKind.OPERATOR, "for a test"))
        assert claims.mark_sending(SENDING, [1, 2, 3], "main", NOW) == frozenset()
    assert state(database, 1) == "pending"


def test_no_message_may_go_twice(database: Database, claims: Claims) -> None:
    with database.transaction():
        assert claims.mark_sending(SENDING, [1], "main", NOW) == {1}
        assert claims.mark_sending(SENDING, [1], "main", NOW) == frozenset()


def test_a_transition_applies_only_from_the_state_before(
    database: Database, claims: Claims
) -> None:
    sent = Transition(ISSUE, 1, "sending", "sent", server="main", reply="250 OK")
    with database.transaction():
        claims.apply_transitions([sent], NOW)
        assert state(database, 1) == "pending"
        claims.mark_sending(SENDING, [1], "main", NOW)
        claims.apply_transitions([sent], NOW)
    assert state(database, 1) == "sent"


def test_a_failure_is_recorded_with_server_and_reply(database: Database, claims: Claims) -> None:
    failed = Transition(
        ISSUE, 3, "pending", "failed", attempts=1, server="main", reply="550 no", event="failed"
    )
    with database.transaction():
        claims.apply_transitions([failed], NOW)
    (event,) = DeliveryEvents(database).of(ISSUE, 3)
    assert (event.event, event.detail) == ("failed", "main: 550 no")


def test_a_sent_delivery_is_held_even_after_its_chunk_was_released(
    database: Database, claims: Claims
) -> None:
    with database.transaction():
        claims.mark_sending(SENDING, [1], "main", NOW)
        claims.apply_transitions([Transition(ISSUE, 1, "sending", "sent")], NOW)
        claims.release_all()
        claims.hold_sent(ISSUE, 1, "two replies", LATER)
    assert Deliveries(database).counts(ISSUE) == {"pending": 2, "held": 1}


def test_only_due_retries_are_claimed(database: Database, claims: Claims) -> None:
    def retry(subscriber: int, at: str) -> Transition:
        return Transition(ISSUE, subscriber, "pending", "retry", next_try=at)

    with database.transaction():
        claims.apply_transitions(
            [
                retry(1, "2026-11-22T11:59:00Z"),
                retry(2, "2026-11-22T12:30:00Z"),
                retry(3, "2027-11-22T12:00:00Z"),
            ],
            NOW,
        )
        claims.release_all()
        (chunk,) = claims.claim(ISSUE, NOW, LATER)
    due = [each.subscriber for each in chunk.deliveries]
    assert due == [1, 3], "the third was planned while the clock was ahead"
