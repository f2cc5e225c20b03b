"""Subscribers unsubscribe and operators pause, stop or cancel while an issue is sent."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from mailing_site import NAME, MailingSite, now
from sent_messages import ADA, BOB, CYD, THREE_PEOPLE, accepted_recipients, make_retries_due

from smtp_server import Action, Reply, SmtpServer, Step, scripted
from syndicate.delivery.operations import cancellation, pausing, resending
from syndicate.delivery.progress import IssueProgress
from syndicate.delivery.relays import RelayError
from syndicate.errors import SyndicateError
from syndicate.store.issue_sends import IssueSends
from syndicate.store.issues import Issues
from syndicate.store.subscribers import Subscribers

pytestmark = pytest.mark.postgresql


def test_a_person_who_unsubscribes_while_an_issue_is_sent_gets_nothing_more(
    site: MailingSite,
) -> None:
    people = {each.address: each for each in site.subscribe(THREE_PEOPLE)}
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
        site.send_by_smtp(server.port, connections=1)
        site.send()
        assert CYD not in accepted_recipients(server)
    assert site.states() == {ADA: "sent", BOB: "sent", CYD: "suppressed"}
    site.delivery_report()


def test_a_paused_issue_stops_and_continues_where_it_was(site: MailingSite) -> None:
    site.subscribe([f"p{number:02}@example.org" for number in range(40)])
    site.issue()

    def pause(step: Step) -> Action | None:
        if step.name == "MESSAGE" and len(server.accepted) == 5:
            with site.folder.opened() as opened:
                assert pausing.pause(opened, site.issue_send)
        return None

    with SmtpServer(pause) as server:
        site.send_by_smtp(server.port, connections=1)
        report = site.send()
        stopped_at = len(server.accepted)
        assert stopped_at < 10
        assert [each.name for each in report.paused] == [NAME]
        delivery_report = site.delivery_report()
        assert (delivery_report.sent, delivery_report.pending) == (stopped_at, 40 - stopped_at)
        with site.folder.opened() as opened:
            assert pausing.resume(opened, site.issue_send)
            assert not pausing.resume(opened, site.issue_send)
        site.send()
        assert len(set(accepted_recipients(server))) == len(accepted_recipients(server)) == 40


def test_a_stopped_issue_is_sent_to_no_further_subscriber_and_its_deliveries_state_why(
    site: MailingSite,
) -> None:
    site.subscribe([f"p{number:02}@example.org" for number in range(20)])
    issue = site.issue()

    def stop(step: Step) -> Action | None:
        if step.name == "MESSAGE" and len(server.accepted) == 3:
            with site.folder.opened() as opened:
                cancellation.stop(opened, issue, now(), "a slip")
        return None

    with SmtpServer(stop) as server:
        site.send_by_smtp(server.port, connections=1)
        site.send()
        taken = len(server.accepted)
    delivery_report = site.delivery_report()
    assert (delivery_report.sent, delivery_report.suppressed, delivery_report.pending) == (
        taken,
        20 - taken,
        0,
    )
    assert taken < 8
    assert delivery_report.sending.ended_at


def test_an_issue_that_is_stopped_before_the_first_delivery_is_cancelled(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    issue = site.issue()
    with SmtpServer(scripted(GREETING=Reply("421 later"))) as server:
        site.send_by_smtp(server.port)
        site.send(stopping=lambda: server.connections > 0)
    with site.folder.opened() as opened:
        many, became = cancellation.stop(opened, issue, now(), "a slip")
        kept = Issues(opened.database).get("weekly", issue.slot)
        assert not Issues(opened.database).taken("weekly")
    assert (many, became) == (3, "cancelled")
    assert kept
    assert (kept.state, kept.reason) == ("cancelled", "a slip")


def test_no_delivery_of_a_stopped_issue_is_retried(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    issue = site.issue()

    def stop(step: Step) -> Action | None:
        if (step.name, step.times) != ("MESSAGE", 1):
            return None
        with site.folder.opened() as opened:
            cancellation.stop(opened, issue, now(), "a slip")
        return Reply("451 4.3.0 not now")

    with SmtpServer(stop) as server:
        site.send_by_smtp(server.port, connections=1)
        site.send()
        server.behaviour = scripted()
        make_retries_due(site)
        site.send()
        assert len(server.accepted) == 1
    delivery_report = site.delivery_report()
    assert (delivery_report.sent, delivery_report.suppressed, delivery_report.pending) == (1, 2, 0)
    assert delivery_report.sending.ended_at


def test_a_cancelled_issue_cannot_be_sent_again(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    issue = site.issue()
    with SmtpServer(scripted(GREETING=Reply("421 later"))) as server:
        site.send_by_smtp(server.port)
        site.send(stopping=lambda: server.connections > 0)
    sending = site.issue_send
    with site.folder.opened() as opened:
        cancellation.stop(opened, issue, now(), "a slip")
        with pytest.raises(SyndicateError, match="is cancelled, so it is not sent"):
            resending.resend_missed(opened, issue, sending, now())
        assert not IssueSends(opened.database).open()


def test_the_delivery_of_an_erased_person_is_suppressed_and_not_failed(site: MailingSite) -> None:
    people = site.subscribe([ADA, BOB])
    site.issue()

    def forget(_: Sequence[IssueProgress], __: Sequence[RelayError]) -> None:
        with site.folder.opened() as opened, opened.database.transaction():
            Subscribers(opened.database).erase(people[1])

    with SmtpServer(scripted(GREETING=Reply("421 later"))) as server:
        site.send_by_smtp(server.port)
        site.send(stopping=lambda: server.connections > 0, progress=forget)
        server.behaviour = scripted()
        report = site.send()
        assert accepted_recipients(server) == [ADA]
    assert (report.sent, report.failed) == (1, 0)
    assert site.states() == {ADA: "sent", "": "suppressed"}
