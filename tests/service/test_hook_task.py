"""Hooks are called after builds and issues; one that fails is a problem until it succeeds."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from service_parts import MINUTE, MONDAY, Life, newsletter_settings

from site_folder import SiteFolder
from syndicate.service import hook_task
from syndicate.site import Setup

WAITS = """
import pathlib, time
while not pathlib.Path("go").exists():
    time.sleep(0.01)
"""
HEARS = """
import pathlib, sys
if pathlib.Path("deaf").exists():
    sys.exit("not now")
with open("called_subjects", "ab") as file:
    file.write(sys.stdin.buffer.read() + b"\\n")
"""


@pytest.fixture
def life(tmp_path: Path, database_url: str) -> Life:
    """A service with a hook, which was told that it is there."""
    site = SiteFolder(tmp_path / "site", database_url)
    command = shlex.join([sys.executable, "-c", HEARS])
    site.configure(
        newsletters={"weekly": newsletter_settings()},
        hooks={"mine": {"on": ["article-published", "issue-made"], "command": command}},
    )
    site.article("one.md", "The first", date="2026-11-01")
    life = Life(site, MONDAY - timedelta(hours=1))
    life.at(life.now)
    return life


def called_subjects(life: Life) -> list[str]:
    file = life.site.root / "called_subjects"
    return [json.loads(line)["event"] for line in file.open()] if file.exists() else []


def test_a_hook_is_called_for_an_article_and_an_issue_in_one_run(life: Life) -> None:
    life.site.article("two.md", "The second", date="2026-11-02")
    life.at(life.now + timedelta(seconds=1))
    assert called_subjects(life) == ["article-published"]
    life.at(MONDAY)
    assert called_subjects(life) == ["article-published", "issue-made"]


def test_a_hook_that_fails_is_a_fault_that_heals(life: Life) -> None:
    (life.site.root / "deaf").touch()
    life.at(MONDAY)
    assert [fault for fault in life.faults if "failed: the command exited with 1: not now" in fault]
    assert life.states() == [("2026-11-23T08:00", "approved")]
    (life.site.root / "deaf").unlink()
    life.at(MONDAY + MINUTE)
    assert (called_subjects(life), life.faults) == (["issue-made"], [])


def test_without_events_no_database_is_opened(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_setup: Setup, _progress: object) -> None:
        raise AssertionError("the database was opened")

    monkeypatch.setattr(hook_task, "open_site", refused)
    life.at(life.now + timedelta(seconds=1))
    assert life.faults == []


def test_a_slow_hook_holds_up_nothing_else(life: Life) -> None:
    slow = shlex.join([sys.executable, "-c", WAITS + HEARS])
    life.site.configure(hooks={"mine": {"on": ["issue-made"], "command": slow}})
    life.start()
    life.at(life.now)
    life.now = MONDAY
    life.scheduler.run_due(MONDAY)
    assert life.states() == [("2026-11-23T08:00", "approved")]
    life.site.article("two.md", "The second", date="2026-11-02")
    for seconds in (1, 2):
        life.scheduler.run_due(MONDAY + timedelta(seconds=seconds))
    assert "The second" in life.site.text("feed.xml")
    assert called_subjects(life) == [], "it is still at it"
    (life.site.root / "go").touch()
    life.at(MONDAY + timedelta(seconds=3))
    assert called_subjects(life) == ["issue-made"]


def test_a_new_configuration_repeats_no_event(life: Life) -> None:
    slow = shlex.join([sys.executable, "-c", "import time; time.sleep(1)\n" + HEARS])
    life.site.configure(hooks={"mine": {"on": ["issue-made"], "command": slow}})
    life.start()
    life.at(life.now)
    life.scheduler.run_due(MONDAY)  # the hook is at work now
    before = life.scheduler
    life.start()
    before.replace(life.jobs)
    life.scheduler = before
    life.at(MONDAY + timedelta(seconds=1))
    assert called_subjects(life) == ["issue-made"]
