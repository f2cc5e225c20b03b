"""What follows a refusal: fail, retry, pause, suppress."""

from __future__ import annotations

import pytest
from mailing_site import NAME, MailingSite, now
from sent_messages import (
    ADA,
    BOB,
    CYD,
    FOUR_PEOPLE,
    THREE_PEOPLE,
    accepted_recipients,
    make_retries_due,
    refuse_recipient,
    stop_after,
    suppressed_addresses,
)

from smtp_server import Action, Reply, SmtpServer, Step, scripted
from syndicate.delivery import pauses
from syndicate.delivery.operations import pausing, resending
from syndicate.store.delivery_events import DeliveryEvents
from syndicate.store.subscribers import Subscribers


def test_a_permanently_refused_address_fails_and_is_not_mailed_again(site: MailingSite) -> None:
    people = {each.address: each for each in site.subscribe(THREE_PEOPLE)}
    site.issue()
    with SmtpServer(refuse_recipient(BOB, "550 5.1.1 nobody here")) as server:
        site.send_by_smtp(server.port)
        report = site.send()
        assert accepted_recipients(server) == [ADA, CYD]
    assert (report.sent, report.failed) == (2, 1)
    assert site.states() == {ADA: "sent", BOB: "failed", CYD: "sent"}
    with site.folder.opened() as opened:
        assert Subscribers(opened.database).suppression(people[BOB].hash)
        assert not Subscribers(opened.database).suppression(people[ADA].hash)
        events = DeliveryEvents(opened.database).of(site.issue_send.issue, people[BOB].id)
    assert any("5.1.1 nobody here" in each.detail for each in events)


@pytest.mark.postgresql
def test_a_temporarily_refused_delivery_is_retried_later(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    with SmtpServer(refuse_recipient(BOB, "451 4.7.1 greylisted")) as server:
        site.send_by_smtp(server.port)
        report = site.send()
        assert report.next_try
        assert 200 < (report.next_try - now()).total_seconds() < 400
        assert site.states()[BOB] == "retry"
        assert site.send().sent == 0, "it is not due"
        make_retries_due(site)
        server.behaviour = scripted()
        assert site.send().sent == 1
        assert accepted_recipients(server) == [*THREE_PEOPLE]
    assert site.delivery_report().sending.ended_at


@pytest.mark.parametrize(
    ("steps", "word"),
    [
        ({"MAIL": Reply("550 5.7.1 not from here")}, "not from here"),
        ({"GREETING": Reply("554 5.7.1 go away")}, "go away"),
    ],
)
def test_a_refusal_of_the_sender_pauses_the_issue_and_fails_no_delivery(
    site: MailingSite, steps: dict[str, Action], word: str
) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    with SmtpServer(scripted(**steps)) as server:
        site.send_by_smtp(server.port)
        report = site.send(stopping=stop_after(60))
        assert not server.accepted
    assert set(site.states().values()) == {"pending"}
    said = [each.pause_reason for each in report.paused] + [
        each.text for each in report.relay_errors
    ]
    assert any(word in each for each in said)


def test_an_issue_pauses_when_every_relay_refuses_at_the_greeting(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    with SmtpServer(scripted(GREETING=Reply("554 5.7.1 go away"))) as server:
        site.send_by_smtp(server.port)
        (paused,) = site.send(stopping=stop_after(60)).paused
        assert "go away" in paused.pause_reason
        assert site.issue_send.pause_reason == paused.pause_reason
        assert set(site.states().values()) == {"pending"}
        server.behaviour = scripted()
        assert site.send().sent == 0, "it stays paused until an operator resumes it"


@pytest.mark.postgresql
def test_too_many_refusals_pause_the_issue(site: MailingSite) -> None:
    site.subscribe([f"p{number:03}@example.org" for number in range(100)])
    site.issue()
    with SmtpServer(scripted(RCPT=Reply("550 5.7.1 blocked"))) as server:
        site.send_by_smtp(server.port)
        report = site.send()
    assert [each.name for each in report.paused] == [NAME]
    delivery_report = site.delivery_report()
    assert 10 <= delivery_report.failed < 30
    assert delivery_report.pending == 100 - delivery_report.failed
    assert delivery_report.suppressed == 0, "it is us who are blocked"


def refused_by_a_misconfigured_server(site: MailingSite, server: SmtpServer) -> None:
    site.subscribe(FOUR_PEOPLE)
    site.issue()
    site.send_by_smtp(server.port)
    report = site.send()
    assert [each.pause_reason for each in report.paused] == ["4 of 4 messages were refused"]
    assert suppressed_addresses(site) == set()
    assert not site.delivery_report().sending.ended_at


@pytest.mark.parametrize(("people", "refused"), [(1, 1), (3, 2), (4, 4), (9, 9)])
def test_a_small_list_that_is_mostly_refused_pauses_and_suppresses_no_address(
    site: MailingSite, people: int, refused: int
) -> None:
    addresses = [f"p{number}@example.org" for number in range(people)]
    everyone = site.subscribe(addresses)
    site.issue()
    unknown = set(addresses[:refused])

    def behaviour(step: Step) -> Action | None:
        is_unknown = step.name == "RCPT" and any(each in step.argument for each in unknown)
        return Reply("550 5.1.1 no such user") if is_unknown else None

    with SmtpServer(behaviour) as server:
        site.send_by_smtp(server.port)
        report = site.send()
    (paused,) = report.paused
    assert paused.pause_reason == f"{refused} of {people} messages were refused"
    assert "syndicate issues retry-failed weekly/" in pauses.resume_hint(paused)
    assert "which suppresses the addresses" in pauses.resume_hint(paused)
    with site.folder.opened() as opened:
        known = Subscribers(opened.database)
        assert not any(known.suppression(each.hash) for each in everyone)


def test_a_small_list_refused_as_a_whole_pauses_and_suppresses_no_address(
    site: MailingSite,
) -> None:
    with SmtpServer(scripted(RCPT=Reply("550 5.1.1 no such user"))) as server:
        refused_by_a_misconfigured_server(site, server)
        site.send()  # as after a restart
        assert suppressed_addresses(site) == set()
        server.behaviour = scripted()
        site.query(lambda opened: resending.retry_failed(opened, site.issue_send, now()))
        assert site.send().sent == 4
    assert site.delivery_report().sending.ended_at
    assert suppressed_addresses(site) == set()


def test_resuming_confirms_the_refusals(site: MailingSite) -> None:
    with SmtpServer(scripted(RCPT=Reply("550 5.1.1 no such user"))) as server:
        refused_by_a_misconfigured_server(site, server)
        assert site.query(lambda opened: pausing.resume(opened, site.delivery_report().sending))
        report = site.send()
    assert not report.paused
    assert site.delivery_report().sending.ended_at
    assert suppressed_addresses(site) == set(FOUR_PEOPLE)


def test_failed_deliveries_are_retried_on_command(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    with SmtpServer(refuse_recipient(BOB, "550 5.7.1 policy")) as server:
        site.send_by_smtp(server.port)
        site.send()
        server.behaviour = scripted()
        with site.folder.opened() as opened:
            assert resending.retry_failed(opened, site.issue_send, now()) == 1
        site.send()
        assert accepted_recipients(server) == [*THREE_PEOPLE]


def test_subscribers_who_missed_an_issue_get_it_and_none_gets_it_twice(site: MailingSite) -> None:
    site.subscribe([ADA, BOB])
    issue = site.issue()
    with SmtpServer(refuse_recipient(BOB, "550 5.7.1 policy")) as server:
        site.send_by_smtp(server.port)
        site.send()
        server.behaviour = scripted()
        site.subscribe([CYD])
        with site.folder.opened() as opened:
            assert resending.resend_missed(opened, issue, site.issue_send, now()) == 2
            assert resending.resend_missed(opened, issue, site.issue_send, now()) == 0
        site.send()
        assert accepted_recipients(server) == [*THREE_PEOPLE]
    assert site.delivery_report().planned == 3
