"""The changes in the store that follow from events of workers, written in one transaction. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from queue import SimpleQueue

from syndicate.config.model import Sending as Settings
from syndicate.delivery.outcomes import after_acceptance, after_rejection, after_render_failure
from syndicate.delivery.states import DeliveryState as S
from syndicate.delivery.workers import (
    Accepted,
    OutcomeUnknown,
    ReadyToSend,
    Rejected,
    RenderFailed,
    WorkerEvent,
)
from syndicate.errors import DeliveryError
from syndicate.store.claims import ClaimedDelivery, Transition
from syndicate.store.issue_sends import Pause
from syndicate.timestamps import format_timestamp


@dataclass(frozen=True, slots=True)
class Batch:
    """The consequences of events, to be written in one transaction.

    `refusals` are those of failed deliveries, `pauses` is by issue. The workers of `to_notify`
    wait until their refusal is recorded.
    """

    now: str
    transitions: Sequence[Transition] = ()
    ready: Sequence[ReadyToSend] = ()
    doubtful: Sequence[OutcomeUnknown] = ()
    refusals: Sequence[tuple[ClaimedDelivery, DeliveryError]] = ()
    to_notify: Sequence[SimpleQueue[None]] = ()
    pauses: Mapping[int, Pause] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.transitions or self.ready or self.doubtful or self.pauses)

    def states_by_issue(self) -> dict[int, list[str]]:
        """The new states of deliveries, by issue."""
        states: dict[int, list[str]] = defaultdict(list)
        for each in self.transitions:
            states[each.issue].append(each.state)
        return states


def batch_of(events: Sequence[WorkerEvent], settings: Settings, now: datetime) -> Batch:
    """The consequences of events; an issue pauses for its first rejection that is a reason to."""
    rejected = [event for event in events if isinstance(event, Rejected)]
    rejections = [(event, after_rejection(event, settings, now)) for event in rejected]
    return Batch(
        now=format_timestamp(now),
        transitions=[
            *(after_acceptance(event) for event in events if isinstance(event, Accepted)),
            *(after_render_failure(event) for event in events if isinstance(event, RenderFailed)),
            *(rejection.transition for _, rejection in rejections),
        ],
        ready=[event for event in events if isinstance(event, ReadyToSend)],
        doubtful=[event for event in events if isinstance(event, OutcomeUnknown)],
        refusals=[
            (event.task.claimed, event.error)
            for event, rejection in rejections
            if rejection.transition.state == S.FAILED
        ],
        to_notify=[event.recorded for event in rejected if event.recorded],
        pauses={
            event.task.claimed.issue: rejection.pause
            for event, rejection in reversed(rejections)
            if rejection.pause
        },
    )
