"""A list of feeds as OPML 2.0, for readers that import subscriptions. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from lxml import etree


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed in the list: the address of its document, of its web page; when it changed."""

    title: str
    feed_url: str
    home_url: str
    updated: datetime
    description: str = ""
    language: str = ""


def opml(title: str, outlines: Sequence[Outline]) -> bytes:
    """The list in the order given, UTF-8, one feed a line; dated by the feed changed last.

    `type` is rss for Atom and JSON Feed too: OPML 2.0 knows no other name for a feed.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    if outlines:
        newest = max(outline.updated for outline in outlines)
        etree.SubElement(head, "dateModified").text = format_datetime(newest)
    body = etree.SubElement(root, "body")
    for outline in outlines:
        etree.SubElement(body, "outline", _attributes(outline))
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _attributes(outline: Outline) -> dict[str, str]:
    attributes = {
        "type": "rss",
        "text": outline.title,
        "title": outline.title,
        "xmlUrl": outline.feed_url,
        "htmlUrl": outline.home_url,
        "description": outline.description,
        "language": outline.language,
    }
    return {name: value for name, value in attributes.items() if value}
