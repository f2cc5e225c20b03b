"""A Feed as JSON Feed 1.1, in bytes. Never writes an empty member: a missing one means the same."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from syndicate.content.article import Published
from syndicate.feeds.feed import Feed

VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(feed: Feed) -> bytes:
    """The feed as a JSON Feed 1.1 document, UTF-8, one member a line."""
    author = {"name": feed.author, "url": f"mailto:{feed.email}" if feed.email else ""}
    document = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.url("json"),
        "description": feed.description,
        "language": feed.language,
        "authors": [_without_empty(author)],
        "hubs": [{"type": "WebSub", "url": feed.hub}] if feed.hub else [],
    }
    items = [_item(feed, entry) for entry in feed.entries]
    text = json.dumps(_without_empty(document) | {"items": items}, ensure_ascii=False, indent=2)
    return text.encode() + b"\n"


def _item(feed: Feed, entry: Published) -> dict[str, Any]:
    """An item must have content in HTML or as text: where it has no HTML, its summary is that."""
    content = feed.content(entry)
    return _without_empty(
        {
            "id": entry.id,
            "url": entry.url,
            "title": entry.title,
            "content_html": content,
            "content_text": "" if content else entry.summary,
            "summary": entry.summary if entry.has_summary else "",
            "date_published": _rfc3339(entry.published),
            "date_modified": _rfc3339(entry.updated),
            "authors": [{"name": name} for name in entry.authors],
            "tags": list(entry.tags),
            "language": feed.language_of(entry),
            "image": entry.image.url if entry.image else "",
            "attachments": _attachments(entry),
        }
    )


def _attachments(entry: Published) -> list[dict[str, Any]]:
    if entry.enclosure is None:
        return []
    url, length, media_type = entry.enclosure.url, entry.enclosure.length, entry.enclosure.type
    return [{"url": url, "mime_type": media_type, "size_in_bytes": length}]


def _rfc3339(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


def _without_empty(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
