"""The summary of an article in plain text, from its sanitised HTML. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

MAX_LENGTH = 280  # characters of a summary made here; a stated one is never cut
SHORTEST = 60  # a sentence that ends earlier is not enough to cut after

_PLACES = re.compile(
    r"<(/?)(p|blockquote|section|figure|table|ul|ol|dl|pre|aside|details|h[1-6]|video|audio)\b[^>]*>"
)
_SKIPPED = re.compile(r"<(pre|figure|table|h[1-6]|video|audio)\b[^>]*>.*?</\1>", re.DOTALL)
_NOTES = re.compile(r'<section class="footnotes">.*', re.DOTALL)
_REFERENCE = re.compile(r'<sup class="footnote-ref">.*?</sup>', re.DOTALL)
_LONE_LINK = re.compile(r"<p>\s*<a\b[^>]*>[^<]*</a>\s*</p>")
_LINK = re.compile(r"<a\b[^>]*>.*?</a>", re.DOTALL)
_BREAK = re.compile(
    r"</?(?:p|br|hr|li|div|tr|td|th|dt|dd|h[1-6]|blockquote|pre|figcaption|summary)\b[^>]*>"
)
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"\w")
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s+[^\sa-zà-ÿ]|$)|[。！？][」』）”’)]*")


def summarise(html: str, *, stated: str | None, lead: str, title: str, alts: list[str]) -> str:
    """Plain text, never empty: the stated one, the lead, the first paragraph, else other text.

    `html` and `lead` are sanitised; `lead` is the part before the summary marker or "".
    """
    if stated and (words := _folded(stated)):
        return words
    whole = _NOTES.sub("", html)
    for text in _candidates(whole, lead, alts):
        if _WORD.search(text):
            return shorten(text)
    return _folded(title) or "…"


def _candidates(whole: str, lead: str, alts: list[str]) -> Iterator[str]:
    """Best first; lazily, since the second is nearly always the one."""
    if lead:
        yield " ".join(_paragraphs(lead))
        yield text_of_html(_without_objects(lead))
    yield next(_paragraphs(whole), "")
    yield text_of_html(_without_objects(whole))
    yield _folded(" ".join(alts))


def _without_objects(html: str) -> str:
    return _LONE_LINK.sub(" ", _SKIPPED.sub(" ", html))


def text_of_html(html: str) -> str:
    """The text of sanitised HTML in one line, without footnote references."""
    if "footnote-ref" in html:
        html = _REFERENCE.sub("", html)
    return _folded(unescape(_TAG.sub("", _BREAK.sub(" ", html))))


def shorten(text: str, longest: int = MAX_LENGTH) -> str:
    """`text` up to the last sentence that ends in time, else up to a word and "…"."""
    if len(text) <= longest:
        return text
    positions = (match.end() for match in _END.finditer(text, 0, longest + 50))
    ends = [end for end in positions if SHORTEST <= end <= longest]
    if ends:
        return text[: ends[-1]]
    short = text[: longest - 1]
    space = short.rfind(" ", longest // 2)
    return (short[:space] if space > 0 else short).rstrip(" ,;:–—-") + "…"


def _folded(text: str) -> str:
    return " ".join(text.split())


def _paragraphs(html: str) -> Iterator[str]:
    """The paragraphs of running text: not in a quote, list, table or figure, not just a link."""
    inside = 0
    for place in _PLACES.finditer(html):
        if place[2] != "p":
            inside += -1 if place[1] else 1
        elif not inside and not place[1]:
            paragraph = html[place.end() : html.find("</p>", place.end())]
            if _WORD.search(text_of_html(_LINK.sub("", paragraph))):
                yield text_of_html(paragraph)
