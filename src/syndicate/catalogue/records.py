"""An article as it is stored, and a file as it was scanned. Pure."""

from __future__ import annotations

import json
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from syndicate.catalogue.tags import tag_pairs
from syndicate.content.article import Article, Format, HoldKind


class State(StrEnum):
    """The state of an article. A live one is published once its moment has come.

    A page and an unlisted article have a web page and are in no feed, list or issue; until their
    moment comes they are waiting. An expired article is withdrawn. An undated one is held back
    because nothing states when it was written; see `to_hold_undated`.
    """

    LIVE = "live"
    PAGE = "page"
    UNLISTED = "unlisted"
    WAITING = "waiting"
    EXPIRED = "expired"
    UNDATED = "undated"
    DRAFT = "draft"
    GONE = "gone"


BESIDE_ARTICLES = frozenset((State.PAGE, State.UNLISTED))
"""The states of records with a web page that are in no feed, list or issue."""


class Record(NamedTuple):
    """An article as the store keeps it, a row: everything but its body. Moments as UTC text.

    A named tuple, for there are tens of thousands of them: it is the row that is written.
    `hold` is why a draft is held back, `undated` 1 if neither header nor path state a date;
    `expires` is a moment, or None; `aliases` are other paths of the article (JSON), `metadata` the
    rest of what it states, such as tags (JSON).
    """

    id: str
    path: str
    size: int
    mtime_ns: int
    body_hash: str
    state: str
    first_seen: str
    published: str
    updated: str
    sequence: int | None
    title: str
    slug: str
    metadata: str
    findings: str | None
    hold: str = HoldKind.NONE
    undated: int = 0
    expires: str | None = None
    aliases: str | None = None

    def numbered(self, sequence: int) -> Record:
        """This record as it is published."""
        return Record(*self[:9], sequence, *self[10:])  # a tenth of the time of _replace

    @property
    def tag_pairs(self) -> tuple[tuple[str, str], ...]:
        """Tags as in addresses, each with its label as written; of two that are one, the first."""
        return tag_pairs(self.metadata)


class ScannedFile(NamedTuple):
    """A file that was read without error: its stat, the fingerprint of its text, its metadata."""

    path: str
    size: int
    mtime_ns: int
    body_hash: str
    title: str
    slug: str
    metadata: str
    findings: str | None
    date: str | None
    updated: str | None
    hold: str = HoldKind.NONE
    page: bool = False
    unlisted: bool = False
    may_be_page: bool = False
    expires: str | None = None
    aliases: str | None = None


NO_BODY = sha256(b"").hexdigest()[:32]
"""The hash of an empty body, which does not identify an article."""


def body_hash(body: str) -> str:
    """A fingerprint of the text, blind to white space at its ends."""
    return sha256(body.strip().encode()).hexdigest()[:32]


_METADATA = (
    *("format", "body_line", "summary", "url", "image", "image_alt", "enclosure", "language"),
    *("authors", "tags", "extra", "inferred", "page", "unlisted"),
)


def metadata_of(article: Article) -> str:
    """The metadata that the store keeps as JSON, what is empty left out; the same every time."""
    values = {name: value for name in _METADATA if (value := getattr(article, name))}
    for name in ("extra", "inferred"):
        if name in values:
            values[name] = dict(values[name])
    return ENCODE(values)


ENCODE = json.JSONEncoder(ensure_ascii=False).encode


def aliases_of(record: Record) -> tuple[str, ...]:
    """The paths that an article had before, below the site, with and without a slash behind."""
    aliases = json.loads(record.aliases or "[]")
    paths = (urlsplit(alias).path.strip("/") for alias in aliases)
    return tuple(each for path in paths if path for each in (path, f"{path}/"))


def article_of(record: Record, body: str) -> Article:
    """The article again, from its record and body."""
    values = json.loads(record.metadata)
    for name in ("authors", "tags"):
        values[name] = tuple(values.get(name, ()))
    return Article(
        path=record.path,
        title=record.title,
        body=body,
        slug=record.slug,
        format=Format(values.pop("format")),
        aliases=tuple(json.loads(record.aliases or "[]")),
        **values,
    )


def is_page(record: Record) -> bool:
    """Whether the record is of a page of the site, in whichever state."""
    return '"page": true' in record.metadata and json.loads(record.metadata).get("page") is True


def is_published(record: Record) -> bool:
    """Whether an article is published: in feeds, lists and issues."""
    return record.state == State.LIVE and record.sequence is not None


def is_shown(record: Record) -> bool:
    """Whether a record has a web page: a published article, a page, or what is unlisted."""
    return is_published(record) or record.state in BESIDE_ARTICLES
