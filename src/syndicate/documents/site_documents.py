"""The catalogue -> documents: which there are, and their bytes. Writes nothing.

A document belongs to an owner (`catalogue.owners.Owner`); when an article changes, the documents
of the owners it affects are made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from syndicate.catalogue.owners import SITE, Owner, OwnerKind
from syndicate.catalogue.records import Record, State, is_shown
from syndicate.catalogue.tags import tag_of
from syndicate.catalogue.urls import base_url, page_file, tag_folder
from syndicate.config.model import Config
from syndicate.content.article import Published
from syndicate.content.folder import Stat, present
from syndicate.documents.navigation import navigation_records
from syndicate.documents.render_cache import Folder, RenderCache
from syndicate.documents.site_feeds import SiteFeeds, entry_unfit
from syndicate.errors import Location, TemplateError
from syndicate.feeds.archive import archive_page_of, finished_pages, sequences_in, waiting
from syndicate.feeds.feed import Feed, faults_of_entry
from syndicate.findings import Finding
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.issues import Issues
from syndicate.store.meta import Key, Meta
from syndicate.timestamps import format_timestamp

if TYPE_CHECKING:
    from jinja2 import Environment

    from syndicate.documents.pages import Frame, PageLink

MAX_ON_INDEX = 50


MADE_KINDS = frozenset({OwnerKind.SITE, OwnerKind.TAG, OwnerKind.FEED_ARCHIVE, OwnerKind.PAGE})
"""The kinds of owners whose documents `SiteDocuments.make` makes."""


@dataclass(frozen=True)
class SiteDocuments:
    """What the documents of one build are made from.

    `designs` are the folders of templates, the user's first. With `site.pages: false` there is
    no HTML but the newsletters' own: the articles, and the index, are other people's.
    """

    config: Config
    articles: Articles
    issues: Issues
    render_cache: RenderCache
    designs: tuple[Path, ...]
    feed_id: str
    with_issue: set[str] = field(default_factory=set)
    """Names of newsletters that have a next issue."""
    with_archive: set[str] = field(default_factory=set)
    """Names of newsletters of which readers can see an issue."""
    findings: dict[Owner, list[Finding]] = field(default_factory=dict)
    """Owner -> what was found while its documents were made."""

    def affected_owners(self, before: Record | None, after: Record) -> Iterator[Owner]:
        """The owners of documents that show an article before or after a change."""
        yield SITE
        for record in filter(None, (before, after)):
            yield Owner.page(record.id)
            yield Owner(OwnerKind.FEED_ENTRY, record.id)
            yield from (Owner(OwnerKind.TAG, tag) for tag, _ in record.tag_pairs)
            if record.sequence is not None:
                yield _feed_archive(archive_page_of(record.sequence, self.config.feeds.entries))

    def all_owners(self) -> Iterator[Owner]:
        """Every owner there can be now."""
        yield SITE
        yield from (Owner(OwnerKind.TAG, tag) for tag, _, _ in self.articles.tags())
        last = finished_pages(self.articles.last_sequence(), self.config.feeds.entries)
        yield from map(_feed_archive, range(1, last + 1))
        if self.config.site.pages:
            yield from map(Owner.page, self.articles.published_ids())
            yield from (Owner.page(record.id) for record in self.articles.beside_articles())

    def make(self, owners: Iterable[Owner]) -> Iterator[tuple[Owner, dict[str, bytes]]]:
        """Each owner with its documents: path in the output folder -> bytes.

        An owner without documents (a tag without articles) comes with none.
        """
        pages: list[str] = []
        for owner in owners:
            match owner.kind:
                case OwnerKind.SITE:
                    yield owner, self._site()
                case OwnerKind.TAG:
                    yield owner, self._tag(owner.name)
                case OwnerKind.FEED_ARCHIVE:
                    yield owner, self._archive(int(owner.name))
                case OwnerKind.PAGE:
                    pages.append(owner.name)
        for start in range(0, len(pages), 100):
            yield from self._pages(pages[start : start + 100])

    # -- documents -------------------------------------------------------------------------

    def _site(self) -> dict[str, bytes]:
        size = max(self.config.feeds.entries, MAX_ON_INDEX)
        newest = self.articles.newest(size)
        documents = dict(self.feeds.documents(self._site_feed(newest)))
        documents["feeds.opml"] = self.feeds.opml(
            newest, self.articles.tags() if self.config.feeds.tags else ()
        )
        documents["feed.css"] = self._design("web/feed.css")
        if self.config.site.pages:
            documents["style.css"] = self._design("web/style.css")
            documents["index.html"] = self._index(newest)
        return documents

    def _site_feed(self, newest: Sequence[Record]) -> Feed:
        """The newest articles, and any that no finished archive page holds yet."""
        size = self.config.feeds.entries
        records = list(newest[:size])
        pages = 0
        if self.config.feeds.archive:
            last = self.articles.last_sequence()
            pages = finished_pages(last, size)
            shown = {record.id for record in records}
            late = waiting(last, size)
            unarchived = self.articles.in_sequence(late.start, late.stop - 1)
            records += [record for record in unarchived if record.id not in shown]
        entries = self._entries(records)
        return self.feeds.feed(self.feeds.site_channel, entries, previous_page=pages)

    def _tag(self, tag: str) -> dict[str, bytes]:
        if not self.config.feeds.tags:
            return {}
        records = self.articles.newest_tagged(tag, MAX_ON_INDEX)
        published = self.render_cache.published(records)
        if not published:
            return {}
        label = next(label for label in published[0].tags if tag_of(label) == tag)
        channel = self.feeds.tag_channel(tag, label)
        feed = self.feeds.feed(channel, self._entries(records[: self.config.feeds.entries]))
        documents = dict(self.feeds.documents(feed))
        if self.config.site.pages:
            page = self._tag_page(label, published, feed)
            documents[unquote(f"{channel.folder}index.html")] = page
        return documents

    def _archive(self, page: int) -> dict[str, bytes]:
        size = self.config.feeds.entries
        finished = finished_pages(self.articles.last_sequence(), size)
        if not self.config.feeds.archive or page > finished:
            return {}
        held = sequences_in(page, size)
        records = self.articles.in_sequence(held.start, held.stop - 1)
        feed = self.feeds.feed(
            self.feeds.site_channel, self._entries(records), page=page, previous_page=page - 1
        )
        return dict(self.feeds.documents(feed, ("rss", "atom")))

    def _pages(self, ids: Sequence[str]) -> Iterator[tuple[Owner, dict[str, bytes]]]:
        """Pages, the articles published first before others: they keep their address."""
        records = [r for r in self.articles.by_ids(ids) if is_shown(r)]
        records.sort(key=lambda record: (record.sequence is None, record.sequence or 0))
        states = {record.id: record.state for record in records}
        made = {
            article.id: self._page(article, states[article.id])
            for article in self.render_cache.published(records)
        }
        for record_id in (*made, *(i for i in ids if i not in made)):
            yield Owner.page(record_id), made.get(record_id, {})

    def _page(self, article: Published, state: str) -> dict[str, bytes]:
        path = page_file(self.config.site, article.url)
        if path is None or not self.config.site.pages:
            return {}
        from syndicate.documents import pages

        frame = self.frame([article])
        if state == State.PAGE:
            return {path: pages.site_page(self.env, frame, article)}
        unlisted = state == State.UNLISTED
        return {path: pages.article_page(self.env, frame, article, unlisted=unlisted)}

    # -- feeds -----------------------------------------------------------------------------

    @cached_property
    def feeds(self) -> SiteFeeds:
        """The feeds of the site."""
        return SiteFeeds(self.config, self.feed_id)

    def _entries(self, records: Sequence[Record]) -> Iterator[Published]:
        """The articles as entries of a feed, without those that would make it invalid."""
        for entry in self.render_cache.published(records):
            faults = list(faults_of_entry(entry))
            owner = Owner(OwnerKind.FEED_ENTRY, entry.id)
            self.findings[owner] = [entry_unfit(entry, fault) for fault in faults]
            if not faults:
                yield entry

    # -- pages -----------------------------------------------------------------------------

    @cached_property
    def env(self) -> Environment:
        """The templates; made when a page is."""
        from syndicate.templating.environment import environment

        *user, builtin = self.designs
        language = self.config.site.language
        return environment(user[0] if user else None, builtin, self.render_cache.zone, language)

    def _index(self, newest: Sequence[Record]) -> bytes:
        from syndicate.documents import pages

        articles = self.render_cache.published(newest)
        base = base_url(self.config.site)
        tags = [
            pages.TagLink(label, base + tag_folder(tag), count)
            for tag, label, count in (self.articles.tags() if self.config.feeds.tags else ())
        ]
        newsletters = [
            pages.NewsletterLink(
                n.title,
                n.description,
                f"{base}newsletters/{n.name}/" if n.name in self.with_archive else "",
                f"{base}newsletters/{n.name}/next/"
                if n.show_next and n.name in self.with_issue
                else "",
                n.name,
            )
            for n in self.config.newsletters.values()
        ]
        held_back = 0 if articles else len(self.articles.undated())
        frame = self.frame(articles)
        return pages.index_page(self.env, frame, articles, tags, newsletters, held_back=held_back)

    def _tag_page(self, label: str, articles: Sequence[Published], feed: Feed) -> bytes:
        from syndicate.documents import pages

        links = self.feeds.links(feed.title, feed.base_url)
        return pages.tag_page(self.env, self.frame(articles), label, articles, links)

    def frame(self, articles: Sequence[Published]) -> Frame:
        """What a page shares with all others that shows these articles."""
        from syndicate.documents import pages

        base = base_url(self.config.site)
        served = self.config.subscribers.signup_pages and self.config.newsletters
        labels = {label for article in articles for label in article.tags}
        return pages.Frame(
            site=self.config.site,
            home=base,
            stylesheet=base + "style.css",
            feeds=self.feeds.site_links(),
            opml=base + "feeds.opml",
            tags={label: base + tag_folder(tag_of(label)) for label in labels}
            if self.config.feeds.tags
            else {},
            subscribe=base + "subscribe/" if served else "",
            pages=self.navigation,
        )

    @cached_property
    def navigation(self) -> tuple[PageLink, ...]:
        """The pages of the site as every page links to them, by weight and title."""
        if not self.config.site.pages:
            return ()
        from syndicate.documents.pages import PageLink

        records = navigation_records(self.articles.beside_articles())
        return tuple(PageLink(r.title, self.render_cache.address(r)) for r in records)

    def _design(self, name: str) -> bytes:
        """A file of the design that is served as it is."""
        for design in self.designs:
            if (design / name).is_file():
                return (design / name).read_bytes()
        raise TemplateError(
            f"there is no {name}", place=Location(str(self.designs[0])), hint="install again"
        )


def _feed_archive(page: int) -> Owner:
    return Owner(OwnerKind.FEED_ARCHIVE, str(page))


def site_documents(
    site: Site, files: Mapping[str, Stat], stale: AbstractSet[str], now: datetime
) -> SiteDocuments:
    """What documents are made from, once `files` are taken in; the `stale` are rendered again."""
    articles = Articles(site.database)
    renditions = RenderCache(
        articles, content_folder(site, files), site.config.site, site.zone, stale
    )
    feed_id = _feed_id(site, articles, now)
    issues = Issues(site.database)
    return SiteDocuments(site.config, articles, issues, renditions, site.places.designs, feed_id)


def content_folder(site: Site, files: Mapping[str, Stat]) -> Folder:
    """What references in articles may lead to, once `files` are taken in."""
    return Folder(site.places.content, present(files), site.places.links)


def current_documents(site: Site, now: datetime) -> SiteDocuments:
    """What a build that has just ended made documents from, to make others of it."""
    return site_documents(site, site.places.scan(), set(), now)


def _feed_id(site: Site, articles: Articles, now: datetime) -> str:
    """The id of the site's feed (RFC 4151): made once, then kept."""
    stored = Meta(articles.database).all().get(Key.FEED_ID)
    if stored:
        return stored
    day = min(articles.first_day() or "9", format_timestamp(now)[:10])
    return f"tag:{site.host},{day}:feed"
