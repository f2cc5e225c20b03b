"""One complete issue for each slot, whatever crashes and however many processes try at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from site_folder import SiteFolder, without_progress
from syndicate import atomic_files
from syndicate.build.builder import build
from syndicate.issues import freeze
from syndicate.issues.freeze import IssueDraft, freeze_issue
from syndicate.site import load_site
from syndicate.store.connect import open_database
from syndicate.store.issues import Issue, Issues

WEEKLY = {"weekly": {"title": "Weekly", "sender": "a@example.org", "postal_address": "Here"}}
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SLOT = f"{MONDAY:%Y-%m-%dT%H:%M}"

DEATHS: dict[str, tuple[object, str, str, int]] = {
    "before choosing": (IssueDraft, "choose", "before", 1),
    "when chosen": (IssueDraft, "choose", "after", 1),
    "when composed": (IssueDraft, "compose", "after", 1),
    "with the issue half kept": (Issues, "add", "after", 1),
    "before what is owed is kept": (freeze, "mark_pending", "before", 1),
    "before the commit": (freeze, "mark_pending", "after", 1),
    "when kept": (IssueDraft, "save", "after", 1),
    "before the first document": (atomic_files, "_replace", "before", 1),
    "in the middle of the documents": (atomic_files, "_replace", "after", 3),
}
"""Whose function, its name, whether the process dies before or after it, and in which call."""
TRIED = {
    "sqlite": {
        *("with the issue half kept", "before the commit", "when kept"),
        "in the middle of the documents",
    },
    "postgresql": {"with the issue half kept", "when kept"},
}
"""The deaths that not only the soak tests try; the others are like them."""


def on_either_database() -> list[object]:
    """All deaths on both databases; most in the soak tests only."""
    return [
        pytest.param(kind, when, marks=[pytest.mark.soak] * (when not in TRIED[kind]))
        for kind in TRIED
        for when in DEATHS
    ]


PRELOADED = [
    "pytest",
    "syndicate.build.builder",
    "syndicate.build.write_documents",
    "syndicate.issues.compose",
    "syndicate.issues.freeze",
    "syndicate.store.postgresql",
    "syndicate.store.sqlite",
]
"""What the processes that die begin with, so that they do not import it one by one."""


def die(owner: object, step: str, when: str, count: int) -> None:
    """Have this process die in that call of a function."""
    real, calls = getattr(owner, step), [0]

    def crashing(*args: object, **named: object) -> object:
        calls[0] += 1
        if when == "before" and calls[0] == count:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **named)
        if when == "after" and calls[0] == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, step, crashing)


def make_issue_and_die(config_file: Path, when: str) -> None:
    """What the process does that dies."""
    die(*DEATHS[when])
    with load_site(config_file, {}, without_progress) as site:
        freeze.freeze_issue(site, site.config.newsletters["weekly"], SLOT, MONDAY, MONDAY)
        build(site, MONDAY)


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SiteFolder:
    folder = SiteFolder(tmp_path / "site", database_url)
    folder.configure(newsletters=WEEKLY)
    folder.article("one.md", "The first", date="2026-11-01")
    return folder


@pytest.mark.postgresql
@pytest.mark.parametrize(("database_url", "when"), on_either_database(), indirect=["database_url"])
def test_the_issue_exists_once_and_whole_after_a_death_and_a_restart(
    site: SiteFolder, when: str
) -> None:
    site.build(MONDAY)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(PRELOADED)
    process = processes.Process(target=make_issue_and_die, args=(site.config_file, when))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    site.build(MONDAY)  # whatever starts next builds first, as the service does
    with site.opened() as opened:
        newsletter = opened.config.newsletters["weekly"]
        issue = freeze_issue(opened, newsletter, SLOT, MONDAY, MONDAY)
    site.build(MONDAY)
    with site.opened() as opened:
        assert Issues(opened.database).all(None, 9) == [issue._replace(
            html="", text="", page="", message=""
        )]  # fmt: skip
        assert Issues(opened.database).taken("weekly") == {issue.carried[0].id}
    folder = site.root / "issues" / "weekly" / "2026-11-23-0800"
    assert (folder / "email.html").read_text(encoding="utf-8") == issue.html
    assert (folder / "message.eml").read_bytes() == issue.message.encode()
    assert site.has("newsletters/weekly/2026-11-23-0800/index.html")
    assert "2026-11-23-0800" in site.text("newsletters/weekly/feed.xml")
    assert not list(site.root.rglob(".syndicate.part"))
    assert not site.build(MONDAY).written, "nothing is left to be made"


RACING = """
import json, sys
from pathlib import Path
from syndicate.store.connect import open_database
from syndicate.store.issues import Issue, Issues

database = open_database({url!r}, Path("."))
issues, won = Issues(database), []
for number in range({slots}):
    slot = f"2026-01-01T{{number:05}}"
    with database.transaction():
        if issues.add(Issue("weekly", slot, slot, 1, "approved", {name!r}, approved_at=slot)):
            won.append(slot)
print(json.dumps(won))
"""


@pytest.mark.soak
def test_of_five_processes_at_once_one_makes_each_of_a_thousand_slots(
    database_url: str, tmp_path: Path
) -> None:
    open_database(database_url, tmp_path).close()
    codes = [RACING.format(url=database_url, slots=1000, name=f"process {i}") for i in range(5)]
    racers = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for code in codes
    ]
    won = [json.loads(racer.communicate()[0]) for racer in racers]
    database = open_database(database_url, tmp_path)
    kept: list[Issue] = Issues(database).all(None, 10_000)
    database.close()
    assert sorted(slot for slots in won for slot in slots) == sorted(issue.slot for issue in kept)
    assert len(kept) == 1000
    assert sorted(issue.sequence for issue in kept) == list(range(1, 1001))
    makers = {issue.slot: issue.created_at for issue in kept}
    for number, slots in enumerate(won):
        assert all(makers[slot] == f"process {number}" for slot in slots)
