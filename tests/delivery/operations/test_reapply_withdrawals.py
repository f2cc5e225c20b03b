"""A restored store does not mail people again who withdrew after the backup was made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run_command
from hypothesis import given
from hypothesis import strategies as st
from mailing_site import MailingSite, new_mailing_site

from site_folder import NOON
from syndicate.delivery.operations.reapply_withdrawals import Reapplied, reapply
from syndicate.delivery.operations.store_recovery import resume_restored
from syndicate.store.backup import back_up
from syndicate.store.database import Database
from syndicate.store.sqlite import in_memory
from syndicate.store.subscribers import Consent, Subscribers, SuppressionReason
from syndicate.store.withdrawal_record import WithdrawalRecords
from syndicate.store.withdrawals import Withdrawals
from syndicate.subscribers.addresses import address

PROGRAM = Path(sys.executable).with_name("syndicate")
PEOPLE = [f"{name}@example.org" for name in ("ada", "bob", "cyd", "dan", "eve")]
ADA, BOB, CYD, DAN, EVE = PEOPLE
RECORD = ".syndicate.db.withdrawn"


@pytest.fixture
def file_site(tmp_path: Path) -> MailingSite:
    """A site on SQLite with five subscribers, and a backup of it beside."""
    site = new_mailing_site(tmp_path / "site", "sqlite:///syndicate.db")
    site.subscribe(PEOPLE)
    back_up(tmp_path / "site/syndicate.db", tmp_path / "backup.db")
    return site


def typed(site: MailingSite, *words: object) -> str:
    done = run_command(site.folder.root, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def mailable(database: Database) -> set[str]:
    """Who would be mailed now."""
    rows = database.rows(
        "SELECT p.address FROM subscribers p JOIN subscriptions s ON s.subscriber = p.id "
        "WHERE s.state = 'active' AND p.hash NOT IN (SELECT hash FROM suppressions)"
    )
    return {str(each) for (each,) in rows}


def test_unsubscribed_suppressed_and_erased_people_stay_so_after_a_restore(
    file_site: MailingSite, tmp_path: Path
) -> None:
    typed(file_site, "subscribers", "unsubscribe", ADA)
    typed(file_site, "subscribers", "erase", BOB)
    typed(file_site, "subscribers", "suppress", CYD)
    typed(file_site, "subscribers", "suppress", DAN)
    typed(file_site, "subscribers", "suppress", DAN, "--lift")
    typed(file_site, "restore", tmp_path / "backup.db")
    shown = typed(file_site, "resume", "--restored")
    assert "1 unsubscription, 1 suppression, 1 erasure" in shown
    assert "still contain the erased people" in shown
    assert file_site.query(lambda site: mailable(site.database)) == {DAN, EVE}
    assert BOB.encode() not in (file_site.folder.root / "syndicate.db").read_bytes()
    again = typed(file_site, "resume", "--restored", "--force")
    assert "0 unsubscriptions, 0 suppressions, 0 erasures" in again


def test_the_record_holds_no_address_and_is_its_owners_alone(
    file_site: MailingSite, state_home: Path
) -> None:
    typed(file_site, "subscribers", "erase", BOB)
    for record in (file_site.folder.root / RECORD, *(state_home / "syndicate").glob("*.withdrawn")):
        assert record.stat().st_mode & 0o777 == 0o600
        assert "example.org" not in record.read_text(encoding="utf-8")


def test_a_backup_of_the_whole_folder_put_over_it_undoes_no_withdrawal(
    file_site: MailingSite, tmp_path: Path
) -> None:
    root, backup = file_site.folder.root, tmp_path / "backup"
    typed(file_site, "subscribers", "unsubscribe", ADA)
    subprocess.run(["cp", "-a", root, backup], check=True)
    typed(file_site, "subscribers", "erase", BOB)
    subprocess.run(["cp", "-a", f"{backup}/.", root], check=True)
    with file_site.folder.opened() as site:
        assert resume_restored(site, NOON).reapplied == Reapplied(0, 0, 1)
        assert mailable(site.database) == {CYD, DAN, EVE}


def test_withdrawals_that_a_killed_service_did_not_record_are_recorded_by_the_restore(
    file_site: MailingSite, tmp_path: Path
) -> None:
    with file_site.folder.opened() as site, site.database.transaction():
        known = Subscribers(site.database)
        who = known.find(address(ADA).hashed(known.salt()))
        assert who
        known.unsubscribe(who.id, ["weekly"], "by mail", "2026-11-20T12:00:00Z")
    for record in file_site.folder.root.glob(".*.withdrawn"):
        record.unlink()
    typed(file_site, "restore", tmp_path / "backup.db")
    assert "1 unsubscription" in typed(file_site, "resume", "--restored")


def test_without_a_record_the_operator_is_warned(file_site: MailingSite, tmp_path: Path) -> None:
    store = file_site.folder.root / "syndicate.db"
    store.write_bytes(b"damaged" * 1000)
    for record in file_site.folder.root.glob(".*.withdrawn"):
        record.unlink()
    restored = subprocess.run(
        [PROGRAM, "restore", tmp_path / "backup.db"],
        cwd=file_site.folder.root,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert restored.returncode == 0
    assert "cannot be read" in restored.stderr
    with file_site.folder.opened() as site:
        for each in (site.sent_record.elsewhere or Path()).glob("*.withdrawn"):
            each.unlink()
        (site.sent_record.beside.with_suffix(".withdrawn")).unlink(missing_ok=True)
        assert resume_restored(site, NOON).reapplied is None


def test_a_backup_from_before_the_first_subscriber_needs_no_record(tmp_path: Path) -> None:
    site = new_mailing_site(tmp_path / "site", "sqlite:///syndicate.db")
    typed(site, "build")
    back_up(tmp_path / "site/syndicate.db", tmp_path / "backup.db")
    site.subscribe(PEOPLE)
    typed(site, "subscribers", "unsubscribe", ADA)
    typed(site, "restore", tmp_path / "backup.db")
    with site.folder.opened() as opened:
        assert resume_restored(opened, NOON).reapplied == Reapplied(0, 0, 0)
    site.subscribe(PEOPLE)
    typed(site, "subscribers", "erase", BOB)
    back_up(tmp_path / "site/syndicate.db", tmp_path / "later.db")
    typed(site, "subscribers", "unsubscribe", CYD)
    typed(site, "restore", tmp_path / "later.db")
    with site.folder.opened() as opened:
        assert resume_restored(opened, NOON).reapplied == Reapplied(1, 0, 0)


def test_a_record_whose_writer_was_killed_is_continued(file_site: MailingSite) -> None:
    record = file_site.folder.root / RECORD
    typed(file_site, "subscribers", "unsubscribe", ADA)
    with record.open("a", encoding="utf-8") as file:
        file.write('\n[17, "ab')
    typed(file_site, "subscribers", "unsubscribe", BOB)
    with file_site.folder.opened() as site:
        found = WithdrawalRecords(site.database, site.sent_record).read()
        assert found == Withdrawals(site.database).after(0)


def test_a_record_that_cannot_be_written_is_an_error_after_the_work_is_done(
    file_site: MailingSite,
) -> None:
    record = file_site.folder.root / RECORD
    record.unlink(missing_ok=True)
    record.mkdir()
    done = subprocess.run(
        [PROGRAM, "subscribers", "unsubscribe", ADA],
        cwd=file_site.folder.root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "record of who unsubscribed cannot be written" in done.stderr
    record.rmdir()
    assert ADA not in file_site.query(lambda site: mailable(site.database))  # type: ignore[operator]


def test_withdrawals_by_an_import_are_recorded(file_site: MailingSite, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(f"email,state\n{ADA},unsubscribed\n{BOB},suppressed\n", encoding="utf-8")
    typed(file_site, "subscribers", "import", people, "--to", "weekly", "--consent", "in the shop")
    shutil.copy(tmp_path / "backup.db", file_site.folder.root / "syndicate.db")
    with file_site.folder.opened() as site:
        assert resume_restored(site, NOON).reapplied == Reapplied(1, 1, 0)
        assert mailable(site.database) == {CYD, DAN, EVE}


# -- whatever happens ------------------------------------------------------------------------------


EVENTS = st.tuples(
    st.sampled_from(["subscribe", "unsubscribe", "suppress", "lift", "erase"]),
    st.sampled_from(PEOPLE[:2]),
)


@given(before=st.lists(EVENTS, max_size=5), after=st.lists(EVENTS, max_size=6))
def test_after_a_restore_only_people_who_could_be_mailed_before_are_mailed(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    restored, lost = in_memory(), in_memory()
    for database, events in ((restored, before), (lost, before + after)):
        with database.transaction():
            database.upsert("meta", ("key", "value"), [("address-salt", "salt")])
            for second, event in enumerate(events):
                happen(database, *event, f"2026-11-20T12:00:{second:02}Z")
    with restored.transaction():
        reapply(restored, Withdrawals(lost).after(0), NOON)
    assert mailable(restored) <= mailable(lost)
    with restored.transaction():
        assert reapply(restored, Withdrawals(lost).after(0), NOON) == Reapplied(0, 0, 0)
    restored.close()
    lost.close()


def happen(database: Database, event: str, who: str, now: str) -> None:
    known = Subscribers(database)
    hashed = address(who).hashed("salt")
    person = known.find(hashed)
    if event == "subscribe":
        known.confirm(who, hashed, ["weekly"], [Consent(0, "", now, "confirmed", "")], now)
    elif event == "unsubscribe" and person:
        known.unsubscribe(person.id, ["weekly"], "page", now)
    elif event == "suppress":
        known.suppress(hashed, SuppressionReason.COMPLAINT, "", now)
    elif event == "lift":
        known.unsuppress(hashed, now)
    elif event == "erase" and person:
        known.erase(person)
        known.suppress(hashed, SuppressionReason.ERASED, "", now)
