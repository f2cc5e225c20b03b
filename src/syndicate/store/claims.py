"""Deliveries while a sender works on them: claim, mark as sending, record the outcome. All SQL.

The claim names its owner, so a sender changes only deliveries that it claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from syndicate.store.database import Database
from syndicate.store.deliveries import STILL_SUBSCRIBED, UNSUBSCRIBED, numbers
from syndicate.store.delivery_events import DeliveryEvent, DeliveryEvents
from syndicate.store.issue_sends import IssueSend


class ClaimedDelivery(NamedTuple):
    """A delivery to make now, with its recipient; `address` is "" for one who was erased."""

    issue: int
    subscriber: int
    attempts: int
    address: str
    name: str


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


SENDING_ACTIVE = (
    "EXISTS (SELECT 1 FROM issue_sends WHERE issue = :issue AND pause_kind = '' AND ended_at = '')"
)


class Claims:
    """The deliveries that one sender, `owner`, claims. All methods run inside a transaction."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._rows = database.rows
        self._owner = owner
        self._events = DeliveryEvents(database)

    def claim(self, sending: IssueSend, after: int, limit: int) -> list[ClaimedDelivery]:
        """Claim pending deliveries to the subscribers that follow `after`, in their order."""
        query = (
            "SELECT subscriber FROM deliveries WHERE issue = :issue AND subscriber > :after "
            "AND state = 'pending' ORDER BY subscriber LIMIT :limit"
        )
        values = {"issue": sending.issue, "after": after, "limit": limit}
        return self._claim(sending, query, values, "pending")

    def claim_retries(
        self, sending: IssueSend, now: str, latest: str, limit: int
    ) -> list[ClaimedDelivery]:
        """Claim deliveries whose next try is due; `latest` as in `Deliveries.next_try`."""
        query = (
            "SELECT subscriber FROM deliveries WHERE issue = :issue AND state = 'retry' "
            "AND (next_try <= :now OR next_try > :latest) "
            "ORDER BY next_try, subscriber LIMIT :limit"
        )
        values = {"issue": sending.issue, "now": now, "latest": latest, "limit": limit}
        return self._claim(sending, query, values, "retry")

    def mark_sending(
        self, sending: IssueSend, subscribers: Sequence[int], server: str, now: str
    ) -> frozenset[int]:
        """Mark deliveries whose message may go now; which ones.

        Not those whose recipient has unsubscribed, or whose issue was paused or stopped.
        """
        rows = self._rows(
            "UPDATE deliveries SET state = 'sending', changed_at = :now, server = :server "
            f"WHERE issue = :issue AND subscriber IN ({numbers(subscribers)}) "
            f"AND state = 'claimed' AND owner = :owner AND {SENDING_ACTIVE} AND {STILL_SUBSCRIBED} "
            "RETURNING subscriber",
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
        """Release claimed deliveries: suppress those to people who unsubscribed; how many.

        The others become pending.
        """
        if not subscribers:
            return 0
        values = {"issue": sending.issue, "owner": self._owner}
        claimed = (
            f"issue = :issue AND subscriber IN ({numbers(subscribers)}) "
            "AND state = 'claimed' AND owner = :owner"
        )
        suppressed = self._rows(
            "UPDATE deliveries "
            "SET state = 'suppressed', changed_at = :now, reply = :reply, owner = '' "
            f"WHERE {claimed} AND NOT {STILL_SUBSCRIBED} RETURNING subscriber",
            values | {"newsletter": sending.newsletter, "now": now, "reply": UNSUBSCRIBED},
        )
        self._database.run(
            f"UPDATE deliveries SET state = 'pending', owner = '' WHERE {claimed}", values
        )
        return len(suppressed)

    def apply_transitions(self, transitions: Sequence[Transition], now: str) -> None:
        """Change the states of claimed deliveries, which ends the claim; add their events."""
        self._database.run_many(
            "UPDATE deliveries SET state = :state, attempts = :attempts, next_try = :next_try, "
            "changed_at = :now, server = :server, reply = :reply, owner = '' "
            "WHERE issue = :issue AND subscriber = :subscriber "
            "AND state = :before AND owner = :owner",
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

    def hold_sent(self, issue: int, subscriber: int, reason: str, now: str) -> None:
        """Hold a sent delivery: later replies show that its outcome is unknown."""
        self._database.run(
            "UPDATE deliveries SET state = 'held', changed_at = :now, reply = :reason "
            "WHERE issue = :issue AND subscriber = :subscriber AND state = 'sent'",
            {"issue": issue, "subscriber": subscriber, "now": now, "reason": reason},
        )
        self._events.add([DeliveryEvent(issue, subscriber, now, "held", reason)])

    def _claim(
        self, sending: IssueSend, query: str, values: Mapping[str, object], before: str
    ) -> list[ClaimedDelivery]:
        """Claim the subscribers that `query` selects."""
        selected = [int(subscriber) for (subscriber,) in self._rows(query, values)]
        if not selected:
            return []
        self._database.run(
            "UPDATE deliveries SET state = 'claimed', owner = :owner WHERE issue = :issue "
            f"AND subscriber IN ({numbers(selected)}) AND state = :before",
            {"issue": sending.issue, "owner": self._owner, "before": before},
        )
        rows = self._rows(
            "SELECT d.issue, d.subscriber, d.attempts, coalesce(p.address, ''), "
            "coalesce(p.name, '') "
            "FROM deliveries d LEFT JOIN subscribers p ON p.id = d.subscriber "
            f"WHERE d.issue = :issue AND d.subscriber IN ({numbers(selected)}) "
            "AND d.state = 'claimed' AND d.owner = :owner ORDER BY d.subscriber",
            {"issue": sending.issue, "owner": self._owner},
        )
        return [ClaimedDelivery._make(row) for row in rows]
