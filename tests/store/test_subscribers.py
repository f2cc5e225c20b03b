"""Who gets what, on both databases: leaving and being suppressed hold, and nothing outlives erasure
but a hash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicate.store.database import Database, open_database
from syndicate.store.subscribers import Subscriber, Subscribers, Why

NOW, LATER = "2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z"


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(database_url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def people(database: Database) -> Subscribers:
    return Subscribers(database)


@pytest.fixture
def ada(database: Database, people: Subscribers) -> Subscriber:
    with database.transaction():
        who = people.add("ada@example.org", "h-ada", "Ada", NOW)
        assert people.subscribe(who.id, "weekly", "in the shop", NOW) == "added"
        assert people.subscribe(who.id, "birds", "in the shop", NOW) == "added"
    return who


def test_the_same_person_added_twice_is_one_person(
    database: Database, people: Subscribers, ada: Subscriber
) -> None:
    with database.transaction():
        assert people.add("ADA@example.org", "h-ada", "Other", LATER) == ada
        assert people.subscribe(ada.id, "weekly", "again", LATER) == "active"
    assert [each.at for each in people.consents(ada.id)] == [NOW, NOW], "nothing new was agreed"


def test_whoever_left_one_newsletter_does_not_come_back_and_keeps_the_other(
    database: Database, people: Subscribers, ada: Subscriber
) -> None:
    with database.transaction():
        assert people.unsubscribe(ada.id, ["weekly", "unknown"], "by mail", LATER) == ["weekly"]
        assert people.unsubscribe(ada.id, ["weekly"], "by mail", LATER) == []
        assert people.subscribe(ada.id, "weekly", "imported", LATER) == "unsubscribed"
    states = {each.newsletter: each.state for each in people.subscriptions(ada.id)}
    assert states == {"weekly": "unsubscribed", "birds": "active"}
    events = [(each.newsletter, each.event, each.detail) for each in people.consents(ada.id)]
    assert events[-1] == ("weekly", "unsubscribed", "by mail")


def test_after_erasure_a_hash_is_all_that_is_left_and_no_id_comes_twice(
    database: Database, people: Subscribers, ada: Subscriber
) -> None:
    with database.transaction():
        people.suppress(ada.hash, Why.REQUEST, "wrote from ada@example.org", NOW)
        people.erase(ada)
        people.suppress(ada.hash, Why.ERASED, "", LATER)
    left = people.suppression("h-ada")
    assert left is not None
    assert left.detail == ""
    assert people.find("h-ada") is None
    assert people.listed(None, None) == []
    assert people.consents(ada.id) == []
    with database.transaction():
        assert people.add("bob@example.org", "h-bob", "", LATER).id != ada.id


def test_the_list_names_who_is_suppressed_and_can_be_narrowed(
    database: Database, people: Subscribers, ada: Subscriber
) -> None:
    with database.transaction():
        people.suppress(ada.hash, Why.REQUEST, "", LATER)
        people.unsubscribe(ada.id, ["birds"], "", LATER)
    assert [each.suppressed for each in people.listed(None, None)] == ["request", "request"]
    assert [each.newsletter for each in people.listed(None, "active")] == ["weekly"]
    assert [each.state for each in people.listed("birds", None)] == ["unsubscribed"]
    assert people.listed("birds", "active") == []


def test_the_salt_stays(database: Database, people: Subscribers) -> None:
    with database.transaction():
        first = people.salt()
        assert people.salt() == first
    assert len(first) == 32
