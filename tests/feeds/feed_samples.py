"""Feeds and entries to test with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree

from syndicate.content.article import Enclosure, Image, Published
from syndicate.feeds.feed import Feed

BEGIN = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)  # a Sunday

A_FEED = Feed(
    id="tag:example.org,2026-01-01:feed",
    title="Letters & Notes",
    description="What we <think>",
    language="en",
    author="Ada Site",
    home_url="https://example.org/",
    base_url="https://example.org/feeds/",
    tags_url="https://example.org/tags/",
    entries=(),
    text="full",
    formats=("rss", "atom", "json"),
)


def entry(number: int = 1, **changes: Any) -> Published:
    """An entry published `number` days after BEGIN."""
    day = BEGIN + timedelta(days=number)
    made = Published(
        id=f"tag:example.org,2026-03-01:{number}",
        url=f"https://example.org/articles/{number}/",
        title=f"Article {number}",
        published=day,
        updated=day + timedelta(hours=1),
        summary=f"About {number}.",
        html=f"<p>Text {number}.</p>",
        path=f"{number}.md",
    )
    return replace(made, **changes)


def feed(*entries: Published, **changes: Any) -> Feed:
    """A feed of these entries."""
    return replace(A_FEED, entries=entries, **changes)


def attributes(element: etree._Element) -> dict[str, str]:
    """The attributes of an element, by name."""
    return {str(name): str(value) for name, value in element.attrib.items()}


PICTURE = Image("https://example.org/a.png?w=1&h=2", "A cat & a dog", 640, 480, "image/png")
TALK = Enclosure("https://example.org/talk.mp3?a=1&b=2", 12345, "audio/mpeg")

HARD = (
    entry(1, title="مرحبا بالعالم", summary="ملخص", html="<p dir='rtl'>نص</p>", language="ar"),
    entry(2, title="你好，世界", html="<p>內容</p>", language="zh-Hant"),
    entry(3, title="🦜 parrots 👩‍👩‍👧", html="<p>🦜</p>"),
    entry(4, title="The end ]]> of it", html="<p>if (a[b[0]]> 1) ]]&gt;</p>"),
    entry(5, title="R&D <3 \"you\" 'too'", summary="5 < 6 & <b> is bold"),
    entry(6, enclosure=TALK, image=PICTURE),
    entry(7, tags=tuple(f"Tag № {n} & <co>" for n in range(50))),
    entry(8, authors=("Grace", "Çelik & Sons"), title="ab cd\u200bef"),
    entry(9, html="<p>" + "long words " * 20_000 + "</p>"),
    entry(10, updated=BEGIN + timedelta(days=300, microseconds=5), title="😀\n\ttwo lines"),
)
