"""A preview_of is what a build would send, and making one changes nothing that lasts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from site_folder import NOON, PNG, SiteFolder
from syndicate.cli.show import ProgressBar, placed
from syndicate.errors import SyndicateError
from syndicate.preview.issue_preview import IssuePreview
from syndicate.preview.renderer import PreviewRenderer, chosen
from syndicate.preview.watch import Watcher

LETTER = {"weekly": {"title": "Weekly", "sender": "Ada <ada@example.org>"}}


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SiteFolder:
    folder = SiteFolder(tmp_path / "site", database_url)
    folder.configure(newsletters=LETTER)
    folder.write("waves.png", PNG)
    folder.article("a.md", "Waves", "![Waves](waves.png)\n\nThey come in.", date="2026-11-01")
    return folder


def renderer(site: SiteFolder) -> PreviewRenderer:
    return PreviewRenderer(site.config_file, {}, ProgressBar(quiet=True), placed)


def preview_of(made: PreviewRenderer, now: datetime = NOON) -> IssuePreview:
    made.refresh(Watcher().next(made.watched, None), now)
    return made.preview("weekly")


def test_a_preview_is_the_issue_that_a_build_makes(site: SiteFolder) -> None:
    site.build()
    site.article("b.md", "Wind", date="2026-11-20")
    made = preview_of(renderer(site))
    site.build()
    folder = site.root / "issues" / "weekly" / "next"
    assert made.html == (folder / "email.html").read_text(encoding="utf-8")
    assert made.text == (folder / "email.txt").read_text(encoding="utf-8")
    assert [each.title for each in made.articles] == ["Wind", "Waves"]


def test_nothing_is_written_and_nothing_is_published_by_it(site: SiteFolder) -> None:
    site.build()
    before, stamps = site.documents(), site.stamps()
    with site.opened() as opened:
        rows = {table: opened.database.rows(f"SELECT * FROM {table}") for table in TABLES}
    site.article("b.md", "Wind", date="2026-11-20")
    assert "Wind" in preview_of(renderer(site)).subject
    assert site.documents() == before
    assert site.stamps() == stamps
    with site.opened() as opened:
        assert {t: opened.database.rows(f"SELECT * FROM {t}") for t in TABLES} == rows


TABLES = (
    "articles",
    "article_tags",
    "renderings",
    "dependencies",
    "documents",
    "newsletters",
    "meta",
)


def test_a_site_that_was_never_built_gets_no_database(tmp_path: Path) -> None:
    site = SiteFolder(tmp_path / "site", "sqlite:///new.db", {"newsletters": LETTER})
    site.article("a.md", "Waves")
    made = renderer(site)
    assert "Waves" in preview_of(made).subject
    made.close()
    assert sorted(path.name for path in site.root.iterdir()) == ["config.yaml", "content"]


def test_the_preview_follows_builds(site: SiteFolder) -> None:
    made = renderer(site)
    preview_of(made)
    site.article("b.md", "Wind", date="2026-11-20")
    site.build()
    with site.opened() as opened:
        began = opened.database.rows("SELECT started_at FROM newsletters")
    preview_of(made, datetime(2026, 12, 24, tzinfo=UTC))
    assert made.site.database.rows("SELECT started_at FROM newsletters") == began


def test_findings_of_articles_are_in_the_preview_with_their_place(site: SiteFolder) -> None:
    site.article("b.md", "Wind", "![](gone.png)", date="2026-11-20")
    site.write("c.md", "---\ntitle: [\n---\n")
    found = {
        finding.path.rpartition("/")[2]: finding for finding in preview_of(renderer(site)).findings
    }
    assert found["c.md"].rule == "unreadable"
    assert "gone.png" in found["b.md"].message


def test_a_changed_image_gets_another_name(site: SiteFolder) -> None:
    made = renderer(site)
    (before,) = preview_of(made).pictures.values()
    site.write("waves.png", PNG + b"\0")
    (after,) = preview_of(made).pictures.values()
    assert before.file == after.file
    assert before.name != after.name


def test_the_preview_states_why_there_is_nothing_to_send(site: SiteFolder) -> None:
    letter = LETTER["weekly"] | {"include": ["birds"]}
    site.configure(newsletters={"weekly": letter})
    made = preview_of(renderer(site))
    assert made.articles == ()
    assert any("include:" in why for why in made.empty)
    site.configure(newsletters={"weekly": LETTER["weekly"] | {"backlog": 0}})
    assert any("backlog:" in why for why in preview_of(renderer(site)).empty)


def test_a_name_nearly_right_is_corrected(site: SiteFolder) -> None:
    with pytest.raises(SyndicateError, match="there is no newsletter weekly-") as caught:
        chosen("weekly-", renderer(site).site)
    assert caught.value.hint == "did you mean weekly?"
