"""Table of deliveries: reading, and what an operator or a new sender changes. All by SQL.

`recipients` plans deliveries, `claims` changes their state while they are sent, `chunks` groups and
counts them. Each transition is conditional on the state before it, so nothing is done twice and the
second of two writers changes nothing. `delivery.states` defines the transitions; the table contains
no addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from syndicate.store.chunks import RANGE, Chunk, Chunks, bounds
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
STILL_SUBSCRIBED = (
    "EXISTS (SELECT 1 FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber "
    "WHERE s.newsletter = :newsletter AND s.subscriber = deliveries.subscriber "
    "AND s.state = 'active' "
    "AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.hash = p.hash))"
)
"""The SQL condition that the recipient of a delivery is subscribed, and not suppressed, now."""

RESET = "state = 'pending', attempts = 0, next_try = '', server = '', reply = ''"
UNKNOWN = "the program ended before the server's answer was known"
UNSUBSCRIBED = "no longer subscribed"
CONFIRMED_SENT = "sent, as the operator confirmed"


class Deliveries:
    """The deliveries of all issues."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows
        self._chunks = Chunks(database)
        self._events = DeliveryEvents(database)

    # -- reading ---------------------------------------------------------------------------

    def counts(self, issue: int) -> dict[str, int]:
        """How many deliveries of an issue are in which state."""
        return self._chunks.counts(issue)

    def planned_and_counts(self, issue: int) -> tuple[int, dict[str, int]]:
        """How many deliveries were planned, and how many are in which state, at one moment."""
        return self._chunks.planned_and_counts(issue)

    def is_any(self, issue: int, state: str) -> bool:
        """Whether any delivery of an issue is in this state."""
        return state in self.counts(issue)

    def find(self, issue: int, subscriber: int) -> Delivery | None:
        """One delivery."""
        query = f"SELECT {DELIVERY} FROM deliveries WHERE issue = :i AND subscriber = :s"
        rows = self._rows(query, {"i": issue, "s": subscriber})
        return Delivery._make(rows[0]) if rows else None

    def with_recipients(self, issue: int, states: Sequence[str]) -> Iterator[DeliveryWithRecipient]:
        """The deliveries of an issue in these states, by subscriber, read chunk by chunk."""
        query = (
            "SELECT d.subscriber, coalesce(p.address, ''), d.state, d.changed_at, d.server, "
            "d.reply "
            "FROM deliveries d LEFT JOIN subscribers p ON p.id = d.subscriber "
            "WHERE d.issue = :issue AND d.subscriber BETWEEN :first AND :last "
            f"AND d.state IN ({_texts(states)}) ORDER BY d.subscriber"
        )
        for chunk in self._chunks.having(issue, states):
            yield from map(DeliveryWithRecipient._make, self._rows(query, bounds(chunk)))

    def for_subscriber(self, subscriber: int) -> list[tuple[IssueSend, Delivery]]:
        """All deliveries to a subscriber, the newest first."""
        sendings = IssueSends(self._database).all()
        pairs = ((sending, self.find(sending.issue, subscriber)) for sending in sendings)
        return [(sending, delivery) for sending, delivery in pairs if delivery]

    def held(self) -> dict[str, int]:
        """The number of held deliveries, by the name of their issue."""
        names = {sending.issue: sending.name for sending in IssueSends(self._database).all()}
        return {names[issue]: count for issue, count in self._chunks.held().items()}

    def next_try(self, now: str, latest: str) -> str:
        """When the next retry is due, of issues that are not paused; "" for none.

        `latest` is the latest moment for which a retry can be planned now: a later one was planned
        while the clock was ahead, and is due now.
        """
        rows = self._rows(
            "SELECT coalesce(min("
            "CASE WHEN c.next_try > :latest THEN :now ELSE c.next_try END), '') "
            "FROM delivery_chunks c JOIN issue_sends s ON s.issue = c.issue "
            "WHERE c.next_try <> '' AND s.ended_at = '' AND s.pause_kind = ''",
            {"now": now, "latest": latest},
        )
        return str(rows[0][0])

    # -- writing, inside a transaction -----------------------------------------------------

    def retry(self, issue: int, state: str, now: str, subscribers: Sequence[int] = ()) -> int:
        """Have deliveries in a final `state` sent again, to all or some subscribers; how many."""
        event = DeliveryEvent(issue, 0, now, "resend", f"was {state}")
        return self._apply(issue, _Change((state,), RESET, now, event), subscribers)

    def retry_missed(self, sending: IssueSend, after: int, last: int, now: str) -> int:
        """Have failed and suppressed deliveries to people who are subscribed now sent again.

        Those in chunks that end above the id `after`, up to `last`.
        """
        event = DeliveryEvent(sending.issue, 0, now, "resend", "missed")
        values = {"newsletter": sending.newsletter}
        change = _Change(("failed", "suppressed"), RESET, now, event, STILL_SUBSCRIBED, values)
        chunks = self._chunks.having(sending.issue, change.states)
        return self._change(change, [each for each in chunks if after < each.last <= last])

    def mark_sent(self, issue: int, now: str, subscribers: Sequence[int] = ()) -> int:
        """Mark held deliveries as sent, of all or some subscribers: an operator knows; how many."""
        event = DeliveryEvent(issue, 0, now, "resolved", CONFIRMED_SENT)
        return self._apply(issue, _Change(("held",), "state = 'sent'", now, event), subscribers)

    def stop(self, issue: int, now: str, reason: str) -> int:
        """Suppress all deliveries of an issue that no server has yet; how many."""
        assignments = "state = 'suppressed', reply = :reason"
        change = _Change(("pending", "retry"), assignments, now, values={"reason": reason})
        return self._apply(issue, change)

    def close(self, issue: int, state: str, now: str, reason: str) -> int:
        """Move all open deliveries to `state`; how many. Only while no program sends."""
        event = DeliveryEvent(issue, 0, now, state, reason)
        assignments = f"state = '{state}', reply = :reason"
        open_states = ("pending", "sending", "retry")
        change = _Change(open_states, assignments, now, event, values={"reason": reason})
        number = self._apply(issue, change)
        self._chunks.release(self._chunks.owned(issue))
        return number

    def recover(self, owner: str, now: str, *, resend: bool) -> list[tuple[int, int]]:
        """Recover the deliveries of a dead worker; those with unknown outcome: issue, subscriber.

        Its chunks are released. Deliveries being sent are held, or with `resend` sent again if this
        was their first attempt.
        """
        owned = self._chunks.owned_by(owner)
        after = "CASE WHEN attempts = 0 THEN 'pending' ELSE 'held' END" if resend else "'held'"
        unknown = [
            DeliveryEvent(chunk.issue, int(subscriber), now, str(state), UNKNOWN)
            for chunk in owned
            for subscriber, state in self._rows(
                f"UPDATE deliveries SET state = {after}, attempts = attempts + 1, "
                "changed_at = :now, reply = :reply "
                f"WHERE {RANGE} AND state = 'sending' RETURNING subscriber, state",
                {**bounds(chunk), "now": now, "reply": UNKNOWN},
            )
        ]
        self._events.add(unknown)
        self._chunks.release(owned)
        return [(event.issue, event.subscriber) for event in unknown]

    def _apply(self, issue: int, change: _Change, only: Sequence[int] = ()) -> int:
        """Change deliveries of an issue, chunk by chunk; how many. `only`: to some subscribers."""
        if not only:
            return self._change(change, self._chunks.having(issue, change.states))
        some = change._replace(where=f"{change.where} AND subscriber IN ({numbers(only)})")
        return self._change(some, self._chunks.of(issue, only))

    def _change(self, change: _Change, chunks: Iterable[Chunk]) -> int:
        """Change deliveries of these chunks; how many."""
        condition = f"{RANGE} AND state IN ({_texts(change.states)}) AND {change.where}"
        number = 0
        for chunk in chunks:
            values = {**change.values, **bounds(chunk)}
            if change.event:
                self._events.add_where(condition, values, change.event)
            rows = self._rows(
                f"UPDATE deliveries SET {change.assignments}, changed_at = :now "
                f"WHERE {condition} RETURNING subscriber",
                {**values, "now": change.now},
            )
            if rows:
                self._chunks.recount(chunk)
            number += len(rows)
        return number


class _Change(NamedTuple):
    """A change of deliveries in some states, as SQL, for which the condition `where` holds."""

    states: Sequence[str]
    assignments: str
    now: str
    event: DeliveryEvent | None = None
    where: str = "1 = 1"
    values: Mapping[str, object] = MappingProxyType({})


def numbers(values: Iterable[int]) -> str:
    """Integers for IN."""
    return ", ".join(str(int(value)) for value in values)


def _texts(texts: Iterable[str]) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
