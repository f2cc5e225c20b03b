"""How many subscribers each newsletter has, and how many joined and unsubscribed lately."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from syndicate.store.database import Database
from syndicate.store.subscriber_counts import SubscriberCounts, counts
from syndicate.timestamps import format_timestamp

WEEK, MONTH = timedelta(days=7), timedelta(days=30)


def newsletter_counts(database: Database, newsletter: str, now: datetime) -> SubscriberCounts:
    """The counts of one newsletter."""
    return _counts(database, now).get(newsletter) or SubscriberCounts.none(newsletter)


def all_counts(
    database: Database, newsletters: Iterable[str], now: datetime
) -> list[SubscriberCounts]:
    """The counts of these newsletters, and of others that have subscribers, by name."""
    counts = _counts(database, now)
    return [
        counts.get(name) or SubscriberCounts.none(name) for name in sorted({*counts, *newsletters})
    ]


def _counts(database: Database, now: datetime) -> dict[str, SubscriberCounts]:
    week_ago, month_ago = (format_timestamp(now - period) for period in (WEEK, MONTH))
    return {each.newsletter: each for each in counts(database, week_ago, month_ago)}
