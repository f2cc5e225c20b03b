"""A feed, independent of its format: publisher, URLs and entries.

Making a Feed sorts its entries and refuses what would make a document invalid. It never repairs
text silently (that happens where articles are read), and never uses the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from types import MappingProxyType

from syndicate.config.model import FeedFormat, Text
from syndicate.content.article import Published
from syndicate.errors import Location, OutputError
from syndicate.uris import is_uri

REFRESH_MINUTES = 60
"""How long a reader may keep a feed before it asks again: RSS ttl, sy:updatePeriod, max-age."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed without entries was updated: Atom demands a date, and the clock would churn it."""

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0, 2.2
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_WEB_URL = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileFormat:
    """What a format looks like from outside: the file in a feed's folder, its media type."""

    file: str
    media_type: str


FORMS: Mapping[FeedFormat, FileFormat] = MappingProxyType(
    {
        "rss": FileFormat("feed.xml", "application/rss+xml"),
        "atom": FileFormat("atom.xml", "application/atom+xml"),
        "json": FileFormat("feed.json", "application/feed+json"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed, or one page of its archive, with its entries newest first (see `ordered`).

    `id` is a tag: URI that stays; the archive pages of a feed share it (RFC 5005, 4). `author` is
    the site's author, or its title where it names none: Atom demands one (RFC 4287, 4.1.1).
    `home_url` is the web page of this feed, `base_url` the folder its documents are served
    under, with a final slash. `tags_url` names the scheme its tags belong to (the folder of the
    tag pages), `tag_terms` gives a tag's name in it where that is not the tag as written.
    `formats` are those the feed is offered in.

    `page` is the number of the archive page this is, 0 for the document people subscribe to;
    `previous_page` the archive page that goes on where this one ends, 0 if there is none.

    Raises OutputError, naming the article's file, for anything that would make a document
    invalid or ambiguous: an id used twice, a relative URL, a naive date, a control character.
    """

    id: str
    title: str
    description: str
    language: str
    author: str
    home_url: str
    base_url: str
    tags_url: str
    entries: tuple[Published, ...]
    text: Text
    formats: tuple[FeedFormat, ...]
    tag_terms: Mapping[str, str] = field(default_factory=dict)
    email: str = ""
    hub: str = ""
    stylesheet_url: str = ""
    page: int = 0
    previous_page: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", ordered(self.entries))
        for message in _faults_of_feed(self):
            raise OutputError(message, hint="correct the site or feeds section of config.yaml")
        seen: dict[str, str] = {}
        for entry in self.entries:
            twin = seen.get(entry.id)
            again = [f"has the same id as {twin}: {entry.id}"] if twin is not None else []
            for message in (*again, *faults_of_entry(entry)):
                raise OutputError(
                    message,
                    place=Location(entry.path),
                    hint="correct the article, or its header",
                )
            seen[entry.id] = entry.path

    @property
    def updated(self) -> datetime:
        """When an entry last changed; NEVER for a feed without entries."""
        return max((entry.updated for entry in self.entries), default=NEVER)

    def path(self, feed_format: FeedFormat) -> str:
        """Where this document lies in the folder of its feed."""
        return _path(FORMS[feed_format].file, self.page)

    def url(self, feed_format: FeedFormat) -> str:
        """The address this document is served at."""
        return self.base_url + self.path(feed_format)

    def current_url(self, feed_format: FeedFormat) -> str:
        """The address of the document people subscribe to."""
        return self.base_url + FORMS[feed_format].file

    def previous_url(self, feed_format: FeedFormat) -> str:
        """The address of the archive page that holds what came before, or "" without one."""
        if not self.previous_page:
            return ""
        return self.base_url + _path(FORMS[feed_format].file, self.previous_page)

    def content(self, entry: Published) -> str:
        """The HTML an entry carries in this feed; "" where it carries its summary only."""
        return entry.html if self.text == "full" else ""

    def language_of(self, entry: Published) -> str:
        """The language of an entry where it is not the feed's own, else ""."""
        return "" if entry.language == self.language else entry.language


def ordered(entries: Iterable[Published]) -> tuple[Published, ...]:
    """Newest first by date; of one instant, the one published last first, and then by id."""
    newest_first = sorted(entries, key=attrgetter("published", "sequence", "id"), reverse=True)
    return tuple(newest_first)


def _path(file: str, page: int) -> str:
    return f"archive/{page}/{file}" if page else file


def _faults_of_feed(feed: Feed) -> Iterator[str]:
    texts = (feed.title, feed.description, feed.author, feed.email, feed.language)
    for text in texts:
        yield from _faults_of_text(text, "a feed's title, description, author or language")
    for name in ("title", "language", "author"):
        if not getattr(feed, name).strip():
            yield f"a feed without {name}"
    if not _URI.fullmatch(feed.id):
        yield f"the id of a feed is no URI: {feed.id!r}"
    for url in (feed.home_url, feed.base_url, feed.tags_url):
        yield from _faults_of_url(url, "an address of a feed")
    if not feed.base_url.endswith("/"):
        yield f"the folder of a feed needs a final slash: {feed.base_url!r}"
    for url in filter(None, (feed.hub, feed.stylesheet_url)):
        yield from _faults_of_url(url, "the hub or stylesheet of a feed")


def faults_of_entry(entry: Published) -> Iterator[str]:
    """What would make a document invalid that carries this entry."""
    if not _URI.fullmatch(entry.id):
        yield f"its id is no URI: {entry.id!r}"
    if not entry.title.strip() or not entry.summary.strip():
        yield "has no title or no summary"
    if not all(name.strip() for name in (*entry.tags, *entry.authors)):
        yield "has an empty tag or author"
    for text in (entry.title, entry.summary, entry.html, entry.language, *entry.tags):
        yield from _faults_of_text(text, "its text")
    for name in entry.authors:
        yield from _faults_of_text(name, "an author")
    yield from _faults_of_dates(entry)
    yield from _faults_of_url(entry.url, "its address")
    yield from _faults_of_media(entry)


def _faults_of_dates(entry: Published) -> Iterator[str]:
    if entry.published.utcoffset() is None or entry.updated.utcoffset() is None:
        yield "has a date without a time zone"
    elif entry.updated < entry.published:
        yield f"was updated ({entry.updated}) before it was published ({entry.published})"


def _faults_of_media(entry: Published) -> Iterator[str]:
    if entry.image:
        yield from _faults_of_url(entry.image.url, "the address of its image")
        yield from _faults_of_text(entry.image.alt, "the description of its image")
    if entry.enclosure:
        yield from _faults_of_url(entry.enclosure.url, "the address of its enclosure")
        if entry.enclosure.length < 0 or not _MEDIA_TYPE.fullmatch(entry.enclosure.type):
            yield "its enclosure needs a length in bytes and a media type"


def _faults_of_text(text: str, name: str) -> Iterator[str]:
    if match := _NOT_XML.search(text):
        yield f"{name} has a character that XML forbids: U+{ord(match.group()):04X}"


def _faults_of_url(url: str, name: str) -> Iterator[str]:
    if not _WEB_URL.match(url) or not is_uri(url):
        yield f"{name} is no absolute http(s) URL: {url!r}"
