"""The web pages of a site: the index, a page for each article, a page for each tag.

Pure: values and templates in, whole HTML documents as bytes out. Pages never carry the time of
the build or the version of the program, so the same content gives the same bytes; and a page of
an article shows nothing of other articles, so that a change to one touches no other page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import jinja2

from syndicate.config.model import FeedFormat, SiteSettings
from syndicate.content.article import Image, Published
from syndicate.feeds.feed import FORMS
from syndicate.templating.environment import render_template

FEED_NAMES: Final[Mapping[FeedFormat, str]] = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}

# A whole tag of sanitised HTML, its quoted attributes included, so that a "<table>" that is only
# the text of an attribute is never taken for one.
TAG: Final = re.compile(r"""<(/?)([a-z][a-z0-9]*)([^">]*(?:"[^"]*"[^">]*)*)>""")
HEADING: Final = re.compile("h[1-6]")
OPENING: Final = re.compile("<h([1-6])[ >]")


@dataclass(frozen=True, slots=True)
class FeedLink:
    """One feed as pages offer it: the title of the feed, its absolute URL, its format."""

    title: str
    url: str
    format: FeedFormat

    @property
    def name(self) -> str:
        """What people call the format: `RSS`, `Atom`, `JSON Feed`."""
        return FEED_NAMES[self.format]

    @property
    def type(self) -> str:
        """The media type for autodiscovery."""
        return FORMS[self.format].media_type


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page of the site (About, Privacy) in the navigation: its title and absolute URL."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class TagLink:
    """One tag in the list of all tags: its name, the absolute URL of its page, its articles."""

    name: str
    url: str
    count: int


@dataclass(frozen=True, slots=True)
class NewsletterLink:
    """One newsletter as the index offers it.

    `name` is what forms call it, `url` the archive of its issues, `next_url` the page of the next
    one; "" without.
    """

    title: str
    description: str = ""
    url: str = ""
    next_url: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class CarriedLink:
    """An article in an issue; `corrected` is when it last changed since, None if it did not."""

    title: str
    url: str
    corrected: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssueLink:
    """One past issue as the archive lists it."""

    subject: str
    url: str
    date: datetime
    articles: tuple[CarriedLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page of a site shares. All addresses are absolute.

    `home` is the index, `stylesheet` the address of style.css, `feeds` those of the whole site,
    `opml` the list of all feeds (OPML 2.0) or "", `tags` the page of each tag by its name, at
    least for those of the articles shown; a tag that has no page is named without a link.
    `subscribe` is the page where people subscribe to newsletters, "" when no service has one.
    `pages` are the pages of the site that the navigation links to, in order.
    """

    site: SiteSettings
    home: str
    stylesheet: str
    feeds: tuple[FeedLink, ...]
    opml: str
    tags: Mapping[str, str]
    subscribe: str = ""
    pages: tuple[PageLink, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """The metadata of one page for browsers, search engines and feed readers.

    `address` is its canonical URL; `feeds` are those to discover on it, the closest first.
    """

    heading: str
    description: str
    address: str
    feeds: tuple[FeedLink, ...]


def index_page(
    env: jinja2.Environment,
    frame: Frame,
    articles: Sequence[Published],
    tags: Sequence[TagLink],
    newsletters: Sequence[NewsletterLink] = (),
    *,
    held_back: int = 0,
) -> bytes:
    """The front page, `web/index.html`: the articles given, in their order, and how to subscribe.

    `held_back` is how many articles wait for a date while there are none to show. Raises
    TemplateError.
    """
    head = Head(frame.site.title, frame.site.description, frame.home, frame.feeds)
    lists = {"articles": articles, "tags": tags, "newsletters": newsletters}
    return _page(env, "index", frame, head, **lists, held_back=held_back)


def article_page(
    env: jinja2.Environment, frame: Frame, article: Published, *, unlisted: bool = False
) -> bytes:
    """The page of one article, `web/article.html`. Raises TemplateError.

    Search engines are asked to leave out what is `unlisted`.
    """
    return _text_page(env, "article", frame, article, unlisted=unlisted)


def site_page(env: jinja2.Environment, frame: Frame, page: Published) -> bytes:
    """A page of the site that is no article (About, Privacy), `web/page.html`.

    Raises TemplateError.
    """
    return _text_page(env, "page", frame, page)


def _text_page(
    env: jinja2.Environment, name: str, frame: Frame, article: Published, **values: object
) -> bytes:
    return _page(
        env,
        name,
        frame,
        Head(article.title, article.summary, article.url, frame.feeds),
        article=article,
        html=outlined(reachable(article.html)),
        lead_image=lead_image(article),
        **values,
    )


def tag_page(
    env: jinja2.Environment,
    frame: Frame,
    tag: str,
    articles: Sequence[Published],
    feeds: tuple[FeedLink, ...] = (),
) -> bytes:
    """The page of one tag, `web/tag.html`: its articles in the order given, and its `feeds`.

    Raises TemplateError.
    """
    description = f"{frame.site.title}: {tag}"
    head = Head(tag, description, frame.tags[tag], feeds + frame.feeds)
    return _page(env, "tag", frame, head, tag=tag, articles=articles, tag_feeds=feeds)


def archive_page(
    env: jinja2.Environment,
    frame: Frame,
    head: Head,
    issues: Sequence[IssueLink],
    feeds: tuple[FeedLink, ...],
) -> bytes:
    """The past issues of a newsletter, `web/newsletter.html`, in the order given, and its `feeds`.

    Raises TemplateError.
    """
    return _page(env, "newsletter", frame, head, issues=issues, issue_feeds=feeds)


def lead_image(article: Published) -> Image | None:
    """The picture to show above the text: None if the text shows it itself."""
    shown = {image.url for image in article.images}
    return article.image if article.image and article.image.url not in shown else None


def reachable(html: str) -> str:
    """Make wide content that scrolls on a small screen reachable by keyboard (WCAG 2.1.1).

    Takes sanitised, balanced HTML. Tables get a wrapper; they and code can take the focus.
    """
    return TAG.sub(_focusable, html) if "<table" in html or "<pre" in html else html


def outlined(html: str) -> str:
    """Shift all headings so that the highest is h2, below the title of the page.

    Takes sanitised, balanced HTML. A text may begin with ###, or have several #; a screen reader
    needs an outline without gaps.
    """
    if min(OPENING.findall(html), default="2") == "2":  # nearly always, and much cheaper
        return html
    levels = [int(tag[2][1]) for tag in TAG.finditer(html) if HEADING.fullmatch(tag[2])]
    down = 2 - min(levels, default=2)

    def moved(tag: re.Match[str]) -> str:
        closing, name, attributes = tag.groups()
        if not HEADING.fullmatch(name):
            return tag[0]
        return f"<{closing}h{min(int(name[1]) + down, 6)}{attributes}>"

    return TAG.sub(moved, html)


def _focusable(tag: re.Match[str]) -> str:
    closing, name, attributes = tag.groups()
    if name == "table":
        return (
            "</table></div>" if closing else f'<div class="wide" tabindex="0"><table{attributes}>'
        )
    if name == "pre" and not closing:
        return f'<pre tabindex="0"{attributes}>'
    return tag[0]


def _page(env: jinja2.Environment, name: str, frame: Frame, head: Head, **values: object) -> bytes:
    return render_template(
        env, f"web/{name}.html", site=frame.site, frame=frame, head=head, **values
    ).encode()
