from __future__ import annotations

import json
from typing import Any

from feed_samples import HARD, PICTURE, TALK, entry, feed

from syndicate.feeds.feed import Feed
from syndicate.feeds.json_feed import json_feed


def document(of: Feed) -> dict[str, Any]:
    made = json.loads(json_feed(of))
    assert isinstance(made, dict)
    return made


def item(**changes: Any) -> dict[str, Any]:
    made = document(feed(entry(0, **changes)))["items"][0]
    assert isinstance(made, dict)
    return made


def test_a_feed_states_its_version_urls_language_authors_and_hubs() -> None:
    made = document(feed(hub="https://hub.example/", email="ada@example.org"))
    assert made == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Letters & Notes",
        "home_page_url": "https://example.org/",
        "feed_url": "https://example.org/feeds/feed.json",
        "description": "What we <think>",
        "language": "en",
        "authors": [{"name": "Ada Site", "url": "mailto:ada@example.org"}],
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
        "items": [],
    }


def test_missing_values_are_left_out() -> None:
    made = document(feed(description=""))
    assert "hubs" not in made
    assert "description" not in made
    assert made["authors"] == [{"name": "Ada Site"}]


def test_an_item_carries_id_address_text_summary_and_rfc_3339_dates() -> None:
    assert item() == {
        "id": "tag:example.org,2026-03-01:0",
        "url": "https://example.org/articles/0/",
        "title": "Article 0",
        "content_html": "<p>Text 0.</p>",
        "summary": "About 0.",
        "date_published": "2026-03-01T08:30:00+00:00",
        "date_modified": "2026-03-01T09:30:00+00:00",
    }


def test_an_item_carries_authors_tags_image_attachments_and_its_language() -> None:
    made = item(
        authors=("Grace", "Alan"), tags=("R&D",), image=PICTURE, enclosure=TALK, language="ar"
    )
    assert made["authors"] == [{"name": "Grace"}, {"name": "Alan"}]
    assert made["tags"] == ["R&D"]
    assert made["image"] == PICTURE.url
    assert made["attachments"] == [
        {"url": TALK.url, "mime_type": "audio/mpeg", "size_in_bytes": 12345}
    ]
    assert made["language"] == "ar"


def test_an_item_in_the_language_of_the_feed_states_no_language() -> None:
    assert "language" not in item(language="en")


def test_a_feed_of_summaries_has_the_summary_as_text() -> None:
    (made,) = document(feed(entry(1), text="summary"))["items"]
    assert "content_html" not in made
    assert made["content_text"] == made["summary"] == "About 1."


def test_text_is_utf_8_and_not_escaped() -> None:
    made = json_feed(feed(*HARD))
    assert "你好，世界".encode() in made
    assert "🦜".encode() in made
    assert made.endswith(b"}\n")


def test_ids_are_strings_in_the_order_of_the_feed() -> None:
    made = feed(*HARD)
    assert [one["id"] for one in document(made)["items"]] == [one.id for one in made.entries]
