"""`bounces`: what came back is read from the mailbox or from files, and shown."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from terminal import PROGRAM, RunCommand

import bounce_reports
import sent_issues
from syndicate.store.connect import open_database
from syndicate.store.requests import SigningKeys
from syndicate.store.subscribers import Subscribers
from syndicate.subscribers.addresses import address
from syndicate.subscribers.tokens import Purpose, signed
from syndicate.timestamps import format_timestamp

NOW = format_timestamp(datetime.now(UTC))


@pytest.fixture
def notice(site: Path) -> bytes:
    """A notice about a message that the site sent to Ada."""
    database = open_database("sqlite:///syndicate.db", site)
    ada = sent_issues.subscriber(database, now=NOW)
    sent_issues.send(database, 1, ada)
    path = sent_issues.path_of(database, 1, ada, NOW)
    database.close()
    return sent_issues.to(path)


def results(out: str) -> dict[str, str]:
    """How many mails came to what."""
    return dict(line.strip().rsplit(maxsplit=1) for line in out.splitlines())


def test_the_mailbox_is_read(site: Path, run: RunCommand, notice: bytes) -> None:
    for name in ("new", "cur"):
        (site / "returns" / name).mkdir(parents=True)
    (site / "returns" / "new" / "1").write_bytes(notice)
    (site / "returns" / "new" / "2").write_bytes(bounce_reports.PERSON)
    with (site / "config.yaml").open("a") as config:
        config.write("\nbounces: {maildir: returns}\n")
    assert results(run("bounces", "fetch").out) == {"suppressed": "1", "no notice": "1"}
    assert run("bounces", "fetch").out == "No bounces.\n"
    (line,) = [each for each in run("bounces", "list").out.splitlines() if sent_issues.ADA in each]
    assert "hard" in line
    assert "weekly/2026-11-01T08:00" in line
    assert "Suppressed since" in run("subscribers", "show", sent_issues.ADA).out


def test_an_unsubscribe_request_in_the_bounce_mailbox_unsubscribes(
    site: Path, run: RunCommand, notice: bytes
) -> None:
    database = open_database("sqlite:///syndicate.db", site)
    known = Subscribers(database)
    ada = known.find(address(sent_issues.ADA).hashed(known.salt()))
    assert ada is not None
    with database.transaction():
        secret = SigningKeys(database).signing(NOW)
    token = signed(secret, Purpose.UNSUBSCRIBE, ada.id, "weekly")
    database.close()
    for name in ("new", "cur"):
        (site / "returns" / name).mkdir(parents=True)
    asks = "Auto-Submitted: auto-replied\nSubject: unsubscribe weekly {}\n\nSent by a program.\n"
    (site / "returns" / "new" / "1").write_text(asks.format(token))
    (site / "returns" / "new" / "2").write_text(asks.format("x" * 40))
    with (site / "config.yaml").open("a") as config:
        config.write("\nbounces: {maildir: returns}\n")
    assert results(run("bounces", "fetch").out) == {"unsubscribed": "1", "unmatched": "1"}
    assert sorted(each.name for each in (site / "returns" / "cur").iterdir()) == ["1:2,S", "2:2,FS"]
    assert "unsubscribed" in run("subscribers", "show", sent_issues.ADA).out


def test_files_are_read_and_not_moved(site: Path, run: RunCommand, notice: bytes) -> None:
    (site / "one.eml").write_bytes(notice)
    (site / "two.eml").write_bytes(bounce_reports.POSTFIX)
    out = run("bounces", "fetch", "one.eml", "two.eml", "one.eml").out
    assert results(out) == {"suppressed": "1", "known": "1", "unmatched": "1"}
    assert (site / "one.eml").read_bytes() == notice


def test_an_email_is_read_from_standard_input(site: Path, notice: bytes) -> None:
    command = [str(PROGRAM), "bounces", "fetch", "-"]
    done = subprocess.run(command, cwd=site, input=notice, capture_output=True)
    assert results(done.stdout.decode()) == {"suppressed": "1"}
    assert not done.stderr


def test_without_a_mailbox_there_is_an_error_with_a_hint(site: Path, run: RunCommand) -> None:
    result = run("bounces", "fetch")
    assert result.code == 2
    assert "no bounce mailbox is configured" in result.err
    assert "bounces.maildir" in result.err


def test_if_one_file_is_missing_none_is_read(site: Path, run: RunCommand, notice: bytes) -> None:
    (site / "one.eml").write_bytes(notice)
    result = run("bounces", "fetch", "one.eml", "none.eml")
    assert result.code == 2
    assert "'none.eml' does not exist" in result.err
    assert results(run("bounces", "fetch", "one.eml").out) == {"suppressed": "1"}


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("", True),
        ("weekly", True),
        ("weekly/2026-11-01T08:00", None),
        ("monthly", None),
    ],
)
def test_the_list_is_filtered_by_issue_or_newsletter(
    site: Path, run: RunCommand, notice: bytes, what: str, shown: bool | None
) -> None:
    (site / "one.eml").write_bytes(notice)
    run("bounces", "fetch", "one.eml")
    result = run("bounces", "list", *([what] if what else []))
    assert (result.code == 0) == bool(shown)
    assert (sent_issues.ADA in result.out) == bool(shown)
    assert shown or what in result.err or what.partition("/")[2] in result.err
