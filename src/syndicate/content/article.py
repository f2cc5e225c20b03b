"""The main values: an article as read, and as published. No I/O, no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})


class Format(StrEnum):
    """How the body of an article is written."""

    MARKDOWN = "markdown"
    TEXT = "text"
    HTML = "html"


class HoldKind(StrEnum):
    """What kind of thing holds an article back, so that it is not published."""

    NONE = ""
    DRAFT = "draft"  # its header, or a folder for drafts, calls it a draft
    UNDERSCORE_FOLDER = "underscore-folder"  # a folder whose name begins with _
    NOT_BUILT = "not-built"  # a page without text, or in the place of the front page
    OTHER = "other"  # another key, a header that is not understood, another file


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A media file that belongs to an article (RSS 2.0 enclosure): length in bytes."""

    url: str
    length: int
    type: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture: absolute URL, alternative text, size in pixels where known, media type."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One text file in the content folder with its metadata, once read.

    `path` is relative to the content folder with forward slashes. Dates are aware, in UTC.
    `date` is None when neither the header nor the path states one. An article with a `hold` is
    not published; a `page` (About, Privacy) and an `unlisted` article are published only as web
    pages; with `may_be_page`, the folders around it decide whether it is one. At `expires` the
    article is withdrawn. `url` is the URL that the header states (`url`, `permalink`), as
    written. `image` and `enclosure` are as written (a URL or a path). `summary` is plain text, None
    unless it is stated. `extra` contains unknown header keys. `inferred` has, by field name, the
    rule that found a value the header does not state: {"title": "first heading"}.
    """

    path: str
    title: str
    body: str
    format: Format
    slug: str
    body_line: int = 1
    date: datetime | None = None
    updated: datetime | None = None
    hold: HoldKind = HoldKind.NONE
    page: bool = False
    unlisted: bool = False
    may_be_page: bool = False
    expires: datetime | None = None
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    summary: str | None = None
    url: str | None = None
    image: str | None = None
    image_alt: str = ""
    enclosure: str | None = None
    language: str | None = None
    aliases: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)
    inferred: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Rendering:
    """What an article's body becomes. Everything in it is safe to publish.

    `html` is the whole text: sanitised, balanced, every URL absolute, images with width and
    height where known. `lead` is the part before `<!--more-->` as HTML, or "" without one.
    `summary` is plain text and never empty. `images` in the order they appear.
    """

    html: str
    summary: str
    lead: str = ""
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """A published article as feeds, pages and newsletters see it.

    `id` is a tag: URI (RFC 4151) that never changes; `url` is absolute; dates are aware, UTC,
    `updated` >= `published`. `title` and `summary` are plain text, never empty. `html` is
    sanitised with absolute URLs. `language` is a BCP 47 tag or "" for the site's own.
    `path` is the source file, for findings. `sequence` orders articles of the same date by
    publication.
    """

    id: str
    url: str
    title: str
    published: datetime
    updated: datetime
    summary: str
    html: str
    path: str
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    language: str = ""
    lead: str = ""
    image: Image | None = None
    images: tuple[Image, ...] = ()
    enclosure: Enclosure | None = None
    sequence: int = 0

    @property
    def has_summary(self) -> bool:
        """Whether the summary is more than the title, which replaces it if there is no text."""
        return self.summary != " ".join(self.title.split())
