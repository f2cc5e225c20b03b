"""The sender of a site: plans approved issues and sends planned deliveries. Loses none.

    recover   deliveries of workers that died: sending becomes held
    plan      an approved issue gets its deliveries, in steps, one transaction each
    run       claim, send, record, until nothing is due

Each process that sends is a worker with a session. From an SQLite store one worker sends at a time,
from PostgreSQL many.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from syndicate.bounces.classify import classify_refusal
from syndicate.bounces.handle import record_bounce
from syndicate.delivery.dispatcher import Dispatcher, relay_errors
from syndicate.delivery.messages import message_factory
from syndicate.delivery.operations.cancellation import finish_stopped
from syndicate.delivery.planning import plan_approved, plan_step
from syndicate.delivery.planning_pace import PlanningPace, give_turn
from syndicate.delivery.progress import IssueProgress, ProgressCallback
from syndicate.delivery.quiet_hours import until
from syndicate.delivery.quota_exchange import QuotaExchange
from syndicate.delivery.rate_limits import DAY
from syndicate.delivery.recorder import DeliveryRecorder
from syndicate.delivery.relays import Relay, RelayError, transports
from syndicate.delivery.states import BACKOFF, OPEN
from syndicate.delivery.transactions import with_retries
from syndicate.delivery.worker_session import WorkerSession, worker_session
from syndicate.delivery.workers import worker_pool
from syndicate.errors import DeliveryError
from syndicate.issues.archive import Shown, is_written
from syndicate.site import Site
from syndicate.store.bounces import new_bounce
from syndicate.store.claims import ClaimedDelivery
from syndicate.store.deliveries import Deliveries
from syndicate.store.incarnation import Incarnation
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.relay_usage import RelayUsage
from syndicate.store.requests import SigningKeys
from syndicate.store.subscribers import Subscribers
from syndicate.timestamps import format_timestamp, parse_timestamp

PLAN_SECONDS = 2.0
"""Seconds between looks for newly approved issues."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """The result of a run.

    `remaining` and `held_by_issue` count deliveries by the name of their issue. `quiet_until` is
    when quiet hours end that stopped it, `next_try` when the next retry is due. `waiting` are
    approved issues whose web page is not public yet.
    """

    sent: int
    failed: int
    held: int
    remaining: Mapping[str, int]
    held_by_issue: Mapping[str, int]
    paused: tuple[IssueSend, ...]
    quiet_until: datetime | None
    next_try: datetime | None
    relay_errors: tuple[RelayError, ...]
    waiting: tuple[str, ...] = ()

    @property
    def needs_operator(self) -> bool:
        """Whether an operator has to act.

        So it is when an issue is paused, the outcome of a message is unknown, all messages were
        refused, or a server or the outbox cannot take the remaining ones.
        """
        all_refused = self.failed > 0 and not self.sent
        is_stuck = bool(self.relay_errors) and any(self.remaining.values())
        return bool(self.paused or self.held_by_issue or all_refused or is_stuck)


def send(
    site: Site,
    outbox: Path,
    stopping: Callable[[], bool],
    on_progress: ProgressCallback,
    shown: Shown = is_written,
) -> SendReport:
    """Send what is approved, until nothing is due, or until `stopping`.

    No message of an issue goes out before its page is `shown`: readers follow its links. Messages
    of the transport `outbox` go to that folder. Raises SyndicateError when another program sends
    from this store, and when the store may be a copy or older than what was sent from it.
    """
    with worker_session(site.database, site.config) as session:
        incarnation = Incarnation(site.database, site.sent_record)
        incarnation.require()
        incarnation.synchronise()
        return Sender(site, session, outbox, shown).run_once(stopping, on_progress)


class Sender:
    """Sends from one store, in the session of a worker."""

    def __init__(self, site: Site, session: WorkerSession, outbox: Path, shown: Shown) -> None:
        self._site = site
        self._session = session
        self._shown = shown
        self._waiting: list[str] = []
        self._settings = site.config.sending
        self._deliveries = Deliveries(site.database)
        self._sends = IssueSends(site.database)
        self._transports = transports(self._settings, outbox, site.host)
        self._plan_at = 0.0
        self._pace = PlanningPace()

    def run_once(self, stopping: Callable[[], bool], on_progress: ProgressCallback) -> SendReport:
        """One run, until nothing is due.

        It starts again when the key that signs links is replaced meanwhile.
        """
        self._session.recover()
        self._forget_usage()
        progress: list[IssueProgress] = []
        while True:
            key = _SigningKeyWatch(self._site)
            relays = [Relay(*each) for each in self._transports.items()]
            progress += self._dispatch(relays, partial(self._must_stop, stopping, key), on_progress)
            if not key.was_replaced or stopping():
                return self._report(progress, relays)

    def _must_stop(self, stopping: Callable[[], bool], key: _SigningKeyWatch) -> bool:
        with_retries(self._session.look)  # also while the last messages finish
        is_over = stopping() or self._session.is_draining
        return is_over or self._quiet_until() is not None or key.check()

    def _dispatch(
        self, relays: Sequence[Relay], stopping: Callable[[], bool], on_progress: ProgressCallback
    ) -> Sequence[IssueProgress]:
        """Run the workers and the dispatcher until nothing is due; the progress of all issues."""
        incarnation = Incarnation(self._site.database, self._site.sent_record)
        quotas = QuotaExchange(self._site.database, self._session.worker.id, relays)
        recorder = DeliveryRecorder(
            self._site.database,
            self._settings,
            self._session.owner,
            quotas,
            self._record_refusal,
            partial(incarnation.write, incarnation.identity().incarnation),
        )
        seen: dict[int, IssueProgress] = {}

        def note(in_progress: Sequence[IssueProgress], errors: Sequence[RelayError]) -> None:
            seen.update((id(progress), progress) for progress in in_progress)
            on_progress(in_progress, errors)

        with worker_pool(relays) as pool:
            dispatcher = Dispatcher(
                recorder,
                self._settings,
                pool,
                quotas,
                open_issues=self._issues_to_send,
                messages_of=partial(message_factory, self._site),
            )
            dispatcher.run(stopping, note)
        dispatcher.close()
        return list(seen.values())

    # -- before and after ----------------------------------------------------------------------

    def _forget_usage(self) -> None:
        """Delete usage of relays that is too old for any limit."""
        with self._site.database.transaction():
            RelayUsage(self._site.database).forget(datetime.now(UTC), DAY)

    def _remaining(self, sending: IssueSend) -> int:
        counts = self._deliveries.counts(sending.issue)
        return sum(counts.get(state, 0) for state in OPEN)

    def _report(self, in_progress: Sequence[IssueProgress], relays: Sequence[Relay]) -> SendReport:
        now = datetime.now(UTC)
        next_try = self._deliveries.next_try(
            format_timestamp(now), format_timestamp(now + BACKOFF.longest)
        )
        sends = self._sends.open()
        return SendReport(
            sent=sum(progress.sent for progress in in_progress),
            failed=sum(progress.failed for progress in in_progress),
            held=sum(progress.held for progress in in_progress),
            remaining={each.name: self._remaining(each) for each in sends},
            held_by_issue=self._deliveries.held(),
            paused=tuple(each for each in sends if each.is_paused),
            quiet_until=self._quiet_until(),
            next_try=parse_timestamp(next_try) if next_try else None,
            relay_errors=tuple(relay_errors(relays)),
            waiting=tuple(self._waiting),
        )

    # -- for the dispatcher --------------------------------------------------------------------

    def _issues_to_send(self) -> Mapping[int, IssueSend]:
        """The issues to send now, after planning those that were approved meanwhile."""
        if time.monotonic() >= self._plan_at:
            self._waiting = plan_approved(self._site, datetime.now(UTC), self._shown)
            self._plan_at = time.monotonic() + PLAN_SECONDS
        finish_stopped(self._site, datetime.now(UTC))
        if plan_step(self._site, datetime.now(UTC), self._pace):
            give_turn()
        return {sending.issue: sending for sending in self._sends.open() if not sending.is_paused}

    def _quiet_until(self) -> datetime | None:
        return until(datetime.now(UTC), self._settings.quiet_hours, self._site.zone)

    def _record_refusal(self, claimed: ClaimedDelivery, error: DeliveryError) -> None:
        """Record a permanent refusal as a bounce: it means the same as a report that comes later.

        Suppression for an unknown address waits until the issue has ended.
        """
        kind = classify_refusal(error.reply, error.status, error.stage)
        subscriber = Subscribers(self._site.database).by_id(claimed.subscriber)
        if kind and subscriber:
            now = datetime.now(UTC)
            bounce = new_bounce(
                claimed.issue, subscriber.id, kind, now, status=error.status, detail=error.message
            )
            record_bounce(self._site.database, bounce, subscriber, now, is_being_sent=True)


class _SigningKeyWatch:
    """Notices when the key that signs the links of a run is replaced."""

    def __init__(self, site: Site) -> None:
        self._keys = SigningKeys(site.database)
        with site.database.transaction():
            self._id = self._keys.signing(format_timestamp(datetime.now(UTC))).id
        self._check_at = time.monotonic() + PLAN_SECONDS
        self.was_replaced = False

    def check(self) -> bool:
        """Whether it was replaced, as of at most PLAN_SECONDS ago."""
        if not self.was_replaced and time.monotonic() >= self._check_at:
            self._check_at = time.monotonic() + PLAN_SECONDS
            valid = self._keys.valid(format_timestamp(datetime.now(UTC)))
            self.was_replaced = [key.id for key in valid[:1]] != [self._id]
        return self.was_replaced
