"""What a careful look at sending found: each a sentence that is to hold."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

import pytest
from mailing_site import NAME, WEEKLY, MailingSite, change_deliveries, now
from sent_messages import stop_after

from smtp_server import Action, Behaviour, Reply, SmtpServer, Stall, Step, scripted
from syndicate.delivery.operations import cancellation, resending
from syndicate.delivery.planning import plan_approved, plan_step
from syndicate.delivery.planning_pace import PlanningPace
from syndicate.delivery.progress import IssueProgress, ProgressCallback
from syndicate.delivery.relays import RelayError
from syndicate.errors import StoreError, SyndicateError
from syndicate.issues.issue_names import issue_named
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSends
from syndicate.store.issues import Issues, IssueState
from syndicate.store.subscribers import Subscribers

PEOPLE = [f"p{number:03}@example.org" for number in range(60)]


def test_a_silent_server_does_not_keep_another_from_sending(site: MailingSite) -> None:
    site.subscribe(PEOPLE)
    site.issue()
    with SmtpServer() as good, SmtpServer(scripted(GREETING=Stall())) as mute:
        common = {"host": "127.0.0.1", "security": "none", "timeout": 90, "connections": 1}
        servers = {
            "good": {**common, "port": good.port},
            "mute": {**common, "port": mute.port},
        }
        site.configure(transport="smtp", servers=servers)
        late = stop_after(60)

        def stopping() -> bool:
            if late() or len(good.accepted) >= len(PEOPLE) - 1:
                mute.stopping.set()  # so that nothing waits for its greeting any more
                return True
            return False

        site.send(stopping=stopping)
        assert len(good.accepted) >= len(PEOPLE) - 1


def _cancelled(site: MailingSite) -> None:
    with site.folder.opened() as opened:
        issue = Issues(opened.database).all("weekly", 1)[0]
        _, became = cancellation.stop(opened, issue, now(), "a slip")
    assert became is IssueState.CANCELLED


def test_a_cancelled_issue_is_never_sent(site: MailingSite) -> None:
    site.subscribe(PEOPLE[:3])
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        with site.folder.opened() as opened:
            plan_approved(opened, now())
            plan_step(opened, now(), PlanningPace())
        _cancelled(site)
        with site.folder.opened() as opened:
            (issue,) = Issues(opened.database).all("weekly", 1)
            found = IssueSends(opened.database).get(issue.sequence)
            assert found
            with suppress(SyndicateError):
                resending.resend_missed(opened, issue, found, now())
        site.send(stopping=stop_after(60))
        assert not server.accepted


def test_the_last_retries_of_a_large_issue_do_not_pause_it(site: MailingSite) -> None:
    people = [f"p{number:03}@example.org" for number in range(300)]
    site.subscribe(people)
    site.issue()

    def behaviour(step: Step) -> Action | None:
        bad = step.name == "RCPT" and ("<p00" in step.argument or "<p010" in step.argument)
        return Reply("451 4.2.2 full") if bad else None

    with SmtpServer(behaviour) as server:
        site.send_by_smtp(server.port)
        assert site.send().sent >= 289
        with site.folder.opened() as opened, opened.database.transaction():
            change_deliveries(opened.database, "next_try = '2026-01-01', attempts = 50")
        report = site.send()
    assert not report.paused, report.paused


def waiting_at(name: str, begun: threading.Event, broken: threading.Event) -> Behaviour:
    """A server that waits at a step until the run is broken."""

    def behaviour(step: Step) -> Action | None:
        if step.name == name:
            begun.set()
            broken.wait(60)
        return None

    return behaviour


def breaking(begun: threading.Event, broken: threading.Event) -> ProgressCallback:
    """Break the run while the server waits."""

    def progress(_: Sequence[IssueProgress], __: Sequence[RelayError]) -> None:
        if begun.is_set():
            broken.set()
            raise BrokenPipeError("nobody reads")

    return progress


def test_threads_end_when_a_run_breaks(site: MailingSite) -> None:
    site.subscribe(PEOPLE[:8])
    site.issue()
    before = set(threading.enumerate())

    begun, broken = threading.Event(), threading.Event()

    with SmtpServer(waiting_at("DATA", begun, broken)) as server:
        site.send_by_smtp(server.port)
        with pytest.raises(BrokenPipeError):
            site.send(progress=breaking(begun, broken))
        workers = [t for t in set(threading.enumerate()) - before if t.name.startswith("main-")]
        for worker in workers:
            worker.join(30)
        assert not [worker.name for worker in workers if worker.is_alive()]


@pytest.mark.postgresql
def test_deliveries_in_progress_when_a_run_breaks_are_recorded(site: MailingSite) -> None:
    site.subscribe(PEOPLE[:8])
    site.issue()

    begun, broken = threading.Event(), threading.Event()

    with SmtpServer(waiting_at("MESSAGE", begun, broken)) as server:
        site.send_by_smtp(server.port)
        with pytest.raises(BrokenPipeError):
            site.send(progress=breaking(begun, broken))
        site.send()
    assert set(site.states().values()) == {"sent"}, site.states()


def test_a_delivery_to_an_erased_subscriber_does_not_count_as_refused(site: MailingSite) -> None:
    people = site.subscribe(PEOPLE[:3])
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        with site.folder.opened() as opened:
            plan_approved(opened, now())
            plan_step(opened, now(), PlanningPace())
            with opened.database.transaction():
                Subscribers(opened.database).erase(people[2])
        report = site.send(stopping=stop_after(60))
    assert (report.sent, report.failed) == (2, 0)
    with site.folder.opened() as opened:
        delivery = Deliveries(opened.database).find(site.issue_send.issue, people[2].id)
    assert delivery
    assert delivery.state == "suppressed"


def test_an_issue_of_a_removed_newsletter_can_be_cancelled(site: MailingSite) -> None:
    site.subscribe(PEOPLE[:3])
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port, per_hour=1)
        site.send(stopping=lambda: len(server.accepted) == 1)
        settings = dict(site.folder.settings)
        settings["newsletters"] = {"other": {**WEEKLY, "title": "Other"}}
        site.folder.settings = settings
        site.folder.configure()
        assert site.send(stopping=stop_after(60)).paused
    with site.folder.opened() as opened:
        assert issue_named(opened, NAME).newsletter == "weekly"


@pytest.mark.postgresql
def test_a_database_that_is_busy_when_an_issue_is_planned_does_not_end_the_run(
    site: MailingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in hand then is written down all the same: a few tries later all is well."""
    calls: list[object] = []
    refused = threading.Event()

    def refuses_once(*given: object) -> list[str]:
        calls.append(given)
        if len(calls) == 2:
            refused.set()
            raise StoreError("the database is locked")
        return []

    monkeypatch.setattr("syndicate.delivery.sender.PLAN_SECONDS", 0.0)
    site.subscribe(PEOPLE[:20])
    site.issue()

    def busy(step: Step) -> Action | None:
        if step.name == "MESSAGE":
            refused.wait(60)
        return None

    with SmtpServer(busy) as server:
        site.send_by_smtp(server.port)
        with site.folder.opened() as opened:
            plan_approved(opened, now())
            plan_step(opened, now(), PlanningPace())
        monkeypatch.setattr("syndicate.delivery.sender.plan_approved", refuses_once)
        assert site.send().sent == 20
    assert refused.is_set()
    assert set(site.states().values()) == {"sent"}, site.states()


def test_an_issue_without_any_subscribers_is_sent(site: MailingSite) -> None:
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        site.send(stopping=stop_after(60))
    with site.folder.opened() as opened:
        assert Issues(opened.database).all("weekly", 1)[0].state == "sent"
