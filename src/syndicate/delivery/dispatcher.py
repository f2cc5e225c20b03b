"""Who writes down what becomes of deliveries: the only one of a round that touches the store.

Whatever connections told since the last look is kept in ONE transaction: what was taken or
declined, which messages may go now, what is claimed next. Only then are they answered, and only
then is anything of it believed here: a transaction that failed is tried again as it was.
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
        outlets: Sequence[Relay],
        feed: DeliveryQueue,
        notes: WorkerEvents,
        *,
        open_issues: Callable[[], Mapping[int, tuple[IssueSend, Callable[[], MessageFactory]]]],
        refused: Callable[[ClaimedDelivery, DeliveryError], None],
        record: Callable[[int], None],
    ) -> None:
        """`open_issues` gives the issues that go on, with what makes their mail.

        `refused` is told, in the transaction, which message was refused for good. `record` writes
        down outside the store how much was sent from it; it raises OSError where it cannot.
        """
        self._database = database
        self._deliveries = Deliveries(database)
        self._counts = SentCounts(database)
        self._settings = settings
        self._retry_for: timedelta = duration(settings.retry_for)
        self._outlets = outlets
        self._feed = feed
        self._notes = notes
        self._open_issues = open_issues
        self._refused = refused
        self._record = record
        self._owner = secrets.token_hex(8)
        self._enough = 2 * sum(outlet.server.connections for outlet in outlets)
        self._looked = -POLL_SECONDS
        self._dry = -EMPTY_POLL_SECONDS
        self._broken: BaseException | None = None
        self._going_on: dict[int, tuple[IssueSend, Callable[[], MessageFactory]]] = {}
        self.ways: dict[int, IssueProgress] = {}

    def run(
        self,
        stopping: Callable[[], bool],
        told: ProgressCallback,
        working: Callable[[], bool],
    ) -> None:
        """Keep the ledger until there is nothing more to do by now, or until `stopping`.

        `told` hears after each look how things are; `working` says whether any connection still
        is. Whatever is raised here, no message goes out any more, and what is unknown then is held
        by whoever comes next.
        """
        notes: list[WorkerEvent] = []
        try:
            while True:
                stops = stopping() or self._broken is not None
                self._with_retries(partial(self._refresh_issues, stops=stops))
                self._process_batch(notes, stops=stops)
                told(list(self.ways.values()), relay_errors(self._outlets))
                if self._broken and not working() and self._notes.empty():
                    raise self._broken
                if self._is_over():
                    return
                notes = self._record_event()
        except BaseException:
            self._wind_up(notes, working)
            raise

    def close(self) -> None:
        """Record what connections reported as they ended; they have all ended."""
        page = _Batch(format_timestamp(datetime.now(UTC)))
        while not self._notes.empty():
            if isinstance(note := self._notes.get(), OutcomeUnknown):
                self._drain_events(note, page)
        if page.doubts:
            self._commit(lambda: self._doubt(page))
            self._acknowledge(page)

    def _wind_up(self, notes: Sequence[WorkerEvent], working: Callable[[], bool]) -> None:
        """After a fault: no message goes out any more; what is in hand comes to its end.

        It is written down if the store lets us; if not, whoever comes next holds it.
        """
        self._feed.close()
        told = list(notes)
        while working() or not self._notes.empty():
            told += self._record_event()
        page = _Batch(format_timestamp(datetime.now(UTC)))
        for note in told:
            if isinstance(note, Accepted | OutcomeUnknown | Rejected | RenderFailed):
                self._drain_events(note, page)
        moves = [move for _, move in page.moves]

        def written() -> None:
            with self._database.transaction():
                self._deliveries.apply_transitions(moves, self._owner, page.now)
                self._doubt(page)

        with suppress(StoreError):  # what ended the round may go on
            self._with_retries(written)

    # -- what is known -------------------------------------------------------------------------

    def _record_event(self) -> list[WorkerEvent]:
        """What connections told, after waiting a little for the first word."""
        notes: list[WorkerEvent] = []
        with suppress(Empty):
            notes.append(self._notes.get(timeout=POLL_SECONDS))
            while True:
                notes.append(self._notes.get_nowait())
        return notes

    def _refresh_issues(self, *, stops: bool) -> None:
        """Take up issues that go on now, and let go of those that do not."""
        if time.monotonic() < self._looked + POLL_SECONDS:
            return
        goes_on = self._going_on = {} if stops else dict(self._open_issues())
        for issue in goes_on.keys() - self.ways.keys():
            self._start_issue(*goes_on[issue])
        gone = self.ways.keys() - goes_on.keys()
        self._requeue(self._feed.remove(gone))
        for issue in gone:
            if not self.ways[issue].in_flight:
                del self.ways[issue]
        self._looked = time.monotonic()

    def _start_issue(self, sending: IssueSend, mail: Callable[[], MessageFactory]) -> None:
        """Begin with an issue; one of which no message can be written pauses."""
        counts = self._deliveries.counts(sending.issue)
        planned = sum(counts.values())
        over = planned - sum(counts.get(state, 0) for state in OPEN)
        try:
            way = IssueProgress(sending, mail(), planned, over, sent_before=counts.get(S.SENT, 0))
            self.ways[sending.issue] = way
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
            self.ways[task.claimed.issue].in_flight -= 1

    def _is_over(self) -> bool:
        if any(way.in_flight for way in self.ways.values()):
            return False
        return all(self.ways[issue].exhausted for issue in self._going_on)

    # -- one page ------------------------------------------------------------------------------

    def _process_batch(self, notes: Sequence[WorkerEvent], *, stops: bool) -> None:
        """Write down what was told, decide what goes on, and answer."""
        page = _Batch(format_timestamp(datetime.now(UTC)))
        for note in notes:
            self._drain_events(note, page)
        self._check_failure_budget(page)
        self._pause_without_relays(page)
        dry = time.monotonic() < self._dry and not page.moves
        wanted = 0 if stops or dry or len(self._feed) >= self._enough else CLAIM_SIZE
        if page.moves or page.begins or page.doubts or page.pauses or (wanted and self._going_on):
            self._commit(lambda: self._write(page, wanted))
            self._put_on_record(page)
            self._acknowledge(page)
            if wanted and not (page.claimed or page.moves):
                self._dry = time.monotonic() + EMPTY_POLL_SECONDS

    def _drain_events(self, note: WorkerEvent, page: _Batch) -> None:
        """What follows from a connection's word."""
        if isinstance(note, ReadyToSend):
            page.begins.append(note)
        elif isinstance(note, Crashed):  # what others have in hand is written down first
            self._broken = note.error
            self._feed.close()
        elif isinstance(note, Accepted):
            self._feed.record_sent(note.outlet)
            move = _move(note.task, S.SENDING, S.SENT)
            page.moves.append(
                (self._way(note.task), move._replace(server=note.outlet.name, reply=note.reply))
            )
        elif isinstance(note, OutcomeUnknown):
            page.doubts.append(note)
        elif isinstance(note, RenderFailed):
            move = _move(note.task, S.CLAIMED, S.FAILED)._replace(reply=note.error.message)
            page.moves.append((self._way(note.task), move._replace(event=S.FAILED)))
        elif isinstance(note, Rejected):
            self._read_refusal(note, page)

    def _read_refusal(self, note: Rejected, page: _Batch) -> None:
        self._feed.record_sent(note.outlet)
        page.counted += [note.counted] if note.counted else []
        task, error = note.task, note.error
        became = next_state(error, task.claimed.attempts, self._retry_for)
        if became.state is S.HELD and self._settings.on_held == "resend":
            became = NextState(S.RETRY, wait=BACKOFF.initial)
        if became.pause:
            page.pauses.setdefault(task.claimed.issue, f"{note.outlet.name}: {became.pause}")
        if became.state is S.FAILED:
            page.refused.append((task.claimed, error))
        move = _move(task, S.SENDING if note.begun else S.CLAIMED, became.state)
        page.moves.append(
            (
                self._way(task),
                move._replace(
                    attempts=task.claimed.attempts + became.is_attempt,
                    next_try=format_timestamp(datetime.now(UTC) + became.wait)
                    if became.wait
                    else "",
                    server=note.outlet.name,
                    reply=error.message,
                    event="" if became.state is S.PENDING else became.state,
                ),
            )
        )

    def _check_failure_budget(self, page: _Batch) -> None:
        """Have issues pause of which too much was refused."""
        for way in {id(way): way for way, _ in page.moves}.values():
            here = [move.state for other, move in page.moves if other is way]
            sent = way.sent_before + way.sent + here.count(S.SENT)
            failed = way.failed + here.count(S.FAILED)
            if S.FAILED in here and is_over_budget(sent, failed, self._settings.most_failures):
                reason = f"{failed} of {sent + failed} {REFUSED}"
                page.pauses.setdefault(way.sending.issue, reason)

    def _pause_without_relays(self, page: _Batch) -> None:
        """Have everything pause when there is no server left to give messages to."""
        out = [outlet for outlet in self._outlets if outlet.disabled_by]
        if len(out) < len(self._outlets):
            return
        reason = "; ".join(f"{o.name}: {o.disabled_by.message}" for o in out if o.disabled_by)
        for issue in self.ways:
            page.pauses.setdefault(issue, reason)

    def _write(self, page: _Batch, wanted: int) -> None:
        """All of it, in a transaction that may be tried again."""
        page.may, page.left, page.claimed, page.through = set(), {}, [], []
        self._deliveries.apply_transitions([move for _, move in page.moves], self._owner, page.now)
        self._doubt(page)
        for claimed, error in page.refused:
            self._refused(claimed, error)
        for issue, reason in page.pauses.items():
            self._deliveries.pause(issue, reason)
        self._begin(page)
        for way in self.ways.values():
            if wanted and way.sending.issue in self._going_on.keys() - page.pauses.keys():
                self._claim(way, wanted, page)

    def _doubt(self, page: _Batch) -> None:
        for each in page.doubts:
            claimed = each.task.claimed
            self._deliveries.doubt(claimed.issue, claimed.subscriber, each.reason, page.now)

    def _put_on_record(self, page: _Batch) -> None:
        """After the commit and before any message goes: an older store is known by this."""
        if not page.may:
            return
        try:
            self._record(page.counter)
        except OSError as error:
            self._commit(lambda: self._take_back(page))  # none of them went out
            raise StoreError(
                f"the record of what was sent cannot be written: {error}",
                hint="check the permissions of the site's folder and the space on its disk",
            ) from error

    def _take_back(self, page: _Batch) -> None:
        tasks = [each.task for each in page.begins]
        moves = [_move(each, S.SENDING, S.PENDING) for each in tasks]
        self._deliveries.apply_transitions(moves, self._owner, page.now)

    def _begin(self, page: _Batch) -> None:
        groups: dict[tuple[int, str], list[int]] = {}
        for each in page.begins:
            claimed = each.task.claimed
            groups.setdefault((claimed.issue, each.outlet.name), []).append(claimed.subscriber)
        second = int(time.time())
        for (issue, outlet), subscribers in groups.items():
            sending = self.ways[issue].sending
            may = self._deliveries.mark_sending(sending, subscribers, self._owner, outlet, page.now)
            not_so = [each for each in subscribers if each not in may]
            left = self._deliveries.suppress_unsubscribed(sending, not_so, self._owner, page.now)
            page.left[issue] = page.left.get(issue, 0) + left
            if may:
                self._counts.add(outlet, second, len(may))
            page.may.update((issue, subscriber) for subscriber in may)
        if page.may:
            page.counter = count_up(self._database)

    def _claim(self, way: IssueProgress, wanted: int, page: _Batch) -> None:
        """Claim what comes next of an issue; when nothing is left of it, see whether it ended."""
        sending = way.sending
        latest = format_timestamp(datetime.now(UTC) + BACKOFF.longest)
        due = self._deliveries.claim_retries(sending, page.now, latest, wanted, self._owner)
        self._enqueue(way, due, page)
        rest = wanted - len(due)
        if way.exhausted and time.monotonic() < way.checked_at + IDLE_POLL_SECONDS:
            return
        new = self._deliveries.claim(sending, way.cursor, rest, self._owner) if rest else []
        self._enqueue(way, new, page)
        if due or new or way.in_flight or any(other is way for other, _ in page.moves):
            return
        self._finish(sending.issue, page)
        if way.cursor == 0 or not self._deliveries.counts(sending.issue).get(S.PENDING):
            page.through.append(way)
        else:
            way.cursor = 0  # something behind is to be done again

    def _finish(self, issue: int, page: _Batch) -> None:
        """End an issue of which nothing is left; one of which too much was refused pauses."""
        sending, counts = self._deliveries.sending(issue), self._deliveries.counts(issue)
        if sending is None or any(counts.get(state) for state in OPEN):
            return
        sent, failed = counts.get(S.SENT, 0), counts.get(S.FAILED, 0)
        most = self._settings.most_failures
        doubtful = is_over_budget(sent, failed, most) or is_mostly_refused(sent, failed, most)
        if doubtful and not sending.confirmed:
            page.pauses[issue] = f"{failed} of {sent + failed} {REFUSED}"
            self._deliveries.pause(issue, page.pauses[issue])
        elif self._deliveries.end(issue, page.now):
            Issues(self._database).move(sending.newsletter, sending.slot, IssueState.SENT)
            settle_refusals(self._database, issue, page.now)

    def _enqueue(
        self, way: IssueProgress, claimed: Sequence[ClaimedDelivery], page: _Batch
    ) -> None:
        """Have claimed deliveries made; those of people who were erased have nobody to go to."""
        page.claimed += [(way, each) for each in claimed if each.address]
        erased = [each.subscriber for each in claimed if not each.address]
        self._deliveries.suppress_unsubscribed(way.sending, erased, self._owner, page.now)

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

    def _acknowledge(self, page: _Batch) -> None:
        """It is written: answer connections, and believe it."""
        for way, move in page.moves:
            way.in_flight -= 1
            way.sent += move.state == S.SENT
            way.failed += move.state == S.FAILED
            way.held += move.state == S.HELD
        self._count_doubts(page)
        self._feed.goes_on(each.outlet for each in page.begins)
        for each in page.begins:
            claimed = each.task.claimed
            key = claimed.issue, claimed.subscriber
            may = key in page.may
            page.may.discard(key)  # one message goes, even if it stands in line twice
            if not may:
                self.ways[claimed.issue].in_flight -= 1
                self._feed.release(each.outlet)
            each.answer.put(may)
        for waiting in page.counted:
            waiting.put(None)
        for issue, many in page.left.items():
            self.ways[issue].finished += many
        for way, claimed in page.claimed:
            way.in_flight += 1
            way.exhausted = False
            if claimed.subscriber > way.cursor and not claimed.attempts:
                way.cursor = claimed.subscriber
        for way in page.through:
            way.exhausted, way.checked_at = True, time.monotonic()
        self._feed.add(Task(way.sending, claimed, way.mail) for way, claimed in page.claimed)
        if page.pauses:
            self._looked = -POLL_SECONDS  # let go of them now

    def _count_doubts(self, page: _Batch) -> None:
        """Count what was sent as held, of issues that are still looked at."""
        for doubted in page.doubts:
            if way := self.ways.get(doubted.task.claimed.issue):
                way.sent -= 1
                way.held += 1

    def _way(self, task: Task) -> IssueProgress:
        return self.ways[task.claimed.issue]


def _move(task: Task, before: S, after: S) -> Transition:
    assert after in FOLLOWS[before], f"{after} does not follow {before}"
    claimed = task.claimed
    return Transition(claimed.issue, claimed.subscriber, before, after, claimed.attempts)


def relay_errors(outlets: Iterable[Relay]) -> list[RelayError]:
    """What is wrong with servers now."""
    now = time.monotonic()
    return [trouble for each in outlets if (trouble := each.trouble_at(now))]
