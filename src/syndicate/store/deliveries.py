"""Table of deliveries: reading, and what an operator or a new sender changes. All by SQL.

`recipients` plans deliveries, `claims` changes their state while they are sent. Each transition is
conditional on the state before it, so nothing is done twice and the second of two writers changes
nothing. `delivery.states` defines the transitions; the table contains no addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from syndicate.store.database import Database
from syndicate.store.delivery_events import DeliveryEvent, DeliveryEvents
from syndicate.store.issue_sends import IssueSend, IssueSends


class Delivery(NamedTuple):
    """One issue to one subscriber, a row."""

    issue: int
    subscriber: int
    state: str
    attempts: int
    next_try: str
    changed_at: str
    server: str
    reply: str


class DeliveryWithRecipient(NamedTuple):
    """A delivery with its recipient; `address` is "" for one who was erased."""

    subscriber: int
    address: str
    state: str
    changed_at: str
    server: str
    reply: str


DELIVERY = ", ".join(Delivery._fields)
PAGE = 5_000
"""Rows that are read at one time."""

STILL_SUBSCRIBED = (
    "EXISTS (SELECT 1 FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber "
    "WHERE s.newsletter = :newsletter AND s.subscriber = deliveries.subscriber "
    "AND s.state = 'active' "
    "AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.hash = p.hash))"
)
"""The SQL condition that the recipient of a delivery is subscribed, and not suppressed, now."""

RESET = "state = 'pending', attempts = 0, next_try = '', changed_at = :now, server = '', reply = ''"
UNKNOWN = "the program ended before the server's answer was known"
UNSUBSCRIBED = "no longer subscribed"
CONFIRMED_SENT = "sent, as the operator confirmed"


class Deliveries:
    """The deliveries of all issues."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows
        self._events = DeliveryEvents(database)

    # -- reading ---------------------------------------------------------------------------

    def counts(self, issue: int) -> dict[str, int]:
        """How many deliveries of an issue are in which state."""
        query = "SELECT state, count(*) FROM deliveries WHERE issue = :i GROUP BY state"
        return {str(state): int(count) for state, count in self._rows(query, {"i": issue})}

    def is_any(self, issue: int, state: str) -> bool:
        """Whether any delivery of an issue is in this state."""
        query = "SELECT 1 FROM deliveries WHERE issue = :i AND state = :s LIMIT 1"
        return bool(self._rows(query, {"i": issue, "s": state}))

    def find(self, issue: int, subscriber: int) -> Delivery | None:
        """One delivery."""
        query = f"SELECT {DELIVERY} FROM deliveries WHERE issue = :i AND subscriber = :s"
        rows = self._rows(query, {"i": issue, "s": subscriber})
        return Delivery._make(rows[0]) if rows else None

    def with_recipients(self, issue: int, states: Sequence[str]) -> Iterator[DeliveryWithRecipient]:
        """The deliveries of an issue in these states, by subscriber, read in pages."""
        query = (
            "SELECT d.subscriber, coalesce(p.address, ''), d.state, d.changed_at, d.server, "
            "d.reply "
            "FROM deliveries d LEFT JOIN subscribers p ON p.id = d.subscriber "
            f"WHERE d.issue = :i AND d.subscriber > :last AND d.state IN ({_texts(states)}) "
            f"ORDER BY d.subscriber LIMIT {PAGE}"
        )
        last = 0
        while rows := self._rows(query, {"i": issue, "last": last}):
            yield from map(DeliveryWithRecipient._make, rows)
            last = int(rows[-1][0])

    def for_subscriber(self, subscriber: int) -> list[tuple[IssueSend, Delivery]]:
        """All deliveries to a subscriber, the newest first."""
        sendings = IssueSends(self._database).all()
        pairs = ((sending, self.find(sending.issue, subscriber)) for sending in sendings)
        return [(sending, delivery) for sending, delivery in pairs if delivery]

    def held(self) -> dict[str, int]:
        """The number of held deliveries, by the name of their issue."""
        rows = self._rows(
            "SELECT s.newsletter || '/' || s.slot, count(*) FROM deliveries d "
            "JOIN issue_sends s ON s.issue = d.issue WHERE d.state = 'held' "
            "GROUP BY s.issue, s.newsletter, s.slot ORDER BY s.issue"
        )
        return {str(name): int(count) for name, count in rows}

    def next_try(self, now: str, latest: str) -> str:
        """When the next retry is due, of issues that are not paused; "" for none.

        `latest` is the latest moment for which a retry can be planned now: a later one was planned
        while the clock was ahead, and is due now.
        """
        rows = self._rows(
            "SELECT coalesce(min("
            "CASE WHEN d.next_try > :latest THEN :now ELSE d.next_try END), '') "
            "FROM deliveries d JOIN issue_sends s ON s.issue = d.issue "
            "WHERE d.state = 'retry' AND s.ended_at = '' AND s.pause_kind = ''",
            {"now": now, "latest": latest},
        )
        return str(rows[0][0])

    # -- writing, inside a transaction -----------------------------------------------------

    def retry(self, issue: int, state: str, now: str, subscribers: Sequence[int] = ()) -> int:
        """Have deliveries in a final `state` sent again, to all or some subscribers; how many."""
        where = f"issue = :issue AND state = :state{_to(subscribers)}"
        event = DeliveryEvent(issue, 0, now, "resend", f"was {state}")
        return self._update(where, {"issue": issue, "state": state}, RESET, event)

    def retry_missed(self, sending: IssueSend, now: str) -> int:
        """Have failed and suppressed deliveries to people who are subscribed now sent again."""
        where = f"issue = :issue AND state IN ('failed', 'suppressed') AND {STILL_SUBSCRIBED}"
        values = {"issue": sending.issue, "newsletter": sending.newsletter}
        event = DeliveryEvent(sending.issue, 0, now, "resend", "missed")
        return self._update(where, values, RESET, event)

    def mark_sent(self, issue: int, now: str, subscribers: Sequence[int] = ()) -> int:
        """Mark held deliveries as sent, of all or some subscribers: an operator knows; how many."""
        where = f"issue = :issue AND state = 'held'{_to(subscribers)}"
        event = DeliveryEvent(issue, 0, now, "resolved", CONFIRMED_SENT)
        return self._update(where, {"issue": issue}, "state = 'sent', changed_at = :now", event)

    def stop(self, issue: int, now: str, reason: str) -> int:
        """Suppress all deliveries of an issue that no server has yet; how many."""
        where = "issue = :issue AND state IN ('pending', 'claimed', 'retry')"
        number = self._count(where, {"issue": issue})
        self._database.run(
            "UPDATE deliveries "
            "SET state = 'suppressed', changed_at = :now, reply = :reason, owner = '' "
            f"WHERE {where}",
            {"issue": issue, "now": now, "reason": reason},
        )
        return number

    def close(self, issue: int, state: str, now: str, reason: str) -> int:
        """Move all open deliveries to `state`; how many. Only while no program sends."""
        rows = self._rows(
            "UPDATE deliveries "
            f"SET state = '{state}', changed_at = :now, reply = :reason, owner = '' "
            "WHERE issue = :issue AND state IN ('pending', 'claimed', 'sending', 'retry') "
            "RETURNING subscriber",
            {"issue": issue, "now": now, "reason": reason},
        )
        self._events.add([DeliveryEvent(issue, int(who), now, state, reason) for (who,) in rows])
        return len(rows)

    def recover(self, issue: int, now: str, *, resend: bool) -> int:
        """Recover deliveries of a sender that died; how many have an unknown outcome.

        Claimed ones become pending; those being sent are held, or with `resend` sent again if this
        was their first attempt. Only for the program that holds the lock of senders.
        """
        self._database.run(
            "UPDATE deliveries SET state = 'pending', owner = '' "
            "WHERE issue = :issue AND state = 'claimed'",
            {"issue": issue},
        )
        state = "CASE WHEN attempts = 0 THEN 'pending' ELSE 'held' END" if resend else "'held'"
        rows = self._rows(
            f"UPDATE deliveries SET state = {state}, attempts = attempts + 1, changed_at = :now, "
            "owner = '', reply = :reply "
            "WHERE issue = :issue AND state = 'sending' RETURNING subscriber, state",
            {"issue": issue, "now": now, "reply": UNKNOWN},
        )
        self._events.add(
            [DeliveryEvent(issue, int(who), now, str(state), UNKNOWN) for who, state in rows]
        )
        return len(rows)

    def _update(
        self, where: str, values: dict[str, object], changes: str, event: DeliveryEvent
    ) -> int:
        """Change deliveries, and add an event to each; how many."""
        number = self._count(where, values)
        self._events.add_where(where, values, event)
        self._database.run(
            f"UPDATE deliveries SET {changes} WHERE {where}", {**values, "now": event.occurred_at}
        )
        return number

    def _count(self, where: str, values: Mapping[str, object]) -> int:
        ((number,),) = self._rows(f"SELECT count(*) FROM deliveries WHERE {where}", values)
        return int(number)


def _to(subscribers: Sequence[int]) -> str:
    """The SQL condition that a delivery is to one of these subscribers; "" for all."""
    return f" AND subscriber IN ({numbers(subscribers)})" if subscribers else ""


def numbers(values: Iterable[int]) -> str:
    """Integers for IN."""
    return ", ".join(str(int(value)) for value in values)


def _texts(texts: Iterable[str]) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
