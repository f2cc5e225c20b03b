"""How many subscribers each newsletter has, and how many joined and unsubscribed lately."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndicate.store.connect import open_database
from syndicate.store.database import Database
from syndicate.store.subscriber_counts import SubscriberCounts
from syndicate.subscribers.import_csv import Agreement
from syndicate.subscribers.membership import add, unsubscribe
from syndicate.subscribers.statistics import all_counts, newsletter_counts
from syndicate.timestamps import format_timestamp

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(database_url, tmp_path)
    yield opened
    opened.close()


def join(database: Database, address: str, newsletter: str, days_ago: int) -> None:
    moment = format_timestamp(NOW - timedelta(days=days_ago))
    add(database, [address], Agreement(newsletter, "at the market", moment), "")


def test_subscribers_are_counted_now_and_in_the_last_7_and_30_days(database: Database) -> None:
    join(database, "ada@example.org", "weekly", days_ago=90)
    join(database, "bob@example.org", "weekly", days_ago=20)
    join(database, "cyd@example.org", "weekly", days_ago=1)
    unsubscribe(database, "ada@example.org", "weekly", "", NOW - timedelta(days=2))
    assert newsletter_counts(database, "weekly", NOW) == SubscriberCounts(
        "weekly",
        active=2,
        unsubscribed=1,
        suppressed=0,
        joined_7_days=1,
        unsubscribed_7_days=1,
        joined_30_days=2,
        unsubscribed_30_days=1,
        unconfirmed=0,
    )


def test_newsletters_without_subscribers_and_those_no_longer_configured_are_listed_too(
    database: Database,
) -> None:
    join(database, "ada@example.org", "former", days_ago=1)
    counts = all_counts(database, ["weekly", "monthly"], NOW)
    assert [(each.newsletter, each.active) for each in counts] == [
        ("former", 1),
        ("monthly", 0),
        ("weekly", 0),
    ]
    assert newsletter_counts(database, "weekly", NOW) == SubscriberCounts.none("weekly")
