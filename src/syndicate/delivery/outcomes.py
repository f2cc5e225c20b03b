"""The consequence of an outcome for a delivery: next state and time of the retry. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syndicate.config.model import Sending as Settings
from syndicate.delivery.pauses import sender_refused
from syndicate.delivery.queue import Task
from syndicate.delivery.states import BACKOFF, FOLLOWS, NextState, next_state
from syndicate.delivery.states import DeliveryState as S
from syndicate.delivery.workers import Accepted, Rejected, RenderFailed
from syndicate.schedule.words import duration
from syndicate.store.claims import Transition
from syndicate.store.issue_sends import Pause
from syndicate.timestamps import format_timestamp


@dataclass(frozen=True, slots=True)
class Rejection:
    """What follows a rejected message; `pause` if its whole issue pauses."""

    transition: Transition
    pause: Pause | None


def transition(task: Task, before: S, after: S) -> Transition:
    """A change of a delivery's state that the table of states allows."""
    assert after in FOLLOWS[before], f"{after} does not follow {before}"
    claimed = task.claimed
    return Transition(claimed.issue, claimed.subscriber, before, after, claimed.attempts)


def after_acceptance(event: Accepted) -> Transition:
    """The server accepted the message: the delivery is sent."""
    sent = transition(event.task, S.SENDING, S.SENT)
    return sent._replace(server=event.relay.name, reply=event.reply)


def after_render_failure(event: RenderFailed) -> Transition:
    """There can be no message for this recipient: the delivery has failed."""
    failed = transition(event.task, S(event.task.claimed.state), S.FAILED)
    return failed._replace(reply=event.error.message, event=S.FAILED)


def after_rejection(event: Rejected, settings: Settings, now: datetime) -> Rejection:
    """The message was rejected, or its outcome is unknown: retry, hold, fail or pause."""
    attempts = event.task.claimed.attempts
    following = next_state(event.error, attempts, duration(settings.retry_for))
    if following.state is S.HELD and settings.on_held == "resend" and not attempts:
        following = NextState(S.RETRY, wait=BACKOFF.initial)  # once: it may have arrived
    before = S.SENDING if event.was_permitted else S(event.task.claimed.state)
    return Rejection(
        transition(event.task, before, following.state)._replace(
            attempts=attempts + following.is_attempt,
            next_try=format_timestamp(now + following.wait) if following.wait else "",
            server=event.relay.name,
            reply=event.error.message,
            event="" if following.state is S.PENDING else following.state,
        ),
        pause=sender_refused(event.relay, following.pause) if following.pause else None,
    )
