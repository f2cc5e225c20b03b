from __future__ import annotations

import re
from datetime import timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from feed_samples import BEGIN, HARD, PICTURE, TALK, attributes, entry, feed
from lxml import etree

from syndicate.feeds.feed import REFRESH_MINUTES, Feed
from syndicate.feeds.rss_atom import rss

NAMES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "fh": "http://purl.org/syndication/history/1.0",
    "media": "http://search.yahoo.com/mrss/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}


def channel(of: Feed) -> etree._Element:
    found = etree.fromstring(rss(of)).find("channel")
    assert found is not None
    return found


def texts(element: etree._Element, path: str) -> list[str | None]:
    return [found.text for found in element.findall(path, NAMES)]


def links(of: Feed) -> list[dict[str, str]]:
    return [attributes(link) for link in channel(of).findall("atom:link", NAMES)]


def test_a_channel_has_exactly_one_title_link_and_description() -> None:
    made = channel(feed(entry(1), hub="https://hub.example/", previous_page=1))
    assert texts(made, "title") == ["Letters & Notes"]
    assert texts(made, "link") == ["https://example.org/"]
    assert texts(made, "description") == ["What we <think>"]


def test_a_feed_without_description_is_described_by_its_title() -> None:
    assert texts(channel(feed(description="")), "description") == ["Letters & Notes"]


def test_only_elements_of_rss_2_have_no_namespace_and_items_are_last() -> None:
    made = channel(feed(*HARD, email="ada@example.org"))
    known = {"title", "link", "description", "language", "managingEditor", "lastBuildDate"}
    known |= {"docs", "generator", "ttl", "item"}
    names = [str(child.tag) for child in made]
    assert {name for name in names if not name.startswith("{")} == known
    assert set(names[names.index("item") :]) == {"item"}
    item = {"title", "link", "description", "category", "enclosure", "guid", "pubDate"}
    inner = {str(child.tag) for found in made.findall("item") for child in found}
    assert {name for name in inner if not name.startswith("{")} == item


def test_the_guid_is_the_id_and_no_permalink() -> None:
    (guid,) = channel(feed(entry(1))).findall("item/guid")
    assert guid.text == "tag:example.org,2026-03-01:1"
    assert guid.get("isPermaLink") == "false"


def test_dates_are_rfc_822_with_four_digit_year_english_weekday_and_zone() -> None:
    made = channel(feed(entry(0)))
    (date,) = texts(made, "item/pubDate")
    assert date == "Sun, 01 Mar 2026 08:30:00 +0000"
    assert texts(made, "lastBuildDate") == ["Sun, 01 Mar 2026 09:30:00 +0000"]


def test_a_date_in_another_zone_stays_the_same_instant() -> None:
    there = BEGIN.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    (date,) = texts(channel(feed(entry(1, published=there))), "item/pubDate")
    assert date is not None
    assert parsedate_to_datetime(date) == BEGIN


def test_the_locale_of_the_process_is_never_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("the locale was touched")

    monkeypatch.setattr("locale.setlocale", refuse)
    assert rss(feed(*HARD, email="ada@example.org"))


def test_the_build_date_is_that_of_the_newest_edit_and_absent_without_entries() -> None:
    edited = entry(1, updated=BEGIN + timedelta(days=40))
    assert texts(channel(feed(entry(2), edited)), "lastBuildDate") == [
        "Fri, 10 Apr 2026 08:30:00 +0000"
    ]
    assert texts(channel(feed()), "lastBuildDate") == []


def test_titles_are_plain_text_escaped_once() -> None:
    assert b"<title>R&amp;D &lt;3</title>" in rss(feed(entry(1, title="R&D <3")))


def test_the_full_text_is_content_encoded_and_the_summary_description() -> None:
    made = channel(feed(entry(1, html="<p>a ]]> b &amp; c</p>")))
    assert texts(made, "item/content:encoded") == ["<p>a ]]> b &amp; c</p>"]
    assert texts(made, "item/description") == ["About 1."]


def test_a_plain_summary_is_escaped_as_html_since_readers_take_description_for_html() -> None:
    made = channel(feed(entry(1, summary="the <b> tag & more")))
    assert texts(made, "item/description") == ["the &lt;b&gt; tag &amp; more"]


def test_a_feed_of_summaries_carries_no_full_text() -> None:
    made = channel(feed(entry(1), text="summary"))
    assert texts(made, "item/content:encoded") == []
    assert texts(made, "item/description") == ["About 1."]


def test_an_entry_without_text_still_has_its_summary() -> None:
    made = channel(feed(entry(1, html="")))
    assert texts(made, "item/content:encoded") == []
    assert texts(made, "item/description") == ["About 1."]


def test_language_is_declared_and_again_for_an_entry_in_another() -> None:
    made = channel(feed(entry(1, language="ar"), entry(2, language="en"), entry(3)))
    assert texts(made, "language") == ["en"]
    assert texts(made, "item/dc:language") == ["ar"]


def test_each_author_is_a_creator_and_the_author_of_the_site_is_the_default() -> None:
    made = channel(feed(entry(1), entry(2, authors=("Grace", "Alan"))))
    assert texts(made, "item/dc:creator") == ["Grace", "Alan", "Ada Site"]


def test_the_editor_is_named_with_address_only_where_there_is_one() -> None:
    assert texts(channel(feed(email="a@example.org")), "managingEditor") == [
        "a@example.org (Ada Site)"
    ]
    assert texts(channel(feed()), "managingEditor") == []


def test_categories_are_labels_in_the_domain_of_the_sites_tags() -> None:
    made = channel(feed(entry(1, tags=("C++", "R&D")), tag_terms={"C++": "c-plus-plus"}))
    found = [(one.text, one.get("domain")) for one in made.findall("item/category")]
    assert found == [("C++", "https://example.org/tags/"), ("R&D", "https://example.org/tags/")]


def test_an_item_has_at_most_one_enclosure_with_address_length_and_type() -> None:
    made = channel(feed(entry(1, enclosure=TALK), entry(2)))
    (enclosure,) = made.findall("item/enclosure")
    assert attributes(enclosure) == {
        "url": TALK.url,
        "length": "12345",
        "type": "audio/mpeg",
    }


def test_the_enclosure_does_not_change_the_link_of_the_item() -> None:
    made = channel(feed(entry(1, enclosure=TALK)))
    assert texts(made, "item/link") == ["https://example.org/articles/1/"]


def test_the_lead_image_is_media_content_and_thumbnail_outside_any_group() -> None:
    made = channel(feed(entry(1, image=PICTURE)))
    (content,) = made.findall("item/media:content", NAMES)
    (thumbnail,) = made.findall("item/media:thumbnail", NAMES)
    assert content.get("url") == thumbnail.get("url") == PICTURE.url
    assert (content.get("medium"), content.get("type")) == ("image", "image/png")
    assert (content.get("width"), thumbnail.get("height")) == ("640", "480")
    assert texts(content, "media:description") == ["A cat & a dog"]


def test_the_self_link_is_where_the_rss_document_is_served() -> None:
    assert links(feed()) == [
        {
            "rel": "self",
            "type": "application/rss+xml",
            "href": "https://example.org/feeds/feed.xml",
        }
    ]


def test_the_hub_is_linked_when_there_is_one() -> None:
    assert {"rel": "hub", "href": "https://hub.example/"} in links(feed(hub="https://hub.example/"))


def test_the_document_people_subscribe_to_links_to_the_newest_archive_page() -> None:
    assert links(feed(previous_page=4))[-1] == {
        "rel": "prev-archive",
        "type": "application/rss+xml",
        "href": "https://example.org/feeds/archive/4/feed.xml",
    }


def test_an_archive_page_is_marked_and_links_to_itself_the_current_and_the_previous() -> None:
    page = feed(entry(1), page=3, previous_page=2, hub="https://hub.example/")
    assert len(channel(page).findall("fh:archive", NAMES)) == 1
    assert {link["rel"]: link["href"] for link in links(page)} == {
        "self": "https://example.org/feeds/archive/3/feed.xml",
        "current": "https://example.org/feeds/feed.xml",
        "prev-archive": "https://example.org/feeds/archive/2/feed.xml",
    }
    assert channel(feed()).find("fh:archive", NAMES) is None


def test_ttl_and_update_period_agree_with_the_caching_time() -> None:
    made = channel(feed())
    assert texts(made, "ttl") == [str(REFRESH_MINUTES)]
    assert texts(made, "sy:updatePeriod") == ["hourly"]
    (frequency,) = texts(made, "sy:updateFrequency")
    assert 60 / int(frequency or 0) == REFRESH_MINUTES


def test_an_archive_page_has_no_update_period() -> None:
    page = channel(feed(page=1))
    assert texts(page, "ttl") + texts(page, "sy:updatePeriod") == []


def test_the_stylesheet_instruction_is_before_the_root_and_escaped() -> None:
    styled = rss(feed(stylesheet_url="https://example.org/feed.css?a=1&b='2'"))
    lines = styled.decode().splitlines()
    assert lines[0] == "<?xml version='1.0' encoding='UTF-8'?>"
    assert re.fullmatch(
        r'<\?xml-stylesheet type="text/css" href="[^"&]*\?a=1&amp;b=.*"\?>', lines[1]
    )
    assert lines[2].startswith("<rss ")
    assert b"xml-stylesheet" not in rss(feed())


def test_the_generator_is_named_without_a_version() -> None:
    assert texts(channel(feed()), "generator") == ["syndicate"]
