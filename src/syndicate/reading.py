"""A changed file -> what the catalogue needs to know of it. Reads the file, keeps no body."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from syndicate import findings
from syndicate.catalogue import Scanned, body_hash, head_of
from syndicate.content import folder
from syndicate.content.article import Article
from syndicate.content.folder import Stat
from syndicate.content.reader import MOST_BYTES, Reading, read
from syndicate.errors import ArticleError
from syndicate.findings import Finding, Level
from syndicate.moments import to_text

READER_VERSION = 1
"""Raise it when the same file would be read differently: every file is read again then."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that could not be read, and why."""

    path: str
    stat: Stat
    finding: Finding


def read_article(root: Path, path: str, zone: tzinfo) -> Reading:
    """Read one file of the content folder. Raises ArticleError."""
    return read(path, folder.read(root, path, MOST_BYTES), zone)


def scan_files(
    root: Path, files: Iterable[tuple[str, Stat]], zone: tzinfo
) -> Iterator[Scanned | Broken]:
    """Read files one by one; a broken one costs only itself."""
    for path, stat in files:
        try:
            reading = read_article(root, path, zone)
        except ArticleError as error:
            yield Broken(path, stat, broken_finding(path, error))
        else:
            yield _scanned(reading, stat)


def broken_finding(path: str, error: ArticleError) -> Finding:
    """An unreadable article as a finding."""
    line = error.place.line if error.place else None
    return Finding(Level.ERROR, "unreadable", error.message, path, line, error.way_out)


def _scanned(reading: Reading, stat: Stat) -> Scanned:
    article = reading.article
    return Scanned(
        path=article.path,
        size=stat[0],
        mtime_ns=stat[1],
        head=head_of(article),
        body_hash=body_hash(article.body),
        title=article.title,
        slug=article.slug,
        date=to_text(article.date) if article.date else None,
        updated=to_text(article.updated) if article.updated else None,
        draft=article.draft,
        findings=findings.to_json(reading.findings),
        tags=tuple(_tags(article)),
    )


def _tags(article: Article) -> Iterator[tuple[str, str]]:
    seen = set()
    for label in article.tags:
        tag = tag_of(label)
        if tag and tag not in seen:
            seen.add(tag)
            yield tag, label


_APART = re.compile(r"[\W_]+")


def tag_of(label: str) -> str:
    """A tag as it stands in addresses: `Rust & C++` -> `rust-c-plus-plus`; never empty."""
    if label.isascii() and label.isalnum():
        return label.lower()
    words = unicodedata.normalize("NFKC", label).casefold().lstrip("#")
    words = words.replace("+", "-plus-").replace("#", "-sharp-")
    return _APART.sub("-", words).strip("-") or "tag-" + label.encode().hex()
