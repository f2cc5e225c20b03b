"""An issue goes to its subscribers, each once, and it is known of each what became of it."""

from __future__ import annotations

import email
import email.policy
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from mailings import NAME, WEEKLY, Mailing, forever, mailing, nobody, now

from site_folder import NOON
from smtp_server import Action, Behaviour, Close, Mail, Say, SmtpServer, Stall, Step, good, scripted
from syndicate.bounces import return_path
from syndicate.config.model import Newsletter
from syndicate.delivery import queue
from syndicate.delivery.operations import cancellation, pausing, resending
from syndicate.delivery.planning import plan_approved, too_old
from syndicate.delivery.progress import IssueProgress, ProgressCallback
from syndicate.delivery.relays import RelayError
from syndicate.delivery.send_test import send_test, stored_issue
from syndicate.delivery.sender import send
from syndicate.delivery.transactions import MAX_TRIES
from syndicate.errors import DeliveryError, StoreError, SyndicateError
from syndicate.mail.personalise import message_id
from syndicate.site import Site
from syndicate.store.deliveries import UNKNOWN, Deliveries
from syndicate.store.delivery_events import DeliveryEvents
from syndicate.store.issue_sends import IssueSends, PauseKind
from syndicate.store.issues import Issue, Issues
from syndicate.store.requests import SigningKeys
from syndicate.store.subscribers import Subscribers, SuppressionReason
from syndicate.subscribers.addresses import address
from syndicate.timestamps import format_timestamp

ADA, BOB, CYD = "ada@example.org", "bob@example.org", "cyd@example.org"
EVERYBODY = (ADA, BOB, CYD)


def arrived(server: SmtpServer) -> list[str]:
    """Whom messages were taken for, in the order of the alphabet."""
    return sorted(to for mail in server.mails for to in mail.to)


def read(mail: Mail) -> EmailMessage:
    parsed = email.message_from_bytes(mail.body, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


# -- the usual way -----------------------------------------------------------------------------


def test_everybody_gets_a_message_of_their_own_once(site: Mailing) -> None:
    site.people(EVERYBODY)
    site.issue()
    with SmtpServer() as server:
        site.through(server.port)
        report = site.send()
        assert arrived(server) == [*EVERYBODY]
        assert site.send().sent == 0
        assert arrived(server) == [*EVERYBODY]
    assert (report.sent, report.failed, report.held_by_issue) == (3, 0, {})
    messages = {str(read(mail)["To"]): read(mail) for mail in server.mails}
    assert set(messages) == set(EVERYBODY)
    assert len({each["Message-ID"] for each in messages.values()}) == 3
    assert len({each["List-Unsubscribe"] for each in messages.values()}) == 3
    assert len({mail.sender for mail in server.mails}) == 3, "notices tell whose they are"
    proof = site.proof()
    assert (proof.planned, proof.sent, proof.pending) == (3, 3, 0)
    assert proof.sending.ended_at
    issue = site.ask(lambda opened: Issues(opened.database).of("weekly")[0].state)
    assert issue == "sent"


def test_the_outbox_holds_complete_messages(site: Mailing) -> None:
    site.people(EVERYBODY)
    site.issue()
    assert site.send().sent == 3
    files = sorted((site.folder.root / "outbox").glob("*.eml"))
    read_back = [email.message_from_bytes(file.read_bytes()) for file in files]
    assert sorted(each["To"] for each in read_back) == [*EVERYBODY]
    assert set(site.states().values()) == {"sent"}


def test_a_link_in_the_message_unsubscribes_whoever_got_it(site: Mailing) -> None:
    from syndicate.subscribers.tokens import Purpose
    from syndicate.subscribers.tokens import read as read_token

    (ada,) = site.people([ADA])
    site.issue()
    with SmtpServer() as server:
        site.through(server.port)
        site.send()
    listed = str(read(server.mails[0])["List-Unsubscribe"])
    found = re.search(r"<https://lake\.example\.net/unsubscribe/weekly/([^>]+)>", listed)
    assert found

    def whose(opened: Site) -> int:
        good = SigningKeys(opened.database).good("2026-11-25T00:00:00Z")
        return read_token(found[1], Purpose.UNSUBSCRIBE, good, now(), "weekly")

    assert site.ask(whose) == ada.id


def test_only_those_are_planned_who_get_the_newsletter_and_chose_its_tags(site: Mailing) -> None:
    ada, bob, cyd = site.people(EVERYBODY)
    site.people(["other@example.org"], newsletter="birds")
    with site.folder.opened() as opened, opened.database.transaction():
        known = Subscribers(opened.database)
        for who, tags in ((ada, ["sea", "bread"]), (bob, ["bread"])):
            (subscription,) = known.subscriptions(who.id)
            known.choose(subscription, tags)
        known.suppress(cyd.hash, SuppressionReason.REQUEST, "", "2026-11-02")
    site.issue()
    with SmtpServer() as server:
        site.through(server.port)
        site.send()
        assert arrived(server) == [ADA]
    assert site.states() == {ADA: "sent", CYD: "suppressed"}


def test_issues_that_were_made_before_delivery_was_wanted_are_sent_to_nobody(
    site: Mailing,
) -> None:
    site.people([ADA])
    weekly = {"weekly": {"title": "W", "sender": "a@example.org", "postal_address": "Here"}}
    site.folder.configure(newsletters=weekly)
    site.issue()
    with SmtpServer() as server:
        site.through(server.port)
        assert site.send().sent == 0
        assert not server.mails


def test_only_one_program_sends_at_a_time(site: Mailing) -> None:
    with site.folder.opened() as first:
        assert first.database.lock_sending()
        with pytest.raises(SyndicateError, match="another program is already sending"):
            site.send()
    assert site.send().sent == 0


# -- while it goes out -------------------------------------------------------------------------


def test_whoever_leaves_while_it_goes_out_gets_nothing_more(site: Mailing) -> None:
    people = {each.address: each for each in site.people(EVERYBODY)}
    site.issue()

    def leave(step: Step) -> Action | None:
        """The last in line leaves when the first message has come."""
        if step.name == "MESSAGE":
            with site.folder.opened() as opened, opened.database.transaction():
                Subscribers(opened.database).unsubscribe(
                    people[CYD].id, ["weekly"], "", "2026-11-25T00:00:00Z"
                )
        return None

    with SmtpServer(leave) as server:
        site.through(server.port, connections=1)
        site.send()
        assert CYD not in arrived(server)
    assert site.states() == {ADA: "sent", BOB: "sent", CYD: "suppressed"}
    site.proof()


def test_a_paused_issue_stops_and_goes_on_where_it_was(site: Mailing) -> None:
    site.people([f"p{number:02}@example.org" for number in range(40)])
    site.issue()

    def pause(step: Step) -> Action | None:
        if step.name == "MESSAGE" and len(server.mails) == 5:
            with site.folder.opened() as opened:
                assert pausing.pause(opened, site.sending)
        return None

    with SmtpServer(pause) as server:
        site.through(server.port, connections=1)
        report = site.send()
        stopped_at = len(server.mails)
        assert stopped_at < 10
        assert [each.name for each in report.paused] == [NAME]
        proof = site.proof()
        assert (proof.sent, proof.pending) == (stopped_at, 40 - stopped_at)
        with site.folder.opened() as opened:
            assert pausing.resume(opened, site.sending)
            assert not pausing.resume(opened, site.sending)
        site.send()
        assert len(set(arrived(server))) == len(arrived(server)) == 40


def test_an_issue_that_was_stopped_goes_to_nobody_more_and_says_so(site: Mailing) -> None:
    site.people([f"p{number:02}@example.org" for number in range(20)])
    issue = site.issue()

    def stop(step: Step) -> Action | None:
        if step.name == "MESSAGE" and len(server.mails) == 3:
            with site.folder.opened() as opened:
                cancellation.stop(opened, issue, now(), "a slip")
        return None

    with SmtpServer(stop) as server:
        site.through(server.port, connections=1)
        site.send()
        taken = len(server.mails)
    proof = site.proof()
    assert (proof.sent, proof.suppressed, proof.pending) == (taken, 20 - taken, 0)
    assert taken < 8
    assert proof.sending.ended_at


def test_an_issue_that_was_stopped_before_anybody_got_it_is_cancelled(site: Mailing) -> None:
    site.people(EVERYBODY)
    issue = site.issue()
    with SmtpServer(scripted(GREETING=Say("421 later"))) as server:
        site.through(server.port)
        site.send(stopping=lambda: server.connections > 0)
    with site.folder.opened() as opened:
        many, became = cancellation.stop(opened, issue, now(), "a slip")
        kept = Issues(opened.database).get("weekly", issue.slot)
        assert not Issues(opened.database).taken("weekly")
    assert (many, became) == (3, "cancelled")
    assert kept
    assert (kept.state, kept.reason) == ("cancelled", "a slip")


def after(seconds: float) -> Callable[[], bool]:
    """Somebody wants an end so many seconds from now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def test_of_an_issue_that_was_stopped_nothing_is_tried_again(site: Mailing) -> None:
    site.people(EVERYBODY)
    issue = site.issue()

    def stop(step: Step) -> Action | None:
        if (step.name, step.times) != ("MESSAGE", 1):
            return None
        with site.folder.opened() as opened:
            cancellation.stop(opened, issue, now(), "a slip")
        return Say("451 4.3.0 not now")

    with SmtpServer(stop) as server:
        site.through(server.port, connections=1)
        site.send()
        server.behaviour = scripted()
        _make_due(site)
        site.send()
        assert len(server.mails) == 1
    proof = site.proof()
    assert (proof.sent, proof.suppressed, proof.pending) == (1, 2, 0)
    assert proof.sending.ended_at


def test_an_issue_that_is_cancelled_cannot_be_sent_again(site: Mailing) -> None:
    site.people(EVERYBODY)
    issue = site.issue()
    with SmtpServer(scripted(GREETING=Say("421 later"))) as server:
        site.through(server.port)
        site.send(stopping=lambda: server.connections > 0)
    sending = site.sending
    with site.folder.opened() as opened:
        cancellation.stop(opened, issue, now(), "a slip")
        with pytest.raises(SyndicateError, match="is cancelled, so it is not sent"):
            resending.resend_missed(opened, issue, sending, now())
        assert not IssueSends(opened.database).open()


def test_whoever_was_erased_before_their_turn_did_not_fail(site: Mailing) -> None:
    people = site.people([ADA, BOB])
    site.issue()

    def forget(_: Sequence[IssueProgress], __: Sequence[RelayError]) -> None:
        with site.folder.opened() as opened, opened.database.transaction():
            Subscribers(opened.database).erase(people[1])

    with SmtpServer(scripted(GREETING=Say("421 later"))) as server:
        site.through(server.port)
        site.send(stopping=lambda: server.connections > 0, told=forget)
        server.behaviour = scripted()
        report = site.send()
        assert arrived(server) == [ADA]
    assert (report.sent, report.failed) == (1, 0)
    assert site.states() == {ADA: "sent", "": "suppressed"}


# -- what servers say --------------------------------------------------------------------------


def to(address: str, reply: str) -> Behaviour:
    """A server that says this of one recipient."""

    def behaviour(step: Step) -> Action | None:
        return Say(reply) if step.name == "RCPT" and address in step.argument else None

    return behaviour


def test_one_who_is_refused_for_good_fails_and_is_not_mailed_again(site: Mailing) -> None:
    people = {each.address: each for each in site.people(EVERYBODY)}
    site.issue()
    with SmtpServer(to(BOB, "550 5.1.1 nobody here")) as server:
        site.through(server.port)
        report = site.send()
        assert arrived(server) == [ADA, CYD]
    assert (report.sent, report.failed) == (2, 1)
    assert site.states() == {ADA: "sent", BOB: "failed", CYD: "sent"}
    with site.folder.opened() as opened:
        assert Subscribers(opened.database).suppression(people[BOB].hash)
        assert not Subscribers(opened.database).suppression(people[ADA].hash)
        events = DeliveryEvents(opened.database).of(site.sending.issue, people[BOB].id)
    assert any("5.1.1 nobody here" in each.detail for each in events)


def test_one_who_is_refused_for_now_is_tried_again_later(site: Mailing) -> None:
    site.people(EVERYBODY)
    site.issue()
    with SmtpServer(to(BOB, "451 4.7.1 greylisted")) as server:
        site.through(server.port)
        report = site.send()
        assert report.next_try
        assert 200 < (report.next_try - now()).total_seconds() < 400
        assert site.states()[BOB] == "retry"
        assert site.send().sent == 0, "it is not due"
        _make_due(site)
        server.behaviour = scripted()
        assert site.send().sent == 1
        assert arrived(server) == [*EVERYBODY]
    assert site.proof().sending.ended_at


def _make_due(site: Mailing) -> None:
    with site.folder.opened() as opened, opened.database.transaction():
        opened.database.run("UPDATE deliveries SET next_try = '2026-01-01' WHERE state = 'retry'")


@pytest.mark.parametrize(
    ("steps", "word"),
    [
        ({"MAIL": Say("550 5.7.1 not from here")}, "not from here"),
        ({"GREETING": Say("554 5.7.1 go away")}, "go away"),
    ],
)
def test_who_refuses_us_stops_the_issue_and_fails_nobody(
    site: Mailing, steps: dict[str, Action], word: str
) -> None:
    site.people(EVERYBODY)
    site.issue()
    with SmtpServer(scripted(**steps)) as server:
        site.through(server.port)
        report = site.send(stopping=after(3))
        assert not server.mails
    assert set(site.states().values()) == {"pending"}
    said = [each.pause_reason for each in report.paused] + [
        each.text for each in report.relay_errors
    ]
    assert any(word in each for each in said)


def test_an_issue_pauses_when_every_relay_refuses_at_the_greeting(site: Mailing) -> None:
    site.people(EVERYBODY)
    site.issue()
    with SmtpServer(scripted(GREETING=Say("554 5.7.1 go away"))) as server:
        site.through(server.port)
        (paused,) = site.send(stopping=after(20)).paused
        assert "go away" in paused.pause_reason
        assert site.sending.pause_reason == paused.pause_reason
        assert set(site.states().values()) == {"pending"}
        server.behaviour = scripted()
        assert site.send().sent == 0, "it stays paused until an operator resumes it"


def test_too_many_refusals_pause_the_issue(site: Mailing) -> None:
    site.people([f"p{number:03}@example.org" for number in range(100)])
    site.issue()
    with SmtpServer(scripted(RCPT=Say("550 5.7.1 blocked"))) as server:
        site.through(server.port)
        report = site.send()
    assert [each.name for each in report.paused] == [NAME]
    proof = site.proof()
    assert 10 <= proof.failed < 30
    assert proof.pending == 100 - proof.failed
    assert proof.suppressed == 0, "it is us who are blocked"


FEW = [ADA, BOB, CYD, "dee@example.org"]


def suppressed(site: Mailing) -> set[str]:
    with site.folder.opened() as opened:
        known = Subscribers(opened.database)
        return {a for a in FEW if known.suppression(address(a).hashed(known.salt()))}


def refused_by_a_misconfigured_server(site: Mailing, server: SmtpServer) -> None:
    site.people(FEW)
    site.issue()
    site.through(server.port)
    report = site.send()
    assert [each.pause_reason for each in report.paused] == ["4 of 4 messages were refused"]
    assert suppressed(site) == set()
    assert not site.proof().sending.ended_at


@pytest.mark.parametrize(("people", "refused"), [(1, 1), (3, 2), (4, 4), (9, 9)])
def test_a_small_list_that_is_mostly_refused_pauses_and_suppresses_no_address(
    site: Mailing, people: int, refused: int
) -> None:
    addresses = [f"p{number}@example.org" for number in range(people)]
    everyone = site.people(addresses)
    site.issue()
    unknown = set(addresses[:refused])

    def behaviour(step: Step) -> Action | None:
        is_unknown = step.name == "RCPT" and any(each in step.argument for each in unknown)
        return Say("550 5.1.1 no such user") if is_unknown else None

    with SmtpServer(behaviour) as server:
        site.through(server.port)
        report = site.send()
    (paused,) = report.paused
    assert paused.pause_reason == f"{refused} of {people} messages were refused"
    assert "syndicate issues retry-failed weekly/" in pausing.resume_hint(paused)
    assert "which suppresses the addresses" in pausing.resume_hint(paused)
    with site.folder.opened() as opened:
        known = Subscribers(opened.database)
        assert not any(known.suppression(each.hash) for each in everyone)


def test_a_small_list_refused_as_a_whole_pauses_and_suppresses_nobody(site: Mailing) -> None:
    with SmtpServer(scripted(RCPT=Say("550 5.1.1 no such user"))) as server:
        refused_by_a_misconfigured_server(site, server)
        site.send()  # as after a restart
        assert suppressed(site) == set()
        server.behaviour = scripted()
        site.ask(lambda opened: resending.retry_failed(opened, site.sending, now()))
        assert site.send().sent == 4
    assert site.proof().sending.ended_at
    assert suppressed(site) == set()


def test_whoever_resumes_confirms_the_refusals(site: Mailing) -> None:
    with SmtpServer(scripted(RCPT=Say("550 5.1.1 no such user"))) as server:
        refused_by_a_misconfigured_server(site, server)
        assert site.ask(lambda opened: pausing.resume(opened, site.proof().sending))
        report = site.send()
    assert not report.paused
    assert site.proof().sending.ended_at
    assert suppressed(site) == set(FEW)


def test_what_failed_is_tried_again_when_a_person_says_so(site: Mailing) -> None:
    site.people(EVERYBODY)
    site.issue()
    with SmtpServer(to(BOB, "550 5.7.1 policy")) as server:
        site.through(server.port)
        site.send()
        server.behaviour = scripted()
        with site.folder.opened() as opened:
            assert resending.retry_failed(opened, site.sending, now()) == 1
        site.send()
        assert arrived(server) == [*EVERYBODY]


def test_whoever_missed_it_gets_it_and_nobody_twice(site: Mailing) -> None:
    site.people([ADA, BOB])
    issue = site.issue()
    with SmtpServer(to(BOB, "550 5.7.1 policy")) as server:
        site.through(server.port)
        site.send()
        server.behaviour = scripted()
        site.people([CYD])
        with site.folder.opened() as opened:
            assert resending.resend_missed(opened, issue, site.sending, now()) == 2
            assert resending.resend_missed(opened, issue, site.sending, now()) == 0
        site.send()
        assert arrived(server) == [*EVERYBODY]
    assert site.proof().planned == 3


# -- what nobody knows -------------------------------------------------------------------------


LOST = {
    "closed after the dot": {"MESSAGE": [Close(kept=True)]},
    "closed after the dot, and not kept": {"MESSAGE": [Close()]},
    "no word after the dot": {"MESSAGE": [Stall(kept=True)]},
    "nothing anybody understands": {"MESSAGE": [Say("well, yes")]},
    "an answer to something else": {"MESSAGE": [Say("354 go ahead")]},
    "an endless answer": {"MESSAGE": [Say(b"250-" + b"x" * 200_000)]},
}


@pytest.mark.parametrize("steps", LOST.values(), ids=LOST.keys())
def test_what_may_have_arrived_is_held_until_a_person_decides(
    site: Mailing, steps: dict[str, list[Action | None]]
) -> None:
    site.people(EVERYBODY)
    site.issue()
    with SmtpServer(scripted(**steps)) as server:
        site.through(server.port, connections=1, timeout=0.2)
        report = site.send(stopping=after(20))
        server.behaviour = scripted()
        held = [who for who, state in site.states().items() if state == "held"]
        assert held
        assert report.held_by_issue == {NAME: len(held)}
        before = arrived(server)
        site.send()
        known = [who for who, state in site.states().items() if state != "held"]
        assert set(arrived(server)) - set(before) <= set(known), "nothing held is sent by itself"
        proof = site.proof()
        assert proof.held == len(held)
        assert proof.pending == 0
        with site.folder.opened() as opened:
            assert resending.resolve_held(opened, site.sending, now(), sent=True, people=[]) == len(
                held
            )
    assert set(site.states().values()) == {"sent"}
    assert site.proof().held == 0


def test_with_resend_an_unknown_outcome_is_sent_again_once_and_then_held(site: Mailing) -> None:
    site.people(EVERYBODY)
    site.issue()
    with SmtpServer(scripted(MESSAGE=Close(kept=True))) as server:
        for _ in range(3):
            site.through(server.port, {"on_held": "resend"}, connections=1)
            site.send(stopping=after(20))
            _make_due(site)
        assert Counter(arrived(server)) == dict.fromkeys(EVERYBODY, 2)
    assert set(site.states().values()) == {"held"}


def test_a_sender_that_died_resends_a_delivery_once_and_then_holds_it(site: Mailing) -> None:
    site.people([ADA])
    site.issue()
    with SmtpServer(scripted(RCPT=Say("451 4.3.0 later"))) as server:
        site.through(server.port, connections=1)
        site.send()
    found = []
    with site.folder.opened() as opened, opened.database.transaction():
        opened.database.run("UPDATE deliveries SET attempts = 0")
        for _ in range(2):
            opened.database.run("UPDATE deliveries SET state = 'sending'")
            Deliveries(opened.database).recover(site.sending.issue, "2026-12-01", resend=True)
            found += opened.database.rows("SELECT state FROM deliveries")
    assert [str(state) for (state,) in found] == ["pending", "held"]


def test_a_server_that_wants_a_login_between_messages_is_not_asked_on_and_on(
    site: Mailing,
) -> None:
    site.people(EVERYBODY)
    site.issue()
    asked: list[str] = []

    def behaviour(step: Step) -> Action | None:
        if step.name == "MAIL":
            asked.append(step.name)
            return Say("530 5.7.0 log in first") if len(asked) > 1 else None
        return None

    with SmtpServer(behaviour) as server:
        site.through(server.port, connections=1)
        report = site.send(stopping=after(10))
        assert report.sent == 1
        assert len(asked) <= 3
    assert site.proof().pending == 2


def test_a_server_that_hangs_up_within_the_message_gets_none_twice(site: Mailing) -> None:
    site.people(EVERYBODY)
    site.issue()
    with SmtpServer(scripted(BODY=[Close()])) as server:
        site.through(server.port, connections=1, timeout=0.2)
        site.send(stopping=after(20))
        server.behaviour = scripted()
        # Held if the final dot was written before the end of the connection was seen.
        states = site.states()
        assert set(states.values()) <= {"held", "retry", "pending"}
        _make_due(site)
        site.send()
        certain = sorted(who for who, state in states.items() if state != "held")
        assert sorted(arrived(server)) == certain
        assert site.proof().pending == 0


def test_what_is_held_can_be_sent_again(site: Mailing) -> None:
    site.people([ADA])
    site.issue()
    with SmtpServer(scripted(MESSAGE=[Close()])) as server:
        site.through(server.port)
        site.send()
        assert site.states() == {ADA: "held"}
        server.behaviour = scripted()
        with site.folder.opened() as opened:
            assert resending.resolve_held(opened, site.sending, now(), sent=False, people=[]) == 1
        assert site.send().sent == 1
        assert arrived(server) == [ADA]


@pytest.mark.parametrize(
    "steps",
    [
        {"RCPT": [None, Say("421 4.3.2 too many", close=True)]},
        {"MAIL": [None, Close()]},
        {"DATA": [Close()]},
        {"DATA": [Say("nonsense")]},
    ],
    ids=str,
)
def test_what_was_lost_before_the_message_was_over_goes_out_once(
    site: Mailing, steps: dict[str, list[Action | None]]
) -> None:
    site.people(EVERYBODY)
    site.issue()
    seen: list[str] = []

    def once(step: Step) -> Action | None:
        actions = steps.get(step.name, [])
        number = seen.count(step.name)
        seen.append(step.name)
        return actions[number] if number < len(actions) else None

    with SmtpServer(once) as server:
        site.through(server.port, connections=1)
        site.send(stopping=after(20))
        _make_due(site)
        site.send(stopping=after(20))
        assert arrived(server) == [*EVERYBODY]
    assert set(site.states().values()) == {"sent"}


# -- limits ------------------------------------------------------------------------------------


def settled(server: SmtpServer, wanted: int) -> Callable[[], bool]:
    """So many messages were taken, and a moment later no more were."""
    since = 0.0

    def is_over() -> bool:
        nonlocal since
        if len(server.mails) >= wanted and not since:
            since = time.monotonic()
        return bool(since) and time.monotonic() > since + 0.5

    return is_over


def test_a_limit_holds_across_restarts(site: Mailing) -> None:
    site.people([f"p{number:02}@example.org" for number in range(30)])
    site.issue()
    with SmtpServer() as server:
        for per_hour in (10, 10, 25):
            site.through(server.port, per_hour=per_hour)
            site.send(stopping=settled(server, per_hour))
            assert len(server.mails) == per_hour
    proof = site.proof()
    assert (proof.sent, proof.pending) == (25, 5)


def test_in_quiet_hours_nothing_goes_out(site: Mailing) -> None:
    site.people([ADA])
    site.issue()
    hour = now().hour
    with SmtpServer() as server:
        site.through(server.port)
        settings = site.folder.settings["sending"]
        assert isinstance(settings, dict)
        quiet = f"{hour:02}:00-{(hour + 2) % 24:02}:00"
        site.configure(**settings, quiet_hours=quiet)
        report = site.send()
        assert report.quiet_until
        assert not server.mails
        site.configure(**settings, quiet_hours="")
        assert site.send().sent == 1


def test_servers_share_by_weight_and_one_that_is_down_costs_nothing(
    site: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "ACTIVE_WINDOW", 60)  # however busy this machine is
    site.people([f"p{number:03}@example.org" for number in range(120)])
    site.issue()
    with SmtpServer() as one, SmtpServer() as other:
        common = {"host": "127.0.0.1", "security": "none", "timeout": 5}
        servers = {
            "one": {**common, "port": one.port, "weight": 3},
            "other": {**common, "port": other.port},
            "down": {**common, "port": 9},
        }
        site.configure(transport="smtp", servers=servers)
        assert site.send().sent == 120
        assert len(one.mails) + len(other.mails) == 120
        assert 2 <= len(one.mails) / len(other.mails) <= 4


# -- one, to look at ---------------------------------------------------------------------------


@pytest.mark.parametrize(("on_held", "state"), [("hold", "held"), ("resend", "pending")])
def test_the_history_of_a_delivery_shows_that_a_crash_left_its_outcome_unknown(
    site: Mailing, on_held: str, state: str
) -> None:
    (ada,) = site.people([ADA])
    site.issue()
    with site.folder.opened() as opened:
        plan_approved(opened, NOON)
        with opened.database.transaction():  # as a sender leaves it that is killed
            opened.database.run("UPDATE deliveries SET state = 'sending', owner = 'killed'")
    site.configure(transport="outbox", on_held=on_held)
    site.send()
    with site.folder.opened() as opened:
        events = DeliveryEvents(opened.database).of(site.sending.issue, ada.id)
    assert [(each.event, each.detail) for each in events] == [(state, UNKNOWN)]


def test_a_draft_can_be_sent_to_one_address_and_counts_as_nothing(site: Mailing) -> None:
    site.people(EVERYBODY)
    issue = site.issue()
    with SmtpServer() as server:
        site.through(server.port)
        with site.folder.opened() as opened:
            said = send_test(
                opened, site.folder.root / "outbox", stored_issue(opened, issue), "me@example.net"
            )
        assert arrived(server) == ["me@example.net"]
    assert "taken as 1" in said
    with site.folder.opened() as opened:
        assert IssueSends(opened.database).get(issue.sequence) is None


def test_a_test_email_that_may_not_have_been_accepted_is_no_success(site: Mailing) -> None:
    site.people(EVERYBODY)
    issue = site.issue()
    with SmtpServer(scripted(QUIT=[Say("451 4.3.0 not now")])) as server:
        site.through(server.port)
        with site.folder.opened() as opened, pytest.raises(DeliveryError, match="451") as caught:
            send_test(
                opened, site.folder.root / "outbox", stored_issue(opened, issue), "me@example.net"
            )
    assert caught.value.outcome_unknown


def seen_by(seen: list[tuple[int, int]]) -> ProgressCallback:
    def told(ways: Sequence[IssueProgress], _: Sequence[RelayError]) -> None:
        seen.extend((way.done, way.planned) for way in ways)

    return told


def test_whoever_looks_is_told_how_far_it_is(site: Mailing) -> None:
    site.people(EVERYBODY)
    site.issue()
    seen: list[tuple[int, int]] = []
    with SmtpServer() as server:
        site.through(server.port)
        site.send(told=seen_by(seen))
    assert seen[0] == (0, 3)
    assert max(seen) == (3, 3)


def test_links_are_signed_with_the_secret_of_the_moment(
    site: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.delivery.sender.PLAN_SECONDS", 0.0)
    site.people([f"p{number:02}@example.org" for number in range(30)])
    site.issue()

    def rotate(step: Step) -> Action | None:
        if step.name == "MESSAGE" and len(server.mails) == 2:
            with site.folder.opened() as opened, opened.database.transaction():
                SigningKeys(opened.database).rotate("2026-11-24T00:00:00Z", format_timestamp(now()))
        return None

    with SmtpServer(rotate) as server:
        site.through(server.port, connections=1)
        assert site.send().sent == 30
    with site.folder.opened() as opened:
        good = SigningKeys(opened.database).good(format_timestamp(now()))
    read_back = [return_path.read(mail.sender, good) for mail in server.mails]
    assert read_back[:3] == [None] * 3
    assert all(read_back[-20:])


def test_an_issue_that_nobody_gets_is_over_at_once(site: Mailing) -> None:
    issue = site.issue()
    assert site.send().sent == 0
    with site.folder.opened() as opened:
        kept = Issues(opened.database).get("weekly", issue.slot)
    assert kept
    assert kept.state == "sent"
    assert site.proof().planned == 0


# -- a store that refuses ----------------------------------------------------------------------


def test_a_store_that_is_busy_for_long_costs_time_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.store.sqlite.BUSY_SECONDS", 0.1)
    url = f"sqlite:///{tmp_path / 'site' / 'syndicate.db'}"
    site = mailing(tmp_path / "site", url)
    site.people([f"p{number:02}@example.org" for number in range(30)])
    site.issue()
    file = tmp_path / "site" / "syndicate.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    one = threading.Lock()  # the server has a thread for each connection
    refused: list[str] = []

    def lock(step: Step) -> Action | None:
        if step.name == "MESSAGE" and one.acquire(blocking=False):
            other.execute("BEGIN IMMEDIATE")
        return None

    def unlock(*message: object) -> None:
        refused.append(str(message))
        if len(refused) == 2:
            other.rollback()

    monkeypatch.setattr("syndicate.delivery.transactions.log.warning", unlock)
    with SmtpServer(lock) as server:
        site.through(server.port, connections=2)
        assert site.send().sent == 30
        assert len(set(arrived(server))) == len(arrived(server)) == 30
    assert len(refused) >= 2, "the store was busy for longer than one look waits"
    other.close()


def test_on_a_full_disk_nothing_goes_out_that_is_not_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.delivery.transactions.RETRY_SECONDS", 0.01)
    url = f"sqlite:///{tmp_path / 'site' / 'syndicate.db'}"
    site = mailing(tmp_path / "site", url)
    site.people([f"p{number:02}@example.org" for number in range(30)])
    site.issue()
    with SmtpServer() as server:
        site.through(server.port, connections=2)
        with site.folder.opened() as opened:
            run_many = opened.database.run_many

            def full(statement: str, values: Sequence[Mapping[str, object]]) -> None:
                if values and len(server.mails) > 5:
                    raise StoreError("the database: database or disk is full")
                run_many(statement, values)

            monkeypatch.setattr(opened.database, "run_many", full)
            with pytest.raises(StoreError, match="disk is full"):
                send(opened, tmp_path, forever, nobody)
        taken = arrived(server)
        assert len(taken) < 10
        site.send()
        assert len(set(arrived(server))) == len(arrived(server)), "nobody twice"
        held = [who for who, state in site.states().items() if state == "held"]
        assert len(held) <= 2
        assert set(held) <= set(taken), "held is what went out and could not be written down"
        assert set(arrived(server)) == set(site.states())


def test_the_date_of_a_message_is_when_it_is_handed_over(site: Mailing) -> None:
    site.people(["ada@example.org", "bob@example.org"])
    issue = site.issue()
    with site.folder.opened() as opened:
        plan_approved(opened, NOON - timedelta(days=20))
    refuse_once = scripted(MESSAGE=[Say("451 4.3.0 not now")])
    with SmtpServer(refuse_once) as server:
        site.through(server.port, connections=1)
        before = datetime.now(UTC).replace(microsecond=0)
        site.send()
        with site.folder.opened() as opened, opened.database.transaction():
            opened.database.run("UPDATE deliveries SET next_try = '2026-11-01T00:00:00Z'")
        server.behaviour = good
        site.send()
        mails = [email.message_from_bytes(mail.body) for mail in server.mails]
    assert len(mails) == 2
    assert all(before <= parsedate_to_datetime(mail["Date"]) for mail in mails)
    with site.folder.opened() as opened, opened.database.transaction():
        salt = Subscribers(opened.database).salt()
    ids = {f"<{message_id(issue.sequence, n, salt, 'example.net')}>" for n in (1, 2)}
    assert {mail["Message-ID"] for mail in mails} == ids, "the same on every try"


def test_an_issue_approved_longer_ago_than_max_age_waits_for_a_confirmation(
    site: Mailing,
) -> None:
    site.people(["ada@example.org"])
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
def test_how_long_an_approval_is_good(hours: int, waits: bool) -> None:
    newsletter = Newsletter(name="weekly", title="W", sender="a@example.org", max_age="24 hours")
    issue = Issue(
        "weekly", "2026-11-01T08:00", "", 1, "approved", "", approved_at=format_timestamp(NOON)
    )
    assert bool(too_old(issue, newsletter, NOON + timedelta(hours=hours))) is waits


def test_what_is_known_when_a_round_breaks_is_written_when_the_store_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.delivery.transactions.RETRY_SECONDS", 0.01)
    site = mailing(tmp_path / "site", "sqlite:///syndicate.db")
    site.people(EVERYBODY)
    site.issue()
    with SmtpServer() as server:
        site.through(server.port, connections=1)
        with site.folder.opened() as opened:
            run_many, refusals = opened.database.run_many, [0]

            def away(statement: str, values: Sequence[Mapping[str, object]]) -> None:
                if values and server.mails and refusals[0] < MAX_TRIES + 2:
                    refusals[0] += 1
                    raise StoreError("the database: server closed the connection")
                run_many(statement, values)

            monkeypatch.setattr(opened.database, "run_many", away)
            with pytest.raises(StoreError, match="closed the connection"):
                send(opened, tmp_path, forever, nobody)
        taken = arrived(server)
        assert taken
        assert [who for who, state in site.states().items() if state == "sent"] == taken
