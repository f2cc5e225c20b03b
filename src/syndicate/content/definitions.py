"""Definitions of footnotes and links in Markdown, which are shown only where a text refers to them.

Nothing is lost silently: in plain text, a line to which nothing refers is text, even if it looks
like a definition; in Markdown, footnotes that are not shown are reported. Pure; takes time linear
in the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote

_LABEL = r"\[(?:[^\[\]\\\n]|\\[^\n]|\n(?![ \t]*\n)){1,999}\]"  # CommonMark 0.31, section 4.7
_CODE = r"^ {0,3}(?P<fence>`{3,}(?=[^`\n]*$)|~{3,}).*?(?:^ {0,3}(?P=fence)|\Z)|`[^`\n]*`"
_CONTAINERS = r"^[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]*){0,20}"
_PARTS = re.compile(
    rf"{_CODE}|(?P<before>{_CONTAINERS})(?P<definition>{_LABEL}):|(?<!\\)(?P<reference>{_LABEL})",
    re.DOTALL | re.MULTILINE,
)
_NOTE = re.compile(r"^[ \t>*+.)\d-]*((\[\^[^\s\[\]\\]+\]):[^\n]{0,80})", re.MULTILINE)
_SHOWN_NOTE = re.compile(r'<li id="fn-([^"]*)"')


class Note(NamedTuple):
    """A footnote: its label, as `[^1]`, and the beginning of its definition as written."""

    label: str
    written: str


def unused_as_text(text: str) -> str:
    """Plain text with a backslash before each definition that is repeated or never referred to."""
    if "]:" not in text:
        return text
    references = {_key(match["reference"]) for match in _PARTS.finditer(text) if match["reference"]}
    return _escaped(text, lambda key, repeated: repeated or key not in references)


def repeated_as_text(markdown: str) -> str:
    """Markdown with a backslash before each footnote whose label was defined above.

    comrak would put the text between the two among the footnotes.
    """
    if markdown.count("[^") < 2:
        return markdown
    return _escaped(markdown, lambda key, repeated: repeated and key.startswith("[^"))


def _escaped(text: str, is_text: Callable[[str, bool], bool]) -> str:
    defined: set[str] = set()

    def escaped(match: re.Match[str]) -> str:
        if not match["definition"]:
            return match[0]
        key = _key(match["definition"])
        if is_text(key, key in defined):
            return f"{match['before']}\\{match['definition']}:"
        defined.add(key)
        return match[0]

    return _PARTS.sub(escaped, text)


def _key(label: str) -> str:
    return " ".join(label.split()).casefold()


def hidden_notes(markdown: str, html: str) -> list[Note]:
    """The footnotes that the HTML of some Markdown does not show."""
    if "[^" not in markdown:
        return []
    notes = [Note(label, written) for written, label in _NOTE.findall(markdown)]
    count = Counter(note.label for note in notes)
    shown = {_key(f"[^{unquote(unescape(name))}]") for name in _SHOWN_NOTE.findall(html)}
    text = unescape(html)  # code shows what looks like a note
    last = {note.label: note for note in notes}
    return [
        note
        for label, note in last.items()
        if _key(label) not in shown and text.count(f"{label}:") < count[label]
    ]
