"""The preview of a next issue: values, and what is derived from them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32
from html import unescape
from pathlib import Path

from syndicate.content.article import Published
from syndicate.findings import Finding
from syndicate.newsletters.issue import Rendered
from syndicate.newsletters.render import MAX_BYTES, size_as_sent
from syndicate.newsletters.rules.markup import CUT_BY_GMAIL
from syndicate.newsletters.rules.styles import MAX_STYLE

FOLD = re.compile(r"\r?\n[ \t]")
STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MessageHeader:
    """A header of the message: decoded, and as sent."""

    name: str
    value: str
    sent: str


@dataclass(frozen=True, slots=True)
class Size:
    """A size in bytes, with the recommended (`aim`) and the hard limit; 0 for none."""

    name: str
    bytes: int
    aim: int = 0
    limit: int = 0


@dataclass(frozen=True, slots=True)
class CarriedArticle:
    """An article in the issue. `shortened`: only its summary fits."""

    title: str
    url: str
    path: str
    published: str
    shortened: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file of the site that the email shows; `name` changes with the file."""

    name: str
    file: Path


@dataclass(frozen=True, slots=True)
class IssuePreview:
    """One newsletter's next issue. Without articles there is none, and `empty` has the reasons.

    `pictures` maps addresses in the email to files of the site.
    """

    newsletter: str
    title: str
    findings: tuple[Finding, ...] = ()
    sender: str = ""
    subject: str = ""
    preheader: str = ""
    text: str = ""
    html: str = ""
    headers: tuple[MessageHeader, ...] = ()
    sizes: tuple[Size, ...] = ()
    articles: tuple[CarriedArticle, ...] = ()
    empty: tuple[str, ...] = ()
    pictures: Mapping[str, Picture] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """All but the HTML and its pictures, which frames fetch separately."""
        return asdict(replace(self, html="", pictures={}))


def headers(message: bytes) -> Iterator[MessageHeader]:
    """The headers of a message, in their order."""
    for name, sent in message_from_bytes(message, policy=compat32).items():
        plain = FOLD.sub(" ", str(sent)).strip()
        yield MessageHeader(name, str(make_header(decode_header(plain))), str(sent))


def sizes(rendered: Rendered, message: bytes) -> tuple[Size, ...]:
    """The sizes of the parts, with the limits of email clients."""
    style = sum(len(css.encode()) for css in STYLE.findall(rendered.html))
    return (
        Size("HTML, as sent", size_as_sent(rendered.html), MAX_BYTES, CUT_BY_GMAIL),
        Size("Style sheet", style, 0, MAX_STYLE),
        Size("Plain text", len(rendered.text.encode())),
        Size("Whole message", len(message)),
    )


def carried(articles: Sequence[Published], shortened: Sequence[str]) -> tuple[CarriedArticle, ...]:
    """The articles as a list shows them."""
    return tuple(
        CarriedArticle(a.title, a.url, a.path, a.published.isoformat(), a.id in shortened)
        for a in articles
    )


def addresses(html: str) -> list[str]:
    """The addresses of the images in an email."""
    addresses = (ADDRESS.findall(tag) for tag in TAGS.findall(html))
    return list(dict.fromkeys(unescape(address) for tag in addresses for _, _, address in tag))


# -- the email in a frame -----------------------------------------------------------------------

TAGS = re.compile(r"<(?:source|style|link|meta|img|td|th|table|body)\b[^>]*>", re.IGNORECASE)
QUERY = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
BOTH_SCHEMES = re.compile(r"\b(?:light\s+dark|dark\s+light)\b", re.IGNORECASE)
BOTH_IN_STYLE = re.compile(r"(color-schemes?\s*:\s*)(?:light\s+dark|dark\s+light)\b", re.IGNORECASE)
ADDRESS = re.compile(r"""(\b(?:src|background)=)(["'])(.*?)\2""", re.IGNORECASE | re.DOTALL)
ALWAYS, NEVER = "(min-width: 0px)", "(max-width: 0px)"
HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


def framed(html: str, scheme: str, pictures: Mapping[str, Picture]) -> str:
    """The email in a colour scheme (`light` or `dark`), independent of the browser's.

    Media queries for a scheme are rewritten to match always or never; an email that names only one
    scheme keeps it. `pictures` are served by the preview. Links open in a new window. The text of
    articles is unchanged.
    """

    def query(match: re.Match[str]) -> str:
        return ALWAYS if match[1].lower() == scheme else NEVER

    def style(match: re.Match[str]) -> str:
        css = BOTH_IN_STYLE.sub(rf"\g<1>{scheme}", QUERY.sub(query, match[1]))
        return match[0].replace(match[1], css)

    def address(match: re.Match[str]) -> str:
        picture = pictures.get(unescape(match[3]))
        here = f"pictures/{picture.name}" if picture else match[3]
        return f"{match[1]}{match[2]}{here}{match[2]}"

    def tag(match: re.Match[str]) -> str:
        text = ADDRESS.sub(address, QUERY.sub(query, match[0]))
        named = "color-scheme" in text.lower() and text.lower().startswith("<meta")
        return BOTH_SCHEMES.sub(scheme, text) if named else text

    shown = TAGS.sub(tag, STYLE.sub(style, html))
    return HEAD.sub(r'\g<0><base target="_blank">', shown, count=1)
