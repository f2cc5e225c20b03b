"""Write the events of a run to the store, each batch in one transaction.

The same transaction permits the messages that may be sent now, and claims the next deliveries.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from syndicate.bounces.handle import settle_refusals
from syndicate.config.model import Sending as Settings
from syndicate.delivery import pauses
from syndicate.delivery.batch import Batch
from syndicate.delivery.outcomes import transition
from syndicate.delivery.progress import IssueProgress
from syndicate.delivery.quota_exchange import PendingExchange, QuotaExchange
from syndicate.delivery.states import BACKOFF, OPEN
from syndicate.delivery.states import DeliveryState as S
from syndicate.delivery.transactions import commit, with_retries
from syndicate.errors import DeliveryError, StoreError
from syndicate.store.chunks import Chunk
from syndicate.store.claims import ClaimedChunk, ClaimedDelivery, Claims, Transition
from syndicate.store.database import Database
from syndicate.store.deliveries import Deliveries
from syndicate.store.incarnation import count_up
from syndicate.store.issue_sends import IssueSend, IssueSends, Pause
from syndicate.store.issues import Issues, IssueState
from syndicate.timestamps import format_timestamp

LATE_SECONDS = 60.0
"""How long outcomes are offered to a database that does not answer."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The next deliveries of an issue; `suppressed` counts others to people who were erased.

    If there are none, `exhausted` means that none can be sent now, and `paused` that the issue
    paused because too much of it was refused.
    """

    issue: int
    claimed: Sequence[ClaimedChunk] = ()
    suppressed: int = 0
    exhausted: bool = False
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Permissions:
    """Which messages may go, as issue and subscriber.

    `suppressed` counts deliveries of each issue whose recipient has unsubscribed. `sent_counter`
    is the store's count of changes, if any message may go.
    """

    permitted: frozenset[tuple[int, int]] = frozenset()
    suppressed: Mapping[int, int] = field(default_factory=dict)
    sent_counter: int = 0


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What the transaction of a batch decided."""

    permissions: Permissions
    claims: Sequence[Claim]
    exchanges: Sequence[PendingExchange]


class DeliveryRecorder:
    """Writes to the store for one run of the sender, in the session of its worker."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        owner: str,
        quotas: QuotaExchange,
        refused: Callable[[ClaimedDelivery, DeliveryError], None],
        write_sent_record: Callable[[int], None],
    ) -> None:
        """`owner` is what this worker claims chunks as.

        `refused` is called, in the transaction, for each permanent refusal.

        `write_sent_record` writes the count of changes outside the store; it raises OSError.
        """
        self._database = database
        self._settings = settings
        self._quotas = quotas
        self._refused = refused
        self._write_sent_record = write_sent_record
        self._claims = Claims(database, owner)
        self._deliveries = Deliveries(database)
        self._sends = IssueSends(database)

    def counts(self, issue: int) -> dict[str, int]:
        """How many deliveries of an issue are in which state."""
        return self._deliveries.counts(issue)

    def others_send(self) -> bool:
        """Whether other workers own deliveries."""
        return self._claims.others_own()

    def pause(self, issue: int, pause: Pause) -> None:
        """Pause an issue."""
        commit(self._database, lambda: self._sends.pause(issue, pause))

    def apply(self, transitions: Sequence[Transition]) -> None:
        """Change the states of claimed deliveries."""
        now = format_timestamp(datetime.now(UTC))
        commit(self._database, lambda: self._claims.apply_transitions(transitions, now))

    def write(
        self,
        batch: Batch,
        in_progress: Mapping[int, IssueProgress],
        claimable: Iterable[int],
        finished: Sequence[Chunk],
        queued: int,
    ) -> BatchResult:
        """Write a batch, and give up chunks that are `finished`: nothing of them is in flight.

        Then claim the next chunks of each `claimable` issue, and exchange quotas: so many
        deliveries are `queued` already.
        """

        def write() -> BatchResult:
            self._write_outcomes(batch)
            for claimed, error in batch.refusals:
                self._refused(claimed, error)
            for issue, pause in batch.pauses.items():
                self._sends.pause(issue, pause)
            permissions = self._permit(batch, in_progress)
            self._claims.release(finished)
            issues = [issue for issue in claimable if issue not in batch.pauses]
            claims = [self._claim(in_progress[issue], batch.now) for issue in issues]
            added = sum(len(chunk.deliveries) for claim in claims for chunk in claim.claimed)
            exchanges = self._quotas.exchange(queued + added)
            return BatchResult(permissions, claims, exchanges)

        return commit(self._database, write)

    def write_last(self, batch: Batch) -> None:
        """Write outcomes after an error, also when the session has ended. Raises StoreError.

        If another worker has recovered the deliveries meanwhile, certain outcomes still count.
        """

        def write() -> None:
            with self._database.transaction():
                # Late outcomes first: one of them may be doubtful.
                self._claims.apply_late(batch.transitions, batch.now)
                self._write_outcomes(batch)
                self._quotas.close()

        with_retries(write, seconds=LATE_SECONDS)

    def still_permitted(self) -> bool:
        """Whether messages that were permitted may still go: others may have taken them over."""
        return self._database.has_session()

    def close(self, batch: Batch) -> None:
        """Write a last batch, and give up all chunks and quotas: nothing is in flight any more."""

        def write() -> None:
            self._write_outcomes(batch)
            self._claims.release_all()
            self._quotas.close()

        commit(self._database, write)

    def record_outside(self, batch: Batch, permissions: Permissions) -> None:
        """Write the sent record, after the commit and before any message goes.

        A store that is older than what was sent from it is recognised by this record. Raises
        StoreError, after it withdrew the permissions of the batch.
        """
        if not permissions.permitted:
            return
        try:
            self._write_sent_record(permissions.sent_counter)
        except OSError as error:
            self.apply([transition(each.task, S.SENDING, S.PENDING) for each in batch.ready])
            raise StoreError(
                f"the record of what was sent cannot be written: {error}",
                hint="check the permissions of the site's folder and the space on its disk",
            ) from error

    # -- inside a transaction ----------------------------------------------------------------

    def _write_outcomes(self, batch: Batch) -> None:
        self._claims.apply_transitions(batch.transitions, batch.now)
        for each in batch.doubtful:
            claimed = each.task.claimed
            self._claims.hold_sent(claimed.issue, claimed.subscriber, each.reason, batch.now)

    def _permit(self, batch: Batch, in_progress: Mapping[int, IssueProgress]) -> Permissions:
        """Mark the deliveries whose messages may go as being sent."""
        groups: dict[tuple[int, str], list[int]] = defaultdict(list)
        for each in batch.ready:
            groups[each.task.claimed.issue, each.relay.name].append(each.task.claimed.subscriber)
        permitted: set[tuple[int, int]] = set()
        suppressed: Counter[int] = Counter()
        for (issue, relay), subscribers in groups.items():
            sending = in_progress[issue].sending
            marked = self._claims.mark_sending(sending, subscribers, relay, batch.now)
            others = [each for each in subscribers if each not in marked]
            suppressed[issue] += self._claims.suppress_unsubscribed(sending, others, batch.now)
            permitted.update((issue, subscriber) for subscriber in marked)
        counter = count_up(self._database) if permitted else 0
        return Permissions(frozenset(permitted), suppressed, counter)

    def _claim(self, progress: IssueProgress, now: str) -> Claim:
        """Claim the next deliveries of an issue: due retries first. End it if none are left."""
        sending = progress.sending
        latest = format_timestamp(datetime.now(UTC) + BACKOFF.longest)
        claimed = self._claims.claim(sending.issue, now, latest)
        if claimed:
            found = [_without_erased(each) for each in claimed]
            erased = [d.subscriber for each in claimed for d in each.deliveries if not d.address]
            suppressed = self._claims.suppress_unsubscribed(sending, erased, now)
            self._claims.release([each.chunk for each in found if not each.deliveries])
            return Claim(sending.issue, [each for each in found if each.deliveries], suppressed)
        if progress.in_flight:
            return Claim(sending.issue)
        return self._end(sending, now)

    def _end(self, sending: IssueSend, now: str) -> Claim:
        """End an issue of which nothing is left, unless too much of it was refused: pause it."""
        issue, counts = sending.issue, self._deliveries.counts(sending.issue)
        current = self._sends.get(issue)
        if current and not current.is_planned:
            return Claim(issue)
        if any(counts.get(state) for state in OPEN):
            return Claim(issue, exhausted=not self._claims.others_own(issue))
        pause = pauses.at_end(counts, self._settings.max_failure_percent)
        if pause and current and not current.confirmed_at:
            self._sends.pause(issue, pause)
            return Claim(issue, exhausted=True, paused=True)
        if self._sends.end(issue, now):
            Issues(self._database).move(sending.newsletter, sending.slot, IssueState.SENT)
            settle_refusals(self._database, issue, now)
        return Claim(issue, exhausted=True)


def _without_erased(claimed: ClaimedChunk) -> ClaimedChunk:
    """A claimed chunk without deliveries to people who were erased."""
    return claimed._replace(deliveries=[each for each in claimed.deliveries if each.address])
