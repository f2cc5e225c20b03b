"""What the web pages promise: see syndicate.documents.pages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lxml.html
import pytest
from jinja2 import Environment
from playwright.sync_api import Page

from syndicate.config.model import SiteSettings
from syndicate.content.article import Image, Published
from syndicate.documents.pages import (
    FeedLink,
    Frame,
    NewsletterLink,
    TagLink,
    article_page,
    index_page,
    outlined,
    reachable,
    tag_page,
)
from syndicate.templating.environment import environment

TEMPLATES = Path(__file__).parents[2] / "templates"
HOME = "https://example.org/"
STYLE = (TEMPLATES / "web" / "style.css").read_text()
HOSTILE = """"><script>alert('x')</script>&"""

ARTICLE = Published(
    id="tag:example.org,2026-10-11:tide",
    url=HOME + "articles/tide/",
    title="The rule of twelfths",
    published=datetime(2026, 10, 11, 6, 30, tzinfo=UTC),
    updated=datetime(2026, 10, 11, 9, 30, tzinfo=UTC),
    summary="How fast does the water come back?",
    html="<p>Everyone in town knows.</p>",
    path="tide.md",
    tags=("sea", "walking"),
    authors=("Maren Holt", "Yusuf Amari"),
)
PICTURE = Image(HOME + "articles/tide/dusk.png", "A harbour at dusk", 1200, 675, "image/png")


def feeds_of(base: str, title: str) -> tuple[FeedLink, ...]:
    return (
        FeedLink(title, base + "feed.xml", "rss"),
        FeedLink(title, base + "atom.xml", "atom"),
        FeedLink(title, base + "feed.json", "json"),
    )


FRAME = Frame(
    site=SiteSettings(
        title="Low Tide", url=HOME, description="Notes from a harbour.", author="Maren Holt"
    ),
    home=HOME,
    stylesheet=HOME + "style.css",
    feeds=feeds_of(HOME, "Low Tide"),
    opml=HOME + "feeds.opml",
    tags={"sea": HOME + "tags/sea/", "walking": HOME + "tags/walking/"},
)
SEA_FEEDS = feeds_of(HOME + "tags/sea/", "Low Tide: sea")
TAGS = (TagLink("sea", HOME + "tags/sea/", 3), TagLink("walking", HOME + "tags/walking/", 1))
WEEKLY = NewsletterLink("Low Tide, weekly", "Once a week.", HOME + "newsletters/weekly/")


@pytest.fixture(scope="module")
def env() -> Environment:
    return environment(None, TEMPLATES)


def all_pages(env: Environment, frame: Frame = FRAME, article: Published = ARTICLE) -> list[bytes]:
    return [
        index_page(env, frame, [article], TAGS, [WEEKLY]),
        article_page(env, frame, article),
        tag_page(env, frame, "sea", [article], SEA_FEEDS),
    ]


def tree(page: bytes) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(page.decode())


def found(page: bytes, xpath: str) -> list[str]:
    return [str(value) for value in tree(page).xpath(xpath)]


def discoverable(page: bytes) -> list[tuple[str, ...]]:
    links = tree(page).xpath("//head/link[@rel='alternate']")
    return [(link.get("type"), link.get("title"), link.get("href")) for link in links]


SITE_FEEDS = [
    ("application/rss+xml", "Low Tide (RSS)", HOME + "feed.xml"),
    ("application/atom+xml", "Low Tide (Atom)", HOME + "atom.xml"),
    ("application/feed+json", "Low Tide (JSON Feed)", HOME + "feed.json"),
]


def test_every_page_lets_readers_discover_the_feeds_of_the_site(env: Environment) -> None:
    for page in all_pages(env):
        assert discoverable(page)[-3:] == SITE_FEEDS


def test_a_tag_page_offers_its_own_feeds_first(env: Environment) -> None:
    page = tag_page(env, FRAME, "sea", [ARTICLE], SEA_FEEDS)
    own = ("application/rss+xml", "Low Tide: sea (RSS)", HOME + "tags/sea/feed.xml")
    assert discoverable(page)[0] == own
    assert len(discoverable(page)) == 6
    assert found(page, "//main//a[.='Atom']/@href") == [HOME + "tags/sea/atom.xml"]


def test_a_tag_without_feeds_still_has_a_page(env: Environment) -> None:
    page = tag_page(env, FRAME, "sea", [ARTICLE])
    assert discoverable(page) == SITE_FEEDS
    assert b"Follow only this" not in page


def test_every_page_names_its_own_address_once(env: Environment) -> None:
    expected = [HOME, ARTICLE.url, HOME + "tags/sea/"]
    for page, address in zip(all_pages(env), expected, strict=True):
        assert found(page, "//link[@rel='canonical']/@href") == [address]
        assert found(page, "//meta[@property='og:url']/@content") == [address]


def test_every_page_has_a_title_a_description_a_main_heading_and_a_skip_link(
    env: Environment,
) -> None:
    titles = ["Low Tide", "The rule of twelfths · Low Tide", "sea · Low Tide"]
    for page, title in zip(all_pages(env), titles, strict=True):
        assert found(page, "//title/text()") == [title]
        assert all(found(page, "//meta[@name='description']/@content"))
        assert found(page, "//meta[@name='viewport']/@content")
        assert found(page, "//meta/@charset") == ["utf-8"]
        assert len(found(page, "//h1")) == len(found(page, "//main")) == 1
        assert found(page, "//body/*[1]/@href") == ["#main"]


def test_a_site_without_a_description_still_describes_its_pages(env: Environment) -> None:
    frame = replace(FRAME, site=SiteSettings(title="Low Tide", url=HOME))
    page = index_page(env, frame, [ARTICLE], TAGS)
    assert found(page, "//meta[@name='description']/@content") == ["Low Tide"]


def test_the_same_content_gives_the_same_bytes(env: Environment) -> None:
    assert all_pages(env) == all_pages(environment(None, TEMPLATES))


def test_all_links_are_absolute_and_nothing_is_loaded_from_elsewhere(env: Environment) -> None:
    for page in all_pages(env):
        links = found(page, "//a/@href")
        assert all(link.startswith(HOME) for link in links if link != "#main")
        assert found(page, "//link[@rel='stylesheet']/@href | //@src") == [HOME + "style.css"]
        assert not found(page, "//script | //style | //iframe")
    for name in ("style.css", "feed.css"):
        assert not re.search(
            r"@import|url\((?!\"(http://www\.w3\.org/2005/Atom)?\"\))",
            (TEMPLATES / "web" / name).read_text(),
        )


def test_hostile_words_stay_words(env: Environment) -> None:
    frame = replace(
        FRAME,
        site=SiteSettings(title=HOSTILE, url=HOME, description=HOSTILE, author=HOSTILE),
        feeds=feeds_of(HOME, HOSTILE),
        tags={HOSTILE: HOME + "tags/" + HOSTILE},
    )
    article = replace(
        ARTICLE,
        title=HOSTILE,
        summary=HOSTILE,
        tags=(HOSTILE,),
        authors=(HOSTILE,),
        url=HOME + HOSTILE,
        language=HOSTILE,
        image=replace(PICTURE, url=HOME + HOSTILE, alt=HOSTILE),
    )
    pages = [
        index_page(
            env,
            frame,
            [article],
            [TagLink(HOSTILE, HOME + HOSTILE, 1)],
            [NewsletterLink(HOSTILE, HOSTILE, HOME + HOSTILE)],
        ),
        article_page(env, frame, article),
        tag_page(env, frame, HOSTILE, [article], feeds_of(HOME + HOSTILE, HOSTILE)),
    ]
    for page in pages:
        assert b"<script" not in page
        assert found(page, "//meta[@property='og:site_name']/@content") == [HOSTILE]
        assert HOSTILE in found(page, "//title/text()")[0]
        handlers = {"href", "content", "alt", "src", "title", "lang"}
        for element in tree(page).iter():
            assert not any("script" in str(name) for name in set(element.keys()) - handlers)


def test_a_right_to_left_site_or_article_states_its_direction(env: Environment) -> None:
    arabic = replace(FRAME, site=replace(FRAME.site, language="ar"))
    assert [found(page, "/html/@dir") for page in all_pages(env, arabic)] == [["rtl"]] * 3
    for page in all_pages(env, article=replace(ARTICLE, language="ar")):
        assert found(page, "/html/@lang | /html/@dir") == ["en", "ltr"]
        assert found(page, "//article/@lang | //article/@dir") == ["ar", "rtl"]


def test_an_article_of_no_stated_language_takes_its_direction_from_its_words(
    env: Environment,
) -> None:
    page = article_page(env, FRAME, ARTICLE)
    assert found(page, "//article/@dir | //div[@class='text']/@dir") == ["auto", "auto"]
    assert not found(page, "//article/@lang")


def test_the_index_lists_articles_in_order_and_how_to_subscribe(env: Environment) -> None:
    older = replace(ARTICLE, title="A loaf", url=HOME + "articles/loaf/", tags=())
    page = index_page(env, FRAME, [ARTICLE, older], TAGS, [WEEKLY])
    assert found(page, "//article//h2/a/text()") == ["The rule of twelfths", "A loaf"]
    assert found(page, "//article//time/@datetime") == ["2026-10-11T06:30:00+00:00"] * 2
    subscribe = found(page, "//section[@id='subscribe']//a/@href")
    assert subscribe == [*(feed.url for feed in FRAME.feeds), FRAME.opml, WEEKLY.url]
    assert found(page, "//section[@id='tags']//a/@href") == [tag.url for tag in TAGS]
    assert found(page, "//section[@id='tags']//span/text()") == ["3", "1"]


def test_an_empty_site_has_an_index_too(env: Environment) -> None:
    page = index_page(env, replace(FRAME, feeds=(), opml=""), [], [])
    assert b"Nothing has been published yet." in page
    assert not found(page, "//section[@id='tags'] | //ol | //main//ul")


def test_a_site_without_own_pages_links_to_articles_at_their_urls(
    env: Environment,
) -> None:
    frame = replace(FRAME, site=replace(FRAME.site, pages=False))
    elsewhere = replace(ARTICLE, url="https://blog.example.net/tide.html")
    for page in (
        index_page(env, frame, [elsewhere], TAGS),
        tag_page(env, frame, "sea", [elsewhere]),
    ):
        assert found(page, "//article//h2/a/@href") == [elsewhere.url]


def test_an_article_shows_its_authors_tags_and_whole_text(env: Environment) -> None:
    page = article_page(env, FRAME, ARTICLE)
    assert found(page, "//article//bdi/text()") == ["Maren Holt", "Yusuf Amari"]
    assert found(page, "//article//a[@rel='tag']/@href") == list(FRAME.tags.values())
    assert found(page, "//div[@class='text']/p/text()") == ["Everyone in town knows."]
    assert found(page, "//meta[@property='og:type']/@content") == ["article"]


def test_braces_in_an_article_are_text_and_no_template(env: Environment) -> None:
    article = replace(ARTICLE, title="{{ site.url }}", html="<p>{{ 1 + 1 }} {% raw %}</p>")
    page = article_page(env, FRAME, article)
    assert b"<h1>{{ site.url }}</h1>" in page
    assert b"<p>{{ 1 + 1 }} {% raw %}</p>" in page


def test_a_change_on_another_day_is_shown_and_one_on_the_same_day_is_not(
    env: Environment,
) -> None:
    assert b"updated " not in article_page(env, FRAME, ARTICLE)
    later = replace(ARTICLE, updated=ARTICLE.published + timedelta(days=2))
    assert found(article_page(env, FRAME, later), "//span[@class='updated']/time/text()") == [
        "13 October 2026"
    ]


def test_the_lead_image_is_above_the_text_unless_the_text_shows_it(env: Environment) -> None:
    above = article_page(env, FRAME, replace(ARTICLE, image=PICTURE))
    assert found(above, "//img/@src") == [PICTURE.url]
    assert found(above, "//img/@alt | //img/@width | //img/@height") == [
        PICTURE.alt,
        "1200",
        "675",
    ]
    within = article_page(env, FRAME, replace(ARTICLE, image=PICTURE, images=(PICTURE,)))
    assert not found(within, "//img")
    for page in (above, within):
        assert found(page, "//meta[@property='og:image']/@content") == [PICTURE.url]


def test_tables_and_code_can_be_scrolled_by_keyboard() -> None:
    html = '<table class="x"><tr><td>1</td></tr></table><pre><code>y</code></pre>'
    assert reachable(html) == (
        '<div class="wide" tabindex="0"><table class="x"><tr><td>1</td></tr></table></div>'
        '<pre tabindex="0"><code>y</code></pre>'
    )


@pytest.mark.parametrize(
    "html",
    [
        '<a title="<table>" href="x">y</a>',
        '<img alt="</table><pre>">',
        "<p>&lt;table&gt; 1 < 2 > 1</p>",
        "<p><tablet>not one</tablet></p>",
    ],
)
def test_text_that_only_resembles_a_table_stays(html: str) -> None:
    assert reachable(html) == html


def test_the_headings_of_a_text_follow_the_title_of_its_page() -> None:
    assert outlined('<h3 id="a">A</h3><h4>B</h4>') == '<h2 id="a">A</h2><h3>B</h3>'
    assert outlined("<h1>A</h1><h2>B</h2><h6>C</h6>") == "<h2>A</h2><h3>B</h3><h6>C</h6>"
    untouched = '<h2>A</h2><h3>B</h3><hr><p title="<h1>">C</p>'
    assert outlined(untouched) == untouched


def test_a_tag_without_a_page_is_named_without_a_link(env: Environment) -> None:
    frame = replace(FRAME, tags={"walking": HOME + "tags/walking/"})
    for page in (article_page(env, frame, ARTICLE), index_page(env, frame, [ARTICLE], [])):
        assert found(page, "//main//a[@rel='tag']/text()") == ["walking"]
        assert found(page, "//main//span[@class='tag']/text()") == ["sea"]


def colours(scheme: str) -> dict[str, str]:
    """The colours of style.css in a scheme, the light ones where the dark say nothing."""
    start = 0 if scheme == "light" else STYLE.index("(prefers-color-scheme: dark)")
    return dict(re.findall(r"--(\w+): (#\w{6});", STYLE[start : STYLE.index("}", start)]))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "card"])
@pytest.mark.parametrize("text", ["ink", "soft", "link", "alarm"])
def test_text_has_enough_contrast(scheme: str, ground: str, text: str) -> None:
    light, dark = sorted(
        (luminance(colours(scheme)[name]) for name in (ground, text)), reverse=True
    )
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_nothing_makes_a_phone_scroll_sideways(env: Environment, page: Page) -> None:
    wide = (
        f"<table><tr>{'<td>incomprehensibilities</td>' * 9}</tr></table>"
        f"<pre>{'x' * 500}</pre><p>https://example.org/{'y' * 300}</p>"
        f'<p><img src="data:," alt="" width="3000" height="20"></p><video width="2000"></video>'
    )
    article = replace(ARTICLE, title="Donaudampfschiffahrtsgesellschaftskapitän" * 3, html=wide)
    article = replace(article, summary="z" * 200)
    page.set_viewport_size({"width": 375, "height": 900})
    for each in all_pages(env, article=article):
        page.set_content(styled(each))
        assert page.evaluate("document.documentElement.scrollWidth") == 375


def styled(page: bytes) -> str:
    """The page with its style sheet inside, because nothing is served here."""
    link = f'<link rel="stylesheet" href="{FRAME.stylesheet}">'
    html = page.decode()
    assert link in html
    return html.replace(link, f"<style>{STYLE}</style>")
