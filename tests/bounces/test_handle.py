"""What a bounce report causes, on both databases: once, and only for our own deliveries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import bounce_reports
from sent_issues import path_of, send, subscriber, to
from syndicate.bounces.classify import BounceKind
from syndicate.bounces.handle import BounceResult, handle, return_path_reader
from syndicate.bounces.mailboxes import message_handler
from syndicate.bounces.report import BounceReport
from syndicate.store.bounces import Bounces
from syndicate.store.database import Database
from syndicate.store.requests import SigningKeys
from syndicate.store.subscribers import Outcome, Subscriber, Subscribers, Suppression
from syndicate.store.subscribers import SuppressionReason as R
from syndicate.subscribers.tokens import Purpose, signed
from syndicate.timestamps import format_timestamp

MONDAY = datetime(2026, 11, 2, 8, tzinfo=UTC)
NOW = format_timestamp(MONDAY)
TABLES = ("suppressions", "bounces", "delivery_events")


@pytest.fixture
def ada(database: Database) -> Subscriber:
    return subscriber(database, now=NOW)


def suppression(database: Database, who: Subscriber) -> Suppression | None:
    return Subscribers(database).suppression(who.hash)


def everything(database: Database) -> list[object]:
    return [sorted(database.rows(f"SELECT * FROM {table}")) for table in TABLES]


def handle_report(
    database: Database, who: Subscriber, issue: int, notice: bytes, now: datetime
) -> BounceResult:
    path = path_of(database, issue, who, NOW)
    return message_handler(database, now)(to(path, notice))


def test_a_hard_bounce_suppresses_at_once_with_its_reason(
    database: Database, ada: Subscriber
) -> None:
    send(database, 1, ada)
    assert (
        handle_report(database, ada, 1, bounce_reports.POSTFIX, MONDAY) == BounceResult.SUPPRESSED
    )
    found = suppression(database, ada)
    assert found is not None
    assert found.reason == "bounce"
    assert found.detail.startswith("hard: 550 5.1.1 <ada@example.net>")
    with database.transaction():
        again = Subscribers(database).subscribe(ada.address, ada.hash, "", "weekly", "", NOW)
    assert again == Outcome.SUPPRESSED
    query = "SELECT issue, subscriber, occurred_at, event FROM delivery_events ORDER BY event"
    assert [tuple(event) for event in database.rows(query)] == [
        (1, ada.id, NOW, "address suppressed"),
        (1, ada.id, NOW, "bounced"),
    ]


def test_a_complaint_suppresses_at_once(database: Database, ada: Subscriber) -> None:
    send(database, 1, ada)
    assert handle_report(database, ada, 1, bounce_reports.arf(), MONDAY) == BounceResult.SUPPRESSED
    found = suppression(database, ada)
    assert found is not None
    assert found.reason == "complaint"
    assert database.rows("SELECT event FROM delivery_events") == [("complained",)]


def test_the_same_bounce_report_twice_counts_once(database: Database, ada: Subscriber) -> None:
    send(database, 1, ada)
    assert handle_report(database, ada, 1, bounce_reports.OPENSMTPD, MONDAY) == BounceResult.KEPT
    before = everything(database)
    later = MONDAY + timedelta(days=3)
    assert handle_report(database, ada, 1, bounce_reports.OPENSMTPD, later) == BounceResult.KNOWN
    assert everything(database) == before


def test_a_report_that_is_read_again_does_not_restore_a_lifted_suppression(
    database: Database, ada: Subscriber
) -> None:
    send(database, 1, ada)
    handle_report(database, ada, 1, bounce_reports.POSTFIX, MONDAY)
    with database.transaction():
        assert Subscribers(database).unsuppress(ada.hash, "2026-11-20T12:00:00Z")
    assert handle_report(database, ada, 1, bounce_reports.POSTFIX, MONDAY) == BounceResult.KNOWN
    assert suppression(database, ada) is None


def test_soft_bounces_of_three_issues_in_a_row_suppress(
    database: Database, ada: Subscriber
) -> None:
    for issue in (1, 8, 15):
        send(database, issue, ada)
    came = [
        handle_report(
            database, ada, issue, bounce_reports.OPENSMTPD, MONDAY + timedelta(days=issue)
        )
        for issue in (1, 8, 15)
    ]
    assert came == [BounceResult.KEPT, BounceResult.KEPT, BounceResult.SUPPRESSED]


def test_an_issue_that_arrived_in_between_keeps_an_address(
    database: Database, ada: Subscriber
) -> None:
    for issue in (1, 8, 10, 15):
        send(database, issue, ada)
    for issue in (1, 8, 15):
        handle_report(
            database, ada, issue, bounce_reports.OPENSMTPD, MONDAY + timedelta(days=issue)
        )
    assert suppression(database, ada) is None


def test_an_issue_that_was_not_sent_did_not_arrive(database: Database, ada: Subscriber) -> None:
    for issue in (1, 8, 15):
        send(database, issue, ada)
    send(database, 10, ada, "failed")
    for issue in (1, 8, 15):
        handle_report(
            database, ada, issue, bounce_reports.OPENSMTPD, MONDAY + timedelta(days=issue)
        )
    assert suppression(database, ada) is not None


def test_soft_bounces_are_forgotten_after_90_days(database: Database, ada: Subscriber) -> None:
    for issue, days in ((1, 0), (8, 50), (15, 100)):
        send(database, issue, ada)
        handle_report(database, ada, issue, bounce_reports.OPENSMTPD, MONDAY + timedelta(days=days))
    assert suppression(database, ada) is None


def test_a_block_does_not_count_against_the_address(database: Database, ada: Subscriber) -> None:
    for issue in (1, 8, 15, 22):
        send(database, issue, ada)
        now = MONDAY + timedelta(days=issue)
        assert (
            handle_report(database, ada, issue, bounce_reports.GMAIL_POLICY, now)
            == BounceResult.KEPT
        )
    assert suppression(database, ada) is None
    assert {each.kind for each in Bounces(database).of(ada.id)} == {"blocked"}


@pytest.mark.parametrize("notice", [bounce_reports.POSTFIX_DELAYED, bounce_reports.OUT_OF_OFFICE])
def test_from_a_delay_or_an_automatic_reply_nothing_follows(
    database: Database, ada: Subscriber, notice: bytes
) -> None:
    send(database, 1, ada)
    assert handle_report(database, ada, 1, notice, MONDAY) == BounceResult.NOTHING
    assert everything(database) == [[], [], []]


def test_a_forged_report_changes_nothing(database: Database, ada: Subscriber) -> None:
    send(database, 1, ada)
    path = path_of(database, 1, ada, NOW)
    local, _, domain = path.partition("@")
    forged = local[:-1] + ("a" if local[-1] != "a" else "b")
    on = message_handler(database, MONDAY)
    for address in ("bounces@example.org", f"{forged}@{domain}", "ada@example.net"):
        for notice in (bounce_reports.POSTFIX, bounce_reports.arf(), bounce_reports.QMAIL):
            assert on(to(address, notice)) == BounceResult.UNMATCHED
    assert on(bounce_reports.PERSON) == BounceResult.OTHER
    assert everything(database) == [[], [], []]


def test_a_report_about_an_erased_person_changes_nothing(
    database: Database, ada: Subscriber
) -> None:
    send(database, 1, ada)
    handle_report(database, ada, 1, bounce_reports.OPENSMTPD, MONDAY)
    path = path_of(database, 1, ada, NOW)
    with database.transaction():
        Subscribers(database).erase(ada)
    assert message_handler(database, MONDAY)(to(path)) == BounceResult.UNMATCHED
    assert database.rows("SELECT detail FROM bounces") == [("",)]
    assert database.rows("SELECT detail FROM delivery_events") == [("",)]


def test_the_recipient_that_a_provider_names_is_found_by_address(
    database: Database, ada: Subscriber
) -> None:
    matches = return_path_reader(SigningKeys(database).valid(NOW))
    named = BounceReport(BounceKind.HARD, "5.1.1", "gone", recipient="Ada@Example.NET")
    assert handle(database, named, matches, MONDAY) == BounceResult.UNMATCHED, (
        "nothing was sent to her"
    )
    send(database, 1, ada)
    send(database, 3, ada)
    assert handle(database, named, matches, MONDAY) == BounceResult.SUPPRESSED
    assert [each.issue for each in Bounces(database).of(ada.id)] == [3]
    for nobody in ("eve@example.net", "no address"):
        other = BounceReport(BounceKind.HARD, recipient=nobody)
        assert handle(database, other, matches, MONDAY) == BounceResult.UNMATCHED


@pytest.mark.parametrize(("people", "left"), [(1, 0), (2, 0), (3, 0), (4, 0), (9, 0)])
def test_an_issue_that_mostly_bounces_suppresses_no_address(
    database: Database, people: int, left: int
) -> None:
    everyone = [subscriber(database, f"p{n}@example.net", now=NOW) for n in range(people)]
    for who in everyone:
        send(database, 1, who, planned=people)
    came = [handle_report(database, who, 1, bounce_reports.POSTFIX, MONDAY) for who in everyone]
    assert came[-1] == BounceResult.KEPT
    assert sum(suppression(database, who) is not None for who in everyone) == left


@pytest.mark.parametrize("people", [1, 2, 9, 30])
def test_issues_that_mostly_bounce_softly_suppress_no_address(
    database: Database, people: int
) -> None:
    everyone = [subscriber(database, f"p{n}@example.net", now=NOW) for n in range(people)]
    for issue in (1, 8, 15, 22):
        for who in everyone:
            send(database, issue, who, planned=people)
        for who in everyone:
            day = MONDAY + timedelta(days=issue)
            assert (
                handle_report(database, who, issue, bounce_reports.OPENSMTPD, day)
                == BounceResult.KEPT
            )
    assert all(suppression(database, who) is None for who in everyone)


def test_refusals_of_the_sender_count_as_well_in_any_order(database: Database) -> None:
    everyone = [subscriber(database, f"p{n}@example.net", now=NOW) for n in range(9)]
    for who in everyone:
        send(database, 1, who, planned=9)
    blocked = bounce_reports.POSTFIX.replace(b"5.1.1", b"5.7.1").replace(
        b"User unknown in virtual mailbox table", b"blocked using a list"
    )
    for who in everyone[:3]:
        assert (
            handle_report(database, who, 1, bounce_reports.POSTFIX, MONDAY)
            == BounceResult.SUPPRESSED
        )
    for who in everyone[3:6]:
        assert handle_report(database, who, 1, blocked, MONDAY) == BounceResult.KEPT
    assert all(suppression(database, who) is None for who in everyone)


def test_when_half_of_an_issue_bounces_addresses_are_still_suppressed(database: Database) -> None:
    everyone = [subscriber(database, f"p{n}@example.net", now=NOW) for n in range(4)]
    for who in everyone:
        send(database, 1, who, planned=4)
    for who in everyone[:2]:
        assert (
            handle_report(database, who, 1, bounce_reports.POSTFIX, MONDAY)
            == BounceResult.SUPPRESSED
        )


@pytest.mark.parametrize("late", [15, 8], ids=["the last issue", "an earlier issue"])
def test_a_suppression_for_soft_bounces_is_lifted_when_its_issue_mostly_bounced(
    database: Database, late: int
) -> None:
    everyone = [subscriber(database, f"p{n}@example.net", now=NOW) for n in range(6)]
    first, *others = everyone
    results = []
    for issue in (1, 8, 15):
        for who in everyone:
            send(database, issue, who, planned=6)
        day = MONDAY + timedelta(days=issue)
        results.append(handle_report(database, first, issue, bounce_reports.OPENSMTPD, day))
    assert results[-1] == BounceResult.SUPPRESSED
    for who in others[:3]:
        handle_report(database, who, late, bounce_reports.OPENSMTPD, MONDAY + timedelta(days=16))
    assert suppression(database, first) is None


@pytest.mark.parametrize("reason", [R.COMPLAINT, R.REQUEST, R.ERASED])
def test_a_suppression_with_a_stronger_reason_is_not_lifted(database: Database, reason: R) -> None:
    first, second, third = (subscriber(database, f"p{n}@example.net", now=NOW) for n in range(3))
    for who in (first, second, third):
        send(database, 1, who, planned=3)
    assert (
        handle_report(database, first, 1, bounce_reports.POSTFIX, MONDAY) == BounceResult.SUPPRESSED
    )
    with database.transaction():
        Subscribers(database).suppress(first.hash, reason, "asked", NOW)
        Subscribers(database).suppress(first.hash, R.BOUNCE, "weaker", NOW)
    assert handle_report(database, second, 1, bounce_reports.POSTFIX, MONDAY) == BounceResult.KEPT
    found = suppression(database, first)
    assert found is not None
    assert (found.reason, found.detail) == (reason, "asked")


def test_a_suppression_with_several_causes_is_lifted_with_the_last(
    database: Database,
) -> None:
    first, second = (subscriber(database, f"p{n}@example.net", now=NOW) for n in range(2))
    for issue in (1, 2):
        for who in (first, second):
            send(database, issue, who, planned=2)
        handle_report(database, first, issue, bounce_reports.POSTFIX, MONDAY)
    handle_report(database, second, 1, bounce_reports.POSTFIX, MONDAY)
    assert suppression(database, first) is not None, "issue 2 says the same of it"
    handle_report(database, second, 2, bounce_reports.POSTFIX, MONDAY)
    assert suppression(database, first) is None


def posted(
    event: str, at: datetime | None = None, kind: BounceKind = BounceKind.COMPLAINT
) -> BounceReport:
    return BounceReport(kind, detail="reported", recipient="ada@example.net", event=event, at=at)


def test_an_old_report_that_is_posted_again_does_not_suppress_again(
    database: Database, ada: Subscriber
) -> None:
    matches = return_path_reader(SigningKeys(database).valid(NOW))
    send(database, 1, ada, at=NOW)
    assert handle(database, posted("a"), matches, MONDAY) == BounceResult.SUPPRESSED
    found = suppression(database, ada)
    assert found is not None
    assert found.detail == "reported"
    with database.transaction():
        Subscribers(database).unsuppress(ada.hash, "2026-11-20T12:00:00Z")
    later = MONDAY + timedelta(days=7)
    send(database, 8, ada, at=format_timestamp(later))
    assert handle(database, posted("a"), matches, later) == BounceResult.KNOWN
    assert handle(database, posted("b", MONDAY), matches, later) == BounceResult.KNOWN, (
        "of the old issue"
    )
    assert suppression(database, ada) is None
    assert handle(database, posted("c", later), matches, later) == BounceResult.SUPPRESSED


def test_an_event_before_anything_was_sent_is_of_nothing(
    database: Database, ada: Subscriber
) -> None:
    matches = return_path_reader(SigningKeys(database).valid(NOW))
    send(database, 1, ada, at=NOW)
    early = MONDAY - timedelta(days=1)
    assert handle(database, posted("a", early), matches, MONDAY) == BounceResult.UNMATCHED


def test_an_event_at_the_end_of_time_is_of_the_last_issue(
    database: Database, ada: Subscriber
) -> None:
    matches = return_path_reader(SigningKeys(database).valid(NOW))
    send(database, 1, ada, at=NOW)
    late = datetime.max.replace(tzinfo=UTC)
    assert handle(database, posted("a", late), matches, MONDAY) == BounceResult.SUPPRESSED


def test_events_are_remembered_for_a_month(database: Database, ada: Subscriber) -> None:
    month, day = timedelta(days=30), timedelta(days=1)
    ahead, later = MONDAY.replace(year=2036), MONDAY + month + day
    moments = (MONDAY, MONDAY, ahead, MONDAY, later, later, later + day, later + day)
    new = [True, False, False, False, False, False, True, False]
    with database.transaction():
        assert [Bounces(database).add_event("a", moment, month) for moment in moments] == new


def test_an_issue_sent_while_the_clock_was_ahead_is_found_by_later_events(
    database: Database, ada: Subscriber
) -> None:
    matches = return_path_reader(SigningKeys(database).valid(NOW))
    send(database, 1, ada, at="2036-01-01T00:00:00Z")
    assert handle(database, posted("a", MONDAY), matches, MONDAY) == BounceResult.SUPPRESSED


def test_a_bounce_received_while_the_clock_was_ahead_does_not_make_a_day_a_week(
    database: Database, ada: Subscriber
) -> None:
    for issue in (1, 2, 3):
        send(database, issue, ada)
    moments = (MONDAY, MONDAY.replace(year=2036), MONDAY + timedelta(days=1))
    came = [
        handle_report(database, ada, issue, bounce_reports.OPENSMTPD, moment)
        for issue, moment in enumerate(moments, 1)
    ]
    assert came == [BounceResult.KEPT] * 3


def junk(database: Database, ada: Subscriber, **more: str) -> bytes:
    """A report of Microsoft's about a message to ada."""
    with database.transaction():
        secret = SigningKeys(database).signing(NOW)
    token = signed(secret, Purpose.UNSUBSCRIBE, ada.id, "weekly")
    return bounce_reports.jmrp(f"<https://example.org/unsubscribe/weekly/{token}>", **more)


def test_a_complaint_of_microsoft_is_attributed_by_the_returned_link_or_path(
    database: Database, ada: Subscriber
) -> None:
    send(database, 1, ada, at=NOW)
    assert message_handler(database, MONDAY)(bounce_reports.jmrp("")) == BounceResult.UNMATCHED
    assert message_handler(database, MONDAY)(junk(database, ada)) == BounceResult.SUPPRESSED
    with database.transaction():
        Subscribers(database).unsuppress(ada.hash, "2026-11-20T12:00:00Z")
    path = path_of(database, 1, ada, NOW)
    assert (
        message_handler(database, MONDAY)(bounce_reports.jmrp("", path=path)) == BounceResult.KNOWN
    )


def test_bounces_are_listed_by_issue_and_newsletter(database: Database, ada: Subscriber) -> None:
    for issue in (1, 8):
        send(database, issue, ada)
        handle_report(
            database, ada, issue, bounce_reports.OPENSMTPD, MONDAY + timedelta(days=issue)
        )
    known = Bounces(database)
    assert [each.slot for each in known.listed("", "", 9)] == [
        "2026-11-08T08:00",
        "2026-11-01T08:00",
    ]
    (one,) = known.listed("weekly", "2026-11-01T08:00", 9)
    assert (one.address, one.kind, one.status) == (ada.address, "soft", "5.2.2")
    assert known.listed("daily", "", 9) == []
    assert len(known.listed("weekly", "", 1)) == 1
