"""Who gets what, on both databases: leaving and being suppressed hold, and nothing outlives erasure
but a hash."""

from __future__ import annotations

import pytest

from syndicate.store import subscribers
from syndicate.store.database import Database
from syndicate.store.subscriber_counts import SubscriberCounts, counts
from syndicate.store.subscribers import (
    TO_SUBSCRIBER,
    Outcome,
    Subscriber,
    Subscribers,
    SuppressionReason,
)

NOW, LATER = "2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z"


@pytest.fixture
def people(database: Database) -> Subscribers:
    return Subscribers(database)


def subscribe(people: Subscribers, newsletter: str, detail: str, now: str = NOW) -> Outcome:
    return people.subscribe("ada@example.org", "h-ada", "Ada", newsletter, detail, now)


@pytest.fixture
def ada(database: Database, people: Subscribers) -> Subscriber:
    with database.transaction():
        assert subscribe(people, "weekly", "in the shop") == Outcome.ADDED
        assert subscribe(people, "birds", "in the shop") == Outcome.ADDED
    found = people.find("h-ada")
    assert found is not None
    return found


def test_the_same_person_added_twice_is_one_person(
    database: Database, people: Subscribers, ada: Subscriber
) -> None:
    with database.transaction():
        again = people.subscribe("ADA@example.org", "h-ada", "Other", "weekly", "again", LATER)
    assert again == Outcome.ACTIVE
    assert people.find("h-ada") == ada
    assert [each.occurred_at for each in people.consents(ada.id)] == [NOW, NOW], (
        "nothing new was agreed"
    )


def test_an_unsubscribed_newsletter_stays_so_and_the_other_is_kept(
    database: Database, people: Subscribers, ada: Subscriber
) -> None:
    with database.transaction():
        assert people.unsubscribe(ada.id, ["weekly", "unknown"], "by mail", LATER) == ["weekly"]
        assert people.unsubscribe(ada.id, ["weekly"], "by mail", LATER) == []
        assert subscribe(people, "weekly", "imported", LATER) == Outcome.UNSUBSCRIBED
    states = {each.newsletter: each.state for each in people.subscriptions(ada.id)}
    assert states == {"weekly": "unsubscribed", "birds": "active"}
    events = [(each.newsletter, each.event, each.detail) for each in people.consents(ada.id)]
    assert events[-1] == ("weekly", "unsubscribed", "by mail")


def test_after_erasure_only_a_hash_is_left_and_no_id_is_reused(
    database: Database, people: Subscribers, ada: Subscriber
) -> None:
    with database.transaction():
        people.suppress(ada.hash, SuppressionReason.REQUEST, "wrote from ada@example.org", NOW)
        people.erase(ada)
        people.suppress(ada.hash, SuppressionReason.ERASED, "", LATER)
    left = people.suppression("h-ada")
    assert left is not None
    assert left.detail == ""
    assert people.find("h-ada") is None
    assert list(people.listed(None, None)) == []
    assert people.consents(ada.id) == []
    with database.transaction():
        assert subscribe(people, "weekly", "again", LATER) == Outcome.SUPPRESSED
        people.subscribe("bob@example.org", "h-bob", "", "weekly", "", LATER)
    bob = people.find("h-bob")
    assert bob is not None
    assert bob.id != ada.id


def test_active_subscribers_are_those_who_may_be_mailed(
    database: Database, people: Subscribers, ada: Subscriber
) -> None:
    with database.transaction():
        people.unsubscribe(ada.id, ["birds"], "", LATER)
    assert [each.newsletter for each in people.listed(None, "active")] == ["weekly"]
    assert [each.state for each in people.listed("birds", None)] == ["unsubscribed"]
    assert list(people.listed("birds", "active")) == []
    with database.transaction():
        people.suppress(ada.hash, SuppressionReason.REQUEST, "", LATER)
    assert list(people.listed(None, "active")) == []
    assert len(list(people.listed(None, "suppressed"))) == 2
    with database.transaction():
        assert people.unsuppress(ada.hash, "2026-11-20T12:00:00Z")
        assert not people.unsuppress(ada.hash, "2026-11-20T12:00:00Z")
    assert len(list(people.listed(None, "active"))) == 1


def test_a_list_of_many_pages_has_each_subscription_once(
    database: Database, people: Subscribers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribers, "PAGE", 2)
    with database.transaction():
        for number in range(5):
            for newsletter in ("weekly", "birds"):
                people.subscribe(f"{number}@example.org", f"h{number}", "", newsletter, "", NOW)
    assert len(set(people.listed(None, None))) == len(list(people.listed(None, None))) == 10
    assert [each.address[0] for each in people.listed("birds", "active")] == list("01234")


def test_chosen_tags_are_kept_after_unsubscribing(
    database: Database, people: Subscribers, ada: Subscriber
) -> None:
    with database.transaction():
        database.run("UPDATE subscriptions SET tags = 'swifts'")
        people.unsubscribe(ada.id, ["weekly"], "", LATER)
    assert [each.tags for each in people.listed("weekly", None)] == ["swifts"]


def test_counts_include_who_joined_and_unsubscribed_since_a_time(
    database: Database, people: Subscribers, ada: Subscriber
) -> None:
    with database.transaction():
        people.unsubscribe(ada.id, ["birds"], "", LATER)
    birds, weekly = counts(database, week_ago=LATER, month_ago=NOW)
    assert birds == SubscriberCounts("birds", 0, 1, 0, 0, 1, 1, 1, 0)
    assert weekly == SubscriberCounts("weekly", 1, 0, 0, 0, 0, 1, 0, 0)


def test_the_salt_stays(database: Database, people: Subscribers) -> None:
    with database.transaction():
        first = people.salt()
        assert people.salt() == first
    assert len(first) == 32


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", ["deliveries", "delivery_events"])
def test_deliveries_to_a_person_are_found_by_the_key(database: Database, table: str) -> None:
    plan = database.rows(
        f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {TO_SUBSCRIBER}", {"s": 7}
    )
    assert f"SEARCH {table} USING PRIMARY KEY (issue=? AND subscriber=?)" in {r[3] for r in plan}
