"""The recorder: what one transaction writes, permits and claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import pytest
from mailing_site import MailingSite, now
from sent_messages import ADA, BOB

from syndicate.config.model import Sending, Server
from syndicate.delivery.batch import Batch, batch_of
from syndicate.delivery.messages import message_factory
from syndicate.delivery.planning import plan_approved, plan_step
from syndicate.delivery.planning_pace import PlanningPace
from syndicate.delivery.progress import IssueProgress
from syndicate.delivery.queue import Task
from syndicate.delivery.quota_exchange import QuotaExchange
from syndicate.delivery.recorder import BatchResult, DeliveryRecorder
from syndicate.delivery.relays import Relay
from syndicate.delivery.worker_session import WorkerSession, worker_session
from syndicate.delivery.workers import Accepted, ReadyToSend, Rejected, WorkerEvent
from syndicate.errors import DeliveryError, RejectedStage, StoreError
from syndicate.mail.outbox import Outbox
from syndicate.site import Site
from syndicate.store.claims import ClaimedDelivery
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSends
from syndicate.store.issues import Issues
from syndicate.store.subscribers import Subscribers


@dataclass
class Run:
    """A run of the sender without workers: a recorder, and an issue to Ada and Bob."""

    site: Site
    session: WorkerSession
    relay: Relay
    refusals: list[str] = field(default_factory=list)
    counters: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        (sending,) = IssueSends(self.site.database).open()
        self.progress = IssueProgress(sending, message_factory(self.site, sending), 2, 0)
        self.issue = sending.issue
        self.quotas = QuotaExchange(self.site.database, self.session.worker.id, [self.relay])
        self.recorder = DeliveryRecorder(
            self.site.database,
            Sending(),
            self.session.owner,
            self.quotas,
            lambda claimed, error: self.refusals.append(claimed.address),
            self.counters.append,
        )

    def write(self, *events: WorkerEvent, claim: bool = False) -> BatchResult:
        """Write events, and claim the next deliveries."""
        batch = batch_of(events, Sending(), now())
        claimable = [self.issue] if claim else []
        return self.recorder.write(batch, {self.issue: self.progress}, claimable, [], 0)

    def claim(self) -> list[Task]:
        """Claim the deliveries of the issue."""
        (claim,) = self.write(claim=True).claims
        for chunk in claim.claimed:
            self.progress.count_claimed(chunk)
        deliveries = [each for chunk in claim.claimed for each in chunk.deliveries]
        return [self.task(each) for each in deliveries]

    def task(self, claimed: ClaimedDelivery) -> Task:
        return Task(self.progress.sending, claimed, self.progress.messages)

    def ready(self, task: Task) -> ReadyToSend:
        return ReadyToSend(task, self.relay, SimpleQueue())

    def counts(self) -> dict[str, int]:
        return Deliveries(self.site.database).counts(self.issue)


@pytest.fixture
def run(sqlite_site: MailingSite, tmp_path: Path) -> Iterator[Run]:
    sqlite_site.subscribe([ADA, BOB])
    sqlite_site.issue()
    server = Server(name="main", host="")
    relay = Relay(server, Outbox(tmp_path))
    with sqlite_site.folder.opened() as site:
        plan_approved(site, now())
        plan_step(site, now(), PlanningPace())
        with worker_session(site.database, site.config) as session:
            yield Run(site, session, relay)


def test_messages_are_permitted_in_the_transaction_that_marks_them_as_sending(run: Run) -> None:
    ada, bob = run.claim()
    result = run.write(run.ready(ada))
    assert result.permissions.permitted == {(run.issue, ada.claimed.subscriber)}
    assert run.counts() == {"pending": 1, "sending": 1}
    assert result.permissions.sent_counter > 0
    del bob


def test_a_subscriber_who_unsubscribed_is_suppressed_and_not_permitted(run: Run) -> None:
    ada, bob = run.claim()
    with run.site.database.transaction():
        Subscribers(run.site.database).unsubscribe(
            ada.claimed.subscriber, ["weekly"], "by email", "2026-11-22T12:00:00Z"
        )
    permissions = run.write(run.ready(ada), run.ready(bob)).permissions
    assert permissions.permitted == {(run.issue, bob.claimed.subscriber)}
    assert permissions.suppressed == {run.issue: 1}
    assert run.counts() == {"suppressed": 1, "sending": 1}


def test_the_sent_record_is_written_only_if_a_message_may_go(run: Run) -> None:
    ada, _ = run.claim()
    empty = run.write()
    run.recorder.record_outside(Batch(""), empty.permissions)
    assert run.counters == []
    batch = batch_of([run.ready(ada)], Sending(), now())
    result = run.recorder.write(batch, {run.issue: run.progress}, [], [], 0)
    run.recorder.record_outside(batch, result.permissions)
    assert run.counters == [result.permissions.sent_counter]


def test_no_message_goes_if_the_sent_record_cannot_be_written(run: Run) -> None:
    def fail(counter: int) -> None:
        raise OSError("disk full")

    ada, _ = run.claim()
    run.recorder._write_sent_record = fail
    batch = batch_of([run.ready(ada)], Sending(), now())
    result = run.recorder.write(batch, {run.issue: run.progress}, [], [], 0)
    with pytest.raises(StoreError, match="disk full"):
        run.recorder.record_outside(batch, result.permissions)
    assert run.counts() == {"pending": 2}


def test_outcomes_are_stored_and_permanent_refusals_passed_on(run: Run) -> None:
    ada, bob = run.claim()
    run.write(run.ready(ada))
    unknown = DeliveryError("550 5.1.1 unknown", stage=RejectedStage.RECIPIENT, permanent=True)
    run.write(
        Accepted(ada, run.relay, "250 OK"),
        Rejected(bob, run.relay, unknown, was_permitted=False),
    )
    assert run.counts() == {"sent": 1, "failed": 1}
    assert run.refusals == [BOB]


def test_an_issue_ends_when_its_last_chunk_was_released(run: Run) -> None:
    ada, bob = run.claim()
    run.write(run.ready(ada), run.ready(bob))
    run.write(Accepted(ada, run.relay, "250 OK"), Accepted(bob, run.relay, "250 OK"))
    chunks = [
        chunk for task in (ada, bob) for chunk in run.progress.finish(task.claimed.subscriber)
    ]
    batch = batch_of([], Sending(), now())
    result = run.recorder.write(batch, {run.issue: run.progress}, [run.issue], chunks, 0)
    (claim,) = result.claims
    assert claim.exhausted
    assert not claim.paused
    assert IssueSends(run.site.database).open() == []
    assert [issue.state for issue in Issues(run.site.database).all("weekly", 1)] == ["sent"]


def test_an_issue_of_which_most_was_refused_pauses_instead_of_ending(run: Run) -> None:
    ada, bob = run.claim()
    unknown = DeliveryError("550 5.1.1 unknown", stage=RejectedStage.RECIPIENT, permanent=True)
    run.write(*(Rejected(each, run.relay, unknown, was_permitted=False) for each in (ada, bob)))
    chunks = [
        chunk for task in (ada, bob) for chunk in run.progress.finish(task.claimed.subscriber)
    ]
    batch = batch_of([], Sending(), now())
    result = run.recorder.write(batch, {run.issue: run.progress}, [run.issue], chunks, 0)
    (claim,) = result.claims
    assert claim.paused
    (sending,) = IssueSends(run.site.database).open()
    assert sending.pause_reason == "2 of 2 messages were refused"


def test_released_chunks_can_be_claimed_again(run: Run) -> None:
    assert len(run.claim()) == 2
    assert run.claim() == []
    run.recorder.close(Batch(""))
    assert len(run.claim()) == 2
