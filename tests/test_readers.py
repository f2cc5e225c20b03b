"""The sample site as feed readers, browsers and email programs see it."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import feedparser
import pytest
from lxml import etree, html

from sample_site import build_sample, copy_sample

BASE = "https://example.org/"
ARTICLES = 11
TAGS = {
    *("birds", "bread", "kitchen", "letters", "mending", "notices", "sea", "walking", "weather")
}
XML_FEEDS = ("feed.xml", "atom.xml")
MEDIA_TYPES = {
    "feed.xml": "application/rss+xml",
    "atom.xml": "application/atom+xml",
    "feed.json": "application/feed+json",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_sample(copy_sample(tmp_path_factory.mktemp("readers") / "site"))


@pytest.fixture(scope="module")
def public(site: Path) -> Path:
    return site / "public"


def file_of(public: Path, url: str) -> Path:
    """The file that a web server gives for an address of the site."""
    assert url.startswith(BASE), url
    path = unquote(urlsplit(url).path).lstrip("/")
    return public / path / "index.html" if path.endswith("/") or not path else public / path


def folders(public: Path) -> list[Path]:
    """Every folder that has feeds: the site's and each tag's."""
    found = [public, *sorted((public / "tags").iterdir())]
    assert {folder.name for folder in found[1:]} == TAGS
    return found


# -- feeds -----------------------------------------------------------------------------------


def test_every_feed_parses_and_has_its_entries(public: Path) -> None:
    for folder in folders(public):
        ids = []
        for name in XML_FEEDS:
            parsed = feedparser.parse((folder / name).read_bytes())
            assert parsed.bozo == 0, f"{folder.name}/{name}: {parsed.get('bozo_exception')}"
            assert parsed.feed.title.startswith("Low Tide")
            assert all(one.title and one.link.startswith(BASE) for one in parsed.entries)
            ids.append([one.id for one in parsed.entries])
        items = json.loads((folder / "feed.json").read_bytes())["items"]
        ids.append([one["id"] for one in items])
        assert ids[0] == ids[1] == ids[2], f"the formats of {folder.name} differ"
        assert len(ids[0]) == len(set(ids[0])) > 0
        assert folder != public or len(ids[0]) == ARTICLES


@pytest.mark.parametrize(
    ("feed", "count"), [("feed.xml", ARTICLES), ("atom.xml", ARTICLES), ("tags/sea/feed.xml", 4)]
)
def test_newsboat_shows_every_entry(
    public: Path, tmp_path: Path, require_program: Callable[[str, str], str], feed: str, count: int
) -> None:
    newsboat = require_program("newsboat", "apt-get install newsboat")
    with served(public) as address:
        (tmp_path / "urls").write_text(f"{address}/{feed}\n", encoding="utf-8")
        (tmp_path / "config").write_text("", encoding="utf-8")
        subprocess.run(
            [newsboat, "-q", "-u", "urls", "-c", "cache.db", "-C", "config", "-x", "reload"],
            cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path), "TERM": "xterm"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=60,
        )
    cache = sqlite3.connect(tmp_path / "cache.db")
    shown = cache.execute("SELECT count(*), count(DISTINCT guid) FROM rss_item").fetchone()
    cache.close()
    assert shown == (count, count)


class served:  # noqa: N801  reads as a word: `with served(folder) as address`
    """A folder, served over HTTP on this machine."""

    def __init__(self, folder: Path) -> None:
        handler = partial(_Quiet, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


# JSON Feed 1.1 (jsonfeed.org/version/1.1): what may be there, by type; a star: must be there.
AUTHOR = {str: "name url avatar"}
TOP = {
    str: "version* title* home_page_url feed_url description user_comment next_url icon favicon "
    "language",
    list: "items* authors hubs",
    bool: "expired",
}
ITEM = {
    str: "id* url external_url title content_html content_text summary image banner_image "
    "date_published date_modified language",
    list: "authors tags attachments",
}
ATTACHMENT = {str: "url* mime_type* title", int: "size_in_bytes duration_in_seconds"}


def faults(thing: dict[str, Any], members: Mapping[Any, str], name: str) -> Iterator[str]:
    """What JSON Feed 1.1 does not allow."""
    kinds = {member: kind for kind, listed in members.items() for member in listed.split()}
    for member in kinds:
        if member.endswith("*") and member[:-1] not in thing:
            yield f"{name} has no {member[:-1]}"
    for member, value in thing.items():
        kind = kinds.get(member) or kinds.get(f"{member}*")
        if fault := _fault(member, value, kind):
            yield f"{name}.{member} {fault}"
    for number, author in enumerate(thing.get("authors", [])):
        yield from faults(author, AUTHOR, f"{name}.authors[{number}]")
        if not author:
            yield f"{name}.authors[{number}] is empty"


def _fault(member: str, value: Any, kind: Any) -> str | None:
    if kind is None:
        return None if member.startswith("_") else "is unknown"
    if not isinstance(value, kind):
        return f"is no {kind.__name__}"
    if member.endswith("url") and not re.match(r"(https?|mailto):", value):
        return f"is not absolute: {value}"
    if member.startswith("date_") and datetime.fromisoformat(value).tzinfo is None:
        return "has no zone"
    return None


def test_every_json_feed_follows_its_specification(public: Path) -> None:
    for folder in folders(public):
        feed = json.loads((folder / "feed.json").read_bytes())
        found = list(faults(feed, TOP, "feed"))
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert feed["feed_url"] == BASE + (folder / "feed.json").relative_to(public).as_posix()
        for item in feed["items"]:
            found += faults(item, ITEM, item.get("id", "item"))
            for attachment in item.get("attachments", []):
                found += faults(attachment, ATTACHMENT, "attachment")
            if not item.keys() & {"content_html", "content_text"}:
                found.append(f"{item['id']} has no content")
        assert found == []


def test_the_checker_of_json_feeds_sees_faults() -> None:
    bad = {"version": 1, "items": [], "authors": [{}], "feed_url": "/x", "colour": "red"}
    assert set(faults(bad, TOP, "feed")) == {
        "feed has no title",
        "feed.version is no str",
        "feed.authors[0] is empty",
        "feed.feed_url is not absolute: /x",
        "feed.colour is unknown",
    }


def test_the_opml_lists_every_feed_and_each_exists(public: Path) -> None:
    root = etree.parse(public / "feeds.opml").getroot()
    assert root.get("version") == "2.0"
    listed = [str(one.get("xmlUrl")) for one in root.iter("outline") if one.get("xmlUrl")]
    wanted = [BASE + (f / "feed.xml").relative_to(public).as_posix() for f in folders(public)]
    assert sorted(listed) == sorted(wanted)
    for outline in root.iter("outline"):
        assert outline.get("type") == "rss"
        assert outline.get("text")
        for key in ("xmlUrl", "htmlUrl"):
            assert file_of(public, str(outline.get(key))).is_file()


# -- pages -----------------------------------------------------------------------------------


def pages(public: Path) -> dict[str, html.HtmlElement]:
    """Every web page, parsed, by its path."""
    found = {
        path.relative_to(public).as_posix(): html.document_fromstring(path.read_bytes())
        for path in sorted(public.rglob("*.html"))
    }
    assert len(found) == 1 + ARTICLES + len(TAGS) + 1  # and the newsletter's
    return found


def addresses(page: html.HtmlElement) -> Iterator[str]:
    """Every address that a page leads to or loads."""
    for key in ("href", "src", "poster"):
        yield from map(str, page.xpath(f"//@{key}"))
    for value in page.xpath("//@srcset"):
        yield from (part.split()[0] for part in str(value).split(",") if part.strip())


def test_every_internal_link_works(public: Path) -> None:
    everything = pages(public)
    lost = []
    for path, page in everything.items():
        here = BASE + path.removesuffix("index.html")
        for address in addresses(page):
            target, _, anchor = address.partition("#")
            if target.startswith((f"{BASE}subscribe/", f"{BASE}preferences/")):
                continue  # the service answers there
            if (target or here).startswith(BASE):
                file = file_of(public, target or here)
                if not file.is_file():
                    lost.append((path, address))
                elif anchor and file.suffix == ".html":
                    named = everything[file.relative_to(public).as_posix()]
                    if not named.xpath("//*[@id=$anchor]", anchor=unquote(anchor)):
                        lost.append((path, address))
    assert lost == []


def test_no_page_loads_anything_from_elsewhere(public: Path) -> None:
    for path, page in pages(public).items():
        loaded = page.xpath("//img/@src | //script/@src | //link[@rel='stylesheet']/@href")
        assert [url for url in loaded if not str(url).startswith(BASE)] == [], path


def test_every_page_links_to_its_feeds(public: Path) -> None:
    for path, page in pages(public).items():
        links = page.xpath("//head/link[@rel='alternate'][@type]")
        offered = {(link.get("href"), link.get("type")) for link in links}
        folder = path.removesuffix("index.html") if path.startswith("tags/") else ""
        wanted = {(f"{BASE}{folder}{name}", kind) for name, kind in MEDIA_TYPES.items()}
        assert wanted <= offered, path
        assert all(link.get("title") for link in links), path
        for url, _ in offered:
            assert file_of(public, url).is_file()


# -- the newsletter --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def message(site: Path) -> EmailMessage:
    data = (site / "issues/weekly/next/message.eml").read_bytes()
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(data)


def test_the_message_has_no_defects(message: EmailMessage) -> None:
    for part in message.walk():
        assert part.defects == []
        for name, value in part.items():
            assert value.defects == (), f"{name}: {value.defects}"


def test_the_message_states_sender_subject_and_how_to_unsubscribe(message: EmailMessage) -> None:
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version"):
        assert len(message.get_all(name, [])) == 1, name
    assert message["From"].addresses[0].addr_spec == "letters@example.org"
    assert message["Subject"] == "Low Tide, weekly: The rule of twelfths"
    assert "mailto:letters@example.org" in message["List-Unsubscribe"]


def test_both_parts_of_the_message_decode(message: EmailMessage, site: Path) -> None:
    folder = site / "issues/weekly/next"
    assert message.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "text/html"]
    for kind, name in (("plain", "email.txt"), ("html", "email.html")):
        part = message.get_body((kind,))
        assert part is not None
        content = part.get_content().replace("\r\n", "\n")
        assert content.rstrip("\n") == (folder / name).read_text(encoding="utf-8").rstrip("\n")
        assert "قهوة" in content


def test_the_subject_is_in_its_own_file(message: EmailMessage, site: Path) -> None:
    subject = (site / "issues/weekly/next/subject.txt").read_text(encoding="utf-8")
    assert subject == f"{message['Subject']}\n"
