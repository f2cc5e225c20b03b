"""When newsletters began, and their schedules, on both databases."""

from __future__ import annotations

from syndicate.store.database import Database
from syndicate.store.newsletters import Newsletters, NewsletterStart


def test_a_newsletter_begins_once(database: Database) -> None:
    newsletters = Newsletters(database)
    with database.transaction():
        newsletters.begin(["weekly"], "2026-11-01T00:00:00Z")
        newsletters.begin(["weekly", "birds"], "2026-11-22T12:00:00Z")
    assert newsletters.all() == {
        "weekly": NewsletterStart("2026-11-01T00:00:00Z", 0, "", ""),
        "birds": NewsletterStart("2026-11-22T12:00:00Z", 0, "", ""),
    }


def test_a_new_schedule_replaces_the_old_one_and_not_the_start(database: Database) -> None:
    newsletters = Newsletters(database)
    with database.transaction():
        newsletters.begin(["weekly"], "2026-11-01T00:00:00Z")
        newsletters.reschedule("weekly", "monday at 08:00", "2026-11-02T00:00:00Z")
        newsletters.reschedule("weekly", "friday at 08:00", "2026-11-03T00:00:00Z")
    assert newsletters.all()["weekly"] == NewsletterStart(
        "2026-11-01T00:00:00Z", 0, "friday at 08:00", "2026-11-03T00:00:00Z"
    )
