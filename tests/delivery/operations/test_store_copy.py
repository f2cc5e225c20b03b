"""A store that is copied to another database: the new one continues, the old one never sends."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy
from commands import CommandResult, run_command
from mailing_site import MailingSite

from syndicate.delivery.operations.store_copy import StoreCopied, copy_store
from syndicate.errors import StoreError, SyndicateError
from syndicate.service_state.lock import lock_file, single_instance
from syndicate.site import Setup, set_up
from syndicate.store.backup import back_up
from syndicate.store.connect import connect, name_of
from syndicate.store.incarnation import Doubt, Incarnation
from syndicate.store.schema import metadata
from syndicate.store.snapshot import StoreSnapshot
from syndicate.store.withdrawal_record import WithdrawalRecords

T = TypeVar("T")

PEOPLE = [f"p{number}@example.org" for number in range(60)]
LATER = "eve@example.org"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables, of both kinds."""
    return _empty_postgresql(request) if request.param == "postgresql" else _new_file(tmp_path)


@pytest.fixture
def empty_postgresql(request: pytest.FixtureRequest) -> str:
    return _empty_postgresql(request)


def _new_file(folder: Path) -> str:
    return f"sqlite:///{folder / 'new.db'}"


def _empty_postgresql(request: pytest.FixtureRequest) -> str:
    server: str = request.getfixturevalue("postgresql_server")
    url = server.replace("/postgres?", "/fresh?")
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
            connection.execute(sqlalchemy.text(statement))
    engine.dispose()
    return url


def quietly(items: Iterable[T], total: int, doing: str) -> Iterable[T]:
    return items


def setup_of(site: MailingSite) -> Setup:
    return set_up(site.folder.config_file, os.environ)


def copy(site: MailingSite, target: str) -> StoreCopied:
    return copy_store(setup_of(site), site.folder.database_url, target, quietly)


def use(site: MailingSite, url: str) -> None:
    """Have the configuration name another store."""
    site.folder.database_url = url
    site.folder.configure(store={"url": url})


def outbox(site: MailingSite) -> Counter[str]:
    """Who got how many messages."""
    texts = [file.read_text() for file in (site.folder.root / "outbox").glob("*.eml")]
    return Counter(next(p for p in [*PEOPLE, LATER] if f"To: {p}" in text) for text in texts)


def content(site: MailingSite, url: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows, without those by which stores differ."""
    own = ("place", "sent-counter", "moved-to")
    with closing(connect(url, site.folder.root)) as database:
        tables = {
            table.name: sorted(database.rows(f"SELECT * FROM {table.name}"), key=repr)
            for table in metadata.sorted_tables
        }
    return tables | {"meta": [row for row in tables["meta"] if row[0] not in own]}


def sent_in_part(site: MailingSite) -> None:
    """Send the issue to some of its recipients."""
    site.subscribe(PEOPLE)
    site.issue()
    site.send(stopping=lambda: bool(outbox(site)))
    assert 0 < len(outbox(site)) < len(PEOPLE)


def refusal(site: MailingSite, action: Callable[[], object]) -> str:
    with pytest.raises(SyndicateError) as caught:
        action()
    return f"{caught.value.message} - {caught.value.hint}"


def test_the_new_store_continues_where_the_old_one_was(site: MailingSite, empty: str) -> None:
    sent_in_part(site)
    before = content(site, site.folder.database_url)
    copied = copy(site, empty)
    assert copied.issues == 1
    assert copied.rows.rows >= sum(map(len, before.values()))
    assert content(site, empty) == before
    use(site, empty)
    assert (
        site.query(lambda opened: Incarnation(opened.database, opened.sent_record).doubt()) is None
    )
    site.send()
    assert outbox(site) == Counter(PEOPLE), "nobody is left out, nobody got it twice"
    assert site.delivery_report().sent == len(PEOPLE)


def test_the_old_store_neither_sends_nor_builds_nor_is_changed(
    site: MailingSite, empty: str
) -> None:
    sent_in_part(site)
    old, before = site.folder.database_url, outbox(site)
    copy(site, empty)
    rows = content(site, old)
    for action in (site.send, site.folder.build, lambda: site.subscribe([LATER])):
        text = refusal(site, action)
        assert f"was moved to {name_of(empty)}" in text
        assert "store.url" in text
    assert (outbox(site), content(site, old)) == (before, rows)


def test_a_backup_of_the_old_store_sends_nothing(sqlite_site: MailingSite, empty: str) -> None:
    site, folder = sqlite_site, sqlite_site.folder.root
    sent_in_part(site)
    back_up(folder / "syndicate.db", folder / "backup.db")
    copy(site, empty)
    # The same file with the content it had before: nothing in it differs from the old store.
    with (folder / "syndicate.db").open("wb") as file:
        file.write((folder / "backup.db").read_bytes())
    assert "the store is older" in refusal(site, site.send)
    assert len(outbox(site)) < len(PEOPLE)


def test_a_store_comes_back_as_it_went(sqlite_site: MailingSite, empty_postgresql: str) -> None:
    site = sqlite_site
    sent_in_part(site)
    before = content(site, site.folder.database_url)
    copy(site, empty_postgresql)
    use(site, empty_postgresql)
    copy(site, "sqlite:///back.db")
    use(site, "sqlite:///back.db")
    assert content(site, "sqlite:///back.db") == before
    site.send()
    assert outbox(site) == Counter(PEOPLE)


def test_the_records_outside_the_store_follow(sqlite_site: MailingSite, tmp_path: Path) -> None:
    sent_in_part(sqlite_site)
    with sqlite_site.folder.opened() as site:
        before = WithdrawalRecords(site.database, site.sent_record).read()
        issues = Incarnation(site.database, site.sent_record).issues()
        begun = Incarnation(site.database, site.sent_record).begun()
    (tmp_path / "new").mkdir()
    url = f"sqlite:///{tmp_path / 'new' / 'store.db'}"
    copy(sqlite_site, url)
    use(sqlite_site, url)
    with sqlite_site.folder.opened() as site:
        assert WithdrawalRecords(site.database, site.sent_record).read() == before
        assert Incarnation(site.database, site.sent_record).issues() == issues != []
        assert Incarnation(site.database, site.sent_record).begun() == begun
    assert (tmp_path / "new" / ".store.db.sent").exists()


@pytest.mark.parametrize("interrupted_at", [1, 20, 51, 52])
def test_an_interrupted_copy_leaves_the_old_store_usable(
    site: MailingSite, empty: str, interrupted_at: int
) -> None:
    sent_in_part(site)
    calls = 0

    def interrupting(items: Iterable[T], total: int, doing: str) -> Iterator[T]:
        nonlocal calls
        calls += 1
        if calls == interrupted_at:
            raise KeyboardInterrupt
        yield from items

    with pytest.raises(KeyboardInterrupt):
        copy_store(setup_of(site), site.folder.database_url, empty, interrupting)
    old = site.folder.database_url
    use(site, empty)
    assert "incomplete copy" in refusal(site, site.send)
    use(site, old)
    site.subscribe([LATER])  # it is in use, and changes
    copy(site, empty)
    use(site, empty)
    site.send()
    assert outbox(site).keys() == {*PEOPLE}
    site.subscribe([LATER])


def test_a_copy_that_was_interrupted_while_the_new_store_took_over_is_completed(
    sqlite_site: MailingSite, empty: str, tmp_path: Path
) -> None:
    site = sqlite_site
    sent_in_part(site)
    record = ".new.db.sent" if empty.startswith("sqlite") else "site/.syndicate.db.sent"
    obstacle = tmp_path / f"{record}.part"
    obstacle.mkdir()
    with pytest.raises(OSError, match=r"sent\.part"):
        copy(site, empty)
    old = site.folder.database_url
    assert "was moved to" in refusal(site, site.send)
    use(site, empty)
    assert "incomplete copy" in refusal(site, site.send)
    obstacle.rmdir()
    use(site, old)
    copy(site, empty)
    use(site, empty)
    site.send()
    assert outbox(site) == Counter(PEOPLE)


def test_a_store_with_content_is_no_target(site: MailingSite, empty: str) -> None:
    with closing(connect(empty, site.folder.root)) as other, other.transaction():
        other.upsert("meta", ("key", "value"), [("incarnation", "x")])
    site.folder.build()
    assert "is not empty" in refusal(site, lambda: copy(site, empty))
    assert content(site, empty)["meta"] == [("incarnation", "x")]
    site.folder.build()


def test_a_copy_cannot_be_made_twice(site: MailingSite, empty: str, tmp_path: Path) -> None:
    site.folder.build()
    copy(site, empty)
    assert "was moved to" in refusal(site, lambda: copy(site, empty))
    assert "was moved to" in refusal(site, lambda: copy(site, f"sqlite:///{tmp_path / 'x.db'}"))


def test_a_store_is_not_copied_to_itself(site: MailingSite) -> None:
    site.folder.build()
    assert "both are the same store" in refusal(site, lambda: copy(site, site.folder.database_url))


def test_a_store_that_is_not_there_is_not_made(sqlite_site: MailingSite, empty: str) -> None:
    assert "there is no store" in refusal(sqlite_site, lambda: copy(sqlite_site, empty))
    assert not (sqlite_site.folder.root / "syndicate.db").exists()


def test_a_store_in_doubt_is_not_copied(sqlite_site: MailingSite, empty: str) -> None:
    sent_in_part(sqlite_site)
    (sqlite_site.folder.root / ".syndicate.db.sent").unlink()
    text = refusal(sqlite_site, lambda: copy(sqlite_site, empty))
    assert Doubt.UNRECORDED in text
    assert "syndicate resume" in text


def test_a_running_service_prevents_the_copy(site: MailingSite, empty: str) -> None:
    site.folder.build()
    with single_instance(lock_file(setup_of(site)), 4711):
        assert "4711" in refusal(site, lambda: copy(site, empty))
    copy(site, empty)


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_sender_prevents_the_copy(site: MailingSite, empty: str, side: str) -> None:
    site.folder.build()
    url = site.folder.database_url if side == "source" else empty
    with closing(connect(url, site.folder.root)) as other:
        assert other.lock_sending()
        text = refusal(site, lambda: copy(site, empty))
    assert f"a program sends from {name_of(url)}" in text
    copy(site, empty)


@pytest.mark.parametrize("side", ["source", "target"])
def test_any_other_program_prevents_the_copy(site: MailingSite, empty: str, side: str) -> None:
    site.folder.build()
    url = site.folder.database_url if side == "source" else empty
    with closing(connect(url, site.folder.root)):
        assert "another program" in refusal(site, lambda: copy(site, empty))
    copy(site, empty)


def test_the_command_reports_what_is_equal_and_shows_no_password(
    sqlite_site: MailingSite, empty_postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_in_part(sqlite_site)
    assert "://postgres:@" in empty_postgresql
    url = empty_postgresql.replace("://postgres:@", "://postgres:s3cr3t@")
    monkeypatch.setenv("NEW_STORE", url)
    done = command(sqlite_site, "sqlite:///syndicate.db", "{env: NEW_STORE}")
    assert done.returncode == 0, done.stderr
    assert "the delivery reports of 1 issue" in done.stdout
    assert "s3cr3t" not in done.stdout + done.stderr
    refused = run_command(sqlite_site.folder.root, "send")
    assert refused.returncode == 2
    assert "was moved to postgresql://" in refused.stderr
    assert "s3cr3t" not in refused.stderr


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("mysql://ada:s3cr3t@db/site", "not a database address"),
        ("{env: MISSING}", "no variable MISSING"),
        ("{file: missing.txt}", "missing.txt cannot be read"),
        ("{env", "not YAML"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(
    sqlite_site: MailingSite, written: str, message: str
) -> None:
    done = command(sqlite_site, "sqlite:///syndicate.db", written)
    assert done.returncode == 2
    assert message in done.stderr
    assert "TO" in done.stderr
    assert "s3cr3t" not in done.stderr


def command(site: MailingSite, source: str, target: str) -> CommandResult:
    return run_command(site.folder.root, "store", "copy", source, target)


def test_the_service_does_not_start_with_a_moved_store(
    sqlite_site: MailingSite, empty: str
) -> None:
    sqlite_site.folder.build()
    copy(sqlite_site, empty)
    done = run_command(sqlite_site.folder.root, "run", "--port", "0")
    assert done.returncode == 2
    assert f"was moved to {name_of(empty)}" in done.stderr


def test_a_preview_of_a_moved_store_is_refused(site: MailingSite, empty: str) -> None:
    site.folder.build()
    url = site.folder.database_url
    copy(site, empty)
    snapshot = StoreSnapshot(url, site.folder.root)
    with closing(snapshot), pytest.raises(StoreError, match="was moved to"):
        snapshot.database()
