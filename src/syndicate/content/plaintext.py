"""Plain text out of what authors write: clean lines, and Markdown or HTML without its markup.

For titles, summaries, tags and names only; bodies are rendered elsewhere. Never returns a
character that XML 1.0 (section 2.2) forbids.
"""

from __future__ import annotations

import html
import re

MAX_MARKUP_LENGTH = 2_000  # characters; more is never a title, and the patterns stay quick

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>|<!--.*", re.DOTALL)
_UNSHOWN = re.compile(r"<(script|style|template)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_TEMPLATE = re.compile(r"\{%[^%]*%\}|\{\{[^{}]*\}\}")
_ATTRIBUTES = re.compile(r"\s*\{:?\s*[#.][^{}]*\}\s*$")
_IMAGE = re.compile(r"!\[([^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)?\)|\[[^\[\]]*\])")
_LINK = re.compile(r"\[([^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)?\)|\[[^\[\]]*\])")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]+\]")
_AUTOLINK = re.compile(r"<((?:https?|mailto):[^<>\s]+)>")
_CODE = re.compile(r"(`+)(.+?)\1")
_STARS = re.compile(r"(\*{1,3}|~~)(?=\S)(.+?)(?<=\S)\1")
_LOW_LINES = re.compile(r"(?<!\w)(_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def line(text: str) -> str:
    """One line: white space folded, control and illegal characters gone; "" if none can be seen."""
    if not text.isprintable():
        text = _CONTROL.sub("", " ".join(text.split()))
        if not any(char.isprintable() and not char.isspace() for char in text):
            return ""
    return " ".join(text.split()) if "  " in text else text.strip()


def legal(text: str) -> str:
    """The text as written without the characters XML forbids."""
    return text if text.isprintable() else ILLEGAL.sub("", text)


def without_tags(text: str) -> str:
    """A line of text without HTML tags; entities become characters."""
    if "<" in text:
        text = _TAG.sub(" " if "<p" in text or "<br" in text else "", text)
    return line(html.unescape(text) if "&" in text else text)


def from_html(markup: str) -> str:
    """The text of HTML on one line, without template code."""
    return line(html.unescape(_TAG.sub("", _UNSHOWN.sub(" ", _TEMPLATE.sub("", markup)))))


def from_markdown(markup: str) -> str:
    """The text of a line or paragraph of Markdown on one line, without template code."""
    # An escaped character hides as an entity until the markup is gone.
    text = _ESCAPE.sub(lambda escape: f"&#{ord(escape[1])};", markup[:MAX_MARKUP_LENGTH])
    text = _ATTRIBUTES.sub("", _TEMPLATE.sub("", text))
    text = _FOOTNOTE.sub("", _IMAGE.sub(r"\1", text))
    text = _AUTOLINK.sub(r"\1", _LINK.sub(r"\1", text))
    text = _CODE.sub(r"\2", text)
    text = _LOW_LINES.sub(r"\2", _STARS.sub(r"\2", _STARS.sub(r"\2", text)))
    return line(html.unescape(_TAG.sub("", text)))
