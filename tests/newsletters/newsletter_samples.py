"""Articles that hold everything mail programs stumble over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args, get_type_hints

from syndicate.config.model import Newsletter
from syndicate.content.article import Published
from syndicate.delivery.message import message, message_id
from syndicate.findings import Finding
from syndicate.newsletters.issue import Rendered

DESIGNS = Path(__file__).parents[2] / "templates"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WIDE_ROW = "".join(f"<td>measurement {n}</td>" for n in range(10))
WIDE_HEAD = "".join(f"<th>Column number {n}</th>" for n in range(10))
RICH = f"""
<p>Winter came early to the <a href="https://lake.example.org/">upper lake</a> this year, and with
it <em>the swans</em>, <strong>the ice</strong> and <code>thermometer --watch</code>. 🦢</p>
<h1>What we saw</h1>
<p>A first heading, and a note.<sup><a href="#fn1">1</a></sup></p>
<h2>On the shore</h2>
<ul><li>Reeds, cut in October</li><li>Two boats<ul><li>one of them sinking</li></ul></li></ul>
<ol start="3"><li>Walk north</li><li>Count the swans</li></ol>
<h3>What the keeper said</h3>
<blockquote><p>Ice is honest: it tells you what it carries.</p></blockquote>
<p><img src="https://news.example.org/big.png" alt="The lake under ice"
width="2000" height="1000"></p>
<pre><code>for swan in lake:
    print(swan){" # counting" * 28}
</code></pre>
<table><thead><tr>{WIDE_HEAD}</tr></thead><tbody><tr>{WIDE_ROW}</tr><tr>{WIDE_ROW}</tr></tbody></table>
<table><thead><tr><th>Day</th><th align="right">Swans</th></tr></thead>
<tbody><tr><td>Monday</td><td align="right">12</td></tr>
<tr><td>Tuesday</td><td align="right">140</td></tr></tbody></table>
<video controls src="https://news.example.org/swans.mp4"></video>
<p>A placeholder of another program, {{{{ first_name }}}}, is text here.</p>
<hr>
<p>https://news.example.org/{"a-very-long-address/" * 12}</p>
<section><ol><li id="fn1"><p>Counted twice. <a href="#fnref1">↩</a></p></li></ol></section>
"""
ARABIC = """<p>وصل الشتاء مبكرا إلى <a href="https://lake.example.org/ar">البحيرة</a> هذا العام.</p>
<ul><li>قارب أول</li><li>قارب ثان</li></ul><blockquote><p>الجليد صادق.</p></blockquote>"""
CHINESE = """<h2>湖上的冬天</h2><p>今年冬天来得很早，湖面已经结冰。天鹅从北方飞来，在芦苇旁边休息，
我们每天早晨都去数它们，一共有一百四十只。这是很长的一句话，没有空格。</p>"""


def article(slug: str, title: str, html: str, days: int = 0, **more: object) -> Published:
    when = NOON - timedelta(days=days)
    plain = Published(
        id=f"tag:news.example.org,2026-01-01:{slug}",
        url=f"https://news.example.org/articles/{slug}/",
        title=title,
        published=when,
        updated=when,
        summary=f"{title}: what happened at the lake this week, told by those who were there.",
        html=html,
        path=f"{slug}.md",
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def _designs() -> list[dict[str, str]]:
    chosen = get_args(get_type_hints(Newsletter).get("design"))
    return [{"design": each} for each in chosen] or [{}]


DESIGNS_THAT_SHIP = _designs()
"""What of a newsletter's settings chooses each design."""


def written(rendered: Rendered) -> bytes:
    """The issue as a message."""
    sender = "Lake Notes <weekly@news.example.org>"
    return message(
        rendered,
        sender=sender,
        to=sender,
        date=NOON,
        message_id=message_id(rendered, sender=sender, to=sender, date=NOON),
        list_id="weekly.news.example.org",
        unsubscribe=rendered.links.unsubscribe_url,
        one_click=False,
    )


Issue = Callable[..., Rendered]
Judged = Callable[..., tuple[Finding, ...]]
