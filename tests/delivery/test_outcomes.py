"""What an outcome means for a delivery: its next state, its attempts, and its next try."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from syndicate.config.model import Sending, Server
from syndicate.delivery.messages import MessageFactory
from syndicate.delivery.outcomes import (
    after_acceptance,
    after_rejection,
    after_render_failure,
    transition,
)
from syndicate.delivery.queue import Task
from syndicate.delivery.relays import Relay
from syndicate.delivery.states import DeliveryState
from syndicate.delivery.workers import Accepted, Rejected, RenderFailed
from syndicate.errors import DeliveryError, MessageError, RejectedStage
from syndicate.mail.outbox import Outbox
from syndicate.store.claims import ClaimedDelivery, Transition
from syndicate.store.issue_sends import IssueSend, Pause, PauseKind

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SETTINGS = Sending(retry_for="1 hour")


def task(attempts: int = 0) -> Task:
    return Task(
        IssueSend(7, "weekly", "2026-11-23T08:00", "2026-11-23T08:00:00Z"),
        ClaimedDelivery(
            7, 3, "retry" if attempts else "pending", attempts, "ada@example.org", "Ada"
        ),
        cast("MessageFactory", None),
    )


@pytest.fixture
def relay(tmp_path: Path) -> Relay:
    server = Server(name="main", host="mail.example.net")
    return Relay(server, Outbox(tmp_path))


def refused(stage: RejectedStage = RejectedStage.RECIPIENT, **more: bool) -> DeliveryError:
    return DeliveryError("not now", stage=stage, **more)  # type: ignore[arg-type]


def test_an_accepted_delivery_is_sent_and_keeps_server_and_reply(relay: Relay) -> None:
    assert after_acceptance(Accepted(task(2), relay, "250 queued")) == Transition(
        7, 3, "sending", "sent", attempts=2, server="main", reply="250 queued"
    )


def test_a_delivery_whose_message_cannot_be_written_has_failed_with_an_event() -> None:
    assert after_render_failure(RenderFailed(task(), MessageError("bad name"))) == Transition(
        7, 3, "pending", "failed", reply="bad name", event="failed"
    )


def test_a_temporary_refusal_is_an_attempt_and_is_retried_after_a_delay(relay: Relay) -> None:
    found = after_rejection(Rejected(task(1), relay, refused(), was_permitted=True), SETTINGS, NOON)
    assert found.pause is None
    assert found.transition == Transition(
        7, 3, "sending", "retry", attempts=2, next_try="2026-11-23T12:10:00Z", server="main",
        reply="not now", event="retry",
    )  # fmt: skip


def test_a_message_refused_before_it_was_permitted_was_not_being_sent(relay: Relay) -> None:
    found = after_rejection(Rejected(task(), relay, refused(), was_permitted=False), SETTINGS, NOON)
    assert (found.transition.before, found.transition.state) == ("pending", "retry")


def test_a_delivery_fails_when_its_time_for_retries_is_over(relay: Relay) -> None:
    """After three attempts, waits of 5, 10 and 20 minutes are over; after four, 75 minutes."""
    for attempts, state in ((3, "retry"), (4, "failed")):
        event = Rejected(task(attempts), relay, refused(), was_permitted=True)
        assert after_rejection(event, SETTINGS, NOON).transition.state == state
    exactly = Sending(retry_for="35 minutes")
    event = Rejected(task(3), relay, refused(), was_permitted=True)
    assert after_rejection(event, exactly, NOON).transition.state == "failed"


def test_a_permanent_refusal_of_the_recipient_fails_without_a_next_try(relay: Relay) -> None:
    event = Rejected(task(), relay, refused(permanent=True), was_permitted=False)
    found = after_rejection(event, SETTINGS, NOON)
    assert found.pause is None
    assert found.transition == Transition(
        7, 3, "pending", "failed", attempts=1, server="main", reply="not now", event="failed"
    )


def test_a_refusal_of_the_sender_pauses_the_issue_without_an_attempt_or_an_event(
    relay: Relay,
) -> None:
    for permitted, before in ((True, "sending"), (False, "retry")):
        error = refused(RejectedStage.SENDER, permanent=True)
        found = after_rejection(Rejected(task(2), relay, error, permitted), SETTINGS, NOON)
        assert found.pause == Pause(PauseKind.SERVER, "main: not now")
        assert found.transition == Transition(
            7, 3, before, "pending", attempts=2, server="main", reply="not now"
        )


def test_an_unknown_outcome_is_held_unless_it_is_the_first_and_resending_is_set(
    relay: Relay,
) -> None:
    first, fifth = (
        Rejected(task(attempts), relay, refused(outcome_unknown=True), was_permitted=True)
        for attempts in (0, 4)
    )
    resend = Sending(on_held="resend")
    held = [
        after_rejection(fifth, SETTINGS, NOON).transition,
        after_rejection(fifth, resend, NOON).transition,
    ]
    for each in held:
        assert (each.state, each.event, each.next_try, each.attempts) == ("held", "held", "", 5)
    resent = after_rejection(first, resend, NOON).transition
    assert (resent.state, resent.next_try, resent.attempts) == ("retry", "2026-11-23T12:05:00Z", 1)
    known = Rejected(task(), relay, refused(permanent=True), was_permitted=True)
    assert after_rejection(known, resend, NOON).transition.state == "failed"


def test_a_change_that_the_table_of_states_does_not_allow_is_an_error() -> None:
    with pytest.raises(AssertionError, match="pending does not follow sent"):
        transition(task(), DeliveryState.SENT, DeliveryState.PENDING)
