"""Dates from a clock that was ahead or behind are corrected."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from site_folder import NOON, SiteFolder


def test_dates_from_a_clock_that_was_ahead_for_a_moment_are_corrected_after_a_day(
    tmp_path: Path,
) -> None:
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    site.article("edited.md", "Edited", date="2026-11-20")
    site.article("dated.md", "Dated", date="2036-11-01")
    site.build(NOON)
    site.article("new.md", "New")
    site.article("edited.md", "Edited", "More of it.", date="2026-11-20")
    site.build(NOON.replace(year=2036))
    for hours in range(0, 30, 6):
        site.build(NOON + timedelta(hours=hours))
    items = {item["title"]: item for item in json.loads(site.text("feed.json"))["items"]}
    corrected = "2026-11-23T12:00:00+00:00"
    assert items["New"]["date_published"] == items["New"]["date_modified"] == corrected
    assert items["Edited"]["date_published"] == "2026-11-20T00:00:00+00:00"
    assert items["Edited"]["date_modified"] == corrected
    assert items["Dated"]["date_published"] == "2036-11-01T00:00:00+00:00", "as its header states"


def test_a_clock_that_is_behind_for_a_moment_changes_no_dates(tmp_path: Path) -> None:
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    site.article("new.md", "New")
    site.build(NOON)
    feed = site.text("feed.xml")
    for moment in (NOON.replace(year=1990), NOON, NOON + timedelta(days=2)):
        site.build(moment)
    assert site.text("feed.xml") == feed


def test_a_date_from_a_clock_that_was_ahead_is_corrected_by_the_header(tmp_path: Path) -> None:
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    site.article("one.md", "One")
    site.build(NOON.replace(year=2036))
    assert "2036-11-22" in site.text("feed.json")
    site.article("one.md", "One", date="2026-11-20")
    site.build(NOON)
    assert '"date_published": "2026-11-20' in site.text("feed.json")
    site.article("one.md", "One", date="2026-11-10")
    site.build(NOON)
    assert '"date_published": "2026-11-20' in site.text("feed.json"), "and then it stays"
