"""Lists become subscribers, on both databases: none twice, and none who unsubscribed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from syndicate.cli.show import ProgressBar
from syndicate.errors import SyndicateError
from syndicate.store import subscriber_import
from syndicate.store.connect import open_database
from syndicate.store.database import Database
from syndicate.store.subscriber_import import ImportOutcome
from syndicate.store.subscribers import Consent, Subscribers
from syndicate.subscribers.addresses import address
from syndicate.subscribers.csv_lists import RejectedRow, read
from syndicate.subscribers.import_csv import Agreement, Imported, import_file, import_list

NOW, LATER = "2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z"
HEAD = "email,name,state,since\n"


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(database_url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def people(database: Database) -> Subscribers:
    return Subscribers(database)


def take(database: Database, *rows: str, now: str = NOW) -> dict[str, int]:
    """Import rows into weekly; how many became what."""
    lines = [line.encode() + b"\n" for line in (HEAD.strip(), *rows)]
    refused: list[RejectedRow] = []
    agreed = Agreement("weekly", "moved here", now)
    found = import_list(database, read(lines, "weekly"), agreed, refused.append)
    assert not refused
    return {became.value: many for became, many in found.items()}


def hashed(people: Subscribers, text: str) -> str:
    """The hash of somebody's address; asked for in a transaction of its own."""
    with people._database.transaction():
        return address(text).hashed(people.salt())


def states(people: Subscribers) -> dict[str, str]:
    return {
        each.address.lower().partition("@")[0]: each.state for each in people.listed("weekly", None)
    }


def everything(database: Database) -> list[object]:
    tables = ("subscribers", "subscriptions", "consents", "suppressions", "meta")
    return [sorted(database.rows(f"SELECT * FROM {table}")) for table in tables]


ROWS = (
    "ada@example.org,Ada,active,2024-03-01",
    "bob@example.org,Bob,unsubscribed,2024-03-02",
    "eve@example.org,Eve,suppressed,",
    "jana@bücher.example,Jana,active,",
)


def test_subscribers_are_imported_with_state_and_evidence(
    database: Database, people: Subscribers
) -> None:
    assert take(database, *ROWS) == {"added": 2, "left": 1, "suppressed": 1}
    assert states(people) == {"ada": "active", "bob": "unsubscribed", "jana": "active"}
    ada, bob = (people.find(hashed(people, f"{name}@example.org")) for name in ("ada", "bob"))
    assert ada is not None
    assert bob is not None
    ((_, newsletter, at, event, detail, _client),) = people.consents(ada.id)
    assert (newsletter, at, event) == ("weekly", NOW, "imported")
    assert detail == "moved here (a list, since 2024-03-01)"
    (left,) = people.consents(bob.id)
    assert (left.event, left.detail) == ("imported-left", "left there (a list, since 2024-03-02)")
    assert people.find(hashed(people, "eve@example.org")) is None, "a hash is enough"
    assert people.suppression(hashed(people, "eve@example.org"))


def test_a_second_import_changes_nothing(database: Database, people: Subscribers) -> None:
    take(database, *ROWS)
    before = everything(database)
    again = take(database, *ROWS, now=LATER)
    assert again == {"known": 2, "left before": 1, "suppressed before": 1}
    assert everything(database) == before


def test_an_import_does_not_resubscribe_anyone(database: Database, people: Subscribers) -> None:
    take(database, *ROWS[:1])
    ada = people.find(hashed(people, "ada@example.org"))
    assert ada is not None
    with database.transaction():
        people.unsubscribe(ada.id, ["weekly"], "", NOW)
    found = take(database, ROWS[0], "EVE@example.org,,suppressed,", "eve@Example.org,,active,")
    assert found == {"left before": 1, "suppressed": 1, "known": 1}
    assert take(database, "Eve@example.org,,active,") == {"suppressed before": 1}
    assert states(people) == {"ada": "unsubscribed"}


def test_of_two_rows_of_one_address_the_stricter_state_counts(
    database: Database, people: Subscribers
) -> None:
    found = take(database, "ada@example.org,A,active,", "ADA@example.org,B,unsubscribed,")
    assert found == {"left": 1, "known": 1}
    assert states(people) == {"ada": "unsubscribed"}


def test_an_unsubscription_elsewhere_counts_unless_the_person_confirmed_here(
    database: Database, people: Subscribers
) -> None:
    take(database, "ada@example.org,,active,", "bob@example.org,,active,")
    bob = people.find(hashed(people, "bob@example.org"))
    assert bob is not None
    with database.transaction():
        confirmed = Consent(bob.id, "weekly", LATER, "confirmed", "")
        database.upsert("consents", Consent._fields, [confirmed])
    left = ("ada@example.org,,unsubscribed,", "bob@example.org,,unsubscribed,")
    assert take(database, *left, now=LATER) == {"left": 1, "known": 1}
    assert states(people) == {"ada": "unsubscribed", "bob": "active"}


def test_an_import_in_portions_gives_unique_ids(
    database: Database, people: Subscribers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber_import, "PORTION", 3)
    salted = hashed(people, "p4@example.org")
    with database.transaction():
        people.subscribe("p4@example.org", salted, "", "birds", "", NOW)
    rows = [f"p{number}@example.org,,active," for number in range(10)]
    assert take(database, *rows, *rows) == {"added": 10, "known": 10}
    ids = [number for (number,) in database.rows("SELECT id FROM subscribers")]
    assert len(set(ids)) == 10
    with database.transaction():
        assert people.reserve(1) >= max(ids)


def imported(database: Database, folder: Path, text: bytes) -> Imported:
    path = folder / "people.csv"
    path.write_bytes(text)
    agreed = Agreement("weekly", "moved here", NOW)
    with path.open("rb") as file:
        return import_file(database, file, folder / "bad.csv", agreed, ProgressBar(quiet=True))


def test_refused_rows_are_written_with_line_and_reason_and_can_be_corrected(
    database: Database, people: Subscribers, tmp_path: Path
) -> None:
    text = b'email,name\nada@example.org,Ada\n"no\nbody",=1+1\n'
    found = imported(database, tmp_path, text)
    assert (found.rows[ImportOutcome.ADDED], found.bad) == (1, 1)
    written = (tmp_path / "bad.csv").read_text()
    (row,) = csv.DictReader(written.splitlines(keepends=True))
    assert (row["line"], row["name"]) == ("3", "'=1+1")
    assert row["reason"]
    mended = imported(database, tmp_path, written.replace("no\nbody", "bob@example.org").encode())
    assert (mended.rows[ImportOutcome.ADDED], mended.bad) == (1, 0)


@pytest.mark.parametrize("tail", [b"bob@example.org,\xff\n", b"x" * 1_000_001])
def test_nothing_is_imported_from_a_file_that_cannot_be_read_to_its_end(
    database: Database, people: Subscribers, tmp_path: Path, tail: bytes
) -> None:
    with pytest.raises(SyndicateError) as caught:
        imported(database, tmp_path, b"email,name\nada@example.org,Ada\n" + tail)
    assert str(caught.value.place) == f"{tmp_path / 'people.csv'}:3"
    assert states(people) == {}


def test_a_file_of_people_without_consent_is_recognised_by_its_name(
    database: Database, tmp_path: Path
) -> None:
    path, agreed = tmp_path / "nonsubscribed_members_1.csv", Agreement("weekly", "", NOW)
    path.write_text("email\nada@example.org\n")
    with path.open("rb") as file, pytest.raises(SyndicateError, match="never gave consent"):
        import_file(database, file, tmp_path / "bad.csv", agreed, ProgressBar(quiet=True))


def test_a_stream_is_read_as_well(database: Database, tmp_path: Path) -> None:
    class Stream(BytesIO):
        name = "-"

        def seekable(self) -> bool:
            return False

    stream, agreed = Stream(b"email\nada@example.org\n"), Agreement("weekly", "", NOW)
    bad = tmp_path / "bad.csv"
    found = import_file(database, stream, bad, agreed, ProgressBar(quiet=True))
    assert found.rows == {ImportOutcome.ADDED: 1}
    assert not bad.exists()


TWO = "email;name;note\r\nada@example.org;Jörg;\r\nbob@example.org;Bob;\r\n".replace(
    ";note", ""
).replace(";\r", "\r")


@pytest.mark.parametrize(
    "data",
    [
        TWO.encode(),
        TWO.encode("utf-8-sig"),
        TWO.replace("\r\n", "\r").encode(),
        TWO.encode("utf-16"),
        ("\ufeff" + TWO).encode("utf-16-be"),
        ("\ufeff" + TWO.replace("\r\n", "\r")).encode("utf-16-le"),
        TWO.replace(";", "\t").encode("utf-16"),
    ],
)
def test_files_of_any_program_are_read(
    database: Database, people: Subscribers, tmp_path: Path, data: bytes
) -> None:
    found = imported(database, tmp_path, data)
    assert (found.rows, found.bad) == ({ImportOutcome.ADDED: 2}, 0)
    assert sorted(each.name for each in people.listed("weekly", None)) == ["Bob", "Jörg"]


def test_half_a_character_of_utf_16_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(SyndicateError, match="not valid UTF-16"):
        imported(database, tmp_path, TWO.encode("utf-16")[:-1])
