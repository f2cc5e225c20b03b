from __future__ import annotations

from datetime import timedelta

from feed_samples import BEGIN, attributes
from lxml import etree

from syndicate.feeds.opml import Outline, opml

SITE = Outline(
    "R&D <3", "https://example.org/feed.xml", "https://example.org/", BEGIN, "Notes", "en"
)
TAG = Outline(
    "鳥", "https://example.org/tags/b/feed.xml", "https://example.org/tags/b/", BEGIN + timedelta(1)
)


def test_the_list_names_every_feed_in_the_order_given() -> None:
    root = etree.fromstring(opml("Feeds of R&D", [SITE, TAG]))
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") == "Feeds of R&D"
    assert [attributes(found) for found in root.findall("body/outline")] == [
        {
            "type": "rss",
            "text": "R&D <3",
            "title": "R&D <3",
            "xmlUrl": "https://example.org/feed.xml",
            "htmlUrl": "https://example.org/",
            "description": "Notes",
            "language": "en",
        },
        {
            "type": "rss",
            "text": "鳥",
            "title": "鳥",
            "xmlUrl": "https://example.org/tags/b/feed.xml",
            "htmlUrl": "https://example.org/tags/b/",
        },
    ]


def test_the_list_is_dated_by_the_feed_changed_last_and_never_by_the_clock() -> None:
    root = etree.fromstring(opml("Feeds", [TAG, SITE]))
    assert root.findtext("head/dateModified") == "Mon, 02 Mar 2026 08:30:00 +0000"
    assert etree.fromstring(opml("Feeds", [])).find("head/dateModified") is None


def test_the_same_feeds_give_the_same_bytes() -> None:
    assert opml("Feeds", [SITE, TAG]) == opml("Feeds", [SITE, TAG])
