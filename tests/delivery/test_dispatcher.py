"""The dispatcher: it moves deliveries from the store to workers and their outcomes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from mailing_site import MailingSite, ignore_progress, never_stop, now
from sent_messages import ADA, THREE_PEOPLE, accepted_recipients

from smtp_server import Behaviour, Reply, SmtpServer, accept_everything, scripted
from syndicate.config.model import Sending, Server
from syndicate.delivery.dispatcher import Dispatcher
from syndicate.delivery.messages import MessageFactory, message_factory
from syndicate.delivery.planning import plan_approved, plan_step
from syndicate.delivery.planning_pace import PlanningPace
from syndicate.delivery.progress import IssueProgress
from syndicate.delivery.quota_exchange import QuotaExchange
from syndicate.delivery.recorder import DeliveryRecorder
from syndicate.delivery.relays import Relay, RelayError
from syndicate.delivery.worker_session import worker_session
from syndicate.delivery.workers import worker_pool
from syndicate.errors import SyndicateError
from syndicate.mail.smtp.client import SmtpTransport
from syndicate.site import Site
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends


@pytest.fixture
def site(sqlite_site: MailingSite) -> Iterator[Site]:
    """A site with a planned issue to three people, and the lock of senders."""
    sqlite_site.subscribe(THREE_PEOPLE)
    sqlite_site.issue()
    with sqlite_site.folder.opened() as opened:
        plan_approved(opened, now())
        plan_step(opened, now(), PlanningPace())
        yield opened


@contextmanager
def dispatching(
    site: Site,
    behaviour: Behaviour = accept_everything,
    messages_of: Callable[[IssueSend], MessageFactory] | None = None,
) -> Iterator[tuple[Dispatcher, SmtpServer]]:
    """A dispatcher with a worker of one connection to a fake SMTP server."""
    sends = IssueSends(site.database)
    with SmtpServer(behaviour) as smtp:
        server = Server(
            name="main",
            host="127.0.0.1",
            port=smtp.port,
            security="none",
            timeout=5,
            connections=1,
        )
        relay = Relay(server, SmtpTransport(server, "example.org"))
        with worker_session(site.database, site.config) as session:
            with worker_pool([relay]) as pool:
                quotas = QuotaExchange(site.database, session.worker.id, [relay])
                recorder = DeliveryRecorder(
                    site.database,
                    Sending(),
                    session.owner,
                    quotas,
                    lambda *_: None,
                    lambda _: None,
                )
                dispatcher = Dispatcher(
                    recorder,
                    Sending(),
                    pool,
                    quotas,
                    open_issues=lambda: {
                        each.issue: each for each in sends.open() if not each.is_paused
                    },
                    messages_of=messages_of or (lambda sending: message_factory(site, sending)),
                )
                yield dispatcher, smtp
            dispatcher.close()


def counts(site: Site) -> dict[str, int]:
    """The deliveries of the only issue, by state."""
    (sending,) = IssueSends(site.database).all()
    return Deliveries(site.database).counts(sending.issue)


def test_a_run_sends_every_delivery_and_ends(site: Site) -> None:
    with dispatching(site) as (dispatcher, smtp):
        dispatcher.run(never_stop, ignore_progress)
    assert accepted_recipients(smtp) == sorted(THREE_PEOPLE)
    assert counts(site) == {"sent": 3}
    assert IssueSends(site.database).open() == []


def test_progress_is_reported_after_each_batch(site: Site) -> None:
    done: list[int] = []

    def on_progress(progress: Sequence[IssueProgress], _: Sequence[RelayError]) -> None:
        done.extend(each.done for each in progress)

    with dispatching(site) as (dispatcher, _):
        dispatcher.run(never_stop, on_progress)
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 3)


def test_a_stopped_run_claims_nothing_and_leaves_all_deliveries(site: Site) -> None:
    with dispatching(site) as (dispatcher, smtp):
        dispatcher.run(lambda: True, ignore_progress)
    assert not smtp.accepted
    assert counts(site) == {"pending": 3}


def test_an_issue_whose_messages_cannot_be_written_pauses(site: Site) -> None:
    def fail(_: IssueSend) -> MessageFactory:
        raise SyndicateError("config.yaml has no newsletter weekly any more", hint="put it back")

    with dispatching(site, messages_of=fail) as (dispatcher, _):
        dispatcher.run(never_stop, ignore_progress)
    (sending,) = IssueSends(site.database).open()
    reason = "config.yaml has no newsletter weekly any more; put it back"
    assert (sending.pause_kind, sending.pause_reason) == ("message", reason)
    assert counts(site) == {"pending": 3}


def test_a_refused_sender_pauses_the_issue_and_fails_no_delivery(site: Site) -> None:
    refused = scripted(MAIL=Reply("550 5.7.1 your sender is not allowed"))
    with dispatching(site, refused) as (dispatcher, _):
        dispatcher.run(never_stop, ignore_progress)
    (sending,) = IssueSends(site.database).open()
    assert sending.pause_kind == "server"
    assert counts(site) == {"pending": 3}


def test_a_temporary_refusal_is_retried_later_and_the_run_ends(site: Site) -> None:
    busy = scripted(RCPT=[Reply("451 4.3.0 try again later")])
    with dispatching(site, busy) as (dispatcher, smtp):
        dispatcher.run(never_stop, ignore_progress)
    assert counts(site) == {"sent": 2, "retry": 1}
    assert len(smtp.accepted) == 2


def test_an_error_of_the_program_ends_the_run_after_outcomes_are_recorded(site: Site) -> None:
    def fail(progress: Sequence[IssueProgress], _: Sequence[RelayError]) -> None:
        if any(each.sent for each in progress):
            raise ValueError("for a test")

    with dispatching(site) as (dispatcher, smtp), pytest.raises(ValueError, match="for a test"):
        dispatcher.run(never_stop, fail)
    recorded = counts(site)
    assert recorded["sent"] == len(smtp.accepted) >= 1
    assert "sending" not in recorded, ADA
