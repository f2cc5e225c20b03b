"""A Feed as RSS 2.0 (RSS Advisory Board profile) and as Atom (RFC 4287), in bytes.

feedgen builds the tree; what it omits or gets wrong is added through its own extension
interface, one class for each of feed and entry in each format. Each document gets a generator
of its own, because feedgen keeps one set of links for both formats. Never use its date
formatting for RSS: it switches the locale of the whole process.
"""

from __future__ import annotations

from email.utils import format_datetime
from functools import partial
from html import escape
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from syndicate.config.model import FeedFormat
from syndicate.content.article import Image, Published
from syndicate.feeds.feed import FORMS, REFRESH_MINUTES, Feed

GENERATOR = "syndicate"  # without a version: an upgrade alone must not change a feed's bytes

_ATOM = "http://www.w3.org/2005/Atom"
_DC = "http://purl.org/dc/elements/1.1/"
_HISTORY = "http://purl.org/syndication/history/1.0"
_MEDIA = "http://search.yahoo.com/mrss/"
_REFRESH = "http://purl.org/rss/1.0/modules/syndication/"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def rss(feed: Feed) -> bytes:
    """The feed as an RSS 2.0 document, UTF-8, one element a line."""
    generator = _generator(feed, partial(_Channel, feed))
    generator.link(href=feed.home_url)
    generator.ttl(None if feed.page else REFRESH_MINUTES)
    if feed.email:
        generator.managingEditor(f"{feed.email} ({feed.author})")
    # Preset to now; only the formatting that switches the locale would change it.
    generator._FeedGenerator__rss_lastBuildDate = None
    for entry in feed.entries:
        generator.add_entry(_item(feed, entry), order="append")
    return bytes(generator.rss_str(pretty=True))


def atom(feed: Feed) -> bytes:
    """The feed as an Atom document, UTF-8, one element a line."""
    generator = _generator(feed, partial(_AtomFeed, feed))
    generator.updated(feed.updated.replace(microsecond=0))
    generator.author(_person(feed.author, feed.email))
    generator.link({"rel": "alternate", "type": "text/html", "href": feed.home_url})
    generator.link(_links(feed, "atom"))
    for entry in feed.entries:
        generator.add_entry(_atom_entry(feed, entry), order="append")
    return bytes(generator.atom_str(pretty=True))


class _Channel:
    """What feedgen does not write into an RSS channel."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed

    def extend_ns(self) -> dict[str, str]:
        return {"dc": _DC, "fh": _HISTORY, "media": _MEDIA, "sy": _REFRESH}

    def extend_rss(self, root: etree._Element) -> None:
        _link_stylesheet(root, self.feed)
        channel = root[0]
        for link in _links(self.feed, "rss"):
            etree.SubElement(channel, f"{{{_ATOM}}}link", link)
        if self.feed.entries:
            _add(channel, "lastBuildDate", format_datetime(self.feed.updated))
        if self.feed.page:
            etree.SubElement(channel, f"{{{_HISTORY}}}archive")
        else:
            _add(channel, f"{{{_REFRESH}}}updatePeriod", "hourly")
            _add(channel, f"{{{_REFRESH}}}updateFrequency", str(60 // REFRESH_MINUTES))


class _Item:
    """What feedgen does not write into an RSS item, or only by switching the locale."""

    def __init__(self, feed: Feed, entry: Published) -> None:
        self.feed = feed
        self.entry = entry

    def extend_rss(self, item: etree._Element) -> None:
        _add(item, "pubDate", format_datetime(self.entry.published))
        for name in self.entry.authors or (self.feed.author,):
            _add(item, f"{{{_DC}}}creator", name)
        if language := self.feed.language_of(self.entry):
            _add(item, f"{{{_DC}}}language", language)
        _add_image(item, self.entry.image)


class _AtomFeed:
    """What feedgen does not write into an Atom feed."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed

    def extend_ns(self) -> dict[str, str]:
        return {"fh": _HISTORY, "media": _MEDIA}

    def extend_atom(self, root: etree._Element) -> None:
        _link_stylesheet(root, self.feed)
        if self.feed.page:
            etree.SubElement(root, f"{{{_HISTORY}}}archive")


class _AtomEntry:
    """What feedgen drops from an Atom entry: all of a link but its address, the language."""

    def __init__(self, feed: Feed, entry: Published) -> None:
        self.feed = feed
        self.entry = entry

    def extend_atom(self, element: etree._Element) -> None:
        if language := self.feed.language_of(self.entry):
            element.set(_LANGUAGE, language)
        for link in element.findall("link"):
            link.attrib.update({"rel": "alternate", "type": "text/html"})
        if enclosure := self.entry.enclosure:
            attributes = {"rel": "enclosure", "href": enclosure.url, "type": enclosure.type}
            etree.SubElement(element, "link", attributes, length=str(enclosure.length))
        _add_image(element, self.entry.image)


def _generator(feed: Feed, extension: partial[Any]) -> Any:
    generator = FeedGenerator()
    generator.register_extension("syndicate", extension)
    generator.id(feed.id)
    generator.title(feed.title)
    generator.description(feed.description or feed.title)
    generator.language(feed.language)
    generator.generator(GENERATOR)
    return generator


def _entry(feed: Feed, entry: Published, extension: partial[Any]) -> Any:
    """The parts RSS and Atom share. feedgen derives the RSS category from the Atom one."""
    entry_builder = FeedEntry()
    entry_builder.register_extension("syndicate", extension)
    entry_builder.id(entry.id)
    entry_builder.title(entry.title)
    entry_builder.link(href=entry.url)
    entry_builder.category([_category(feed, tag) for tag in entry.tags])
    if content := feed.content(entry):
        entry_builder.content(content, type="html")
    return entry_builder


def _item(feed: Feed, entry: Published) -> Any:
    item = _entry(feed, entry, partial(_Item, feed, entry))
    if entry.has_summary:
        item.description(escape(entry.summary, quote=False), isSummary=True)  # readers expect HTML
    if enclosure := entry.enclosure:
        item.enclosure(enclosure.url, str(enclosure.length), enclosure.type)
    return item


def _atom_entry(feed: Feed, entry: Published) -> Any:
    entry_builder = _entry(feed, entry, partial(_AtomEntry, feed, entry))
    if entry.has_summary:
        entry_builder.summary(entry.summary, type="text")
    entry_builder.published(entry.published.replace(microsecond=0))
    entry_builder.updated(entry.updated.replace(microsecond=0))
    # Some readers (newsboat) do not look for the author of the feed (RFC 4287, 4.2.1).
    entry_builder.author([_person(name) for name in entry.authors or (feed.author,)])
    return entry_builder


def _category(feed: Feed, tag: str) -> dict[str, str]:
    return {"term": feed.tag_terms.get(tag, tag), "scheme": feed.tags_url, "label": tag}


def _person(name: str, email: str = "") -> dict[str, str]:
    return {"name": name, "email": email} if email else {"name": name}


def _links(feed: Feed, feed_format: FeedFormat) -> list[dict[str, str]]:
    """The links of a document to itself, its hub and its past (RFC 5005, 4).

    An archive page links back only: a link to the next page would have to be added later, and a
    finished page must not change. The other formats are not linked: some readers (newsboat, for
    one) take any alternate link for the address of the site; web pages announce the formats.
    """
    media_type = FORMS[feed_format].media_type
    links = [{"rel": "self", "type": media_type, "href": feed.url(feed_format)}]
    if feed.page:
        links.append({"rel": "current", "type": media_type, "href": feed.current_url(feed_format)})
    elif feed.hub:
        links.append({"rel": "hub", "href": feed.hub})
    if previous := feed.previous_url(feed_format):
        links.append({"rel": "prev-archive", "type": media_type, "href": previous})
    return links


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text


def _add_image(parent: etree._Element, image: Image | None) -> None:
    """The lead image in the two ways readers look for it (Media RSS)."""
    if image is None:
        return
    size = {
        name: str(pixels)
        for name, pixels in (("width", image.width), ("height", image.height))
        if pixels
    }
    content = etree.SubElement(
        parent, f"{{{_MEDIA}}}content", {"url": image.url, "medium": "image"} | size
    )
    if image.type:
        content.set("type", image.type)
    if image.alt:
        _add(content, f"{{{_MEDIA}}}description", image.alt)
    etree.SubElement(parent, f"{{{_MEDIA}}}thumbnail", {"url": image.url} | size)


def _link_stylesheet(root: etree._Element, feed: Feed) -> None:
    """Names a stylesheet for people who open the document in a browser."""
    if feed.stylesheet_url:
        data = f'type="text/css" href="{escape(feed.stylesheet_url)}"'
        root.addprevious(etree.ProcessingInstruction("xml-stylesheet", data))
