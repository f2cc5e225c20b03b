"""What the events of workers mean for the store."""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue
from typing import cast

import pytest

from site_folder import NOON
from syndicate.config.model import Sending, Server
from syndicate.delivery.batch import Batch, batch_of
from syndicate.delivery.messages import MessageFactory
from syndicate.delivery.queue import Task
from syndicate.delivery.relays import Relay
from syndicate.delivery.workers import (
    Accepted,
    Crashed,
    OutcomeUnknown,
    ReadyToSend,
    Rejected,
    WorkerEvent,
)
from syndicate.errors import DeliveryError, RejectedStage
from syndicate.mail.outbox import Outbox
from syndicate.store.claims import ClaimedDelivery
from syndicate.store.issue_sends import IssueSend, Pause, PauseKind

SENDING = IssueSend(7, "weekly", "2026-11-23T08:00", "2026-11-23T08:00:00Z")


@pytest.fixture
def relay(tmp_path: Path) -> Relay:
    server = Server(name="main", host="")
    return Relay(server, Outbox(tmp_path))


def task(subscriber: int) -> Task:
    claimed = ClaimedDelivery(7, subscriber, "pending", 0, "ada@example.org", "")
    return Task(SENDING, claimed, cast("MessageFactory", None))


def batch(*events: WorkerEvent) -> Batch:
    return batch_of(events, Sending(), NOON)


def test_nothing_happened() -> None:
    assert batch().is_empty
    assert batch(Crashed(ValueError())).is_empty


def test_each_event_has_its_consequence(relay: Relay) -> None:
    recorded: SimpleQueue[None] = SimpleQueue()
    gone = DeliveryError("no such user", stage=RejectedStage.RECIPIENT, permanent=True)
    ready = ReadyToSend(task(1), relay, SimpleQueue())
    doubtful = OutcomeUnknown(task(2), relay, "two replies")
    found = batch(
        ready,
        doubtful,
        Accepted(task(3), relay, "250 OK"),
        Rejected(task(4), relay, gone, was_permitted=False, recorded=recorded),
    )
    assert (found.ready, found.doubtful) == ([ready], [doubtful])
    assert [(each.subscriber, each.state) for each in found.transitions] == [
        (3, "sent"),
        (4, "failed"),
    ]
    assert found.states_by_issue() == {7: ["sent", "failed"]}
    assert found.refusals == [(task(4).claimed, gone)]
    assert found.to_notify == [recorded]
    assert found.pauses == {}


def test_an_issue_pauses_for_the_first_rejection_that_is_a_reason_to(relay: Relay) -> None:
    first, second = (
        DeliveryError(text, stage=RejectedStage.SENDER, permanent=True)
        for text in ("not from here", "not from here either")
    )
    found = batch(
        Rejected(task(1), relay, first, was_permitted=False),
        Rejected(task(2), relay, second, was_permitted=False),
    )
    assert found.pauses == {7: Pause(PauseKind.SERVER, "main: not from here")}
    assert found.refusals == [], "the recipients were not refused"
