"""Find a subscriber by an address that an operator typed."""

from __future__ import annotations

import pytest

from syndicate.errors import AddressError, SyndicateError
from syndicate.store.database import Database
from syndicate.subscribers.import_csv import Agreement
from syndicate.subscribers.lookup import hashed_address, parse_address, subscriber_at
from syndicate.subscribers.membership import add

IN_THE_SHOP = Agreement("weekly", "in the shop", "2026-11-22T08:00:00Z")


def test_a_subscriber_is_found_by_any_spelling_of_the_address(sqlite_database: Database) -> None:
    add(sqlite_database, ["Ada@Example.org"], IN_THE_SHOP, "Ada")
    with sqlite_database.transaction():
        for spelling in ("ada@example.org", " ADA@EXAMPLE.ORG "):
            assert subscriber_at(sqlite_database, spelling).name == "Ada"


def test_an_address_has_one_hash_in_a_store(sqlite_database: Database) -> None:
    with sqlite_database.transaction():
        first = hashed_address(sqlite_database, "ada@example.org")
        second = hashed_address(sqlite_database, "ADA@example.org")
    assert first.hash == second.hash
    assert second.address.mail == "ADA@example.org"


def test_an_address_without_a_subscriber_is_refused_with_a_hint(sqlite_database: Database) -> None:
    with (
        sqlite_database.transaction(),
        pytest.raises(SyndicateError, match="no subscriber with the address bob@") as caught,
    ):
        subscriber_at(sqlite_database, "bob@example.org")
    assert caught.value.hint == "list subscribers: syndicate subscribers list"


def test_text_that_is_not_an_address_is_refused_with_the_text_and_a_hint() -> None:
    with pytest.raises(AddressError, match="is not a valid email address: ") as caught:
        parse_address("bob at home")
    assert caught.value.message.startswith("'bob at home'")
    assert caught.value.hint == "write it like name@example.org"
