"""The dispatcher: claims and records deliveries, as the only thread of a run with the store.

All events of workers since the last commit are written in ONE transaction: accepted and rejected
messages, which messages may go now, what is claimed next. Workers are answered, and counts updated,
only after the commit: a transaction that failed is retried unchanged.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue

from syndicate.bounces.failure_budget import REFUSED, is_mostly_refused, is_over_budget
from syndicate.bounces.handle import settle_refusals
from syndicate.config.model import Sending as Settings
from syndicate.delivery.messages import MessageFactory
from syndicate.delivery.queue import DeliveryQueue, Task
from syndicate.delivery.relays import Relay, RelayError
from syndicate.delivery.states import BACKOFF, FOLLOWS, OPEN, NextState, next_state
from syndicate.delivery.states import DeliveryState as S
from syndicate.delivery.workers import (
    Accepted,
    Crashed,
    OutcomeUnknown,
    ReadyToSend,
    Rejected,
    RenderFailed,
    WorkerEvent,
    WorkerEvents,
)
from syndicate.errors import DeliveryError, StoreError, SyndicateError
from syndicate.schedule.words import duration
from syndicate.store.database import Database
from syndicate.store.deliveries import ClaimedDelivery, Deliveries, IssueSend, Transition
from syndicate.store.incarnation import count_up
from syndicate.store.issues import Issues, IssueState
from syndicate.store.sent_counts import SentCounts
from syndicate.timestamps import format_timestamp

log = logging.getLogger(__name__)

CLAIM_SIZE = 500
"""Deliveries claimed at one time."""

POLL_SECONDS = 0.2
"""Seconds from one look at the store to the next when nothing happens."""

IDLE_POLL_SECONDS = 10.0
"""The same for an issue of which nothing was left to do."""

EMPTY_POLL_SECONDS = 1.0
"""The same from one look for deliveries to claim to the next, when there were none."""

MAX_TRIES = 5
"""How often a transaction is tried that the database refuses, each after its own patience."""


@dataclass(slots=True)
class IssueProgress:
    """An issue in a round. `open` counts its deliveries that are claimed, and not over.

    `is_through` says that nothing of it was left to do by now, when it was `looked` at last.
    `sent`, `failed` and `held` count what this round did, `over` what had its end before,
    `sent_before` what of that was sent, and `planned` all.
    """

    sending: IssueSend
    mail: MessageFactory
    planned: int
    finished: int
    cursor: int = 0
    exhausted: bool = False
    checked_at: float = 0.0
    in_flight: int = 0
    sent: int = 0
    failed: int = 0
    held: int = 0
    sent_before: int = 0

    @property
    def done(self) -> int:
        """How many deliveries have their end."""
        return self.finished + self.sent + self.failed + self.held


@dataclass(slots=True)
class _Batch:
    """What is written down in one transaction, and what came of it."""

    now: str
    moves: list[tuple[IssueProgress, Transition]] = field(default_factory=list)
    begins: list[ReadyToSend] = field(default_factory=list)
    doubts: list[OutcomeUnknown] = field(default_factory=list)
    refused: list[tuple[ClaimedDelivery, DeliveryError]] = field(default_factory=list)
    counted: list[SimpleQueue[None]] = field(default_factory=list)
    pauses: dict[int, str] = field(default_factory=dict)
    may: set[tuple[int, int]] = field(default_factory=set)
    counter: int = 0
    left: dict[int, int] = field(default_factory=dict)
    claimed: list[tuple[IssueProgress, ClaimedDelivery]] = field(default_factory=list)
    through: list[IssueProgress] = field(default_factory=list)


ProgressCallback = Callable[[Sequence[IssueProgress], Sequence[RelayError]], None]
"""Who hears how far issues are, and what is wrong with servers."""


class Dispatcher:
    """Keeps the ledger during one round of sending."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        relays: Sequence[Relay],
        queue: DeliveryQueue,
        events: WorkerEvents,
        *,
        open_issues: Callable[[], Mapping[int, tuple[IssueSend, Callable[[], MessageFactory]]]],
        refused: Callable[[ClaimedDelivery, DeliveryError], None],
        record: Callable[[int], None],
    ) -> None:
        """`open_issues` gives the issues being sent, with the factory of their messages.

        `refused` is called, in the transaction, for each permanent refusal. `record` writes the
        count of sent messages outside the store; it raises OSError when it cannot.
        """
        self._database = database
        self._deliveries = Deliveries(database)
        self._counts = SentCounts(database)
        self._settings = settings
        self._retry_for: timedelta = duration(settings.retry_for)
        self._relays = relays
        self._queue = queue
        self._events = events
        self._open_issues = open_issues
        self._refused = refused
        self._record = record
        self._owner = secrets.token_hex(8)
        self._enough = 2 * sum(relay.server.connections for relay in relays)
        self._looked = -POLL_SECONDS
        self._dry = -EMPTY_POLL_SECONDS
        self._broken: BaseException | None = None
        self._going_on: dict[int, tuple[IssueSend, Callable[[], MessageFactory]]] = {}
        self.in_progress: dict[int, IssueProgress] = {}

    def run(
        self,
        stopping: Callable[[], bool],
        on_progress: ProgressCallback,
        working: Callable[[], bool],
    ) -> None:
        """Claim and record deliveries until nothing is due, or until `stopping`.

        `on_progress` is called after each batch; `working` returns whether any worker still runs.
        Whatever is raised here, no more messages go out, and the next sender holds deliveries whose
        outcome is unknown then.
        """
        events: list[WorkerEvent] = []
        try:
            while True:
                stops = stopping() or self._broken is not None
                self._with_retries(partial(self._refresh_issues, stops=stops))
                self._process_batch(events, stops=stops)
                on_progress(list(self.in_progress.values()), relay_errors(self._relays))
                if self._broken and not working() and self._events.empty():
                    raise self._broken
                if self._is_over():
                    return
                events = self._drain_events()
        except BaseException:
            self._wind_up(events, working)
            raise

    def close(self) -> None:
        """Record what workers reported as they ended; all have ended."""
        batch = _Batch(format_timestamp(datetime.now(UTC)))
        while not self._events.empty():
            if isinstance(event := self._events.get(), OutcomeUnknown):
                self._record_event(event, batch)
        if batch.doubts:
            self._commit(lambda: self._doubt(batch))
            self._acknowledge(batch)

    def _wind_up(self, events: Sequence[WorkerEvent], working: Callable[[], bool]) -> None:
        """After an error: no more messages go out; those being sent are finished.

        They are recorded if the store permits; if not, the next sender holds them.
        """
        self._queue.close()
        received = list(events)
        while working() or not self._events.empty():
            received += self._drain_events()
        batch = _Batch(format_timestamp(datetime.now(UTC)))
        for event in received:
            if isinstance(event, Accepted | OutcomeUnknown | Rejected | RenderFailed):
                self._record_event(event, batch)
        moves = [move for _, move in batch.moves]

        def written() -> None:
            with self._database.transaction():
                self._deliveries.apply_transitions(moves, self._owner, batch.now)
                self._doubt(batch)

        with suppress(StoreError):  # the error that ended the run may persist
            self._with_retries(written)

    # -- what is known -------------------------------------------------------------------------

    def _drain_events(self) -> list[WorkerEvent]:
        """The events of workers, after waiting a little for the first."""
        events: list[WorkerEvent] = []
        with suppress(Empty):
            events.append(self._events.get(timeout=POLL_SECONDS))
            while True:
                events.append(self._events.get_nowait())
        return events

    def _refresh_issues(self, *, stops: bool) -> None:
        """Start issues that are being sent now, and drop those that are not."""
        if time.monotonic() < self._looked + POLL_SECONDS:
            return
        goes_on = self._going_on = {} if stops else dict(self._open_issues())
        for issue in goes_on.keys() - self.in_progress.keys():
            self._start_issue(*goes_on[issue])
        gone = self.in_progress.keys() - goes_on.keys()
        self._requeue(self._queue.remove(gone))
        for issue in gone:
            if not self.in_progress[issue].in_flight:
                del self.in_progress[issue]
        self._looked = time.monotonic()

    def _start_issue(self, sending: IssueSend, mail: Callable[[], MessageFactory]) -> None:
        """Begin with an issue; one of which no message can be written pauses."""
        counts = self._deliveries.counts(sending.issue)
        planned = sum(counts.values())
        over = planned - sum(counts.get(state, 0) for state in OPEN)
        try:
            progress = IssueProgress(
                sending, mail(), planned, over, sent_before=counts.get(S.SENT, 0)
            )
            self.in_progress[sending.issue] = progress
        except StoreError:
            raise
        except SyndicateError as error:
            reason = f"{error.message}; {error.hint}" if error.hint else error.message
            self._commit(lambda: self._paused(sending.issue, reason))
            del self._going_on[sending.issue]

    def _paused(self, issue: int, reason: str) -> None:
        self._deliveries.pause(issue, reason)

    def _requeue(self, tasks: Sequence[Task]) -> None:
        """Deliveries in line are pending again."""
        if not tasks:
            return
        now = format_timestamp(datetime.now(UTC))
        moves = [_move(task, S.CLAIMED, S.PENDING) for task in tasks]
        self._commit(lambda: self._deliveries.apply_transitions(moves, self._owner, now))
        for task in tasks:
            self.in_progress[task.claimed.issue].in_flight -= 1

    def _is_over(self) -> bool:
        if any(progress.in_flight for progress in self.in_progress.values()):
            return False
        return all(self.in_progress[issue].exhausted for issue in self._going_on)

    # -- one page ------------------------------------------------------------------------------

    def _process_batch(self, events: Sequence[WorkerEvent], *, stops: bool) -> None:
        """Record events, decide what is next, and answer workers."""
        batch = _Batch(format_timestamp(datetime.now(UTC)))
        for event in events:
            self._record_event(event, batch)
        self._check_failure_budget(batch)
        self._pause_without_relays(batch)
        dry = time.monotonic() < self._dry and not batch.moves
        wanted = 0 if stops or dry or len(self._queue) >= self._enough else CLAIM_SIZE
        if (
            batch.moves
            or batch.begins
            or batch.doubts
            or batch.pauses
            or (wanted and self._going_on)
        ):
            self._commit(lambda: self._write(batch, wanted))
            self._put_on_record(batch)
            self._acknowledge(batch)
            if wanted and not (batch.claimed or batch.moves):
                self._dry = time.monotonic() + EMPTY_POLL_SECONDS

    def _record_event(self, event: WorkerEvent, batch: _Batch) -> None:
        """Add the consequence of an event to the batch."""
        if isinstance(event, ReadyToSend):
            batch.begins.append(event)
        elif isinstance(event, Crashed):  # messages that others are sending are recorded first
            self._broken = event.error
            self._queue.close()
        elif isinstance(event, Accepted):
            self._queue.record_sent(event.relay)
            move = _move(event.task, S.SENDING, S.SENT)
            batch.moves.append(
                (
                    self._progress(event.task),
                    move._replace(server=event.relay.name, reply=event.reply),
                )
            )
        elif isinstance(event, OutcomeUnknown):
            batch.doubts.append(event)
        elif isinstance(event, RenderFailed):
            move = _move(event.task, S.CLAIMED, S.FAILED)._replace(reply=event.error.message)
            batch.moves.append((self._progress(event.task), move._replace(event=S.FAILED)))
        elif isinstance(event, Rejected):
            self._read_refusal(event, batch)

    def _read_refusal(self, event: Rejected, batch: _Batch) -> None:
        self._queue.record_sent(event.relay)
        batch.counted += [event.counted] if event.counted else []
        task, error = event.task, event.error
        became = next_state(error, task.claimed.attempts, self._retry_for)
        if became.state is S.HELD and self._settings.on_held == "resend":
            became = NextState(S.RETRY, wait=BACKOFF.initial)
        if became.pause:
            batch.pauses.setdefault(task.claimed.issue, f"{event.relay.name}: {became.pause}")
        if became.state is S.FAILED:
            batch.refused.append((task.claimed, error))
        move = _move(task, S.SENDING if event.begun else S.CLAIMED, became.state)
        batch.moves.append(
            (
                self._progress(task),
                move._replace(
                    attempts=task.claimed.attempts + became.is_attempt,
                    next_try=format_timestamp(datetime.now(UTC) + became.wait)
                    if became.wait
                    else "",
                    server=event.relay.name,
                    reply=error.message,
                    event="" if became.state is S.PENDING else became.state,
                ),
            )
        )

    def _check_failure_budget(self, batch: _Batch) -> None:
        """Have issues pause of which too much was refused."""
        for progress in {id(progress): progress for progress, _ in batch.moves}.values():
            here = [move.state for other, move in batch.moves if other is progress]
            sent = progress.sent_before + progress.sent + here.count(S.SENT)
            failed = progress.failed + here.count(S.FAILED)
            if S.FAILED in here and is_over_budget(
                sent, failed, self._settings.max_failure_percent
            ):
                reason = f"{failed} of {sent + failed} {REFUSED}"
                batch.pauses.setdefault(progress.sending.issue, reason)

    def _pause_without_relays(self, batch: _Batch) -> None:
        """Have everything pause when there is no server left to give messages to."""
        out = [relay for relay in self._relays if relay.disabled_by]
        if len(out) < len(self._relays):
            return
        reason = "; ".join(f"{o.name}: {o.disabled_by.message}" for o in out if o.disabled_by)
        for issue in self.in_progress:
            batch.pauses.setdefault(issue, reason)

    def _write(self, batch: _Batch, wanted: int) -> None:
        """All of it, in a transaction that may be tried again."""
        batch.may, batch.left, batch.claimed, batch.through = set(), {}, [], []
        self._deliveries.apply_transitions(
            [move for _, move in batch.moves], self._owner, batch.now
        )
        self._doubt(batch)
        for claimed, error in batch.refused:
            self._refused(claimed, error)
        for issue, reason in batch.pauses.items():
            self._deliveries.pause(issue, reason)
        self._begin(batch)
        for progress in self.in_progress.values():
            if wanted and progress.sending.issue in self._going_on.keys() - batch.pauses.keys():
                self._claim(progress, wanted, batch)

    def _doubt(self, batch: _Batch) -> None:
        for each in batch.doubts:
            claimed = each.task.claimed
            self._deliveries.doubt(claimed.issue, claimed.subscriber, each.reason, batch.now)

    def _put_on_record(self, batch: _Batch) -> None:
        """After the commit and before any message goes: an older store is known by this."""
        if not batch.may:
            return
        try:
            self._record(batch.counter)
        except OSError as error:
            self._commit(lambda: self._take_back(batch))  # none of them went out
            raise StoreError(
                f"the record of what was sent cannot be written: {error}",
                hint="check the permissions of the site's folder and the space on its disk",
            ) from error

    def _take_back(self, batch: _Batch) -> None:
        tasks = [each.task for each in batch.begins]
        moves = [_move(each, S.SENDING, S.PENDING) for each in tasks]
        self._deliveries.apply_transitions(moves, self._owner, batch.now)

    def _begin(self, batch: _Batch) -> None:
        groups: dict[tuple[int, str], list[int]] = {}
        for each in batch.begins:
            claimed = each.task.claimed
            groups.setdefault((claimed.issue, each.relay.name), []).append(claimed.subscriber)
        second = int(time.time())
        for (issue, relay), subscribers in groups.items():
            sending = self.in_progress[issue].sending
            may = self._deliveries.mark_sending(sending, subscribers, self._owner, relay, batch.now)
            not_so = [each for each in subscribers if each not in may]
            left = self._deliveries.suppress_unsubscribed(sending, not_so, self._owner, batch.now)
            batch.left[issue] = batch.left.get(issue, 0) + left
            if may:
                self._counts.add(relay, second, len(may))
            batch.may.update((issue, subscriber) for subscriber in may)
        if batch.may:
            batch.counter = count_up(self._database)

    def _claim(self, progress: IssueProgress, wanted: int, batch: _Batch) -> None:
        """Claim what comes next of an issue; when nothing is left of it, see whether it ended."""
        sending = progress.sending
        latest = format_timestamp(datetime.now(UTC) + BACKOFF.longest)
        due = self._deliveries.claim_retries(sending, batch.now, latest, wanted, self._owner)
        self._enqueue(progress, due, batch)
        rest = wanted - len(due)
        if progress.exhausted and time.monotonic() < progress.checked_at + IDLE_POLL_SECONDS:
            return
        new = self._deliveries.claim(sending, progress.cursor, rest, self._owner) if rest else []
        self._enqueue(progress, new, batch)
        if due or new or progress.in_flight or any(other is progress for other, _ in batch.moves):
            return
        self._finish(sending.issue, batch)
        if progress.cursor == 0 or not self._deliveries.counts(sending.issue).get(S.PENDING):
            batch.through.append(progress)
        else:
            progress.cursor = 0  # something behind is to be done again

    def _finish(self, issue: int, batch: _Batch) -> None:
        """End an issue of which nothing is left; one of which too much was refused pauses."""
        sending, counts = self._deliveries.sending(issue), self._deliveries.counts(issue)
        if sending is None or any(counts.get(state) for state in OPEN):
            return
        sent, failed = counts.get(S.SENT, 0), counts.get(S.FAILED, 0)
        most = self._settings.max_failure_percent
        doubtful = is_over_budget(sent, failed, most) or is_mostly_refused(sent, failed, most)
        if doubtful and not sending.confirmed:
            batch.pauses[issue] = f"{failed} of {sent + failed} {REFUSED}"
            self._deliveries.pause(issue, batch.pauses[issue])
        elif self._deliveries.end(issue, batch.now):
            Issues(self._database).move(sending.newsletter, sending.slot, IssueState.SENT)
            settle_refusals(self._database, issue, batch.now)

    def _enqueue(
        self, progress: IssueProgress, claimed: Sequence[ClaimedDelivery], batch: _Batch
    ) -> None:
        """Have claimed deliveries made; those of people who were erased have nobody to go to."""
        batch.claimed += [(progress, each) for each in claimed if each.address]
        erased = [each.subscriber for each in claimed if not each.address]
        self._deliveries.suppress_unsubscribed(progress.sending, erased, self._owner, batch.now)

    def _commit(self, write: Callable[[], None]) -> None:
        """Run a transaction, as long as nobody else is the sender of this store."""

        def written() -> None:
            with self._database.transaction():
                if not self._database.holds_sending():
                    raise SyndicateError(
                        "the connection to the database broke, and another program may send now",
                        hint="what is left goes out with the next round",
                    )
                write()

        self._with_retries(written)

    def _with_retries(self, act: Callable[[], None]) -> None:
        """Do something, again and again when the database refuses for now."""
        for number in range(1, MAX_TRIES + 1):
            try:
                act()
            except StoreError:
                if number == MAX_TRIES:
                    raise
                log.warning("the database refuses; it is asked once more")
                time.sleep(number * POLL_SECONDS)
            else:
                return

    def _acknowledge(self, batch: _Batch) -> None:
        """It is written: answer connections, and believe it."""
        for progress, move in batch.moves:
            progress.in_flight -= 1
            progress.sent += move.state == S.SENT
            progress.failed += move.state == S.FAILED
            progress.held += move.state == S.HELD
        self._count_doubts(batch)
        self._queue.goes_on(each.relay for each in batch.begins)
        for each in batch.begins:
            claimed = each.task.claimed
            key = claimed.issue, claimed.subscriber
            may = key in batch.may
            batch.may.discard(key)  # one message goes, even if it stands in line twice
            if not may:
                self.in_progress[claimed.issue].in_flight -= 1
                self._queue.release(each.relay)
            each.answer.put(may)
        for waiting in batch.counted:
            waiting.put(None)
        for issue, many in batch.left.items():
            self.in_progress[issue].finished += many
        for progress, claimed in batch.claimed:
            progress.in_flight += 1
            progress.exhausted = False
            if claimed.subscriber > progress.cursor and not claimed.attempts:
                progress.cursor = claimed.subscriber
        for progress in batch.through:
            progress.exhausted, progress.checked_at = True, time.monotonic()
        self._queue.add(
            Task(progress.sending, claimed, progress.mail) for progress, claimed in batch.claimed
        )
        if batch.pauses:
            self._looked = -POLL_SECONDS  # let go of them now

    def _count_doubts(self, batch: _Batch) -> None:
        """Count what was sent as held, of issues that are still looked at."""
        for doubted in batch.doubts:
            if progress := self.in_progress.get(doubted.task.claimed.issue):
                progress.sent -= 1
                progress.held += 1

    def _progress(self, task: Task) -> IssueProgress:
        return self.in_progress[task.claimed.issue]


def _move(task: Task, before: S, after: S) -> Transition:
    assert after in FOLLOWS[before], f"{after} does not follow {before}"
    claimed = task.claimed
    return Transition(claimed.issue, claimed.subscriber, before, after, claimed.attempts)


def relay_errors(relays: Iterable[Relay]) -> list[RelayError]:
    """What is wrong with servers now."""
    now = time.monotonic()
    return [trouble for each in relays if (trouble := each.trouble_at(now))]
