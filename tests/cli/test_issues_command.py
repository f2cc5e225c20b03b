"""`issues`: what comes, what was made, and a person's word on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminal import Typing, article

HOOKS = "\nhooks:\n  sender:\n    on: [issue-approved]\n    command: cat\n"


def everything(site: Path) -> dict[str, bytes]:
    """All files of the site but the store's own, which reading touches."""
    files = (file for file in site.rglob("*") if file.is_file())
    return {str(f): f.read_bytes() for f in files if not f.name.startswith("syndicate.db-")}


def test_plan_says_what_would_happen_and_changes_nothing(site: Path, run: Typing) -> None:
    article(site, "new.md", "---\ntitle: Brand new\ndate: 2026-10-30\n---\nWords.\n")
    before = everything(site)
    said = run("issues", "plan")
    assert said.code == 0
    assert "takes in 1 changed article and writes" in said.out
    assert "Low Tide, weekly: Brand new" in said.out
    assert "T08:00" in said.out, "the next slots"
    assert "nobody by itself" in said.out
    assert everything(site) == before


def test_plan_names_the_hooks_that_get_the_issue(site: Path, run: Typing) -> None:
    config = site / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8") + HOOKS, encoding="utf-8")
    assert "the hook sender" in run("issues", "plan", "weekly").out


def test_an_issue_is_made_listed_shown_and_taken_back(site: Path, run: Typing) -> None:
    assert "No issue has been made yet" in run("issues", "list").out
    made = run("issues", "make", "weekly")
    assert made.code == 0
    assert "approved" in made.out
    assert "The rule of twelfths" in run("issues", "show", "weekly").out
    assert "weekly/" in run("issues", "list", "weekly").out
    assert "nothing new" in run("issues", "plan").out
    assert "is cancelled" in run("issues", "cancel", "weekly", "--reason", "a slip").out
    assert "a slip" in run("issues", "show", "weekly").out
    again = run("issues", "cancel", "weekly")
    assert again.code == 2
    assert "cannot become cancelled" in again.err


def test_a_draft_is_approved_once(site: Path, run: Typing) -> None:
    config = site / "config.yaml"
    text = config.read_text(encoding="utf-8")
    marked = text.replace("    missed: latest", "    review: manual\n    missed: latest")
    assert marked != text
    config.write_text(marked, encoding="utf-8")
    assert "draft" in run("issues", "make", "weekly").out
    assert run("issues", "approve", "weekly").code == 0
    assert run("issues", "approve", "weekly").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("make", "wekly"), "did you mean weekly?"),
        (("show", "weekly"), "no issue of weekly yet"),
        (("plan", "daily"), "no newsletter is called daily"),
    ],
)
def test_what_is_not_there_is_told_with_a_way_out(
    site: Path, run: Typing, arguments: tuple[str, ...], words: str
) -> None:
    said = run("issues", *arguments)
    assert said.code == 2
    assert words in said.err
