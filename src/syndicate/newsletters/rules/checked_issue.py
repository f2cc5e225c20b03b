"""The input and output of every rule: the issue to check, and faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote

from lxml.html import HtmlElement

from syndicate.config.model import Newsletter
from syndicate.content.article import Published
from syndicate.errors import Location
from syndicate.findings import Level
from syndicate.newsletters.body import for_mail, parse_html
from syndicate.newsletters.css_syntax import COMMENT
from syndicate.newsletters.issue import Rendered
from syndicate.newsletters.plain_text import plain_text
from syndicate.newsletters.render import (
    MAX_HTML_LENGTH,
    TEXT_WIDTH,
    one_line,
)

NOT_SIGNS = re.compile(r"[\W_]+")
PIECES = re.compile(r"\w+|[^\w\s]")
MARKUP = re.compile(r"<[^<>]*(?:>|$)|^[^<>]*>")


@dataclass(frozen=True, slots=True)
class CheckedIssue:
    """An issue as every rule gets it. `sources` are the files of the design, by name."""

    rendered: Rendered
    newsletter: Newsletter
    articles: Sequence[Published]
    root: HtmlElement
    style: str
    sources: Mapping[str, str]

    def place(self, suffix: str, *written: str) -> Location:
        """The line of the design that has one of `written`, tried in this order; else the file."""
        files = {
            name: COMMENT.sub(_as_lines, text)
            for name, text in self.sources.items()
            if name.endswith(suffix)
        }
        for pattern in (_spaced(each) for each in written):
            for name, text in files.items():
                match = pattern.search(text)
                if match:
                    return Location(name, text.count("\n", 0, match.start()) + 1)
        own = f"{self.newsletter.template}/email{suffix}"
        return Location(own if own in files or not files else next(iter(files)))

    def place_of(self, address: str, *written: str) -> Location:
        """The article that contains this URL, or the place in the design that does."""
        article = next((each for each in self.articles if _has(each, address)), None)
        return Location(article.path) if article else self.place(".html", *written)

    def author_of(self, line: str) -> Location | None:
        """The article whose text contains a line of the message; None if the design does."""
        runs = [run for each in MARKUP.split(line) if (run := signs(each))]
        longest = max(runs, key=len, default="")
        texts = (
            (each, f"{each.title} {each.summary} {text_of(each.html[:MAX_HTML_LENGTH])}")
            for each in self.articles
        )
        containing = (each for each, text in texts if longest and longest in signs(text))
        return next((Location(each.path) for each in containing), None)

    @property
    def written(self) -> str:
        """All texts of authors in one line, to distinguish them from those of the design."""
        parts: list[str] = []
        for each in self.articles:
            parts += (each.title, each.summary, *each.tags, *each.authors)
            if len(each.html) <= MAX_HTML_LENGTH:
                html = for_mail(each.html, url=each.url, width=TEXT_WIDTH)
                parts += (text_of(html), plain_text(html))
        return one_line(" ".join(parts))


class Fault(NamedTuple):
    """A broken rule: its number or name, the problem, a hint, and the place.

    Without a place, the configuration is to be changed.
    """

    rule: int | str
    level: Level
    message: str
    hint: str
    place: Location | None = None


Check = Callable[[CheckedIssue], Iterator[Fault]]


def shown_text(issue: CheckedIssue) -> str:
    """The text of the HTML as readers see it, without style sheet and preheader."""
    words = "".join(issue.root.xpath("//body//text()[not(parent::style)]"))
    return words.replace(issue.rendered.preheader, "", 1)


def signs(text: str) -> str:
    """Letters and digits only, to find a text despite line breaks and markup."""
    return NOT_SIGNS.sub("", text)


def _spaced(written: str) -> re.Pattern[str]:
    """A pattern that finds CSS or HTML with any white space."""
    return re.compile(r"\s*".join(map(re.escape, PIECES.findall(written))))


def _as_lines(comment: re.Match[str]) -> str:
    return "\n" * comment[0].count("\n")


def label(element: HtmlElement) -> str:
    return repr(one_line(element.text_content()))


def _has(article: Published, href: str) -> bool:
    return article.url == href or href in _unescaped(article.html)


@lru_cache(16)
def _unescaped(html: str) -> str:
    return unescape(html)


def text_of(html: str) -> str:
    """All text and attribute values of a piece of HTML."""
    root: HtmlElement = parse_html(html)
    return " ".join([root.text_content(), *(unquote(each) for each in root.xpath(".//@*"))])
