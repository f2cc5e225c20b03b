"""Issues are made once, frozen, and shown; later articles are in the next."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest

from site_folder import NOON, PNG, SiteFolder
from syndicate.config.model import Newsletter
from syndicate.documents.site_documents import current_documents
from syndicate.errors import SyndicateError
from syndicate.issues.due_slots import record_skipped
from syndicate.issues.freeze import NOTHING_NEW, IssueDraft, freeze_issue, make_by_hand
from syndicate.issues.transitions import approve_issue, cancel_issue
from syndicate.mail.personalise import EncodedIssue, Recipient
from syndicate.newsletters.personal import PersonalisedIssue
from syndicate.newsletters.render import size_as_sent
from syndicate.newsletters.rules.markup import CUT_BY_GMAIL
from syndicate.schedule.due import Skipped, SkipReason
from syndicate.schedule.slots import Slot
from syndicate.store.issues import Issue, Issues, IssueState

pytestmark = pytest.mark.slow

WEEKLY = {"weekly": {"title": "Weekly", "sender": "a@example.org", "postal_address": "Here"}}
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For tests of texts and documents, where the database makes no difference."""


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SiteFolder:
    folder = SiteFolder(tmp_path / "site", database_url)
    folder.configure(newsletters=WEEKLY)
    return folder


def make(site: SiteFolder, slot: datetime = MONDAY, now: datetime | None = None) -> Issue:
    """Make the issue of a slot in UTC, and have the next build write it."""
    now = now or slot
    site.build(now)
    with site.opened() as opened:
        newsletter = opened.config.newsletters["weekly"]
        issue = freeze_issue(opened, newsletter, f"{slot:%Y-%m-%dT%H:%M}", slot, now)
    site.build(now)
    return issue


def test_an_issue_is_written_shown_and_announced(site: SiteFolder) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    issue = make(site)
    assert (issue.state, issue.slot, issue.subject) == (
        IssueState.APPROVED, "2026-11-23T08:00", "Weekly: The first",
    )  # fmt: skip
    folder = site.root / "issues" / "weekly" / "2026-11-23-0800"
    assert sorted(file.name for file in folder.iterdir()) == [
        "email.html", "email.txt", "message.eml", "subject.txt",
    ]  # fmt: skip
    message = email.message_from_bytes(
        (folder / "message.eml").read_bytes(), policy=email.policy.default
    )
    assert message["Subject"] == "Weekly: The first"
    assert message["Date"] == "Mon, 23 Nov 2026 08:00:00 +0000"
    page = site.text("newsletters/weekly/2026-11-23-0800/index.html")
    assert "The first" in page
    address = "https://example.org/newsletters/weekly/2026-11-23-0800/"
    assert address in page
    assert f'href="{address}"' in site.text("newsletters/weekly/index.html")
    assert "https://example.org/newsletters/weekly/" in site.text("index.html")
    for name in ("feed.xml", "atom.xml"):
        feed = feedparser.parse(site.text(f"newsletters/weekly/{name}"))
        assert not feed.bozo
        assert [entry.link for entry in feed.entries] == [address]
        assert feed.entries[0].title == "Weekly: The first"


def test_an_article_is_in_one_issue_and_new_ones_are_in_the_next(site: SiteFolder) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    first = make(site)
    assert not (site.root / "issues" / "weekly" / "next").exists()
    site.article("two.md", "The second", date="2026-11-24")
    second = make(site, MONDAY + timedelta(days=7))
    assert [a.title for a in first.carried] == ["The first"]
    assert [a.title for a in second.carried] == ["The second"]
    archive = site.text("newsletters/weekly/index.html")
    assert archive.index("The second") < archive.index("The first")


def test_a_late_article_with_an_old_date_is_not_lost(site: SiteFolder) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    make(site)
    site.article("late.md", "From the attic", date="1999-01-01")
    assert [a.title for a in make(site, MONDAY + timedelta(days=7)).carried] == ["From the attic"]


@on_sqlite
def test_the_logo_stays_for_the_past_issues_when_nothing_new_is_to_be_sent(
    site: SiteFolder,
) -> None:
    site.configure(newsletters={"weekly": WEEKLY["weekly"] | {"brand": {"logo": "mark.png"}}})
    site.write("mark.png", PNG)
    site.article("one.md", "The first", date="2026-11-01")
    make(site)
    assert not site.has("newsletters/weekly/next/index.html")
    logo = "newsletters/weekly/logo.png"
    page = site.text("newsletters/weekly/2026-11-23-0800/index.html")
    assert f'src="https://example.org/{logo}"' in page
    assert (site.root / "public" / logo).read_bytes() == PNG


def test_the_next_issue_is_in_its_own_folder_until_it_is_made(site: SiteFolder) -> None:
    site.configure(newsletters={"weekly": WEEKLY["weekly"] | {"show_next": True}})
    site.article("one.md", "The first", date="2026-11-01")
    site.build()
    assert site.has("newsletters/weekly/next/index.html")
    assert not site.has("newsletters/weekly/index.html")
    make(site)
    assert not site.has("newsletters/weekly/next/index.html")
    assert "newsletters/weekly/next/" not in site.text("index.html")
    site.article("two.md", "The second", date="2026-11-23")
    site.build(MONDAY)
    assert "newsletters/weekly/next/" in site.text("index.html")


@pytest.mark.postgresql
def test_a_slot_has_one_issue_and_it_stays_as_it_is(site: SiteFolder) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    first = make(site)
    before = site.documents()
    site.article("one.md", "The first, corrected", date="2026-11-01")
    site.article("two.md", "The second", date="2026-11-02")
    assert make(site, now=MONDAY + timedelta(hours=1)) == first
    frozen = {path: data for path, data in before.items() if "2026-11-23-0800" in path}
    assert len(frozen) == 5
    assert frozen.items() <= site.documents().items()


@on_sqlite
def test_the_archive_states_later_corrections(site: SiteFolder) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    make(site)
    assert "corrected" not in site.text("newsletters/weekly/index.html")
    site.article("one.md", "The first", "Other words.", date="2026-11-01")
    site.build(MONDAY + timedelta(days=1))
    assert "24 November 2026" in site.text("newsletters/weekly/index.html")
    assert "corrected" in site.text("newsletters/weekly/index.html")


def test_nothing_new_is_recorded_as_skipped_and_shows_nothing(site: SiteFolder) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    make(site)
    before = site.documents()
    skipped = make(site, MONDAY + timedelta(days=7))
    assert (skipped.state, skipped.reason) == ("skipped", "nothing new since the last issue")
    assert site.documents() == before


def test_with_manual_review_it_is_a_draft_until_approved(site: SiteFolder) -> None:
    site.configure(newsletters={"weekly": WEEKLY["weekly"] | {"approval": "manual"}})
    site.article("one.md", "The first", date="2026-11-01")
    issue = make(site)
    assert issue.state == IssueState.DRAFT
    with site.opened() as opened:
        assert approve_issue(opened, issue, MONDAY)
        assert not approve_issue(opened, issue, MONDAY)


def test_articles_of_a_cancelled_issue_are_in_the_next(site: SiteFolder) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    issue = make(site)
    with site.opened() as opened:
        assert cancel_issue(opened, issue, MONDAY, "a slip")
    site.build(MONDAY)
    assert not site.has("newsletters/weekly/2026-11-23-0800/index.html")
    assert site.has("newsletters/weekly/next/index.html")
    again = make(site, MONDAY + timedelta(days=7))
    assert [a.title for a in again.carried] == ["The first"]


@pytest.mark.postgresql
def test_an_article_taken_by_another_issue_meanwhile_is_not_in_both(
    site: SiteFolder,
) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    site.build(MONDAY)
    slot = f"{MONDAY:%Y-%m-%dT%H:%M}"
    with site.opened() as opened:
        newsletter = opened.config.newsletters["weekly"]
        documents = current_documents(opened, MONDAY)
        draft = IssueDraft(
            opened, documents, newsletter, slot, MONDAY, MONDAY, planned=True, draft=False
        )
        carried = draft.choose()
        composed = draft.compose(carried)
        other = make_by_hand(opened, newsletter, MONDAY - timedelta(minutes=5))
        assert other
        assert draft.save(carried, composed) is None
        assert Issues(opened.database).get("weekly", slot) is None
        assert freeze_issue(opened, newsletter, slot, MONDAY, MONDAY).reason == NOTHING_NEW
    assert [a.title for a in other.carried] == ["The first"]


@on_sqlite
def test_an_issue_that_breaks_a_rule_is_not_made_until_it_is_corrected(site: SiteFolder) -> None:
    template = site.root / "templates" / "newsletter" / "email.html"
    site.article("one.md", "The first", date="2026-11-01")
    template.parent.mkdir(parents=True)
    template.write_text("<html><p>{{ articles[0].title }}</p></html>")
    with pytest.raises(SyndicateError, match="is not made"):
        make(site)
    template.unlink()
    assert make(site, now=MONDAY + timedelta(hours=1)).state == IssueState.APPROVED


def test_a_skipped_slot_has_its_reason(site: SiteFolder) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    site.build()
    with site.opened() as opened:
        newsletter = opened.config.newsletters["weekly"]
        record_skipped(
            opened,
            newsletter,
            [Skipped(Slot("2026-11-16T08:00", NOON), SkipReason.TOO_OLD)],
            MONDAY,
        )
        kept = Issues(opened.database).get("weekly", "2026-11-16T08:00")
    assert kept
    assert (kept.state, kept.reason) == ("skipped", "missed by more than max_age")
    assert [a.title for a in make(site).carried] == ["The first"]


@on_sqlite
def test_a_document_of_an_issue_that_was_lost_is_written_again(site: SiteFolder) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    make(site)
    before = site.documents()
    for path in before:
        if "2026-11-23-0800" in path:
            (site.root / path).unlink()
    site.build(MONDAY)
    assert site.documents() == before


DELIVERED: dict[str, dict[str, object]] = {
    "newsletters": {"weekly": WEEKLY["weekly"] | {"deliver": True}},
    "subscribers": {"signup_pages": True},
}


def message_to(issue: Issue, name: str) -> email.message.EmailMessage:
    """What somebody gets of an issue, made from nothing but what is kept."""
    newsletter = Newsletter(name="weekly", title="Weekly", sender="a@example.org")
    prepared = EncodedIssue(PersonalisedIssue.from_json(issue.personal), newsletter, issue="1")
    who = Recipient(
        address="ada@example.net",
        name=name,
        unsubscribe="https://example.org/unsubscribe/weekly/TOKEN",
        unsubscribe_by_mail="mailto:a@example.org?subject=unsubscribe",
        preferences="https://example.org/preferences/TOKEN",
        message_id="1@example.org",
        date=MONDAY,
    )
    return email.message_from_bytes(prepared.to(who), policy=email.policy.default)


def test_a_delivered_issue_keeps_its_personal_texts(site: SiteFolder) -> None:
    site.configure(**DELIVERED)
    site.article("one.md", "The first", "Some {{ text }} here.", date="2026-11-01")
    issue = make(site)
    ada, nobody = message_to(issue, "Ada <script>"), message_to(issue, "")
    for message in (ada, nobody):
        for part in message.iter_parts():
            text = part.get_content()
            assert "https://example.org/unsubscribe/weekly/TOKEN" in text
            assert "https://example.org/preferences/TOKEN" in text
            assert "https://example.org/newsletters/weekly/2026-11-23-0800/" in text
            assert "{{ text }}" in text
            assert ".invalid" not in text
            assert ("Hello " in text) == (message is ada)
    plain, html = ada.iter_parts()
    assert "Hello Ada <script>," in plain.get_content()
    assert "Hello Ada &lt;script&gt;," in html.get_content()


@on_sqlite
def test_what_all_get_alike_has_nothing_of_a_reader(site: SiteFolder) -> None:
    site.configure(**DELIVERED)
    site.article("one.md", "The first", date="2026-11-01")
    issue = make(site)
    for text in (issue.html, issue.text, issue.page, issue.message):
        assert ".invalid" not in text
        assert "Hello" not in text
        assert "mailto:a" in text


@on_sqlite
def test_an_issue_that_is_not_delivered_keeps_nothing_personal(site: SiteFolder) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    assert make(site).personal == ""


@pytest.mark.parametrize(
    ("template", "wrong"),
    [
        ("{{ recipient_name | upper }}", "a template changes a personal link or the name"),
        ("{{ '{{' }} first_name }}", "was not replaced"),
    ],
)
@on_sqlite
def test_an_issue_is_checked_as_readers_would_get_it_before_it_is_stored(
    site: SiteFolder, template: str, wrong: str
) -> None:
    site.configure(**DELIVERED)
    greeting = site.root / "templates" / "newsletter" / "parts" / "greeting.html"
    greeting.parent.mkdir(parents=True)
    greeting.write_text(f"<p>Hello {template}</p>")
    site.article("one.md", "The first", date="2026-11-01")
    with pytest.raises(SyndicateError, match=wrong):
        make(site)


@on_sqlite
def test_an_email_that_only_a_long_name_makes_too_long_is_refused(site: SiteFolder) -> None:
    site.article("one.md", "The first", date="2026-11-01")
    room = CUT_BY_GMAIL - size_as_sent(make(site).html) - 1_500
    long: dict[str, object] = WEEKLY["weekly"] | {
        "brand": {"footer": "words " * (room * 73 // 76 // 6)}
    }
    site.configure(newsletters={"weekly": long})
    site.article("two.md", "The second", date="2026-11-02")
    week = timedelta(days=7)
    assert CUT_BY_GMAIL - 2_500 < size_as_sent(make(site, MONDAY + week).html) < CUT_BY_GMAIL
    site.configure(
        newsletters={"weekly": long | {"deliver": True}}, subscribers={"signup_pages": True}
    )
    site.article("three.md", "The third", date="2026-11-03")
    with pytest.raises(SyndicateError, match="Gmail clips it"):
        make(site, MONDAY + 2 * week)
