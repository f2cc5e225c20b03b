"""`issues`: plan, make, show, approve and cancel issues."""

from __future__ import annotations

import email
import email.policy
import os
import pty
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from terminal import PROGRAM, CommandResult, RunCommand, article

from site_folder import without_progress
from syndicate.issues.due_slots import record_skipped
from syndicate.schedule.due import Skipped, SkipReason
from syndicate.schedule.slots import Slot
from syndicate.site import load_site
from syndicate.store.issue_sends import IssueSends

ISSUE_PAGE = re.compile(r"https://[^/]+/(newsletters/weekly/(?:drafts/)?[\w-]+/)")
HOOKS = "\nhooks:\n  sender:\n    on: [issue-approved]\n    command: cat\n"


def everything(site: Path) -> dict[str, bytes]:
    """All files of the site but the store's own, which reading touches."""
    files = (file for file in site.rglob("*") if file.is_file())
    return {str(f): f.read_bytes() for f in files if not f.name.startswith("syndicate.db-")}


def test_plan_shows_what_would_happen_and_changes_nothing(site: Path, run: RunCommand) -> None:
    article(site, "new.md", "---\ntitle: Brand new\ndate: 2026-10-30\n---\nWords.\n")
    before = everything(site)
    result = run("issues", "plan")
    assert result.code == 0
    assert "reads 1 changed article and writes" in result.out
    assert "Low Tide, weekly: Brand new" in result.out
    assert "T08:00" in result.out, "the next slots"
    assert "nowhere: you send its files yourself" in result.out
    assert everything(site) == before


def test_plan_names_the_hooks_that_get_the_issue(site: Path, run: RunCommand) -> None:
    config = site / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8") + HOOKS, encoding="utf-8")
    assert "the hook sender" in run("issues", "plan", "weekly").out


def test_an_issue_is_made_listed_shown_and_cancelled(site: Path, run: RunCommand) -> None:
    assert "No issue has been made yet" in run("issues", "list").out
    made = run("issues", "make", "weekly")
    assert made.code == 0
    assert "approved" in made.out
    assert "The rule of twelfths" in run("issues", "show", "weekly").out
    assert "weekly/" in run("issues", "list", "weekly").out
    assert "nothing new" in run("issues", "plan").out
    assert "is cancelled" in run("issues", "cancel", "weekly", "--reason", "a slip").out
    assert "a slip" in run("issues", "show", "weekly").out
    again = run("issues", "cancel", "weekly")
    assert again.code == 2
    assert "is already cancelled" in again.err


def test_an_issue_for_the_outbox_names_the_settings_that_are_still_the_examples(
    site: Path, run: RunCommand
) -> None:
    config = site / "config.yaml"
    text = config.read_text(encoding="utf-8").replace("# deliver: true", "deliver: true")
    config.write_text(text.replace("Ada Brook", "Maren Holt"), encoding="utf-8")
    made = run("issues", "make", "weekly", "--yes")
    assert made.code == 0
    assert "still as in the example" in made.out
    assert made.out.endswith("\n    site.title\n    site.author\n")


def test_a_draft_is_approved_once(site: Path, run: RunCommand) -> None:
    config = site / "config.yaml"
    text = config.read_text(encoding="utf-8")
    marked = text.replace("    catch_up: latest", "    approval: manual\n    catch_up: latest")
    assert marked != text
    config.write_text(marked, encoding="utf-8")
    assert "draft" in run("issues", "make", "weekly").out
    assert run("issues", "approve", "weekly").code == 0
    again = run("issues", "approve", "weekly")
    assert again.code == 2
    assert "is already approved" in again.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("make", "wekly"), "did you mean weekly?"),
        (("show", "weekly"), "no issue of weekly yet"),
        (("plan", "daily"), "there is no newsletter daily"),
    ],
)
def test_a_missing_issue_is_an_error_with_a_hint(
    site: Path, run: RunCommand, arguments: tuple[str, ...], words: str
) -> None:
    result = run("issues", *arguments)
    assert result.code == 2
    assert words in result.err


def configured(site: Path, **changes: str) -> None:
    """Switch on what stands as a comment in the newsletter's settings."""
    config = site / "config.yaml"
    text = config.read_text(encoding="utf-8").replace(
        "  signup_pages: false\n", "  signup_pages: true\n"
    )
    for key, value in changes.items():
        text, before = re.sub(rf"# {key}: .*", f"{key}: {value}", text), text
        assert text != before, key
    config.write_text(text, encoding="utf-8")


def skipped(site: Path, slot: str) -> None:
    with load_site(site / "config.yaml", {}, without_progress) as opened:
        newsletter = opened.config.newsletters["weekly"]
        later = datetime(2099, 1, 1, tzinfo=UTC)
        record_skipped(opened, newsletter, [Skipped(Slot(slot, later), SkipReason.TOO_OLD)], later)


def slots(run: RunCommand) -> int:
    return run("issues", "list", "weekly").out.count("weekly/")


def test_without_new_articles_no_issue_is_made(site: Path, run: RunCommand) -> None:
    run("issues", "make", "weekly")
    again = run("issues", "make", "weekly")
    assert again.code == 0
    assert "No issue was made: nothing new" in again.out
    assert slots(run) == 1


def test_a_skipped_slot_is_never_the_newest_issue(site: Path, run: RunCommand) -> None:
    configured(site, deliver="true")
    run("subscribers", "add", "weekly", "ada@example.net", "--consent", "in the shop")
    run("issues", "make", "weekly", "--yes")
    assert run("send").code == 0
    skipped(site, "2099-01-01T08:00")
    assert "2099" not in run("issues", "list").out, "it is not due yet"
    commands: list[tuple[str, ...]] = [
        ("issues", "show", "weekly"),
        ("deliveries", "report", "weekly"),
        ("issues", "send-missed", "weekly"),
        ("issues", "retry-failed", "weekly"),
        ("send-test", "weekly", "me@example.org"),
    ]
    for command in commands:
        result = run(*command)
        assert result.code == 0, result.err
        assert "2099" not in result.out
    for group, order in (("issues", "approve"), ("issues", "cancel"), ("deliveries", "report")):
        named = run(group, order, "weekly/2099-01-01T08:00")
        assert named.code == 2
        assert "was skipped (missed by more than max_age): there is no issue" in named.err


def test_a_command_finds_the_newest_issue_it_applies_to(site: Path, run: RunCommand) -> None:
    configured(site, approval="manual")
    first = run("issues", "make", "weekly").out.splitlines()[0].strip()
    article(site, "new.md", "---\ntitle: Brand new\n---\nWords.\n")
    second = run("issues", "make", "weekly").out.splitlines()[0].strip()
    assert first != second
    assert f"{second} is approved" in run("issues", "approve", "weekly").out
    assert f"{first} is approved" in run("issues", "approve", "weekly").out


def test_a_sent_issue_cannot_be_cancelled(site: Path, run: RunCommand) -> None:
    configured(site, deliver="true")
    run("subscribers", "add", "weekly", "ada@example.net", "--consent", "in the shop")
    run("issues", "make", "weekly", "--yes")
    run("send")
    result = run("issues", "cancel", "weekly")
    assert result.code == 2
    assert "has been sent and cannot be cancelled" in result.err
    assert "correction" in result.err


def test_the_operator_sees_where_a_draft_is(site: Path, run: RunCommand) -> None:
    configured(site, approval="manual")
    made = run("issues", "make", "weekly").out
    (address,) = re.findall(
        r"https://tide.example.net/newsletters/weekly/drafts/[0-9a-f]{32}/", made
    )
    assert address in run("issues", "list").out
    assert address in run("issues", "show", "weekly").out
    assert (
        site / "public" / address.removeprefix("https://tide.example.net/") / "index.html"
    ).exists()
    run("issues", "approve", "weekly")
    assert "drafts" not in run("issues", "show", "weekly").out


def test_without_a_terminal_an_issue_that_would_be_sent_becomes_a_draft(
    site: Path, run: RunCommand
) -> None:
    configured(site, deliver="true")
    for name in ("ada", "bob"):
        run("subscribers", "add", "weekly", f"{name}@example.net", "--consent", "in the shop")
    run("subscribers", "suppress", "bob@example.net")
    made = run("issues", "make", "weekly")
    assert made.code == 0
    assert "It is a draft" in made.out
    assert "would go to 1 subscriber" in made.out
    assert "syndicate issues approve weekly/" in made.out
    run("send")
    assert not list((site / "outbox").glob("**/*.eml"))
    assert "is approved" in run("issues", "approve", "weekly").out
    assert run("send").code == 0
    assert len(list((site / "outbox").glob("**/*.eml"))) == 1


def test_with_yes_an_issue_is_made_to_be_sent_and_the_recipients_counted(
    site: Path, run: RunCommand
) -> None:
    configured(site, deliver="true")
    run("subscribers", "add", "weekly", "ada@example.net", "--consent", "in the shop")
    made = run("issues", "make", "weekly", "-y")
    assert "approved" in made.out
    assert "It goes to 1 subscriber" in made.out


@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_a_confirmation_is_required_before_an_issue_is_sent(
    site: Path, run: RunCommand, answer: str
) -> None:
    configured(site, deliver="true")
    run("subscribers", "add", "weekly", "ada@example.net", "--consent", "in the shop")
    result = on_a_terminal(["issues", "make", "weekly"], f"{answer}\n")
    assert "will be sent to 1 subscriber" in result.out
    assert result.code == (0 if answer == "y" else 1)
    assert slots(run) == (1 if answer == "y" else 0)
    if answer == "y":
        assert "(approved)" in run("issues", "list").out


def test_a_test_of_the_next_issue_is_sent_before_it_is_made(site: Path, run: RunCommand) -> None:
    article(site, "new.md", "---\ntitle: Brand new\n---\nWords.\n")
    before = {path: data for path, data in everything(site).items() if "syndicate.db" not in path}
    for name in ("weekly", "weekly/next"):
        result = run("send-test", name, "me@example.org")
        assert result.code == 0, result.err
        assert "Sent a test of the next issue of weekly to me@example.org" in result.out
    first, second = (mail.read_bytes() for mail in (site / "outbox").glob("**/*.eml"))
    subjects, ids = zip(*(headers(each) for each in (first, second)), strict=True)
    assert set(subjects) == {"[Test] Low Tide, weekly: Brand new"}
    assert ids[0] != ids[1], "a server may drop a second message with the same id"
    after = everything(site)
    assert {path: after[path] for path in before} == before, "nothing is built"
    assert "No issue has been made yet" in run("issues", "list").out


def test_a_test_email_is_of_the_draft_or_the_next_issue_or_the_newest(
    site: Path, run: RunCommand
) -> None:
    configured(site, deliver="true", approval="manual")
    assert run("issues", "make", "weekly").code == 0
    article(site, "new.md", "---\ntitle: Brand new\n---\nWords.\n")
    draft = run("send-test", "weekly", "me@example.org").out
    assert "Sent a test of weekly/2" in draft
    assert "next issue" in run("send-test", "weekly/next", "me@example.org").out
    run("issues", "approve", "weekly")
    assert "next issue" in run("send-test", "weekly", "me@example.org").out
    run("issues", "make", "weekly")
    run("issues", "approve", "weekly")
    assert "Sent a test of weekly/2" in run("send-test", "weekly", "me@example.org").out
    none = run("send-test", "weekly/next", "me@example.org")
    assert none.code == 2
    assert "nothing new since" in none.err
    with load_site(site / "config.yaml", {}, without_progress) as opened:
        assert IssueSends(opened.database).open() == [], "a test email is no send of the issue"


def test_the_links_of_a_test_email_lead_to_existing_pages(site: Path, run: RunCommand) -> None:
    """Of a draft, of the next issue, and of one that was approved."""

    def linked() -> set[str]:
        (mail,) = (site / "outbox").glob("**/*.eml")
        found = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
        mail.unlink()
        texts = [found.get_body((kind,)).get_content() for kind in ("html", "plain")]  # type: ignore[union-attr]
        return {each for text in texts for each in ISSUE_PAGE.findall(text)}

    configured(site, deliver="true", approval="manual")

    def tested(issue: str) -> str:
        run("send-test", issue, "me@example.org")
        (path,) = linked()
        assert (site / "public" / path / "index.html").is_file(), path
        return path

    assert tested("weekly/next") == "newsletters/weekly/next/"
    run("issues", "make", "weekly")
    assert "/drafts/" in tested("weekly")
    run("issues", "approve", "weekly")
    assert re.fullmatch(r"newsletters/weekly/2[\d-]+/", tested("weekly"))


def test_a_draft_is_approved_at_a_time(site: Path, run: RunCommand) -> None:
    configured(site, approval="manual", time_zone="America/New_York")
    run("issues", "make", "weekly")
    result = run("issues", "approve", "weekly", "--at", "2098-07-01 08:00")
    assert result.code == 0, result.err
    assert "will be approved at 2098-07-01T08:00-04:00" in result.out
    assert "draft, to be approved at 2098-07-01T08:00-04:00" in run("issues", "list").out
    assert "draft, to be approved at 2098-07-01T08:00-04:00" in run("issues", "show", "weekly").out
    for wrong, words in (
        ("2020-01-01T08:00", "is in the past"),
        ("tomorrow", "is not a date and time"),
        ("2098-07-01", "is not a date and time"),
    ):
        refused = run("issues", "approve", "weekly", "--at", wrong)
        assert refused.code == 2
        assert words in refused.err
    assert "is approved" in run("issues", "approve", "weekly").out
    late = run("issues", "approve", "weekly", "--at", "2098-07-01 08:00")
    assert "is already approved" in late.err


def headers(message: bytes) -> tuple[str, str]:
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    return str(parsed["Subject"]), str(parsed["Message-ID"])


def on_a_terminal(arguments: list[str], typed: str) -> CommandResult:
    """Type a command and an answer at a terminal."""
    mine, theirs = pty.openpty()
    with subprocess.Popen([PROGRAM, *arguments], stdin=theirs, stdout=theirs, stderr=theirs) as one:
        os.close(theirs)
        os.write(mine, typed.encode())
        shown = b""
        while data := _read(mine):
            shown += data
        code = one.wait()
    os.close(mine)
    return CommandResult(code, shown.decode(), "")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that the other end is closed
        return b""
