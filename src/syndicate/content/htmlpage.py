"""An HTML file with a page around its text -> header and body, as Pelican reads them.

`<title>`, `<meta name= content=>` and `<html lang=>` are the header, what stands in `<body>`
is the text. A fragment without `<head>` or `<body>` is text as a whole. Pure; fetches nothing.
"""

from __future__ import annotations

import re

from syndicate.content.header import Header, without
from syndicate.content.keys import role_of

_PAGE = re.compile(r"\s*(?:<!--[^>]*-->\s*)?(?:<!doctype\b|<html\b|<head\b|<body\b)", re.IGNORECASE)
_BODY = re.compile(r"<body(?:\s[^<>]*)?>\s*", re.IGNORECASE)
_HEAD_END = re.compile(r"</head\s*>\s*", re.IGNORECASE)
_BODY_END = re.compile(r"\s*</(?:body|html)\s*>", re.IGNORECASE)


def split(text: str) -> Header:
    """Split a page into header and body; a fragment is all body. Never raises."""
    if not _PAGE.match(text):
        return without(text)
    opening = _BODY.search(text) or _HEAD_END.search(text)
    if opening is None:
        return without(text)
    closing = _BODY_END.search(text, opening.end())
    head = text[: opening.start()]
    body = text[opening.end() : closing.start() if closing else len(text)]
    line = text.count("\n", 0, opening.end()) + 1
    return Header("html", _values(head), head, 1, body, line)


def _values(head: str) -> dict[str, object]:
    """The values in the head under known names; the first of each counts."""
    from lxml import html  # 30 ms, and only whole pages need it

    values: dict[str, object] = {}
    parser = html.HTMLParser(encoding="utf-8", no_network=True)
    page = html.document_fromstring(f"{head}<body>.</body>".encode(), parser=parser)
    title = page.findtext(".//title")
    if title and title.strip():
        values["title"] = title.strip()
    for meta in page.iter("meta"):
        name, content = meta.get("name", ""), meta.get("content", "")
        if name not in values and content.strip() and role_of(name) is not None:
            values[name] = content.strip()
    if page.get("lang"):
        values.setdefault("lang", page.get("lang"))
    return values
