"""Articles with everything that email programs have problems with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args, get_type_hints

from syndicate.config.model import Newsletter
from syndicate.content.article import Image, Published
from syndicate.findings import Finding
from syndicate.mail.message import BasicHeaders, content_message_id, newsletter_message
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

CODE = f"""def swans(lake: str) -> int:
    # {"counted one by one, " * 15}
    return 140 if lake == "upper" else 7
"""
MIXED = f"""
<p dir="rtl">نص <em>mixed</em> with English, 湖, and 🦢🏽‍♀️ in one line.</p>
<div><p>Raw <kbd>HTML</kbd>, 100 %% of it, and {{% raw %}}.</p><details><summary>More</summary>
<p>Folded.</p></details></div>
<p><img src="https://elsewhere.example.org/unknown.jpg" alt="A picture of unknown size"></p>
<p><img src="https://news.example.org/tall.png" alt="" width="900" height="2400"></p>
<pre><code class="language-python">{CODE}</code></pre>
<pre><code class="language-nonsense">{"no such language " * 20}</code></pre>
<p>A note.<sup class="footnote-ref"><a href="#fn-1">1</a></sup></p>
<section class="footnotes"><ol><li id="fn-1"><p>At the foot.
<a href="#fnref-1" class="footnote-backref">↩</a></p></li></ol></section>
<ul><li><p>Loose</p></li><li><p>items</p></li></ul><dl><dt>Term</dt><dd>Meaning</dd></dl>
"""
LAKE = Image("https://news.example.org/lake.png", "The lake at dawn", 1600, 900, "image/png")
ELSEWHERE = Image("https://elsewhere.example.org/unknown.jpg", "")


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


HARD = (
    article("hard", 'It\'s "hard" <i>& long</i> {{ title }}: 🦢 شتاء 湖', RICH + MIXED, image=LAKE),
    article("arabic", "الشتاء على البحيرة", ARABIC, 1, language="ar", image=ELSEWHERE),
    article("chinese", "湖上的冬天" * 12, CHINESE, 2, language="zh", tags=("冬天", "<b>")),
    article("endless", "Donaudampfschifffahrtsgesellschaft" * 4, MIXED, 3, image=LAKE),
    article("empty", "Nothing but a title", "", 4, summary="Nothing but a title"),
)


def _designs() -> list[dict[str, str]]:
    chosen = get_args(get_type_hints(Newsletter).get("design"))
    return [{"design": each} for each in chosen] or [{}]


DESIGNS_THAT_SHIP = _designs()
"""What of a newsletter's settings chooses each design."""


def written(rendered: Rendered) -> bytes:
    """The issue as a message."""
    sender = "Lake Notes <weekly@news.example.org>"
    identity = content_message_id(rendered, sender=sender, to=sender, date=NOON)
    return newsletter_message(
        rendered,
        BasicHeaders(sender, sender, NOON, identity),
        list_id="weekly.news.example.org",
        unsubscribe=rendered.links.unsubscribe_url,
        one_click=False,
    )


Issue = Callable[..., Rendered]
Judged = Callable[..., tuple[Finding, ...]]
