"""An issue goes to each of its subscribers once, and the outcome of each delivery is recorded."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from mailing_site import WEEKLY, MailingSite, change_deliveries, now
from sent_messages import ADA, CYD, THREE_PEOPLE, accepted_recipients

from site_folder import NOON
from smtp_server import (
    AcceptedMessage,
    Action,
    Reply,
    SmtpServer,
    Step,
    accept_everything,
    scripted,
)
from syndicate.bounces import return_path
from syndicate.config.model import Newsletter
from syndicate.delivery.operations import pausing
from syndicate.delivery.pauses import old_approval
from syndicate.delivery.planning import plan_approved
from syndicate.delivery.progress import IssueProgress, ProgressCallback
from syndicate.delivery.relays import RelayError
from syndicate.delivery.send_test import send_test, stored_issue
from syndicate.errors import DeliveryError, SyndicateError
from syndicate.mail.personalise import delivery_message_id
from syndicate.site import Site
from syndicate.store.issue_sends import IssueSends, PauseKind
from syndicate.store.issues import Issue, Issues
from syndicate.store.requests import SigningKeys
from syndicate.store.subscribers import Subscribers, SuppressionReason
from syndicate.timestamps import format_timestamp


def read(mail: AcceptedMessage) -> EmailMessage:
    parsed = email.message_from_bytes(mail.body, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


@pytest.mark.postgresql
def test_each_subscriber_gets_one_message(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        report = site.send()
        assert accepted_recipients(server) == [*THREE_PEOPLE]
        assert site.send().sent == 0
        assert accepted_recipients(server) == [*THREE_PEOPLE]
    assert (report.sent, report.failed, report.held_by_issue) == (3, 0, {})
    messages = {str(read(mail)["To"]): read(mail) for mail in server.accepted}
    assert set(messages) == set(THREE_PEOPLE)
    assert len({each["Message-ID"] for each in messages.values()}) == 3
    assert len({each["List-Unsubscribe"] for each in messages.values()}) == 3
    assert len({mail.sender for mail in server.accepted}) == 3, (
        "notices tell subscriber_of_link they are"
    )
    delivery_report = site.delivery_report()
    assert (delivery_report.planned, delivery_report.sent, delivery_report.pending) == (3, 3, 0)
    assert delivery_report.sending.ended_at
    issue = site.query(lambda opened: Issues(opened.database).of("weekly")[0].state)
    assert issue == "sent"


def test_the_outbox_holds_complete_messages(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    assert site.send().sent == 3
    files = sorted((site.folder.root / "outbox").glob("*.eml"))
    read_back = [email.message_from_bytes(file.read_bytes()) for file in files]
    assert sorted(each["To"] for each in read_back) == [*THREE_PEOPLE]
    assert set(site.states().values()) == {"sent"}


def test_the_unsubscribe_link_of_a_message_unsubscribes_its_recipient(site: MailingSite) -> None:
    from syndicate.subscribers.tokens import Purpose
    from syndicate.subscribers.tokens import read as read_token

    (ada,) = site.subscribe([ADA])
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        site.send()
    listed = str(read(server.accepted[0])["List-Unsubscribe"])
    found = re.search(r"<https://lake\.example\.net/unsubscribe/weekly/([^>]+)>", listed)
    assert found

    def subscriber_of_link(opened: Site) -> int:
        keys = SigningKeys(opened.database).valid("2026-11-25T00:00:00Z")
        return read_token(found[1], Purpose.UNSUBSCRIBE, keys, now(), "weekly")

    assert site.query(subscriber_of_link) == ada.id


@pytest.mark.postgresql
def test_deliveries_are_planned_for_subscribers_of_the_newsletter_and_its_tags(
    site: MailingSite,
) -> None:
    ada, bob, cyd = site.subscribe(THREE_PEOPLE)
    site.subscribe(["other@example.org"], newsletter="birds")
    with site.folder.opened() as opened, opened.database.transaction():
        known = Subscribers(opened.database)
        for who, tags in ((ada, ["sea", "bread"]), (bob, ["bread"])):
            (subscription,) = known.subscriptions(who.id)
            known.choose(subscription, tags)
        known.suppress(cyd.hash, SuppressionReason.REQUEST, "", "2026-11-02")
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        site.send()
        assert accepted_recipients(server) == [ADA]
    assert site.states() == {ADA: "sent", CYD: "suppressed"}


def test_issues_made_before_delivery_was_enabled_are_not_sent(
    site: MailingSite,
) -> None:
    site.subscribe([ADA])
    weekly = {"weekly": {"title": "W", "sender": "a@example.org", "postal_address": "Here"}}
    site.folder.configure(newsletters=weekly)
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        assert site.send().sent == 0
        assert not server.accepted


@pytest.mark.postgresql
def test_only_one_program_sends_at_a_time(site: MailingSite) -> None:
    with site.folder.opened() as first:
        assert first.database.lock_sending()
        with pytest.raises(SyndicateError, match="another program is already sending"):
            site.send()
    assert site.send().sent == 0


def test_a_draft_sent_as_a_test_email_is_not_counted(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    issue = site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        with site.folder.opened() as opened:
            said = send_test(
                opened, site.folder.root / "outbox", stored_issue(opened, issue), "me@example.net"
            )
        assert accepted_recipients(server) == ["me@example.net"]
    assert "queued as 1" in said
    with site.folder.opened() as opened:
        assert IssueSends(opened.database).get(issue.sequence) is None


def test_a_test_email_with_unknown_outcome_is_an_error(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    issue = site.issue()
    with SmtpServer(scripted(QUIT=[Reply("451 4.3.0 not now")])) as server:
        site.send_by_smtp(server.port)
        with site.folder.opened() as opened, pytest.raises(DeliveryError, match="451") as caught:
            send_test(
                opened, site.folder.root / "outbox", stored_issue(opened, issue), "me@example.net"
            )
    assert caught.value.outcome_unknown


def seen_by(seen: list[tuple[int, int]]) -> ProgressCallback:
    def progress(ways: Sequence[IssueProgress], _: Sequence[RelayError]) -> None:
        seen.extend((way.done, way.planned) for way in ways)

    return progress


def test_progress_is_reported_while_an_issue_is_sent(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    seen: list[tuple[int, int]] = []
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        site.send(progress=seen_by(seen))
    assert seen[0] == (0, 3)
    assert max(seen) == (3, 3)


def test_links_are_signed_with_the_current_key(
    site: MailingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.delivery.sender.PLAN_SECONDS", 0.0)
    site.subscribe([f"p{number:02}@example.org" for number in range(30)])
    site.issue()

    def rotate(step: Step) -> Action | None:
        if step.name == "MESSAGE" and len(server.accepted) == 2:
            with site.folder.opened() as opened, opened.database.transaction():
                SigningKeys(opened.database).rotate("2026-11-24T00:00:00Z", format_timestamp(now()))
        return None

    with SmtpServer(rotate) as server:
        site.send_by_smtp(server.port, connections=1)
        assert site.send().sent == 30
    with site.folder.opened() as opened:
        keys = SigningKeys(opened.database).valid(format_timestamp(now()))
    read_back = [return_path.read(mail.sender, keys) for mail in server.accepted]
    assert read_back[:3] == [None] * 3
    assert all(read_back[-20:])


def test_an_issue_without_recipients_ends_at_once(site: MailingSite) -> None:
    issue = site.issue()
    assert site.send().sent == 0
    with site.folder.opened() as opened:
        kept = Issues(opened.database).get("weekly", issue.slot)
    assert kept
    assert kept.state == "sent"
    assert site.delivery_report().planned == 0


def test_the_date_of_a_message_is_when_it_is_handed_over(site: MailingSite) -> None:
    site.subscribe(["ada@example.org", "bob@example.org"])
    issue = site.issue()
    with site.folder.opened() as opened:
        plan_approved(opened, NOON - timedelta(days=20))
    refuse_once = scripted(MESSAGE=[Reply("451 4.3.0 not now")])
    with SmtpServer(refuse_once) as server:
        site.send_by_smtp(server.port, connections=1)
        before = datetime.now(UTC).replace(microsecond=0)
        site.send()
        with site.folder.opened() as opened, opened.database.transaction():
            change_deliveries(opened.database, "next_try = '2026-11-01T00:00:00Z'")
        server.behaviour = accept_everything
        site.send()
        mails = [email.message_from_bytes(mail.body) for mail in server.accepted]
    assert len(mails) == 2
    assert all(before <= parsedate_to_datetime(mail["Date"]) for mail in mails)
    with site.folder.opened() as opened, opened.database.transaction():
        salt = Subscribers(opened.database).salt()
    ids = {f"<{delivery_message_id(issue.sequence, n, salt, 'example.net')}>" for n in (1, 2)}
    assert {mail["Message-ID"] for mail in mails} == ids, "the same on every try"


def test_an_issue_approved_longer_ago_than_max_age_waits_for_a_confirmation(
    site: MailingSite,
) -> None:
    site.subscribe(["ada@example.org"])
    site.issue()
    site.folder.configure(newsletters={"weekly": {**WEEKLY, "max_age": "24 hours"}})
    report = site.send()
    assert report.sent == 0
    (paused,) = report.paused
    assert paused.pause_kind == PauseKind.OLD_APPROVAL
    assert paused.pause_reason.startswith("waits for a confirmation: it was approved at ")
    with site.folder.opened() as opened:
        assert pausing.resume(opened, paused)
    assert site.send().sent == 1


@pytest.mark.parametrize(("hours", "waits"), [(0, False), (24, False), (25, True), (9999, True)])
def test_an_approval_is_valid_for_max_age(hours: int, waits: bool) -> None:
    newsletter = Newsletter(name="weekly", title="W", sender="a@example.org", max_age="24 hours")
    issue = Issue(
        "weekly", "2026-11-01T08:00", "", 1, "approved", "", approved_at=format_timestamp(NOON)
    )
    assert bool(old_approval(issue, newsletter, NOON + timedelta(hours=hours))) is waits
