"""Drafts are approved when their time has come, also after restarts."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from service_parts import MINUTE, MONDAY, Life, newsletter_settings

from site_folder import SiteFolder
from syndicate.delivery.pauses import old_approval
from syndicate.issues.transitions import schedule_approval

LATER = MONDAY + timedelta(hours=3)
PAGE = "newsletters/weekly/2026-11-23-0800/index.html"


@pytest.fixture
def life(tmp_path: Path, database_url: str) -> Life:
    """A service that has made a draft on Monday, to be approved three hours later."""
    site = SiteFolder(tmp_path / "site", database_url)
    site.configure(newsletters={"weekly": newsletter_settings(approval="manual")})
    site.article("one.md", "The first", date="2026-11-01")
    life = Life(site, MONDAY - MINUTE)
    life.at(MONDAY - MINUTE)
    life.at(MONDAY)
    assert life.states() == [("2026-11-23T08:00", "draft")]
    schedule(life, LATER)
    return life


def schedule(life: Life, moment: datetime) -> None:
    with life.site.opened() as opened:
        assert schedule_approval(opened, life.issues()[0], moment)


def test_it_is_approved_and_published_then_and_not_before(life: Life) -> None:
    life.at(LATER - MINUTE)
    assert life.states() == [("2026-11-23T08:00", "draft")]
    assert (
        "weekly/2026-11-23T08:00 at 2026-11-23T11:00:00Z" in life.scheduler.status["to be approved"]
    )
    assert not life.site.has(PAGE)
    life.at(LATER)
    assert life.states() == [("2026-11-23T08:00", "approved")]
    assert life.site.has(PAGE)
    assert life.site.has("newsletters/weekly/feed.xml")
    assert life.scheduler.status["to be approved"] == ""
    assert [issue.approved_at for issue in life.issues()] == ["2026-11-23T11:00:00Z"]


def test_a_restart_after_the_time_makes_up_for_it(life: Life) -> None:
    life.start()
    life.at(LATER + timedelta(hours=1))
    assert life.states() == [("2026-11-23T08:00", "approved")]


def test_an_issue_approved_long_ago_waits_for_a_confirmation(
    life: Life,
) -> None:
    restarted = LATER + timedelta(days=30)
    life.start()
    life.at(restarted)
    issue = life.issues()[0]
    assert (issue.state, issue.approved_at) == ("approved", "2026-11-23T11:00:00Z")
    with life.site.opened() as opened:
        assert old_approval(issue, opened.config.newsletters["weekly"], restarted)


def test_a_new_time_replaces_the_old_one(life: Life) -> None:
    schedule(life, LATER + 2 * MINUTE)
    life.at(LATER)
    assert life.states() == [("2026-11-23T08:00", "draft")]
    life.at(LATER + 2 * MINUTE)
    assert life.states() == [("2026-11-23T08:00", "approved")]
