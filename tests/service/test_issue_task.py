"""Issues are made at their slots: each once, late where that is wanted, and each fails alone."""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from service_parts import MINUTE, MONDAY, WEEK, Life, newsletter_settings

from site_folder import SiteFolder
from syndicate.issues.due_slots import upcoming
from syndicate.service import issue_task
from syndicate.site import Setup
from syndicate.store.issues import Issues

SLOTS = [f"{MONDAY + n * WEEK:%Y-%m-%dT%H:%M}" for n in range(5)]


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SiteFolder:
    """A site with one article and a newsletter."""
    folder = SiteFolder(tmp_path / "site", database_url)
    folder.configure(newsletters={"weekly": newsletter_settings()})
    folder.article("one.md", "The first", date="2026-11-01")
    return folder


@pytest.fixture
def life(site: SiteFolder) -> Life:
    """Its service, a day before the first slot."""
    life = Life(site, MONDAY - timedelta(days=1))
    life.at(life.now)
    return life


def again(life: Life, **changes: object) -> None:
    """Restart with other settings of the newsletter."""
    life.site.configure(newsletters={"weekly": newsletter_settings(**changes)})
    life.start()


# -- on time ------------------------------------------------------------------------------------


@pytest.mark.postgresql
def test_an_issue_is_made_at_its_slot_and_not_before(life: Life) -> None:
    life.at(MONDAY - timedelta(seconds=1))
    assert life.states() == []
    life.at(MONDAY)
    assert life.states() == [(SLOTS[0], "approved")]
    assert life.site.has("newsletters/weekly/2026-11-23-0800/index.html")
    assert "newsletters/weekly/2026-11-23-0800/index.html" in life.served.paths


@pytest.mark.postgresql
def test_a_slot_is_made_once_whatever_many_turns_and_services(life: Life) -> None:
    for _ in range(3):
        life.at(MONDAY)
    other = Life(life.site, MONDAY)
    other.at(MONDAY)
    life.at(MONDAY + MINUTE)
    assert life.states() == [(SLOTS[0], "approved")]


def test_without_anything_new_the_slot_is_skipped(life: Life) -> None:
    life.at(MONDAY)
    life.at(MONDAY + WEEK)
    assert life.states() == [(SLOTS[0], "approved"), (SLOTS[1], "skipped")]
    assert life.issues()[1].reason == "nothing new since the last issue"


def test_an_article_published_at_the_time_of_a_slot_is_in_its_issue(life: Life) -> None:
    life.site.article("due.md", "On the dot", date=MONDAY.isoformat())
    life.at(MONDAY - MINUTE)
    life.at(MONDAY)
    assert life.titles() == [["On the dot", "The first"]]


def test_a_turn_before_the_slot_opens_no_database(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_setup: Setup, _progress: object) -> None:
        raise AssertionError("the database was opened")

    monkeypatch.setattr(issue_task, "open_site", refused)
    life.at(MONDAY - MINUTE)
    assert life.faults == []
    life.at(MONDAY)
    assert [fault for fault in life.faults if "the database was opened" in fault]


# -- missed -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missed", "states", "reasons"),
    [
        ("latest", ["skipped", "skipped", "approved"], 2 * ["missed, and a later one"]),
        ("none", ["skipped", "skipped", "skipped"], 3 * ["catch_up is none"]),
        ("all", ["approved", "skipped", "skipped"], 2 * ["nothing new"]),
    ],
)
def test_what_was_missed_is_made_late_or_recorded(
    life: Life, missed: str, states: list[str], reasons: list[str]
) -> None:
    again(life, catch_up=missed, max_age="30 days")
    life.at(MONDAY + 2 * WEEK + timedelta(hours=1))
    issues = life.issues()
    assert [(issue.slot, issue.state) for issue in issues] == list(zip(SLOTS, states, strict=False))
    found = [issue.reason for issue in issues if issue.state == "skipped"]
    assert all(part in reason for part, reason in zip(reasons, found, strict=True))


def test_a_slot_missed_too_long_ago_is_recorded_as_skipped(life: Life) -> None:
    again(life, max_age="2 hours")
    life.at(MONDAY + timedelta(hours=2, minutes=1))
    assert life.states() == [(SLOTS[0], "skipped")]
    assert "max_age" in life.issues()[0].reason


def test_a_missed_issue_is_made_of_the_articles_at_the_start(life: Life) -> None:
    life.site.article("one.md", "The first, corrected", date="2026-11-01")
    life.site.article("two.md", "While nothing ran", date="2026-11-22")
    life.start()
    life.at(MONDAY + timedelta(hours=1))
    assert life.titles() == [["While nothing ran", "The first, corrected"]]


def test_earlier_articles_are_the_backlog_of_a_newsletter(site: SiteFolder) -> None:
    """Also when the service is the first that ever looks at the folder."""
    site.configure(newsletters={"weekly": newsletter_settings(backlog=1)})
    site.article("two.md", "The second", date="2026-11-02")
    life = Life(site, MONDAY - MINUTE)
    life.at(life.now)
    life.at(MONDAY)
    assert life.titles() == [["The second"]]


# -- changes ------------------------------------------------------------------------------------


def test_a_changed_schedule_counts_from_now_on(life: Life) -> None:
    life.at(MONDAY)
    life.site.article("two.md", "The second", date="2026-11-23")
    again(life, every="day at 07:00", max_age="30 days")
    life.at(MONDAY + timedelta(days=3))  # Thursday at 8
    assert life.states() == [(SLOTS[0], "approved")]
    life.at(MONDAY + timedelta(days=3, hours=23))
    assert life.states() == [(SLOTS[0], "approved"), ("2026-11-27T07:00", "approved")]


def test_a_changed_time_zone_is_a_new_schedule_that_counts_from_now_on(life: Life) -> None:
    """At half past seven in UTC it is half past eight in Berlin: that slot has passed."""
    again(life, time_zone="Europe/Berlin", max_age="30 days")
    life.at(MONDAY - 30 * MINUTE)
    life.at(MONDAY + 30 * MINUTE)
    assert life.states() == []
    life.at(MONDAY + WEEK - 60 * MINUTE)
    assert life.states() == [(SLOTS[1], "approved")]


def test_a_clock_set_back_makes_no_issue_twice_and_loses_none(life: Life) -> None:
    life.at(MONDAY)
    life.site.article("two.md", "The second", date="2026-11-23")
    life.at(MONDAY - timedelta(hours=1))
    life.at(MONDAY)
    assert life.states() == [(SLOTS[0], "approved")]
    life.at(MONDAY + WEEK)
    assert life.titles() == [["The first"], ["The second"]]


# -- faults -------------------------------------------------------------------------------------


def test_a_broken_template_affects_only_its_newsletter_until_it_is_corrected(
    site: SiteFolder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    own = site.root / "templates" / "mine"
    own.mkdir(parents=True)
    (own / "email.html").write_text("<p>{{ nothing.of.this }}")
    site.configure(
        newsletters={"weekly": newsletter_settings(template="mine"), "other": newsletter_settings()}
    )
    life = Life(site, MONDAY - MINUTE)
    life.at(life.now)
    for seconds in (0, 5, 10, 60, 120):
        life.at(MONDAY + timedelta(seconds=seconds))
    assert life.states("other") == [(SLOTS[0], "approved")]
    assert life.states() == []
    assert [fault for fault in life.faults if fault.startswith("newsletter weekly: ")]
    told = [r for r in caplog.records if getattr(r, "facts", {}).get("part") == "newsletter weekly"]
    assert len(told) == 1
    (own / "email.html").unlink()
    life.at(MONDAY + timedelta(minutes=30))
    assert life.states() == [(SLOTS[0], "approved")]
    assert life.faults == []


# -- a clock that was ahead ----------------------------------------------------------------------


@pytest.mark.parametrize("weeks", [1, pytest.param(4, marks=pytest.mark.soak), 520])
def test_a_clock_that_was_ahead_for_a_moment_silences_no_slot(life: Life, weeks: int) -> None:
    life.at(MONDAY)
    life.site.article("two.md", "The second", date="2026-11-24")
    life.at(MONDAY + weeks * WEEK + MINUTE)
    for number in range(1, 4):
        now = MONDAY + number * WEEK
        life.at(now - MINUTE)
        life.site.article(f"new-{number}.md", f"New {number}", date="2026-11-25")
        life.at(now)
        with life.site.opened() as opened:
            found = Issues(opened.database).get("weekly", SLOTS[number])
        assert found
        assert found.state == "approved"


def test_a_planned_issue_is_the_one_that_is_made(life: Life) -> None:
    life.at(MONDAY + 4 * WEEK + MINUTE)
    life.at(MONDAY + MINUTE)
    with life.site.opened() as opened:
        newsletter = opened.config.newsletters["weekly"]
        slots = list(islice(upcoming(opened, newsletter, MONDAY + MINUTE), 4))
    assert [slot.local for slot in slots[:3]] == SLOTS[1:4]
    assert slots[3].local > SLOTS[4], "that one was made while the clock was ahead"


def test_a_newsletter_that_began_while_the_clock_was_ahead_has_issues(
    site: SiteFolder,
) -> None:
    life = Life(site, MONDAY + 520 * WEEK)
    life.at(life.now)
    life.at(MONDAY - MINUTE)
    site.article("two.md", "The second", date="2026-11-02")
    life.at(MONDAY)
    assert (SLOTS[0], "approved") in life.states()


def test_of_thousands_of_missed_slots_only_the_last_are_recorded(life: Life) -> None:
    life.at(MONDAY + 520 * WEEK + MINUTE)
    assert 50 < len(life.states()) < 200
