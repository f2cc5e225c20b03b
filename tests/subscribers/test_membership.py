"""What an operator does to subscriptions: add, unsubscribe, suppress, lift a suppression."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from syndicate.errors import AddressError, SyndicateError
from syndicate.store.database import Database
from syndicate.store.subscribers import Outcome, Subscriber, Subscribers, SubscriptionState
from syndicate.subscribers.import_csv import Agreement
from syndicate.subscribers.lookup import subscriber_at
from syndicate.subscribers.membership import (
    Unsubscribed,
    add,
    lift_suppression,
    suppress,
    unsubscribe,
)
from syndicate.subscribers.personal_data import erase

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
WEEKLY = Agreement("weekly", "in the shop", "2026-11-22T08:00:00Z")
BIRDS = Agreement("birds", "in the shop", "2026-11-22T08:00:00Z")
ADA = "ada@example.org"


def subscriber(database: Database, address: str = ADA) -> Subscriber:
    with database.transaction():
        return subscriber_at(database, address)


def active(database: Database, address: str = ADA) -> list[str]:
    """The newsletters that a subscriber gets."""
    subscriptions = Subscribers(database).subscriptions(subscriber(database, address).id)
    return [s.newsletter for s in subscriptions if s.state == SubscriptionState.ACTIVE]


def test_each_added_address_is_returned_with_its_outcome(sqlite_database: Database) -> None:
    add(sqlite_database, [ADA], WEEKLY, "")
    assert add(sqlite_database, [ADA, "Bob <bob@example.org>"], WEEKLY, "") == [
        (ADA, Outcome.ACTIVE),
        ("bob@example.org", Outcome.ADDED),
    ]


def test_the_given_name_takes_precedence_over_the_name_of_the_address(
    sqlite_database: Database,
) -> None:
    add(sqlite_database, ["Ada <ada@example.org>"], WEEKLY, "Ada Brook")
    add(sqlite_database, ["Bob <bob@example.org>"], WEEKLY, "")
    assert subscriber(sqlite_database).name == "Ada Brook"
    assert subscriber(sqlite_database, "bob@example.org").name == "Bob"


def test_none_is_added_if_one_address_is_not_valid(sqlite_database: Database) -> None:
    with pytest.raises(AddressError, match="'bob' is not a valid email address"):
        add(sqlite_database, [ADA, "bob"], WEEKLY, "")
    with pytest.raises(SyndicateError, match="no subscriber"):
        subscriber(sqlite_database)


def test_unsubscribing_from_one_newsletter_keeps_the_others(sqlite_database: Database) -> None:
    for agreement in (WEEKLY, BIRDS):
        add(sqlite_database, [ADA], agreement, "")
    ended = unsubscribe(sqlite_database, ADA, "weekly", "by phone", NOW)
    assert ended == Unsubscribed(ADA, ("weekly",))
    assert active(sqlite_database) == ["birds"]
    assert unsubscribe(sqlite_database, ADA, "weekly", "by phone", NOW).newsletters == ()


def test_unsubscribing_without_a_newsletter_ends_all_subscriptions(
    sqlite_database: Database,
) -> None:
    for agreement in (WEEKLY, BIRDS):
        add(sqlite_database, [ADA], agreement, "")
    assert unsubscribe(sqlite_database, ADA, "", "by phone", NOW).newsletters == ("birds", "weekly")
    assert active(sqlite_database) == []
    assert add(sqlite_database, [ADA], WEEKLY, "") == [(ADA, Outcome.UNSUBSCRIBED)]


def test_a_suppressed_address_cannot_be_added_until_that_is_lifted(
    sqlite_database: Database,
) -> None:
    assert suppress(sqlite_database, "ADA@example.org", "by phone", NOW).key == ADA
    assert add(sqlite_database, [ADA], WEEKLY, "") == [(ADA, Outcome.SUPPRESSED)]
    assert lift_suppression(sqlite_database, ADA, NOW).mail == ADA
    assert add(sqlite_database, [ADA], WEEKLY, "") == [(ADA, Outcome.ADDED)]


def test_the_suppression_of_an_erased_address_cannot_be_lifted(sqlite_database: Database) -> None:
    add(sqlite_database, [ADA], WEEKLY, "")
    erase(sqlite_database, ADA, NOW)
    for address in (ADA, "never-suppressed@example.org"):
        with pytest.raises(SyndicateError, match="is not suppressed, or was erased") as caught:
            lift_suppression(sqlite_database, address, NOW)
        assert caught.value.hint == "an erased address cannot be added again"
    assert add(sqlite_database, [ADA], WEEKLY, "") == [(ADA, Outcome.SUPPRESSED)]
