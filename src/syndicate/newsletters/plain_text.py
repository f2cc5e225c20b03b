"""HTML -> readable plain text, the second part of every email. Pure.

Headings are underlined, links become numbers with a list of URLs below, code and tables keep their
lines. Text is wrapped by its width on a screen (Chinese characters take two columns); URLs and code
are never broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from lxml.html import HtmlElement

from syndicate.newsletters.body import TEXTS_KEPT, parse_html
from syndicate.text_width import COLUMNS, width, wrap

HEADINGS = {"h1": "=", "h2": "=", "h3": "-", "h4": "-", "h5": "", "h6": ""}
LISTS = ("ul", "ol")
BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "caption", "center", "dd", "details"),
        *("div", "dl", "dt", "figcaption", "figure", "footer", "header", "hr", "li", "main"),
        *("nav", "ol", "p", "pre", "section", "summary", "table", "ul", *HEADINGS),
    )
)
SPACE = re.compile(r"[ \t\n\r\f]+")
MARKS = {"em": "*", "i": "*", "strong": "*", "b": "*", "code": "`"}


@dataclass(slots=True)
class _Links:
    """The addresses met so far, each with one number."""

    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, url: str) -> int:
        return self.numbers.setdefault(url, len(self.numbers) + 1)


@lru_cache(TEXTS_KEPT)
def plain_text(html: str, columns: int = COLUMNS) -> str:
    """Return a fragment of HTML as plain text, at most `columns` wide where it can be.

    Ends without a line feed; "" for nothing to read.
    """
    links = _Links()
    lines = _blocks(parse_html(html), links, columns)
    if links.numbers:
        lines += ["", *(f"[{number}] {url}" for url, number in links.numbers.items())]
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _blocks(parent: HtmlElement, links: _Links, columns: int) -> list[str]:
    """The lines of an element that holds blocks, inline text between them being paragraphs."""
    groups: list[list[str]] = []
    inline = parent.text or ""
    for child in parent:
        if child.tag in BLOCKS or _holds_blocks(child):
            groups.append(_paragraph(inline, columns))
            groups.append(_block(child, links, columns))
            inline = ""
        else:
            inline += _inline(child, links)
        inline += child.tail or ""
    groups.append(_paragraph(inline, columns))
    if parent.tag == "li" and parent.find("p") is None:
        return [line for group in groups for line in group]
    return _spaced(group for group in groups if group)


def _spaced(groups: Iterable[Sequence[str]]) -> list[str]:
    lines: list[str] = []
    for group in groups:
        lines += ["", *group] if lines else group
    return lines


def _holds_blocks(element: HtmlElement) -> bool:
    return any(each.tag in BLOCKS for each in element.iterdescendants())


def _paragraph(text: str, columns: int) -> list[str]:
    text = _collapse(text)
    return wrap(text, columns) if text else []


def _collapse(text: str) -> str:
    """White space as a browser shows it; only the line feeds of <br> (form feeds here) stay."""
    parts = (SPACE.sub(" ", part).strip() for part in text.split("\v"))
    return "\n".join(parts).strip("\n")


def _block(element: HtmlElement, links: _Links, columns: int) -> list[str]:
    tag = str(element.tag)
    if tag in HEADINGS:
        return _heading(element, links, columns)
    if tag in LISTS:
        return _list(element, links, columns)
    if tag == "pre":
        code = "".join(element.itertext()).strip("\n").expandtabs(4)
        return ["    " + line for line in code.split("\n")]
    if tag == "table":
        return _table(element, links, columns)
    if tag == "blockquote":
        return [f"> {line}".rstrip() for line in _blocks(element, links, max(columns - 2, 20))]
    if tag == "dd":
        return ["    " + line for line in _blocks(element, links, max(columns - 4, 20))]
    if tag == "hr":
        return ["* * *"]
    return _blocks(element, links, columns)


def _heading(element: HtmlElement, links: _Links, columns: int) -> list[str]:
    lines = _paragraph(_children(element, links), columns)
    underline = HEADINGS[str(element.tag)]
    if underline and lines:
        lines.append(underline * min(columns, max(map(width, lines))))
    return lines


def _list(element: HtmlElement, links: _Links, columns: int) -> list[str]:
    start = element.get("start", "")
    number = int(start) if start.lstrip("-").isdecimal() else 1
    groups = []
    for item in element.iterchildren("li"):
        mark = f"{number}. " if element.tag == "ol" else "- "
        number += 1
        lines = _blocks(item, links, max(columns - len(mark), 20)) or [""]
        groups.append([mark + lines[0]] + [" " * len(mark) + line for line in lines[1:]])
    loose = any(not line.strip() for group in groups for line in group)
    return _spaced(groups) if loose else [line for group in groups for line in group]


def _table(element: HtmlElement, links: _Links, columns: int) -> list[str]:
    """Columns side by side if they fit, else one `heading: cell` a line, row by row."""
    rows = [
        [_collapse(_children(cell, links)).replace("\n", " ") for cell in row.iter("td", "th")]
        for row in element.iterdescendants("tr")
        if next(row.iterancestors("table"), None) is element
    ]
    rows = [row for row in rows if any(row)]
    caption = [
        line
        for each in element.iterchildren("caption")
        for line in _paragraph(_children(each, links), columns)
    ]
    if not rows:
        return caption
    count = max(map(len, rows))
    rows = [row + [""] * (count - len(row)) for row in rows]
    headed = next(element.iterdescendants("th"), None) is not None
    widths = [max(width(row[at]) for row in rows) for at in range(count)]
    body = (
        _grid(rows, widths, headed)
        if sum(widths) + 2 * (count - 1) <= columns
        else _records(rows, headed, columns)
    )
    return [*caption, "", *body] if caption else body


def _grid(rows: list[list[str]], widths: list[int], headed: bool) -> list[str]:
    lines = [
        "  ".join(cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True))
        for row in rows
    ]
    if headed:
        lines.insert(1, "  ".join("-" * wide for wide in widths))
    return lines


def _records(rows: list[list[str]], headed: bool, columns: int) -> list[str]:
    if not headed:
        return _spaced(wrap(" | ".join(filter(None, row)), columns, rest="    ") for row in rows)
    head, *body = rows
    return _spaced(
        [
            line
            for name, cell in zip(head, row, strict=True)
            if cell
            for line in wrap(f"{name}: {cell}" if name else cell, columns, rest="    ")
        ]
        for row in body
    )


def _children(element: HtmlElement, links: _Links) -> str:
    inner = element.text or ""
    for child in element:
        inner += _inline(child, links) + (child.tail or "")
    return inner


def _inline(element: HtmlElement, links: _Links) -> str:
    """Inline content as text; a vertical tab marks a line break until wrapping."""
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    if tag == "br":
        return "\v"
    if tag == "img":
        return f"[{element.get('alt')}]" if element.get("alt") else ""
    if tag == "sup":
        return "^" + "".join(element.itertext())
    inner = _children(element, links)
    if tag == "a":
        return _link(inner, element.get("href", ""), links)
    mark = MARKS.get(tag, "") if inner.strip() else ""
    return " " + inner + " " if tag in BLOCKS else mark + inner + mark


def _link(text: str, url: str, links: _Links) -> str:
    text_only = _collapse(text)
    if not url or text_only == url or f"mailto:{text_only}" == url:
        return text
    return f"{text}[{links.number(url)}]" if not text_only else f"{text} [{links.number(url)}]"
