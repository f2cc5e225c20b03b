"""The dispatcher: the thread of a run that connects the store with the workers.

It collects the events of workers, has the recorder write all of them in ONE transaction, and
answers workers and updates its counts only after the commit. A failed transaction is retried
unchanged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from queue import Empty

from syndicate.config.model import Sending as Settings
from syndicate.delivery import pauses
from syndicate.delivery.batch import Batch, batch_of
from syndicate.delivery.messages import MessageFactory
from syndicate.delivery.progress import IssueProgress, ProgressCallback
from syndicate.delivery.queue import Task
from syndicate.delivery.quota_exchange import QuotaExchange
from syndicate.delivery.recorder import Claim, DeliveryRecorder, Permissions
from syndicate.delivery.relays import Relay, RelayError
from syndicate.delivery.states import DeliveryState as S
from syndicate.delivery.transactions import with_retries
from syndicate.delivery.workers import (
    MAX_PERMISSION_AGE,
    Accepted,
    Crashed,
    OutcomeUnknown,
    Permission,
    ReadyToSend,
    Rejected,
    WorkerEvent,
    WorkerPool,
)
from syndicate.errors import StoreError, SyndicateError
from syndicate.store.chunks import Chunk
from syndicate.store.claims import ClaimedDelivery, Transition
from syndicate.store.issue_sends import IssueSend
from syndicate.timestamps import format_timestamp

POLL_SECONDS = 0.2
"""Seconds between checks for paused, new and stopped issues, and how long to wait for events.

While an issue is planned, such a check plans a step of it, and the next one follows at once.
"""

RECOUNT_SECONDS = 1.0
"""Seconds between two counts of issues that other workers send too."""

EMPTY_POLL_SECONDS = 1.0
"""Seconds between checks for deliveries to claim when there were none."""


class Dispatcher:
    """Moves deliveries from the store to the workers, and outcomes back, in one run."""

    def __init__(
        self,
        recorder: DeliveryRecorder,
        settings: Settings,
        pool: WorkerPool,
        quotas: QuotaExchange,
        *,
        open_issues: Callable[[], Mapping[int, IssueSend]],
        messages_of: Callable[[IssueSend], MessageFactory],
    ) -> None:
        """`open_issues` gives the issues to send now, `messages_of` the factory of messages."""
        self._recorder = recorder
        self._settings = settings
        self._pool = pool
        self._quotas = quotas
        self._relays = pool.relays
        self._queue = pool.queue
        self._events = pool.events
        self._open_issues = open_issues
        self._messages_of = messages_of
        self._refresh_at = 0.0
        self._recount_at = 0.0
        self._claim_at = 0.0
        self._crash: BaseException | None = None
        self._active: set[int] = set()
        self._finished: list[Chunk] = []
        self.in_progress: dict[int, IssueProgress] = {}

    def run(self, stopping: Callable[[], bool], on_progress: ProgressCallback) -> None:
        """Claim and record deliveries until nothing is due, or until `stopping`.

        `on_progress` is called after each batch. After an error no more messages go out; deliveries
        with unknown outcome are held by the next sender.
        """
        events: list[WorkerEvent] = []
        try:
            while True:
                stop = stopping() or self._crash is not None
                with_retries(partial(self._refresh_issues, stop=stop))
                self._process(events, stop=stop)
                on_progress(list(self.in_progress.values()), relay_errors(self._relays))
                if self._crash and not self._pool.is_running and self._events.empty():
                    raise self._crash
                if self._is_done():
                    return
                events = self._drain_events()
        except BaseException:
            self._wind_up(events)
            raise

    def close(self) -> None:
        """Record what workers reported as they ended, and give up what was claimed.

        Call it after all workers have ended.
        """
        doubtful: list[OutcomeUnknown] = []
        while not self._events.empty():
            if isinstance(event := self._events.get(), OutcomeUnknown):
                doubtful.append(event)
        self._recorder.close(Batch(_now(), doubtful=doubtful))
        self._count_doubtful(doubtful)

    def _wind_up(self, events: Sequence[WorkerEvent]) -> None:
        """After an error: let messages that are being sent finish, and record their outcomes.

        If the store does not permit that, the next sender holds them.
        """
        self._queue.close()
        received = list(events)
        while self._pool.is_running or not self._events.empty():
            received += self._drain_events()
        self._note(received)
        batch = replace(batch_of(received, self._settings, datetime.now(UTC)), ready=())
        with suppress(StoreError):  # the error that ended the run may persist
            self._recorder.write_last(batch)

    # -- which issues ------------------------------------------------------------------------

    def _refresh_issues(self, *, stop: bool) -> None:
        """Start issues that are to be sent now, and drop those that are not."""
        if time.monotonic() < self._refresh_at:
            return
        to_send = {} if stop else self._open_issues()
        self._active = set(to_send)
        for issue in self._active - self.in_progress.keys():
            self._start_issue(to_send[issue])
        are_shared = time.monotonic() >= self._recount_at and self._recorder.others_send()
        if are_shared:
            self._recount_at = time.monotonic() + RECOUNT_SECONDS
        for issue in self._active:
            planned = to_send[issue].planned
            if planned != self.in_progress[issue].planned or are_shared:
                self.in_progress[issue].recount(planned, self._recorder.counts(issue))
        dropped = self.in_progress.keys() - to_send.keys()
        for task in self._queue.remove(dropped):
            self._finish(task.claimed)
        for issue in dropped:
            if not self.in_progress[issue].in_flight:
                del self.in_progress[issue]
        are_planned = all(sending.is_planned for sending in to_send.values())
        self._refresh_at = time.monotonic() + POLL_SECONDS if are_planned else 0.0

    def _start_issue(self, sending: IssueSend) -> None:
        """Start an issue; it pauses if no message of it can be written."""
        try:
            messages = self._messages_of(sending)
        except StoreError:
            raise
        except SyndicateError as error:
            self._recorder.pause(sending.issue, pauses.no_messages(error))
            self._active.discard(sending.issue)
            return
        counts = self._recorder.counts(sending.issue)
        progress = IssueProgress(sending, messages, failed_before=counts.get(S.FAILED, 0))
        progress.recount(sending.planned, counts)
        self.in_progress[sending.issue] = progress

    def _finish(self, delivery: ClaimedDelivery | Transition) -> None:
        """A claimed delivery is no longer in flight."""
        self._finished += self.in_progress[delivery.issue].finish(delivery.subscriber)

    def _is_done(self) -> bool:
        if self._finished or any(progress.in_flight for progress in self.in_progress.values()):
            return False
        return all(self.in_progress[issue].exhausted for issue in self._active)

    # -- one batch ---------------------------------------------------------------------------

    def _drain_events(self) -> list[WorkerEvent]:
        """The events of workers, after waiting a little for the first."""
        events: list[WorkerEvent] = []
        with suppress(Empty):
            wait = min(self._quotas.seconds_until_due(len(self._queue)), POLL_SECONDS)
            events.append(self._events.get(timeout=wait))
            while True:
                events.append(self._events.get_nowait())
        return events

    def _process(self, events: Sequence[WorkerEvent], *, stop: bool) -> None:
        """Record events, claim what is next, and answer workers."""
        self._note(events)
        batch = self._with_pauses(batch_of(events, self._settings, datetime.now(UTC)))
        claimable = [] if stop or self._has_enough(batch) else sorted(self._active)
        finished = tuple(self._finished)
        queued = len(self._queue)
        is_due = self._quotas.seconds_until_due(queued) <= 0
        if batch.is_empty and not claimable and not finished and not is_due:
            return
        started = time.monotonic()
        result = self._recorder.write(batch, self.in_progress, claimable, finished, queued)
        self._quotas.apply(result.exchanges)
        del self._finished[: len(finished)]
        self._recorder.record_outside(batch, result.permissions)
        self._acknowledge(batch)
        if time.monotonic() - started > MAX_PERMISSION_AGE and not self._recorder.still_permitted():
            raise SyndicateError("the session of this worker ended while its messages waited")
        self._answer(batch.ready, result.permissions)
        for claim in result.claims:
            self._enqueue(claim)
        if result.exchanges:
            self._queue.wake()
        if batch.pauses or any(claim.paused for claim in result.claims):
            self._refresh_at = 0.0  # drop paused issues now
        if claimable and not (batch.transitions or any(claim.claimed for claim in result.claims)):
            self._claim_at = time.monotonic() + EMPTY_POLL_SECONDS

    def _has_enough(self, batch: Batch) -> bool:
        """Whether nothing is to be claimed: enough is queued, or just now there was nothing."""
        was_empty = time.monotonic() < self._claim_at and not batch.transitions
        enough = 2 * sum(relay.quota.slots.allowed for relay in self._relays)
        return was_empty or len(self._queue) >= enough

    def _note(self, events: Sequence[WorkerEvent]) -> None:
        """Count messages for the limits of relays. The run ends when a worker has crashed."""
        for event in events:
            if isinstance(event, Accepted | Rejected):
                event.relay.quota.finish()
            elif isinstance(event, Crashed):
                self._crash = event.error
                self._queue.close()

    def _with_pauses(self, batch: Batch) -> Batch:
        """A batch that also pauses issues of which too much was refused, or all without a relay."""
        limit = self._settings.max_failure_percent
        refused = {
            issue: pause
            for issue, states in batch.states_by_issue().items()
            if (pause := pauses.after_failures(self.in_progress[issue], states, limit))
        }
        no_relay = pauses.no_relay(self._relays)
        everything = dict.fromkeys(self.in_progress, no_relay) if no_relay else {}
        return replace(batch, pauses={**everything, **refused, **batch.pauses})

    # -- after the commit --------------------------------------------------------------------

    def _acknowledge(self, batch: Batch) -> None:
        """Count recorded outcomes, and let workers whose refusal is recorded continue."""
        for each in batch.transitions:
            self.in_progress[each.issue].count_outcome(each.state)
            self._finish(each)
        self._count_doubtful(batch.doubtful)
        for recorded in batch.to_notify:
            recorded.put(None)

    def _count_doubtful(self, doubtful: Iterable[OutcomeUnknown]) -> None:
        """Count messages as held that had been counted as sent."""
        for each in doubtful:
            if progress := self.in_progress.get(each.task.claimed.issue):
                progress.sent -= 1
                progress.held += 1

    def _answer(self, ready: Sequence[ReadyToSend], permissions: Permissions) -> None:
        """Answer waiting workers whether their message may go."""
        self._queue.mark_active(each.relay for each in ready)
        unused = set(permissions.permitted)
        for each in ready:
            claimed = each.task.claimed
            permitted = (claimed.issue, claimed.subscriber) in unused
            unused.discard((claimed.issue, claimed.subscriber))  # a delivery is made once
            if not permitted:
                self._finish(claimed)
                each.relay.quota.finish()  # it was announced
            each.permission.put(Permission(permitted, time.monotonic()))
        for issue, number in permissions.suppressed.items():
            self.in_progress[issue].finished += number

    def _enqueue(self, claim: Claim) -> None:
        """Queue the deliveries that were claimed of an issue."""
        progress = self.in_progress[claim.issue]
        progress.exhausted = claim.exhausted
        progress.finished += claim.suppressed
        for claimed in claim.claimed:
            progress.count_claimed(claimed)
            messages, deliveries = progress.messages, claimed.deliveries
            self._queue.add(Task(progress.sending, each, messages) for each in deliveries)


def relay_errors(relays: Iterable[Relay]) -> list[RelayError]:
    """The present errors of relays."""
    now = time.monotonic()
    return [error for relay in relays if (error := relay.error_at(now))]


def _now() -> str:
    return format_timestamp(datetime.now(UTC))
