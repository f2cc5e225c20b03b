"""Chunks cover all deliveries of an issue, count them, and belong to one sender at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from planned_issues import plan_all

from syndicate.store import chunks as module
from syndicate.store.chunks import STATES, Chunk, Chunks, free
from syndicate.store.claims import OWNED, Claims, Transition
from syndicate.store.database import Database, Row
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.recipients import MAX_ID, Recipients
from syndicate.store.subscribers import Subscribers, SuppressionReason

ISSUE, NOW, LATER = 7, "2026-11-22T12:00:00Z", "2026-11-22T18:00:00Z"
SENDING = IssueSend(ISSUE, "weekly", "2026-11-22T12:00", NOW)


@pytest.fixture(autouse=True)
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of two deliveries."""
    monkeypatch.setattr(module, "CHUNK_SIZE", 2)


@pytest.fixture
def people(database: Database) -> Recipients:
    """Seven subscribers."""
    for number in range(1, 8):
        subscribe(database, number)
    return Recipients(database)


def subscribe(database: Database, number: int, newsletter: str = "weekly") -> None:
    with database.transaction():
        Subscribers(database).subscribe(
            f"p{number}@example.org", f"h{number}", "", newsletter, "in the shop", "2026-11-01"
        )


@pytest.fixture
def planned(database: Database, people: Recipients) -> Chunks:
    """An issue to all of them."""
    with database.transaction():
        plan_all(database, SENDING)
    return Chunks(database)


def ranges(chunks: Chunks) -> list[tuple[int, int]]:
    return [(chunk.first, chunk.last) for chunk in chunks.having(ISSUE, STATES)]


def rows(database: Database) -> dict[str, int]:
    """What the deliveries are, without chunks."""
    found = database.rows("SELECT state FROM deliveries WHERE issue = 7")
    return dict(Counter(str(state) for (state,) in found))


def test_an_issue_is_planned_in_steps_and_each_step_continues_where_the_last_ended(
    database: Database, people: Recipients
) -> None:
    sends, chunks = IssueSends(database), Chunks(database)
    with database.transaction():
        people.begin(SENDING)
    seen = []
    while (sending := sends.get(ISSUE)) and not sending.is_planned:
        assert not sends.end(ISSUE, NOW)
        with database.transaction():
            people.plan_next(sending, [], 3, NOW)
        seen.append((chunks.counts(ISSUE)["pending"], ranges(chunks)[-1]))
    assert seen == [(3, (3, 3)), (6, (6, 6)), (7, (7, 7))]
    assert ranges(chunks) == [(1, 2), (3, 3), (4, 5), (6, 6), (7, 7)]
    assert sending
    assert sending.planned == 7


def test_a_reader_who_subscribes_while_an_issue_is_planned_is_not_in_it(
    database: Database, people: Recipients
) -> None:
    with database.transaction():
        people.begin(SENDING)
    subscribe(database, 8)
    with database.transaction():
        plan_all(database, SENDING)
    assert Chunks(database).counts(ISSUE) == {"pending": 7}


def test_planning_again_adds_nothing(database: Database, planned: Chunks) -> None:
    with database.transaction():
        plan_all(database, SENDING)
    assert planned.counts(ISSUE) == {"pending": 7}


def test_an_issue_without_recipients_is_planned_at_once(database: Database) -> None:
    with database.transaction():
        plan_all(database, SENDING)
        assert IssueSends(database).end(ISSUE, NOW)
    assert Chunks(database).counts(ISSUE) == {}


def test_a_suppressed_subscriber_is_planned_as_suppressed(
    database: Database, people: Recipients
) -> None:
    with database.transaction():
        Subscribers(database).suppress("h4", SuppressionReason.BOUNCE, "", NOW)
        plan_all(database, SENDING)
    assert Chunks(database).counts(ISSUE) == {"pending": 6, "suppressed": 1} == rows(database)


def test_two_senders_never_own_the_same_chunk(database: Database, planned: Chunks) -> None:
    one, other = Claims(database, "one"), Claims(database, "other")
    claimed = []
    with database.transaction():
        while (a := one.claim(ISSUE, NOW, LATER)) and (b := other.claim(ISSUE, NOW, LATER)):
            claimed += a + b
    subscribers = [each.subscriber for found in claimed for each in found.deliveries]
    assert len(subscribers) == len(set(subscribers))


def test_a_sender_changes_nothing_in_a_chunk_that_it_does_not_own(
    database: Database, planned: Chunks
) -> None:
    one, other = Claims(database, "one"), Claims(database, "other")
    with database.transaction():
        assert one.claim(ISSUE, NOW, LATER)
        assert other.mark_sending(SENDING, [1, 2], "main", NOW) == frozenset()
        other.apply_transitions([Transition(ISSUE, 1, "pending", "failed")], NOW)
        assert other.suppress_unsubscribed(SENDING, [1, 2], NOW) == 0
    assert rows(database) == {"pending": 7}


def test_counts_are_right_while_a_chunk_is_owned_and_after_it_is_released(
    database: Database, planned: Chunks
) -> None:
    claims = Claims(database, "one")
    with database.transaction():
        (claimed,) = claims.claim(ISSUE, NOW, LATER)
        claims.mark_sending(SENDING, [1, 2], "main", NOW)
    assert planned.counts(ISSUE) == {"pending": 5, "sending": 2}
    sent = Transition(ISSUE, 1, "sending", "sent")
    retry = Transition(ISSUE, 2, "sending", "retry", attempts=1, next_try=LATER)
    with database.transaction():
        claims.apply_transitions([sent, retry], NOW)
        claims.release([claimed.chunk])
    assert planned.counts(ISSUE) == {"pending": 5, "sent": 1, "retry": 1} == rows(database)
    assert Deliveries(database).next_try(NOW, "2027") == LATER


def test_due_retries_come_first_and_others_wait(database: Database, planned: Chunks) -> None:
    claims = Claims(database, "one")
    with database.transaction():
        (first,) = claims.claim(ISSUE, NOW, LATER)
        retries = [
            Transition(ISSUE, each.subscriber, "pending", "retry", next_try=LATER)
            for each in first.deliveries
        ]
        claims.apply_transitions(retries, NOW)
        claims.release([first.chunk])
        (second,) = claims.claim(ISSUE, NOW, LATER)
        assert second.chunk.number == 2
        claims.release([second.chunk])
        (due,) = claims.claim(ISSUE, LATER, "2027")
    assert [each.subscriber for each in due.deliveries] == [1, 2]
    assert {each.state for each in due.deliveries} == {"retry"}


def test_a_sender_that_died_leaves_its_chunks_to_recovery(
    database: Database, planned: Chunks
) -> None:
    claims = Claims(database, "dead")
    with database.transaction():
        claims.claim(ISSUE, NOW, LATER)
        claims.mark_sending(SENDING, [1], "main", NOW)
    with database.transaction():
        assert Deliveries(database).recover("dead", NOW, resend=False) == [(ISSUE, 1)]
    assert planned.owned(ISSUE) == []
    assert planned.counts(ISSUE) == {"held": 1, "pending": 6} == rows(database)
    assert planned.held() == {ISSUE: 1}


def test_subscribers_who_come_later_join_the_chunk_of_their_place_or_a_new_one(
    database: Database,
) -> None:
    for number in range(1, 6):
        subscribe(database, number, "daily" if number == 3 else "weekly")
    recipients, chunks = Recipients(database), Chunks(database)
    with database.transaction():
        plan_all(database, SENDING)
    assert chunks.counts(ISSUE) == {"pending": 4}
    subscribe(database, 3)
    subscribe(database, 6)
    sending = IssueSends(database).get(ISSUE)
    assert sending
    with database.transaction():
        assert recipients.plan_missed(sending, [], 0, 9, NOW) == (MAX_ID, 2)
    assert chunks.counts(ISSUE) == {"pending": 6} == rows(database)
    covered = [number for first, last in ranges(chunks) for number in range(first, last + 1)]
    assert covered == [1, 2, 3, 4, 5, 6]


def test_what_an_operator_changes_is_counted(database: Database, planned: Chunks) -> None:
    claims, deliveries = Claims(database, "one"), Deliveries(database)
    with database.transaction():
        claims.claim(ISSUE, NOW, LATER)
        states = zip((1, 2), ("failed", "held"), strict=True)
        claims.mark_sending(SENDING, [1, 2], "main", NOW)
        claims.apply_transitions(
            [Transition(ISSUE, who, "sending", state) for who, state in states], NOW
        )
        claims.release_all()
    with database.transaction():
        deliveries.retry(ISSUE, "failed", NOW)
    assert planned.counts(ISSUE) == {"pending": 6, "held": 1} == rows(database)
    with database.transaction():
        deliveries.mark_sent(ISSUE, NOW, [2])
    assert planned.counts(ISSUE) == {"pending": 6, "sent": 1} == rows(database)
    with database.transaction():
        deliveries.stop(ISSUE, NOW, "stopped")
    assert planned.counts(ISSUE) == {"suppressed": 6, "sent": 1} == rows(database)


def test_a_chunk_is_found_by_any_of_its_subscribers(planned: Chunks) -> None:
    assert planned.of(ISSUE, [2, 1, 7]) == [Chunk(ISSUE, 1, 1, 2), Chunk(ISSUE, 5, 7, 7)]
    assert planned.of(ISSUE, [99]) == []


def test_a_step_of_planning_adds_nothing_to_an_issue_that_was_cancelled_meanwhile(
    database: Database, people: Recipients
) -> None:
    sends, chunks = IssueSends(database), Chunks(database)
    with database.transaction():
        people.begin(SENDING)
        sending = sends.get(ISSUE)
        assert sending
        people.plan_next(sending, [], 3, NOW)
        Deliveries(database).stop(ISSUE, NOW, "stopped")
        sends.end_planning(ISSUE)
        assert sends.end(ISSUE, NOW)
        plan_all(database, SENDING)
    assert chunks.counts(ISSUE) == {"suppressed": 3}


def test_all_chunks_with_due_retries_are_claimed_at_one_time(
    database: Database, planned: Chunks
) -> None:
    claims = Claims(database, "one")
    with database.transaction():
        while claimed := claims.claim(ISSUE, NOW, LATER):
            first = claimed[0].deliveries[0].subscriber
            retry = Transition(ISSUE, first, "pending", "retry", next_try=LATER)
            others = [
                Transition(ISSUE, each.subscriber, "pending", "failed")
                for each in claimed[0].deliveries[1:]
            ]
            claims.apply_transitions([retry, *others], NOW)
            claims.release([claimed[0].chunk])
        due = claims.claim(ISSUE, LATER, "2027")
    assert [each.subscriber for found in due for each in found.deliveries] == [1, 3, 4, 6, 7]


def test_planned_and_counts_are_of_one_moment(
    database: Database, planned: Chunks, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    real = database.rows

    def recording(statement: str, values: Mapping[str, object]) -> list[Row]:
        statements.append(statement)
        return real(statement, values)

    with monkeypatch.context() as patched:
        patched.setattr(database, "rows", recording)
        assert Deliveries(database).planned_and_counts(ISSUE) == (7, {"pending": 7})
    assert len(statements) == 1, "chunks change owners between two statements"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_owner_of_a_delivery_is_found_without_reading_all_chunks_of_its_issue(
    database: Database,
) -> None:
    plan = database.rows(
        f"EXPLAIN QUERY PLAN UPDATE deliveries SET state = 'sent' WHERE issue = 7 AND {OWNED}",
        {"owner": "one"},
    )
    steps = [str(step[-1]) for step in plan if " c " in str(step[-1])]
    assert len(steps) == 1
    assert "delivery_chunks_owned" in steps[0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("state", ["pending", "retry"])
def test_the_next_chunk_is_found_without_reading_those_before_it(
    database: Database, state: str
) -> None:
    plan = database.rows(
        f"EXPLAIN QUERY PLAN SELECT number FROM delivery_chunks WHERE {free(state)} LIMIT 1",
        {"issue": ISSUE},
    )
    assert [str(step[3]).partition(" (")[0] for step in plan] == [
        f"SEARCH delivery_chunks USING INDEX delivery_chunks_{state}"
    ], "and nothing is sorted"
