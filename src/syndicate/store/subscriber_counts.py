"""Counts of subscribers, and of how many join and unsubscribe. All the SQL for it is here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from syndicate.store.database import Database
from syndicate.store.subscribers import LISTED


class SubscriberCounts(NamedTuple):
    """The subscribers of a newsletter by state, and how many joined and unsubscribed lately.

    `waiting` are those who signed up and have not confirmed.
    """

    newsletter: str
    active: int
    unsubscribed: int
    suppressed: int
    joined_7_days: int
    unsubscribed_7_days: int
    joined_30_days: int
    unsubscribed_30_days: int
    unconfirmed: int

    @classmethod
    def none(cls, newsletter: str) -> SubscriberCounts:
        """The counts of a newsletter without subscribers."""
        return cls(newsletter, *(0,) * (len(cls._fields) - 1))


JOINED, LEFT = ("added", "imported", "confirmed"), ("unsubscribed",)
"""Events that begin and end a subscription."""


def counts(database: Database, week_ago: str, month_ago: str) -> list[SubscriberCounts]:
    """The counts of each newsletter with any subscription or request. Times are UTC text."""
    query = f"SELECT newsletter, state, count(*) FROM ({LISTED}) AS l GROUP BY newsletter, state"
    states = {(name, state): count for name, state, count in database.rows(query)}
    lately = [
        _count_events(database, events, since)
        for since in (week_ago, month_ago)
        for events in (JOINED, LEFT)
    ]
    waiting = _waiting(database)
    counts = []
    for name in sorted({name for name, _ in states}.union(waiting)):
        now = (states.get((name, state), 0) for state in ("active", "unsubscribed", "suppressed"))
        since = (count.get(name, 0) for count in lately)
        counts.append(SubscriberCounts._make((name, *now, *since, waiting[name])))
    return counts


def _count_events(database: Database, events: Sequence[str], since: str) -> Mapping[str, int]:
    names = ", ".join(f"'{event}'" for event in events)
    query = (
        "SELECT newsletter, count(DISTINCT subscriber) FROM consents "
        f"WHERE occurred_at >= :since AND event IN ({names}) GROUP BY newsletter"
    )
    return {row[0]: row[1] for row in database.rows(query, {"since": since})}


def _waiting(database: Database) -> Counter[str]:
    rows = database.rows(
        "SELECT DISTINCT hash, newsletters FROM signup_requests "
        "WHERE kind = 'subscribe' AND state IN ('waiting', 'sent')"
    )
    return Counter(
        name
        for _, name in {
            (subscriber, name) for subscriber, names in rows for name in json.loads(names)
        }
    )
