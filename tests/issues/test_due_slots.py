"""A schedule starts when it is stored; only then are its slots due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from site_folder import SiteFolder
from syndicate.issues.due_slots import due_slots, start_schedule
from syndicate.schedule.due import Due
from syndicate.site import Site

SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
WEEKLY = {
    "title": "Weekly",
    "sender": "a@example.org",
    "postal_address": "Here",
    "every": "monday 08:00",
}


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SiteFolder:
    folder = SiteFolder(tmp_path / "site", database_url)
    folder.configure(newsletters={"weekly": WEEKLY})
    return folder


def started(site: Site, now: datetime) -> bool:
    return start_schedule(site, site.config.newsletters["weekly"], now)


def due_at(site: Site, now: datetime) -> Due:
    return due_slots(site, site.config.newsletters["weekly"], now)


def test_no_slot_is_due_before_its_schedule_is_stored(site: SiteFolder) -> None:
    with site.opened() as opened:
        assert due_at(opened, MONDAY) == Due()
        assert started(opened, SUNDAY)
        assert [slot.local for slot in due_at(opened, MONDAY).make] == ["2026-11-23T08:00"]


def test_a_schedule_is_stored_once_and_again_when_it_changed(site: SiteFolder) -> None:
    with site.opened() as opened:
        assert started(opened, SUNDAY)
        assert not started(opened, MONDAY)
    site.configure(newsletters={"weekly": {**WEEKLY, "every": "monday 07:00"}})
    with site.opened() as opened:
        assert due_at(opened, MONDAY) == Due(), "a changed schedule has not started"
        assert started(opened, MONDAY)
        assert due_at(opened, MONDAY) == Due()


def test_a_schedule_that_was_stored_while_the_clock_was_ahead_starts_now(site: SiteFolder) -> None:
    with site.opened() as opened:
        assert started(opened, MONDAY + timedelta(days=365))
        assert due_at(opened, MONDAY) == Due()
        assert started(opened, SUNDAY)
        assert due_at(opened, MONDAY).make
