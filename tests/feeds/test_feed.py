from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from feed_samples import A_FEED, BEGIN, PICTURE, TALK, entry, feed

from syndicate.errors import OutputError
from syndicate.feeds.feed import NEVER, ordered


def test_entries_stand_newest_first_whatever_order_they_came_in() -> None:
    made = feed(entry(1), entry(3), entry(2))
    assert [item.title for item in made.entries] == ["Article 3", "Article 2", "Article 1"]


def test_entries_of_one_instant_always_stand_in_the_same_order() -> None:
    twins = [entry(n, published=BEGIN) for n in range(5)]
    assert ordered(twins) == ordered(reversed(twins))


def test_a_feed_was_updated_when_the_last_edited_of_its_entries_was() -> None:
    edited = BEGIN + timedelta(days=90)
    assert feed(entry(1, updated=edited), entry(2)).updated == edited


def test_a_feed_without_entries_has_a_constant_date() -> None:
    assert feed().updated == NEVER


def test_an_id_used_twice_is_refused_and_both_files_are_named() -> None:
    with pytest.raises(OutputError, match=r"same id as 2\.md") as caught:
        feed(entry(1, id=entry(2).id), entry(2))
    assert str(caught.value.place) == "1.md"


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
@pytest.mark.parametrize("field", ["title", "summary", "html"])
def test_a_character_illegal_in_xml_is_refused_with_its_code_and_file(
    field: str, character: str
) -> None:
    with pytest.raises(OutputError, match=f"XML forbids: U\\+{ord(character):04X}") as caught:
        feed(entry(1, **{field: f"a{character}b"}))
    assert str(caught.value.place) == "1.md"
    assert caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "my article"},
        {"title": " "},
        {"summary": ""},
        {"tags": ("a", "")},
        {"authors": (" ",)},
        {"authors": ("\x01",)},
        {"tags": ("\x01",)},
        {"published": datetime(2026, 3, 1)},  # noqa: DTZ001
        {"updated": BEGIN - timedelta(days=9)},
        {"url": "/articles/1/"},
        {"url": "javascript:alert(1)"},
        {"url": "https://example.org/a b"},
        {"image": replace(PICTURE, url="a.png")},
        {"image": replace(PICTURE, alt="\x01")},
        {"enclosure": replace(TALK, url="talk.mp3")},
        {"enclosure": replace(TALK, length=-1)},
        {"enclosure": replace(TALK, type="")},
    ],
)
def test_an_entry_that_would_make_a_document_invalid_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(OutputError) as caught:
        feed(entry(1, **changes))
    assert str(caught.value.place) == "1.md"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "feed"},
        {"title": ""},
        {"author": ""},
        {"language": ""},
        {"description": "\x01"},
        {"home_url": "/"},
        {"base_url": "https://example.org/feeds"},
        {"tags_url": "tags/"},
        {"hub": "hub"},
        {"stylesheet_url": "feed.css"},
    ],
)
def test_a_feed_that_would_make_a_document_invalid_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(OutputError):
        feed(**changes)


def test_every_document_of_a_feed_has_its_own_url() -> None:
    subscription = replace(A_FEED, previous_page=2)
    page = replace(A_FEED, page=2, previous_page=1)
    assert subscription.path("rss") == "feed.xml"
    assert subscription.url("atom") == "https://example.org/feeds/atom.xml"
    assert subscription.url("json") == "https://example.org/feeds/feed.json"
    assert page.path("rss") == "archive/2/feed.xml"
    assert page.url("atom") == "https://example.org/feeds/archive/2/atom.xml"
    assert page.current_url("atom") == subscription.url("atom")
    assert subscription.previous_url("atom") == page.url("atom")
    assert A_FEED.previous_url("rss") == ""
