"""All data about one person is shown, exported and erased."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syndicate.errors import SyndicateError
from syndicate.store import sqlite
from syndicate.store.database import Database
from syndicate.store.erasing import TextPlace, texts_with
from syndicate.store.requests import SignupRequest, SignupRequests
from syndicate.store.sqlite import Sqlite
from syndicate.store.subscribers import Suppression
from syndicate.subscribers.import_csv import Agreement
from syndicate.subscribers.lookup import hashed_address
from syndicate.subscribers.membership import add, suppress
from syndicate.subscribers.personal_data import erase, export_document, personal_data

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
AT = "2026-11-22T08:00:00Z"
ADA = "ada@example.org"
SUBSCRIPTION = {"newsletter": "weekly", "state": "active", "since": AT, "tags": []}
CONSENT = {
    "newsletter": "weekly", "at": AT, "event": "added", "detail": "in the shop", "client": "",
}  # fmt: skip
REQUEST = {
    "kind": "subscribe", "newsletters": {"weekly": ["sea"]}, "asked": AT, "client": "c-hash",
    "agreed": "I agree.", "state": "waiting",
}  # fmt: skip


def subscribe(database: Database) -> None:
    add(database, [ADA], Agreement("weekly", "in the shop", AT), "Ada")


def request_signup(database: Database) -> None:
    """Ask for the newsletter on a page, without confirming."""
    with database.transaction():
        hashed = hashed_address(database, ADA).hash
        request = SignupRequest(
            0, "subscribe", ADA, hashed, '{"weekly": ["sea"]}', AT, "c-hash", "I agree."
        )
        SignupRequests(database).add(request, 10, AT)


def test_the_export_of_a_subscriber_has_all_that_is_stored(sqlite_database: Database) -> None:
    subscribe(sqlite_database)
    request_signup(sqlite_database)
    suppress(sqlite_database, ADA, "by phone", NOW)
    assert export_document(sqlite_database, ADA) == {
        "address": ADA,
        "name": "Ada",
        "since": AT,
        "subscriptions": [SUBSCRIPTION],
        "consents": [CONSENT],
        "requests": [REQUEST],
        "bounces": [],
        "suppressed": {"reason": "request", "since": AT},
    }


def test_an_unconfirmed_request_is_personal_data_as_well(sqlite_database: Database) -> None:
    request_signup(sqlite_database)
    exported = export_document(sqlite_database, ADA)
    assert (exported["name"], exported["since"], exported["consents"]) == ("", "", [])
    assert exported["requests"] == [REQUEST]
    assert exported["suppressed"] is None


def test_of_a_suppressed_address_there_is_only_a_hash_to_show_and_nothing_to_export(
    sqlite_database: Database,
) -> None:
    suppress(sqlite_database, ADA, "by phone", NOW)
    suppression = personal_data(sqlite_database, ADA).suppression
    assert suppression is not None
    assert suppression.detail == "by phone"
    with pytest.raises(SyndicateError, match=f"no subscriber with the address {ADA}"):
        export_document(sqlite_database, ADA)


@pytest.mark.parametrize("store", [subscribe, request_signup])
def test_erasing_leaves_a_suppressed_hash_and_nothing_else(
    sqlite_database: Database, store: Callable[[Database], None]
) -> None:
    store(sqlite_database)
    assert erase(sqlite_database, "ADA@example.org", NOW).address == "ADA@example.org"
    remaining = personal_data(sqlite_database, ADA)
    assert (remaining.name, remaining.since, remaining.requests) == ("", "", [])
    assert (*remaining.subscriptions, *remaining.consents) == ()
    assert remaining.suppression is not None
    assert (remaining.suppression.reason, remaining.suppression.detail) == ("erased", "")


def test_an_address_that_was_erased_is_erased_again_from_texts_that_came_since(
    sqlite_database: Database,
) -> None:
    subscribe(sqlite_database)
    erase(sqlite_database, ADA, NOW)
    with sqlite_database.transaction():
        late = Suppression("of another", "bounce", f"forwarded to <{ADA}>", "2026-11-28")
        sqlite_database.upsert("suppressions", Suppression._fields, [late])
    erase(sqlite_database, ADA, NOW)
    rows = sqlite_database.rows("SELECT detail FROM suppressions WHERE hash = 'of another'")
    assert rows == [("forwarded to <…>",)]


def test_others_can_write_while_texts_are_searched_for_an_erased_address(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(sqlite_database)
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0)

    def search(database: Database, addresses: Sequence[str]) -> list[TextPlace]:
        ((_, _, path),) = database.rows("PRAGMA database_list")
        with closing(Sqlite(Path(str(path)))) as other, other.transaction():
            pass
        return texts_with(database, addresses)

    monkeypatch.setattr("syndicate.subscribers.personal_data.texts_with", search)
    erase(sqlite_database, ADA, NOW)


def test_an_address_that_is_not_in_the_store_is_neither_shown_nor_erased(
    sqlite_database: Database,
) -> None:
    for operation in (personal_data, export_document):
        with pytest.raises(SyndicateError, match="no subscriber"):
            operation(sqlite_database, ADA)
    with pytest.raises(SyndicateError, match="no subscriber"):
        erase(sqlite_database, ADA, NOW)
