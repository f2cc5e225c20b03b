"""Deliveries while a sender works on them: claim, mark as sending, record the outcome. All SQL.

A sender claims chunks of deliveries, and changes only those of chunks that it owns; `hold_sent` may
change one of a chunk that was given up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from syndicate.store.chunks import Chunk, Chunks, bounds
from syndicate.store.database import Database
from syndicate.store.deliveries import STILL_SUBSCRIBED, UNSUBSCRIBED, numbers
from syndicate.store.delivery_events import DeliveryEvent, DeliveryEvents
from syndicate.store.issue_sends import IssueSend


class ClaimedDelivery(NamedTuple):
    """A delivery to make now, with its recipient; `address` is "" for one who was erased."""

    issue: int
    subscriber: int
    state: str  # pending | retry
    attempts: int
    address: str
    name: str


class ClaimedChunk(NamedTuple):
    """A chunk that was claimed, and its deliveries to make now."""

    chunk: Chunk
    deliveries: Sequence[ClaimedDelivery]


class Transition(NamedTuple):
    """A change of a delivery's state. `event` is the event to add, or ""."""

    issue: int
    subscriber: int
    before: str
    state: str
    attempts: int = 0
    next_try: str = ""
    server: str = ""
    reply: str = ""
    event: str = ""

    @property
    def detail(self) -> str:
        """The text of the event."""
        return f"{self.server}: {self.reply}" if self.server else self.reply


LATE = ("issue", "subscriber", "server", "reply")

SENDING_ACTIVE = (
    "EXISTS (SELECT 1 FROM issue_sends WHERE issue = :issue AND pause_kind = '' AND ended_at = '')"
)


OWNED = (
    "EXISTS (SELECT 1 FROM delivery_chunks c WHERE +c.issue = deliveries.issue "
    "AND c.owner <> '' AND c.owner = :owner "
    "AND deliveries.subscriber BETWEEN c.first_subscriber AND c.last_subscriber)"
)
"""The SQL condition that a delivery is in a chunk of this owner.

The plus keeps databases from reading all chunks of the issue instead of the index of owned ones.
"""


class Claims:
    """The deliveries that one sender, `owner`, claims. All methods run inside a transaction."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._rows = database.rows
        self._owner = owner
        self._chunks = Chunks(database)
        self._events = DeliveryEvents(database)

    def claim(self, issue: int, now: str, latest: str) -> list[ClaimedChunk]:
        """Claim the next chunks: their pending deliveries, and their retries that are due.

        `latest` as in `Chunks.claim`. Empty if no chunk has any.
        """
        chunks = self._chunks.claim(issue, self._owner, now, latest)
        return [ClaimedChunk(chunk, self._to_send(chunk, now, latest)) for chunk in chunks]

    def release(self, chunks: Iterable[Chunk]) -> None:
        """Give up chunks of which nothing is in flight."""
        self._chunks.release(chunks)

    def release_all(self) -> None:
        """Give up all chunks."""
        self._chunks.release(self._chunks.owned_by(self._owner))

    def mark_sending(
        self, sending: IssueSend, subscribers: Sequence[int], server: str, now: str
    ) -> frozenset[int]:
        """Mark deliveries whose message may go now; which ones.

        Not those whose recipient has unsubscribed, or whose issue was paused or stopped.
        """
        rows = self._rows(
            "UPDATE deliveries SET state = 'sending', changed_at = :now, server = :server "
            f"WHERE issue = :issue AND subscriber IN ({numbers(subscribers)}) "
            f"AND state IN ('pending', 'retry') AND {OWNED} "
            f"AND {SENDING_ACTIVE} AND {STILL_SUBSCRIBED} RETURNING subscriber",
            {
                "issue": sending.issue,
                "newsletter": sending.newsletter,
                "owner": self._owner,
                "server": server,
                "now": now,
            },
        )
        return frozenset(int(subscriber) for (subscriber,) in rows)

    def suppress_unsubscribed(
        self, sending: IssueSend, subscribers: Sequence[int], now: str
    ) -> int:
        """Suppress claimed deliveries to those of these people who unsubscribed; how many."""
        if not subscribers:
            return 0
        suppressed = self._rows(
            "UPDATE deliveries SET state = 'suppressed', changed_at = :now, reply = :reply "
            f"WHERE issue = :issue AND subscriber IN ({numbers(subscribers)}) "
            f"AND state IN ('pending', 'retry') AND {OWNED} AND NOT {STILL_SUBSCRIBED} "
            "RETURNING subscriber",
            {
                "issue": sending.issue,
                "newsletter": sending.newsletter,
                "owner": self._owner,
                "now": now,
                "reply": UNSUBSCRIBED,
            },
        )
        return len(suppressed)

    def apply_transitions(self, transitions: Sequence[Transition], now: str) -> None:
        """Change the states of claimed deliveries; add their events."""
        self._database.run_many(
            "UPDATE deliveries SET state = :state, attempts = :attempts, next_try = :next_try, "
            "changed_at = :now, server = :server, reply = :reply "
            "WHERE issue = :issue AND subscriber = :subscriber "
            f"AND state = :before AND {OWNED}",
            [
                {name: value for name, value in each._asdict().items() if name != "event"}
                | {"owner": self._owner, "now": now}
                for each in transitions
            ],
        )
        self._events.add(
            [
                DeliveryEvent(each.issue, each.subscriber, now, each.event, each.detail)
                for each in transitions
                if each.event
            ]
        )

    def apply_late(self, transitions: Iterable[Transition], now: str) -> None:
        """Mark deliveries as sent that were recovered because this worker was taken for dead.

        Only if nothing happened to them since; the server accepted them, so the outcome is certain.
        """
        for each in transitions:
            if each.state != "sent":
                continue
            rows = self._rows(
                "UPDATE deliveries SET state = 'sent', changed_at = :now, server = :server, "
                "reply = :reply WHERE issue = :issue AND subscriber = :subscriber "
                "AND state IN ('held', 'pending') AND EXISTS (SELECT 1 FROM recovered_deliveries r "
                "WHERE r.worker = :worker AND r.issue = deliveries.issue "
                "AND r.subscriber = deliveries.subscriber) RETURNING issue, subscriber",
                {
                    **{name: getattr(each, name) for name in LATE},
                    "worker": int(self._owner),
                    "now": now,
                },
            )
            for issue, subscriber in rows:
                for chunk in self._chunks.of(issue, [subscriber]):
                    self._chunks.recount(chunk)
                event = DeliveryEvent(issue, subscriber, now, "resolved", f"late: {each.detail}")
                self._events.add([event])

    def others_own(self, issue: int = 0) -> bool:
        """Whether other workers own chunks, of an issue or of any."""
        owners = self._chunks.owners(issue)
        return any(owner != self._owner for owner in owners)

    def hold_sent(self, issue: int, subscriber: int, reason: str, now: str) -> None:
        """Hold a sent delivery: later replies show that its outcome is unknown."""
        self._database.run(
            "UPDATE deliveries SET state = 'held', changed_at = :now, reply = :reason "
            "WHERE issue = :issue AND subscriber = :subscriber AND state = 'sent'",
            {"issue": issue, "subscriber": subscriber, "now": now, "reason": reason},
        )
        for chunk in self._chunks.of(issue, [subscriber]):
            self._chunks.recount(chunk)
        self._events.add([DeliveryEvent(issue, subscriber, now, "held", reason)])

    def _to_send(self, chunk: Chunk, now: str, latest: str) -> list[ClaimedDelivery]:
        rows = self._rows(
            "SELECT d.issue, d.subscriber, d.state, d.attempts, coalesce(p.address, ''), "
            "coalesce(p.name, '') "
            "FROM deliveries d LEFT JOIN subscribers p ON p.id = d.subscriber "
            "WHERE d.issue = :issue AND d.subscriber BETWEEN :first AND :last "
            "AND (d.state = 'pending' OR d.state = 'retry' "
            "AND (d.next_try <= :now OR d.next_try > :latest)) ORDER BY d.subscriber",
            {**bounds(chunk), "now": now, "latest": latest},
        )
        return [ClaimedDelivery._make(row) for row in rows]
