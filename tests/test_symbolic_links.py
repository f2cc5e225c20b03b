"""What symbolic links and paths in the content folder can publish: nothing from outside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from site_folder import LONG_AGO, PNG, SiteFolder
from syndicate.errors import SyndicateError
from syndicate.findings import Finding

SECRET = b"the key of the safe"
WEEKLY = {
    "weekly": {"title": "Lake Weekly", "sender": "lake@example.org", "postal_address": "Here"}
}


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    (tmp_path / "outside" / "deep").mkdir(parents=True)
    for name in ("secret.md", "secret.png", "secret.mp3", "deep/secret.png"):
        (tmp_path / "outside" / name).write_bytes(SECRET)
    folder = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    folder.article("lake.md", "Lake", date="2026-11-03")
    return folder


def link(site: SiteFolder, path: str, target: str | Path) -> None:
    at = site.root / "content" / path
    at.unlink(missing_ok=True)
    at.symlink_to(target)
    os.utime(at, (LONG_AGO, LONG_AGO), follow_symlinks=False)


def allow(site: SiteFolder, *folders: str) -> None:
    site.settings["links"] = list(folders)
    site.configure()


def of_links(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(each.path, each.level) for each in findings if each.rule == "symbolic-link"}


def published(site: SiteFolder) -> bytes:
    return b"".join(site.documents().values())


def test_nothing_that_a_link_out_of_the_folder_leads_to_is_published(
    site: SiteFolder, tmp_path: Path
) -> None:
    site.configure(newsletters=WEEKLY)
    outside = tmp_path / "outside"
    link(site, "secret.md", outside / "secret.md")
    link(site, "photo.png", outside / "secret.png")
    link(site, "song.mp3", outside / "secret.mp3")
    link(site, "folder", outside)
    link(site, "store.png", "../syndicate.db")
    body = "![a](photo.png) ![b](/folder/secret.png) ![c](folder/deep/secret.png) ![d](store.png)"
    site.article("a.md", "A", body, date="2026-11-01", image="photo.png", enclosure="song.mp3")
    report = site.build()
    assert SECRET not in published(site)
    assert b"SQLite format 3" not in published(site)
    names = ("folder", "photo.png", "secret.md", "song.mp3", "store.png")
    assert of_links(report.findings) == {(name, "error") for name in names}
    assert all("links:" in f.hint for f in report.findings if f.rule == "symbolic-link")
    assert report.articles == 2


def test_a_link_is_reported_until_it_is_removed_and_causes_no_work(
    site: SiteFolder, tmp_path: Path
) -> None:
    link(site, "secret.md", tmp_path / "outside" / "secret.md")
    link(site, "gone.png", "nowhere.png")
    first = site.build()
    again = site.build()
    assert of_links(again.findings) == of_links(first.findings) != set()
    assert (again.read, again.written) == (0, ())
    site.remove("secret.md")
    site.remove("gone.png")
    assert of_links(site.build().findings) == set()


def test_an_article_that_a_link_out_of_the_folder_replaces_is_withdrawn(
    site: SiteFolder, tmp_path: Path
) -> None:
    site.article("a.md", "Hills", date="2026-11-01")
    assert len(site.ids((site.build(), "feed.json")[1])) == 2
    link(site, "a.md", tmp_path / "outside" / "secret.md")
    report = site.build()
    assert len(site.ids("feed.json")) == report.articles == 1


def test_an_image_replaced_by_a_link_out_of_the_folder_is_withdrawn(
    site: SiteFolder, tmp_path: Path
) -> None:
    site.write("photo.png", PNG)
    site.article("a.md", "A", "![x](photo.png)", date="2026-11-01")
    site.build()
    assert site.has("photo.png")
    link(site, "photo.png", tmp_path / "outside" / "secret.png")
    site.build()
    assert not site.has("photo.png")


def test_a_logo_that_is_a_link_out_of_the_folder_is_refused(
    site: SiteFolder, tmp_path: Path
) -> None:
    weekly = {"weekly": WEEKLY["weekly"] | {"brand": {"logo": "logo.png"}}}
    link(site, "logo.png", tmp_path / "outside" / "secret.png")
    site.configure(newsletters=weekly)
    assert any(
        "logo.png" in each.message and "leads out" in each.message for each in site.build().findings
    )
    assert SECRET not in published(site)
    allow(site, "../outside")
    site.build()
    assert site.has("newsletters/weekly/logo.png")


def test_folders_that_are_named_for_links_are_published_from(
    site: SiteFolder, tmp_path: Path
) -> None:
    (tmp_path / "outside" / "deep" / "hills.md").write_text("---\ntitle: Hills\n---\nWords.\n")
    link(site, "more", tmp_path / "outside" / "deep")
    site.article("a.md", "A", "![x](more/secret.png)", date="2026-11-01")
    assert site.build().articles == 2
    allow(site, "../outside/deep")
    report = site.build()
    assert report.articles == 3
    assert of_links(report.findings) == set()
    assert (site.root / "public/more/secret.png").read_bytes() == SECRET
    allow(site)
    assert site.build().articles == 2
    assert not site.has("more/secret.png")


def test_an_article_that_moves_behind_a_link_keeps_its_identity(site: SiteFolder) -> None:
    site.article("a.md", "Hills", "Words of the hills.", date="2026-11-01")
    site.build()
    ids = site.ids("feed.json")
    site.rename("a.md", "notes/b.md")
    link(site, "a.md", "notes/b.md")
    site.build()
    assert site.ids("feed.json") == ids


def test_a_folder_of_nothing_but_links_out_of_it_withdraws_nothing(
    site: SiteFolder, tmp_path: Path
) -> None:
    site.build()
    site.rename("lake.md", "../lake.md")
    link(site, "lake.md", "../lake.md")
    with pytest.raises(SyndicateError, match="no articles any more; 1 were") as raised:
        site.build()
    assert "links:" in raised.value.hint


@pytest.mark.parametrize(
    "written",
    [
        "../secret.png",
        "../../outside/secret.png",
        "notes/../../../outside/secret.png",
        "%2e%2e/%2E%2E/outside/secret.png",
        "..%2f..%2foutside%2fsecret.png",
        "..\\..\\outside\\secret.png",
        "%2e%2e%5c%2e%2e%5coutside%5csecret.png",
        "{absolute}",
        "/{absolute}",
        "file://{absolute}",
        "%2f..%2f..%2foutside/secret.png",
        "notes/%00/../../../outside/secret.png",
        "//../outside/secret.png",
    ],
)
def test_no_path_serves_files_outside_the_folder(
    site: SiteFolder, tmp_path: Path, written: str
) -> None:
    address = written.format(absolute=tmp_path / "outside" / "secret.png")
    body = f'![x](<{address}>)\n\n<img src="{address}"> <video poster="{address}"></video>\n'
    site.article("notes/a.md", "A", body, date="2026-11-01", image=address, enclosure=address)
    site.build()
    assert SECRET not in published(site)
