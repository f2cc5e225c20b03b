from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from feed_samples import BEGIN, HARD, PICTURE, TALK, attributes, entry, feed
from lxml import etree

from syndicate.feeds.feed import Feed
from syndicate.feeds.rss_atom import atom

NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "fh": "http://purl.org/syndication/history/1.0",
    "media": "http://search.yahoo.com/mrss/",
}
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
SCHEMA = etree.RelaxNG(etree.parse(str(Path(__file__).with_name("atom.rng"))))

EVERY_KIND = {
    "empty": feed(),
    "hard": feed(*HARD, email="ada@example.org", hub="https://hub.example/", previous_page=1),
    "summaries": feed(*HARD, text="summary", description=""),
    "archive": feed(*HARD, page=2, previous_page=1, stylesheet_url="https://example.org/f.css"),
}


def root(of: Feed) -> etree._Element:
    return etree.fromstring(atom(of))


def texts(element: etree._Element, path: str) -> list[str | None]:
    return [found.text for found in element.findall(path, NAMES)]


def links(element: etree._Element) -> list[dict[str, str]]:
    return [attributes(link) for link in element.findall("a:link", NAMES)]


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_document_is_valid_by_the_schema_of_rfc_4287(kind: str) -> None:
    SCHEMA.assertValid(root(EVERY_KIND[kind]))


@pytest.mark.parametrize("lost", ["id", "title", "updated", "author", "link"])
def test_the_schema_detects_missing_elements(lost: str) -> None:
    made = root(feed(entry(1)))
    for found in made.findall(f"a:{lost}", NAMES):
        made.remove(found)
    assert not SCHEMA.validate(made)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_feed_and_entries_have_exactly_one_alternate_per_type(kind: str) -> None:
    made = root(EVERY_KIND[kind])
    for element in [made, *made.findall("a:entry", NAMES)]:
        alternates = Counter(link["type"] for link in links(element) if link["rel"] == "alternate")
        assert alternates == {"text/html": 1}


def test_the_id_is_the_tag_uri_of_the_entry() -> None:
    assert texts(root(feed(entry(1))), "a:entry/a:id") == ["tag:example.org,2026-03-01:1"]


def test_dates_are_rfc_3339_with_a_zone() -> None:
    made = root(feed(entry(0, updated=BEGIN + timedelta(seconds=1, microseconds=7))))
    assert texts(made, "a:entry/a:published") == ["2026-03-01T08:30:00+00:00"]
    assert texts(made, "a:entry/a:updated") == ["2026-03-01T08:30:01+00:00"]


def test_the_feed_was_updated_when_its_newest_entry_was_and_never_by_the_clock() -> None:
    assert texts(root(feed(entry(0))), "a:updated") == ["2026-03-01T09:30:00+00:00"]
    assert texts(root(feed()), "a:updated") == ["1970-01-01T00:00:00+00:00"]


def test_titles_are_plain_text_escaped_once() -> None:
    made = atom(feed(entry(1, title="R&D <3")))
    assert b"<title>R&amp;D &lt;3</title>" in made


def test_the_full_text_is_html_escaped_and_the_summary_plain_text() -> None:
    made = root(feed(entry(1, html="<p>a ]]> b &amp; c</p>", summary="the <b> tag & more")))
    (content,) = made.findall("a:entry/a:content", NAMES)
    (summary,) = made.findall("a:entry/a:summary", NAMES)
    assert (content.get("type"), content.text) == ("html", "<p>a ]]> b &amp; c</p>")
    assert (summary.get("type"), summary.text) == ("text", "the <b> tag & more")


def test_a_feed_of_summaries_carries_no_full_text() -> None:
    made = root(feed(entry(1), text="summary"))
    assert texts(made, "a:entry/a:content") == []
    assert texts(made, "a:entry/a:summary") == ["About 1."]


def test_language_is_declared_and_again_for_an_entry_in_another() -> None:
    made = root(feed(entry(1), entry(2, language="en"), entry(3, language="ar")))
    assert made.get(LANGUAGE) == "en"
    entries = made.findall("a:entry", NAMES)
    assert [found.get(LANGUAGE) for found in entries] == ["ar", None, None]


def test_a_feed_and_its_entries_always_have_an_author() -> None:
    made = root(feed(entry(1, authors=("Grace", "Alan")), entry(2), email="ada@example.org"))
    assert texts(made, "a:author/a:name") == ["Ada Site"]
    assert texts(made, "a:author/a:email") == ["ada@example.org"]
    assert texts(made, "a:entry[1]/a:author/a:name") == ["Ada Site"], "not every reader looks up"
    assert texts(made, "a:entry[2]/a:author/a:name") == ["Grace", "Alan"]


def test_categories_have_term_scheme_and_label() -> None:
    made = root(feed(entry(1, tags=("C++", "R&D")), tag_terms={"C++": "c-plus-plus"}))
    found = [attributes(one) for one in made.findall("a:entry/a:category", NAMES)]
    scheme = "https://example.org/tags/"
    assert found == [
        {"term": "c-plus-plus", "scheme": scheme, "label": "C++"},
        {"term": "R&D", "scheme": scheme, "label": "R&D"},
    ]


def test_an_enclosure_is_a_link_with_length_and_type() -> None:
    (found,) = root(feed(entry(1, enclosure=TALK))).findall("a:entry", NAMES)
    assert links(found) == [
        {"rel": "alternate", "type": "text/html", "href": "https://example.org/articles/1/"},
        {"rel": "enclosure", "type": "audio/mpeg", "href": TALK.url, "length": "12345"},
    ]


def test_the_lead_image_is_media_content_and_thumbnail_outside_any_group() -> None:
    made = root(feed(entry(1, image=PICTURE)))
    (content,) = made.findall("a:entry/media:content", NAMES)
    (thumbnail,) = made.findall("a:entry/media:thumbnail", NAMES)
    assert content.get("url") == thumbnail.get("url") == PICTURE.url


def test_the_self_link_is_where_the_atom_document_is_served() -> None:
    assert [link["href"] for link in links(root(feed())) if link["rel"] == "self"] == [
        "https://example.org/feeds/atom.xml"
    ]


def test_the_hub_is_linked_when_there_is_one() -> None:
    assert {"rel": "hub", "href": "https://hub.example/"} in links(
        root(feed(hub="https://hub.example/"))
    )


def test_an_archive_page_is_marked_and_links_to_itself_the_current_and_the_previous() -> None:
    page = root(feed(entry(1), page=3, previous_page=2, hub="https://hub.example/"))
    assert len(page.findall("fh:archive", NAMES)) == 1
    assert {link["rel"]: link["href"] for link in links(page)} == {
        "alternate": "https://example.org/",
        "self": "https://example.org/feeds/archive/3/atom.xml",
        "current": "https://example.org/feeds/atom.xml",
        "prev-archive": "https://example.org/feeds/archive/2/atom.xml",
    }


def test_the_oldest_archive_page_links_to_none_before_it() -> None:
    assert "prev-archive" not in {link["rel"] for link in links(root(feed(page=1)))}


def test_the_stylesheet_instruction_is_before_the_root() -> None:
    lines = atom(feed(stylesheet_url="https://example.org/feed.css")).decode().splitlines()
    assert lines[1] == '<?xml-stylesheet type="text/css" href="https://example.org/feed.css"?>'
    assert lines[2].startswith("<feed ")


def test_the_generator_is_named_without_a_version() -> None:
    (generator,) = root(feed()).findall("a:generator", NAMES)
    assert (generator.text, attributes(generator)) == ("syndicate", {})
