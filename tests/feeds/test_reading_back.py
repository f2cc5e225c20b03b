"""What readers see: feedparser, newsboat, and any XML parser."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from calendar import timegm
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from feed_samples import HARD, PICTURE, TALK, entry, feed
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from syndicate.content.article import Published
from syndicate.feeds.feed import Feed
from syndicate.feeds.json_feed import json_feed
from syndicate.feeds.rss_atom import atom, rss

Write = Callable[[Feed], bytes]
XML_FORMATS = pytest.mark.parametrize("write", [rss, atom])
FORMATS = pytest.mark.parametrize("write", [rss, atom, json_feed])
ATOM = "{http://www.w3.org/2005/Atom}"

CHARACTERS = st.characters(
    exclude_categories=("Cs", "Cc"),
    include_characters="\t\n\r\x85",
    exclude_characters="\ufffe\uffff",
)
TEXT = st.text(CHARACTERS, max_size=40)
FILLED = TEXT.filter(lambda text: bool(text.strip()))
MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def entries(draw: st.DrawFn) -> Published:
    published = draw(MOMENTS)
    return Published(
        id=f"tag:example.org,2026:{draw(st.integers(0, 10**9))}",
        url="https://example.org/a/",
        title=draw(FILLED),
        published=published,
        updated=published + draw(st.timedeltas(timedelta(0), timedelta(days=400))),
        summary=draw(FILLED),
        html=draw(TEXT),
        path="a.md",
        tags=tuple(draw(st.lists(FILLED, max_size=3))),
        authors=tuple(draw(st.lists(FILLED, max_size=3))),
        image=draw(st.none() | st.just(PICTURE)),
        enclosure=draw(st.none() | st.just(TALK)),
    )


MANY = st.lists(entries(), max_size=4, unique_by=lambda one: one.id)


@XML_FORMATS
def test_feedparser_finds_nothing_wrong_and_every_value_of_hard_entries(write: Write) -> None:
    made = feed(*HARD, stylesheet_url="https://example.org/feed.css", hub="https://hub.example/")
    read = feedparser.parse(write(made))
    assert not read.bozo
    assert read.feed.title == "Letters & Notes"
    assert read.feed.link == "https://example.org/"
    assert [one.id for one in read.entries] == [one.id for one in made.entries]
    assert [one.title for one in read.entries] == [one.title for one in made.entries]
    assert [one.link for one in read.entries] == [one.url for one in made.entries]
    assert [datetime.fromtimestamp(timegm(one.published_parsed), UTC) for one in read.entries] == [
        one.published for one in made.entries
    ]


@XML_FORMATS
def test_feedparser_finds_the_media_tags_and_authors_of_hard_entries(write: Write) -> None:
    read = {one.id: one for one in feedparser.parse(write(feed(*HARD))).entries}
    talk, tagged, written, long = (read[HARD[n].id] for n in (5, 6, 7, 8))
    assert [(one.href, one.length, one.type) for one in talk.enclosures] == [
        (TALK.url, "12345", "audio/mpeg")
    ]
    assert talk.media_content[0]["url"] == PICTURE.url
    assert [one.term for one in tagged.tags] == list(HARD[6].tags)
    assert "Çelik & Sons" in [one.name for one in written.authors]
    assert len(long.content[0].value) == len(HARD[8].html)


@XML_FORMATS
def test_newsboat_shows_every_article_with_title_author_and_address(
    write: Write, require_program: Callable[[str, str], str], tmp_path: Path
) -> None:
    newsboat = require_program("newsboat", "apt install newsboat, or brew install newsboat")
    made = feed(*HARD)
    document = tmp_path / "feed.xml"
    document.write_bytes(write(made))
    (tmp_path / "urls").write_text(document.as_uri())
    (tmp_path / "config").write_text("")
    command = f"{newsboat} -q -u urls -c cache.db -C config -x reload print-unread".split()
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("10 unread")
    with sqlite3.connect(tmp_path / "cache.db") as cache:
        rows = cache.execute("SELECT guid, url FROM rss_item ORDER BY pubDate DESC").fetchall()
        assert rows == [(one.id, one.url) for one in made.entries]
        site = cache.execute("SELECT url, title FROM rss_feed").fetchall()
        assert site == [("https://example.org/", "Letters & Notes")]
        titles = {title for (title,) in cache.execute("SELECT title FROM rss_item")}
        assert {"مرحبا بالعالم", "你好，世界", "R&D <3 \"you\" 'too'"} <= titles


@settings(max_examples=60, deadline=None)
@given(MANY)
def test_any_legal_text_is_read_back_unchanged(many: list[Published]) -> None:
    made = feed(*many)
    items = etree.fromstring(rss(made)).findall("channel/item")
    assert [one.findtext("guid") for one in items] == [one.id for one in made.entries]
    assert [one.findtext("title") for one in items] == [one.title for one in made.entries]
    tags = [[found.text for found in one.findall("category")] for one in items]
    assert tags == [list(one.tags) for one in made.entries]
    found = etree.fromstring(atom(made)).findall(f"{ATOM}entry")
    assert [one.findtext(f"{ATOM}id") for one in found] == [one.id for one in made.entries]
    assert [one.findtext(f"{ATOM}title") for one in found] == [one.title for one in made.entries]
    assert [one.findtext(f"{ATOM}content") or "" for one in found] == [
        one.html for one in made.entries
    ]
    assert [one["title"] for one in json.loads(json_feed(made))["items"]] == [
        one.title for one in made.entries
    ]


@settings(max_examples=40, deadline=None)
@given(MANY)
def test_feedparser_reads_any_legal_text_without_complaint(many: list[Published]) -> None:
    made = feed(*many)
    for write in (rss, atom):
        read = feedparser.parse(write(made))
        assert not read.bozo, read.bozo_exception
        assert [one.id for one in read.entries] == [one.id for one in made.entries]


@settings(max_examples=30, deadline=None)
@given(st.data(), MANY)
def test_the_same_entries_in_any_order_give_the_same_bytes(
    data: st.DataObject, many: list[Published]
) -> None:
    shuffled = data.draw(st.permutations(many))
    for write in (rss, atom, json_feed):
        assert write(feed(*many)) == write(feed(*shuffled))


@FORMATS
def test_an_entry_has_the_same_id_in_every_format(write: Write) -> None:
    assert write(feed(entry(7))).count(b"tag:example.org,2026-03-01:7") == 1


@FORMATS
def test_a_new_title_url_and_host_do_not_change_the_id(write: Write) -> None:
    moved = entry(7, title="New", url="http://example.net/new", path="new.md")
    assert b"tag:example.org,2026-03-01:7" in write(feed(moved, home_url="http://example.net/"))


@FORMATS
def test_dates_are_whole_seconds_as_rss_knows_nothing_finer(write: Write) -> None:
    fine = timedelta(microseconds=123456)
    rough = entry(1)
    finer = entry(1, published=rough.published + fine, updated=rough.updated + fine)
    assert write(feed(finer)) == write(feed(rough))


@FORMATS
def test_documents_are_utf_8_with_one_element_a_line(write: Write) -> None:
    lines = write(feed(entry(1), entry(2))).decode("utf-8").splitlines()
    assert len(lines) > 30
    assert not any(line.count("Article 1") and line.count("About 1") for line in lines)
