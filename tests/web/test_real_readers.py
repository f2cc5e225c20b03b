"""Real programs against the real server: newsboat, feedparser, a browser."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import feedparser
import pytest
from playwright.sync_api import Page
from server import Running, served

from sample_site import NOW, build_sample, copy_sample
from site_folder import NOON, SiteFolder, without_progress
from syndicate.issues.freeze import make_by_hand
from syndicate.site import load_site
from syndicate.web.site_in_memory import ServedAddress

Need = Callable[[str, str], str]


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    made = SiteFolder(tmp_path / "site", f"sqlite:///{tmp_path}/site/syndicate.db")
    for number in range(5):
        made.article(f"a{number}.md", f"Article {number}", date=f"2026-11-0{number + 1}")
    made.build(NOON)
    return made


@pytest.fixture
def server(site: SiteFolder) -> Iterator[Running]:
    with served(site.root / "public", memory=site.root / "versions.json") as running:
        yield running


def publish(site: SiteFolder, server: Running, name: str) -> None:
    """One more article, built and shown."""
    site.article(f"{name}.md", name, date="2026-11-20")
    site.build(NOON)
    server.cache.refresh()


def titles(data: bytes) -> list[str]:
    parsed = feedparser.parse(data)
    assert parsed.bozo == 0, parsed.get("bozo_exception")
    return [entry.title for entry in parsed.entries]


# -- rule 37: only what is new -----------------------------------------------------------------


@pytest.mark.parametrize("path", ["/feed.xml", "/atom.xml"])
def test_a_client_that_asks_for_deltas_gets_only_new_entries(
    site: SiteFolder, server: Running, path: str
) -> None:
    old = server.get(path)
    publish(site, server, "Fresh")
    asked = {"a_im": "feed", "if_none_match": old.headers["etag"]}
    delta, whole = server.get(path, **asked), server.get(path)
    assert delta.status_code == 226
    assert delta.headers["im"] == "feed"
    assert delta.headers["etag"] == whole.headers["etag"]
    assert delta.headers["content-type"] == whole.headers["content-type"]
    assert "no-store" in delta.headers["cache-control"]
    assert "A-IM" in delta.headers["vary"]
    assert titles(delta.content) == ["Fresh"]
    assert len(titles(whole.content)) == 6
    assert server.get(path, a_im="feed", if_none_match=delta.headers["etag"]).status_code == 304
    head = server.head(path, **asked)
    assert (head.status_code, head.content) == (226, b"")
    assert head.headers["content-length"] == delta.headers["content-length"]


def test_without_a_im_or_with_an_unknown_version_all_is_sent(
    site: SiteFolder, server: Running
) -> None:
    tag = server.get("/feed.xml").headers["etag"]
    publish(site, server, "Fresh")
    assert server.get("/feed.xml", if_none_match=tag).status_code == 200
    assert server.get("/feed.xml", a_im="feed").status_code == 200
    assert server.get("/feed.xml", a_im="feed", if_none_match='"x"').status_code == 200
    assert server.get("/feed.xml", a_im="feed;q=0", if_none_match=tag).status_code == 200
    assert server.get("/feed.json", a_im="feed", if_none_match=tag).status_code == 200


def test_a_delta_is_packed_like_the_feed(site: SiteFolder, server: Running) -> None:
    old = server.get("/feed.xml", accept_encoding="gzip")
    publish(site, server, "Fresh")
    asked = {"accept_encoding": "gzip", "a_im": "feed", "if_none_match": old.headers["etag"]}
    delta = server.get("/feed.xml", **asked)
    assert (delta.status_code, delta.headers["coding"]) == (226, "gzip")
    whole = server.get("/feed.xml", accept_encoding="gzip")
    assert delta.headers["etag"] == whole.headers["etag"]


def test_an_entry_that_was_corrected_is_sent_again(site: SiteFolder, server: Running) -> None:
    old = server.get("/feed.xml")
    site.article("a1.md", "Article 1", "Corrected.", date="2026-11-02")
    site.build(NOON)
    server.cache.refresh()
    delta = server.get("/feed.xml", a_im="feed", if_none_match=old.headers["etag"])
    assert titles(delta.content) == ["Article 1"]


def test_a_restart_forgets_no_version(site: SiteFolder, server: Running) -> None:
    tag = server.get("/feed.xml").headers["etag"]
    publish(site, server, "Fresh")
    with served(site.root / "public", memory=site.root / "versions.json") as again:
        delta = again.get("/feed.xml", a_im="feed", if_none_match=tag)
        assert (delta.status_code, titles(delta.content)) == (226, ["Fresh"])
    (site.root / "versions.json").write_text("broken")
    with served(site.root / "public", memory=site.root / "versions.json") as again:
        assert again.get("/feed.xml", a_im="feed", if_none_match=tag).status_code == 200


# -- feed readers ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["feed.xml", "atom.xml"])
def test_feedparser_gets_304_and_226(site: SiteFolder, server: Running, name: str) -> None:
    url = f"{server.url}/{name}"
    first = feedparser.parse(url)
    assert (first.status, len(first.entries), first.bozo) == (200, 5, 0)
    second = feedparser.parse(url, etag=first.etag, modified=first.modified)
    assert (second.status, second.entries) == (304, [])
    publish(site, server, "Fresh")
    third = feedparser.parse(url, etag=first.etag, modified=first.modified)
    assert (third.status, third.bozo) == (226, 0)
    assert [entry.title for entry in third.entries] == ["Fresh"]
    assert feedparser.parse(url, etag=third.etag).status == 304


def test_newsboat_gets_304_and_226_and_keeps_every_entry(
    site: SiteFolder, server: Running, tmp_path: Path, require_program: Need
) -> None:
    newsboat = require_program("newsboat", "apt-get install newsboat")
    folder = tmp_path / "newsboat"
    folder.mkdir()
    (folder / "urls").write_text(f"{server.url}/feed.xml\n", encoding="utf-8")
    (folder / "config").write_text("", encoding="utf-8")

    def reload() -> None:
        subprocess.run(
            [newsboat, "-q", "-u", "urls", "-c", "cache.db", "-C", "config", "-x", "reload"],
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "TERM": "xterm"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=60,
        )

    for _ in range(4):  # it sends what it knows from the third time on
        reload()
    assert server.traffic.requests["rss", 304] >= 1
    publish(site, server, "Fresh")
    reload()
    assert server.traffic.requests["rss", 226] == 1
    reload()
    query = "SELECT title FROM rss_item ORDER BY title"
    shown = subprocess.run(
        [require_program("sqlite3", "apt-get install sqlite3"), folder / "cache.db", query],
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout.split("\n")
    assert shown == [*(f"Article {n}" for n in range(5)), "Fresh", ""]


# -- a browser ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the sample site publishes, one issue of its newsletter having been made."""
    folder = build_sample(copy_sample(tmp_path_factory.mktemp("outside") / "site"))
    with load_site(folder / "config.yaml", {}, without_progress) as site:
        make_by_hand(site, site.config.newsletters["weekly"], NOW)
    return build_sample(folder) / "public"


@pytest.fixture
def local_service(sample: Path, tmp_path: Path) -> Iterator[Running]:
    """The sample site, with addresses that lead to the server that serves it."""
    with served(tmp_path, address=ServedAddress("http://127.0.0.1/")) as server:
        for file in sample.rglob("*"):
            if file.is_file():
                data = file.read_bytes().replace(b"https://example.org", server.url.encode())
                server.put(file.relative_to(sample).as_posix(), data)
        server.put("favicon.ico", b"")  # browsers ask for it without being asked to
        server.cache.refresh()
        yield server


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser writes to its console about the pages it opens."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text))
    return found


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/articles/the-rule-of-twelfths/", "/tags/sea/"),
        *("/newsletters/weekly/", "/newsletters/weekly/2026-11-01-0930/"),
    ],
)
def test_pages_are_whole_under_their_policy(
    local_service: Running, page: Page, complaints: list[str], path: str
) -> None:
    page.goto(local_service.url + path)
    assert page.locator("h1").count()
    assert complaints == []
    assert ("other", 404) not in local_service.traffic.requests


def test_the_policy_stops_a_script_that_came_with_a_page(
    local_service: Running, page: Page, complaints: list[str]
) -> None:
    local_service.put("bad/index.html", "<h1>fine</h1><script>document.title='caught'</script>")
    local_service.cache.refresh()
    page.goto(f"{local_service.url}/bad/")
    assert "Content Security Policy" in "\n".join(complaints)
    assert page.title() == ""


@pytest.mark.parametrize("name", ["feed.xml", "atom.xml"])
def test_a_feed_is_shown_with_its_style(local_service: Running, page: Page, name: str) -> None:
    page.goto(f"{local_service.url}/{name}")
    assert local_service.traffic.requests["other", 200] >= 1, "feed.css was not asked for"
