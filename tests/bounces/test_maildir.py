"""Bounce reports in a Maildir: each is read once, none is lost in a crash, odd ones set aside."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import bounce_reports
from sent_issues import path_of, send, subscriber, to
from syndicate.bounces import maildir
from syndicate.bounces.handle import BounceResult
from syndicate.bounces.mailboxes import message_handler, read_mailboxes
from syndicate.config.model import BounceSettings as Settings
from syndicate.errors import SyndicateError
from syndicate.store.bounces import Bounces
from syndicate.store.database import Database
from syndicate.timestamps import format_timestamp

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
NOW = format_timestamp(MONDAY)
SETTINGS = Settings(maildir="returns")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "returns" / name).mkdir(parents=True)
    return tmp_path / "returns"


def files(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.glob("*/*"))


def test_bounce_reports_are_handled_and_marked_as_read(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    ada = subscriber(database, now=NOW)
    send(database, 1, ada)
    (folder / "new" / "1.a.host").write_bytes(to(path_of(database, 1, ada, NOW)))
    (folder / "new" / "2.b.host").write_bytes(bounce_reports.PERSON)
    (folder / "new" / "3.c.host").write_bytes(bounce_reports.EXIM)
    tally = read_mailboxes(SETTINGS, tmp_path, message_handler(database, MONDAY))
    assert tally == {BounceResult.SUPPRESSED: 1, BounceResult.OTHER: 1, BounceResult.UNMATCHED: 1}
    assert files(folder) == ["cur/1.a.host:2,S", "cur/2.b.host:2,FS", "cur/3.c.host:2,FS"]
    assert not read_mailboxes(SETTINGS, tmp_path, message_handler(database, MONDAY))


def test_a_crash_between_acting_and_marking_loses_and_doubles_nothing(
    database: Database, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = subscriber(database, now=NOW)
    send(database, 1, ada)
    (folder / "new" / "1").write_bytes(to(path_of(database, 1, ada, NOW)))

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(maildir.MaildirMessage, "done", crash)
        with pytest.raises(KeyboardInterrupt):
            read_mailboxes(SETTINGS, tmp_path, message_handler(database, MONDAY))
    assert files(folder) == ["new/1"]
    assert read_mailboxes(SETTINGS, tmp_path, message_handler(database, MONDAY)) == {
        BounceResult.KNOWN: 1
    }
    assert files(folder) == ["cur/1:2,S"]
    assert len(Bounces(database).of(ada.id)) == 1


def test_a_missing_maildir_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SyndicateError, match="no Maildir here") as caught, maildir.opened(tmp_path):
        pass
    assert "bounces.maildir" in caught.value.hint
