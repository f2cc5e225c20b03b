"""Feeds of the site: their addresses and ids, their documents in each format, and links to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from syndicate.catalogue.records import Record
from syndicate.catalogue.tags import tag_of
from syndicate.catalogue.urls import base_url, tag_folder
from syndicate.config.model import Config, FeedFormat
from syndicate.content.article import Published
from syndicate.feeds.feed import FORMS, NEVER, Feed
from syndicate.findings import Finding, Level
from syndicate.timestamps import parse_timestamp

if TYPE_CHECKING:
    from syndicate.documents.pages import FeedLink


@dataclass(frozen=True, slots=True)
class Channel:
    """One feed of a site. `folder`, where it is served, and `home`, its web page, are relative to
    the URL of the site; `suffix` distinguishes its id from that of the site's own feed."""

    title: str
    description: str
    folder: str = ""
    home: str = ""
    suffix: str = ""


@dataclass(frozen=True)
class SiteFeeds:
    """The feeds of a site, whose ids begin with `feed_id`."""

    config: Config
    feed_id: str

    @property
    def site_channel(self) -> Channel:
        """The feed of all articles."""
        site = self.config.site
        return Channel(site.title, site.description or site.title)

    def tag_channel(self, tag: str, label: str) -> Channel:
        """The feed of the articles with a tag."""
        site, folder = self.config.site, tag_folder(tag)
        title = f"{site.title}: {label}"
        home = folder if site.pages else ""
        return Channel(title, site.description or title, folder, home, f"/tags/{quote(tag)}")

    def feed(
        self,
        channel: Channel,
        entries: Iterable[Published],
        *,
        page: int = 0,
        previous_page: int = 0,
    ) -> Feed:
        """A feed with these entries, or a page of its archive. `page` as in Feed."""
        entries = tuple(entries)
        site, feeds, base = self.config.site, self.config.feeds, base_url(self.config.site)
        return Feed(
            id=self.feed_id + channel.suffix,
            title=channel.title,
            description=channel.description,
            language=site.language,
            author=site.author or site.title,
            email=site.email,
            home_url=base + channel.home,
            base_url=base + channel.folder,
            tags_url=base + "tags/",
            tag_terms={label: tag_of(label) for entry in entries for label in entry.tags},
            entries=entries,
            text=feeds.text,
            formats=feeds.formats,
            hub=feeds.hub,
            stylesheet_url=base + "feed.css",
            page=page,
            previous_page=previous_page,
        )

    def documents(
        self, feed: Feed, formats: Sequence[FeedFormat] = ("rss", "atom", "json")
    ) -> Iterator[tuple[str, bytes]]:
        """The documents of a feed: path in the output folder, and bytes."""
        from syndicate.feeds import json_feed, rss_atom

        writers = {"rss": rss_atom.rss, "atom": rss_atom.atom, "json": json_feed.json_feed}
        folder = unquote(feed.base_url.removeprefix(base_url(self.config.site)))
        for feed_format in feed.formats:
            if feed_format in formats:
                yield folder + feed.path(feed_format), writers[feed_format](feed)

    def opml(self, newest: Sequence[Record], tags: Sequence[tuple[str, str, int]]) -> bytes:
        """The list of the site's feeds (OPML), for the newest articles and the tags."""
        from syndicate.feeds.opml import Outline, opml

        site, base = self.config.site, base_url(self.config.site)
        file = FORMS[self.config.feeds.formats[0]].file
        updated = max((parse_timestamp(record.updated) for record in newest), default=NEVER)
        places = [("", site.title)]
        places += [(tag_folder(tag), f"{site.title}: {label}") for tag, label, _ in tags]
        outlines = [
            Outline(
                title=title,
                feed_url=base + folder + file,
                home_url=base + folder if site.pages else base,
                updated=updated,
                language=site.language,
            )
            for folder, title in places
        ]
        return opml(site.title, outlines)

    def site_links(self) -> tuple[FeedLink, ...]:
        """The feeds of the whole site."""
        return self.links(self.config.site.title, base_url(self.config.site))

    def links(self, title: str, folder: str) -> tuple[FeedLink, ...]:
        """A feed, in each of its formats, as pages offer it."""
        from syndicate.documents.pages import FeedLink

        return tuple(
            FeedLink(title, folder + FORMS[feed_format].file, feed_format)
            for feed_format in self.config.feeds.formats
        )


def entry_unfit(entry: Published, fault: str) -> Finding:
    """The finding that feeds leave an entry out."""
    return Finding(
        Level.ERROR,
        "entry-unfit",
        f"{fault}; feeds leave it out",
        entry.path,
        hint="correct the article, or its header",
    )
