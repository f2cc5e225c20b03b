"""A newsletter's articles -> an issue: subject, HTML with its CSS inlined, plain text.

Pure but for reading templates through the environment it is given. Nothing here is per recipient.
`{{ }}` in an article is text: articles are values of templates, never templates.
"""

from __future__ import annotations

import re
import unicodedata
from binascii import b2a_qp
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from jinja2 import Environment
from markupsafe import Markup, escape

from syndicate.config.model import Newsletter, SiteSettings
from syndicate.content.article import Image, Published
from syndicate.errors import Location
from syndicate.newsletters.body import for_mail, parse_html, text_direction, without_picture
from syndicate.newsletters.inline import inline
from syndicate.newsletters.issue import IssueLinks, Rendered
from syndicate.newsletters.plain_text import plain_text
from syndicate.templating import environment
from syndicate.text_width import wrap

# The column an article's text stands in: the container of 640 pixels less its padding.
TEXT_WIDTH = 576
# Gmail cuts a message's HTML at 102 KB as sent; the rest is room for what a server adds.
MAX_BYTES = 90_000
# What a design may print around a summary and not around a text, or the other way, in bytes.
AROUND = 2_000
# Characters of an article's HTML that may fit once it is made fit for mail; others are not tried.
MAX_HTML_LENGTH = 4 * MAX_BYTES
PREHEADER = range(40, 131)
# Lines and paragraphs may also be ended by these (Unicode, section 5.8).
BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
MARK = re.compile(r"<!--(?:[0-9a-f]{64} begins|ends [0-9a-f]{64})-->")
BETWEEN_MARKS = re.compile(r"<!--([0-9a-f]{64}) begins-->(.*?)<!--ends \1-->", re.DOTALL)
MEDIA = ("img", "video", "audio")
SHARED = "newsletter"
"""The folder of templates that all newsletters share."""
# A narrower picture is an icon, and mail programs show no drawings.
MIN_PICTURE = 160
NO_PICTURE = ("image/svg+xml", "image/avif")


@dataclass(frozen=True, slots=True)
class Item:
    """An article as the templates see it. `html` is "" if only the `summary` is shown.

    `image` is the picture to show beside it: None if the text shows it. `cut`: there is more on the
    web than here; a text no longer than its summary is never cut.
    """

    title: str
    url: str
    published: datetime
    updated: datetime
    summary: str
    html: Markup
    text: str
    tags: tuple[str, ...]
    authors: tuple[str, ...]
    language: str
    direction: str
    cut: bool
    image: Image | None


@dataclass(frozen=True, slots=True)
class IssueContent:
    """What an issue is rendered from.

    `articles` are at least one, newest first; `date` is aware; `logo` is None for a site without.
    """

    newsletter: Newsletter
    site: SiteSettings
    articles: Sequence[Published]
    date: datetime
    logo: Image | None = None


def render_issue(
    env: Environment, content: IssueContent, links: IssueLinks, recipient_name: str = ""
) -> Rendered:
    """Render an issue with these links, for a reader of this name, or "" for all readers.

    The templates are subject.txt, email.html, email.txt and email.css, each from the newsletter's
    own folder, or else from the shared one. Their variables are `newsletter`, `brand`, `site`,
    `articles` (Item), `date`, `links` (IssueLinks), `logo`, `recipient_name`, `subject`,
    `preheader` and `css` (the text of the style sheet).
    The design decides which articles appear in full; the others appear as summaries.
    Where full texts would make the HTML too long for mail programs, the longest are replaced by
    summaries, until the rest fits. Raises TemplateError.
    """
    newsletter, articles = content.newsletter, content.articles
    design = environment.within(env, newsletter.template, SHARED)
    values = _values_of_newsletter(design, newsletter, articles)
    values |= {"site": content.site, "links": links, "logo": content.logo, "date": content.date}
    values["recipient_name"] = recipient_name
    items, brief, too_long = _items(newsletter, content.site, articles)
    values["subject"] = _subject(design, newsletter, values | {"articles": list(items.values())})

    def mail(shown: Mapping[str, Item]) -> str:
        return inline(_render(design, "email.html", values, shown))

    html, summarised = _fitting(mail, items, brief)
    shown = items | {key: brief[key] for key in summarised}
    text = _render(design, "email.txt", values, shown)
    return Rendered(
        subject=str(values["subject"]),
        preheader=str(values["preheader"]),
        html=html,
        text=text.strip("\n") + "\n",
        links=links,
        summarised=tuple(each.id for each in articles if each.id in summarised | too_long),
    )


def _values_of_newsletter(
    design: Environment, newsletter: Newsletter, articles: Sequence[Published]
) -> dict[str, object]:
    """The values of templates that follow from a newsletter and the articles of an issue."""
    filler = environment.render_template(design, "parts/preheader.txt", newsletter=newsletter)
    return {
        "newsletter": newsletter,
        "brand": newsletter.brand,
        "preheader": compose_preheader(newsletter, articles, filler),
        "css": _css(design, newsletter),
    }


def size_as_sent(html: str) -> int:
    """How many bytes HTML takes in a message, in quoted-printable (RFC 2045, section 6.7)."""
    return len(b2a_qp(html.replace("\n", "\r\n").encode()))


def compose_preheader(newsletter: Newsletter, articles: Sequence[Published], filler: str) -> str:
    """What inboxes show after the subject: 40 to 130 characters, from the articles' summaries.

    Where these are too short, `filler` comes last.
    """
    parts = [each.summary for each in articles] + [each.title for each in articles[1:]]
    parts.append(newsletter.description)
    parts.append(filler)
    text = ""
    for part in (one_line(part) for part in parts):
        if len(text) < PREHEADER.start and part:
            text = f"{text} · {part}" if text else part
    return _cut(text, PREHEADER.stop - 1)


def one_line(text: str) -> str:
    """Plain text without breaks, control characters or white space around it."""
    return BREAKS.sub(" ", text).strip()


def _cut(text: str, max_length: int) -> str:
    """Cut to at most `max_length` characters: between words if possible, never in a character."""
    if len(text) <= max_length:
        return text
    head = text[: max_length - 1]
    space = head.rfind(" ", max_length * 2 // 3)
    at = space if space > 0 else len(head)
    while unicodedata.combining(text[at]) or text[at] in "\u200d\ufe0e\ufe0f":
        at -= 1
    return text[:at].rstrip(" ·,;:") + "…"


def _items(
    newsletter: Newsletter, site: SiteSettings, articles: Sequence[Published]
) -> tuple[dict[str, Item], dict[str, Item], Set[str]]:
    """The articles as the design shows them; as summaries, those whose full text may be replaced;
    and those with a text that is too long for any email.
    """
    with_text = articles if newsletter.design == "digest" else articles[:1]
    too_long = {each.id for each in with_text if len(each.html) > MAX_HTML_LENGTH}
    short = {each.id for each in with_text if each.id not in too_long and _is_short(each)}
    full = {each.id for each in with_text if newsletter.text == "full"}
    whole = short | (full - too_long)
    headed = {each.id for each in with_text if newsletter.design == "magazine"}
    items = {
        each.id: _item(each, site, full=each.id in whole, headed=each.id in headed)
        for each in articles
    }
    longer = [each for each in articles if each.id in whole - short and items[each.id].html]
    brief = {each.id: _item(each, site, full=False) for each in longer}
    return items, brief, full & too_long


def _item(article: Published, site: SiteSettings, *, full: bool, headed: bool = False) -> Item:
    """`headed`: the design shows the picture above the text."""
    language = article.language or site.language
    html = for_mail(article.html, url=article.url, width=TEXT_WIDTH) if full else ""
    brief = one_line(article.summary) if article.has_summary else ""
    text = plain_text(html) if html else "\n".join(wrap(brief))
    image = _picture(article)
    if image and headed and html:
        html = without_picture(html, image.url)
    if image and escape(image.url) in html:
        image = None
    return Item(
        title=one_line(article.title),
        url=article.url,
        published=article.published,
        updated=article.updated,
        summary=one_line(article.summary),
        html=Markup(html),  # noqa: S704  # sanitised when it was rendered
        text=text,
        tags=article.tags,
        authors=article.authors or ((site.author,) if site.author else ()),
        language=language,
        direction=text_direction(article.title) or environment.direction(language),
        cut=not full,
        image=image,
    )


def _picture(article: Published) -> Image | None:
    """The article's picture, if mail programs can show it and it is more than an icon."""
    image = article.image
    if image is None or image.type in NO_PICTURE or not image.url.startswith("http"):
        return None
    return image if (image.width or MIN_PICTURE) >= MIN_PICTURE else None


def _is_short(article: Published) -> bool:
    """Whether the full text is no more than the summary, so that a summary saves nothing."""
    root = parse_html(article.html)
    if next(root.iterdescendants(*MEDIA), None) is not None:
        return False
    text, summary = ("".join(each.split()) for each in (root.text_content(), article.summary))
    return len(text) <= len(summary)


def _css(design: Environment, newsletter: Newsletter) -> Markup:
    """The style sheet without its comments: they are for designers."""
    css = environment.render_template(
        design, "email.css", newsletter=newsletter, brand=newsletter.brand
    )
    return Markup(CSS_COMMENT.sub("", css).strip())  # noqa: S704  # the user's own file


def subject_place(newsletter: Newsletter) -> Location:
    """The place of a problem in the subject: the setting, because no file is known here."""
    return Location(f"newsletters.{newsletter.name}.subject")


def _subject(design: Environment, newsletter: Newsletter, values: dict[str, object]) -> str:
    """The subject from config.yaml, given to subject.txt, as one line of plain text."""
    place = subject_place(newsletter)
    subject = one_line(environment.render_string(design, newsletter.subject, place, **values))
    return one_line(
        environment.render_template(design, "subject.txt", **(values | {"subject": subject}))
    )


def _fitting(
    mail: Callable[[Mapping[str, Item]], str], items: dict[str, Item], brief: dict[str, Item]
) -> tuple[str, Set[str]]:
    """The HTML, and which of `brief` take the place of their item so that it fits.

    As many texts as fit stay whole, the shortest first; no text that would fit is cut.
    """
    html, unsure = _unsure(mail, items, brief)
    if not unsure:
        return html, frozenset(brief)
    settled = items | {key: brief[key] for key in brief.keys() - unsure}
    marked = {key: replace(items[key], html=_marked(key, items[key].html)) for key in unsure}
    html = mail(settled | marked)
    growth = _growth(html, items, brief)
    order = sorted(unsure, key=lambda key: growth[key])
    html, whole = _search(
        MARK.sub("", html),
        [growth[key] for key in order],
        lambda count: mail(settled | {key: brief[key] for key in order[count:]}),
    )
    return html, brief.keys() - set(order[:whole])


def _unsure(
    mail: Callable[[Mapping[str, Item]], str], items: dict[str, Item], brief: dict[str, Item]
) -> tuple[str, list[str]]:
    """Which texts may fit, each on its own; and the HTML with all of `brief` if none may.

    Rendering all of them to find out takes seconds when there are hundreds.
    """
    if brief and sum(len(items[key].html) for key in brief) < 2 * MAX_BYTES:
        return "", list(brief)
    html = mail(items | brief)
    room = MAX_BYTES - size_as_sent(html) + AROUND
    sizes = {key: size_as_sent(items[key].html) - size_as_sent(brief[key].summary) for key in brief}
    return html, [key for key, size in sizes.items() if size <= room]


def _search(html: str, growth: list[int], mail: Callable[[int], str]) -> tuple[str, int]:
    """The HTML with the largest number of full texts that fits, and this number; else the smallest.

    `html` has all of them; `growth` has the bytes that each adds, ascending, give or take AROUND.
    It is a search between bounds, which each rendering by `mail` narrows.
    """
    fitting: tuple[str, int] | None = None
    least, most = 0, len(growth)
    whole = most
    while True:
        excess = size_as_sent(html) - MAX_BYTES
        if excess <= 0:
            fitting, least = (html, whole), whole + 1
            if whole < most and excess + growth[whole] > AROUND:
                most = whole
        else:
            most = whole - 1
        if least > most:
            return fitting or (html, 0)
        while excess > 0 and whole > least:
            whole -= 1
            excess -= growth[whole]
        while excess <= 0 and whole < most and excess + growth[whole] <= 0:
            excess += growth[whole]
            whole += 1
        whole = min(max(whole, least), most)
        html = mail(whole)


def _marked(key: str, html: Markup) -> Markup:
    """The text between comments that identify its article, to measure it after inlining."""
    digest = sha256(key.encode()).hexdigest()
    return Markup(f"<!--{digest} begins-->{html}<!--ends {digest}-->")  # noqa: S704  # no input


def _growth(marked: str, items: dict[str, Item], brief: dict[str, Item]) -> dict[str, int]:
    """How many bytes more, as sent, each text takes whole than in brief."""
    sizes: dict[str, int] = {}
    for digest, html in BETWEEN_MARKS.findall(marked):
        sizes[digest] = sizes.get(digest, 0) + size_as_sent(html)
    return {
        key: sizes.get(sha256(key.encode()).hexdigest(), len(items[key].html))
        - size_as_sent(each.summary)
        for key, each in brief.items()
    }


def _render(
    design: Environment, file: str, values: dict[str, object], items: Mapping[str, Item]
) -> str:
    return environment.render_template(
        design, file, **(values | {"articles": list(items.values())})
    )
