"""Table of bounce reports and complaints. All its SQL is here.

A delivery has at most one report of each kind: a repeated one, through any channel, has no
effect.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

from syndicate.store.confirmed_time import confirmed_time
from syndicate.store.database import Database
from syndicate.store.delivery_events import DeliveryEvent, DeliveryEvents
from syndicate.timestamps import format_timestamp


class Bounce(NamedTuple):
    """A bounce report or complaint of a delivery, a row. `received_at` is UTC text.

    `status` is an enhanced status code (RFC 3463), "" if unknown.
    """

    id: str
    issue: int
    subscriber: int
    kind: str
    status: str
    detail: str
    received_at: str


class ListedBounce(NamedTuple):
    """A report as it is shown. `address` is "" if the subscriber was erased."""

    newsletter: str
    slot: str
    address: str
    kind: str
    status: str
    detail: str
    received_at: str


class Refused(NamedTuple):
    """An address that a server refused as unknown."""

    subscriber: int
    hash: str
    status: str
    detail: str


RETURNED_KINDS = ("hard", "soft", "blocked")
"""The kinds of reports of a message that did not arrive."""

SUPPRESSED_EVENT = "address suppressed"
"""The event of a delivery whose bounce suppressed its address."""

LIFTED_EVENT = "address no longer suppressed"
"""The same event after most of the issue bounced."""

NOT_SUPPRESSED = (
    "NOT EXISTS (SELECT 1 FROM delivery_events e WHERE e.issue = b.issue "
    f"AND e.subscriber = b.subscriber AND e.event IN ('{SUPPRESSED_EVENT}', '{LIFTED_EVENT}'))"
)

LISTED = (
    "SELECT coalesce(s.newsletter, ''), coalesce(s.slot, ''), coalesce(p.address, ''), "
    "b.kind, b.status, b.detail, b.received_at FROM bounces b "
    "LEFT JOIN issue_sends s ON s.issue = b.issue LEFT JOIN subscribers p ON p.id = b.subscriber"
)


def new_bounce(
    issue: int, subscriber: int, kind: str, received_at: datetime, *, status: str, detail: str
) -> Bounce:
    """The row of a report. Its id is the same for repeated reports of a kind."""
    moment = format_timestamp(received_at)
    identity = _identity(issue, subscriber, kind)
    return Bounce(identity, issue, subscriber, kind, status, detail, moment)


def _identity(issue: int, subscriber: int, kind: str) -> str:
    return hashlib.sha256(f"{issue}\0{subscriber}\0{kind}".encode()).hexdigest()[:32]


class Bounces:
    """The bounce reports and complaints."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def is_stored(self, bounce: Bounce) -> bool:
        """Whether a report is stored already."""
        return bool(self._rows("SELECT 1 FROM bounces WHERE id = :i", {"i": bounce.id}))

    def of(self, subscriber: int) -> list[Bounce]:
        """The reports of a subscriber, the oldest first."""
        query = (
            "SELECT id, issue, subscriber, kind, status, detail, received_at FROM bounces "
            "WHERE subscriber = :s ORDER BY received_at, issue"
        )
        return [Bounce._make(row) for row in self._rows(query, {"s": subscriber})]

    def soft_bounces_since(self, subscriber: int, since: str) -> dict[int, str]:
        """The soft bounces of a subscriber since a time: issue -> when."""
        query = (
            "SELECT issue, received_at FROM bounces "
            "WHERE subscriber = :s AND kind = 'soft' AND received_at >= :t "
            "ORDER BY issue"
        )
        return {int(i): str(at) for i, at in self._rows(query, {"s": subscriber, "t": since})}

    def arrived(self, subscriber: int, first: int, last: int) -> list[int]:
        """Issues between two that were sent to a subscriber and did not bounce."""
        # From the issues, which are few, to deliveries by their whole key: these are many.
        query = (
            "SELECT s.issue FROM issue_sends s "
            "JOIN deliveries d ON d.issue = s.issue AND d.subscriber = :s "
            "WHERE s.issue > :first AND s.issue < :last AND d.state = 'sent' AND NOT EXISTS "
            "(SELECT 1 FROM bounces b WHERE b.subscriber = :s AND b.issue = s.issue)"
        )
        values = {"s": subscriber, "first": first, "last": last}
        return [int(issue) for (issue,) in self._rows(query, values)]

    def latest(self, subscriber: int, until: str, now: str, newsletter: str = "") -> int | None:
        """The last issue sent to a subscriber until a time (UTC text), of one newsletter or any.

        One sent later than `now` was sent while the clock was ahead, so before `until`.
        """
        query = (
            "SELECT max(s.issue) FROM issue_sends s "
            "JOIN deliveries d ON d.issue = s.issue AND d.subscriber = :s "
            "WHERE d.state = 'sent' AND (d.changed_at <= :until OR d.changed_at > :now)"
        )
        values = {"s": subscriber, "until": until, "now": now}
        if newsletter:
            query, values = f"{query} AND s.newsletter = :n", values | {"n": newsletter}
        ((issue,),) = self._rows(query, values)
        return None if issue is None else int(issue)

    def refused(self, issue: int) -> list[Refused]:
        """Subscribers whose delivery failed as unknown, and who are not suppressed for it yet."""
        query = (
            "SELECT p.id, p.hash, b.status, b.detail FROM bounces b "
            "JOIN deliveries d ON d.issue = b.issue AND d.subscriber = b.subscriber "
            "JOIN subscribers p ON p.id = b.subscriber "
            "WHERE b.issue = :i AND b.kind = 'hard' AND d.state = 'failed' "
            f"AND {NOT_SUPPRESSED} ORDER BY p.id"
        )
        return [Refused._make(row) for row in self._rows(query, {"i": issue})]

    def returned(self, issue: int) -> tuple[int, int]:
        """How many of an issue's messages were refused or came back, and how many were planned."""
        query = "SELECT returned, planned FROM issue_sends WHERE issue = :i"
        rows = self._rows(query, {"i": issue})
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    def causes(self, issue: int, subscriber: int | None = None) -> list[tuple[int, int]]:
        """Issue and subscriber of suppressions to which the bounces of an issue contributed.

        That is the issue itself, and later soft bounces. Of one subscriber, or of all.
        """
        only = "" if subscriber is None else f"AND e.subscriber = {int(subscriber)} "
        query = (
            "SELECT e.issue, e.subscriber FROM delivery_events e "
            "JOIN bounces b ON b.subscriber = e.subscriber AND b.issue = :i "
            f"WHERE e.event = '{SUPPRESSED_EVENT}' {only}"
            "AND (e.issue = :i OR (b.kind = 'soft' AND EXISTS (SELECT 1 FROM bounces c "
            "WHERE c.issue = e.issue AND c.subscriber = e.subscriber "
            "AND c.kind = 'soft'))) GROUP BY e.issue, e.subscriber ORDER BY e.issue, e.subscriber"
        )
        return [(int(i), int(who)) for i, who in self._rows(query, {"i": issue})]

    def only_cause(self, issue: int, subscriber: int) -> str | None:
        """The hash of an address that is suppressed for the bounce of this issue and no other.

        Bounces before the suppression do not count: it was lifted after them.
        """
        query = (
            "SELECT x.hash FROM delivery_events e JOIN subscribers p ON p.id = e.subscriber "
            "JOIN suppressions x ON x.hash = p.hash AND x.since <= e.occurred_at "
            "AND x.reason = 'bounce' "
            f"WHERE e.issue = :i AND e.subscriber = :s AND e.event = '{SUPPRESSED_EVENT}' "
            "AND NOT EXISTS (SELECT 1 FROM delivery_events o WHERE o.subscriber = e.subscriber "
            f"AND o.event = '{SUPPRESSED_EVENT}' AND o.issue <> e.issue "
            "AND o.occurred_at >= x.since)"
        )
        rows = self._rows(query, {"i": issue, "s": subscriber})
        return str(rows[0][0]) if rows else None

    def listed(self, newsletter: str, slot: str, limit: int) -> list[ListedBounce]:
        """The newest reports: of an issue, of a newsletter (slot ""), or of all (both "")."""
        filters = {"newsletter": newsletter, "slot": slot}
        values: dict[str, object] = {name: value for name, value in filters.items() if value}
        where = " AND ".join(f"s.{name} = :{name}" for name in values) or "1 = 1"
        query = f"{LISTED} WHERE {where} ORDER BY b.received_at DESC, b.id LIMIT :most"
        rows = self._rows(query, {**values, "most": limit})
        return [ListedBounce._make(row) for row in rows]

    # -- writing, inside a transaction -----------------------------------------------------

    def add_event(self, event: str, now: datetime, kept: timedelta) -> bool:
        """Store the id of a provider's event; False if it is stored already.

        Ids older than `kept` are deleted.
        """
        if moment := confirmed_time(self._database, "provider_events", now):
            values = {"before": format_timestamp(moment - kept)}
            self._database.run("DELETE FROM provider_events WHERE received_at < :before", values)
        return bool(
            self._rows(
                "INSERT INTO provider_events (id, received_at) VALUES (:id, :at) "
                "ON CONFLICT (id) DO NOTHING RETURNING id",
                {"id": event, "at": format_timestamp(now)},
            )
        )

    def mark_suppressed(self, issue: int, subscriber: int, now: str) -> None:
        """Record that the bounce of a delivery suppressed its address."""
        event = DeliveryEvent(issue, subscriber, now, SUPPRESSED_EVENT, "")
        DeliveryEvents(self._database).add([event])

    def mark_lifted(self, issue: int, subscriber: int) -> None:
        """Record that the bounce of a delivery no longer suppresses its address."""
        self._database.run(
            f"UPDATE delivery_events SET event = '{LIFTED_EVENT}' "
            f"WHERE issue = :i AND subscriber = :s AND event = '{SUPPRESSED_EVENT}'",
            {"i": issue, "s": subscriber},
        )

    def add(self, bounce: Bounce, event: str) -> bool:
        """Store a report, and an event of its delivery: `event` is bounced or complained.

        Returns whether it is the first bounce of this delivery.
        """
        ids = [_identity(bounce.issue, bounce.subscriber, kind) for kind in RETURNED_KINDS]
        values = {f"id{number}": each for number, each in enumerate(ids)}
        query = f"SELECT 1 FROM bounces WHERE id IN ({', '.join(f':{name}' for name in values)})"
        is_first = bounce.kind in RETURNED_KINDS and not self._rows(query, values)
        if is_first:
            self._database.run(
                "UPDATE issue_sends SET returned = returned + 1 WHERE issue = :i",
                {"i": bounce.issue},
            )
        self._database.upsert("bounces", Bounce._fields, [bounce])
        added = DeliveryEvent(
            bounce.issue, bounce.subscriber, bounce.received_at, event, bounce.detail
        )
        DeliveryEvents(self._database).add([added])
        return is_first
