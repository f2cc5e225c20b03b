"""Owners of documents: a document is rebuilt, and deleted, with its owner. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from syndicate.errors import StoreError


class OwnerKind(StrEnum):
    """The kinds of owners; the values are those in the store."""

    SITE = "site"
    TAG = "tag"
    FEED_ARCHIVE = "archive"
    """A page of the archived feeds (RFC 5005), by number."""
    PAGE = "page"
    """The web page of an article or page, by id."""
    FILE = "file"
    """A file beside an article, by its path in the content folder."""
    FEED_ENTRY = "unfit"
    """The entry of an article in feeds, by id: it has findings, but no documents."""
    ISSUE = "issue"
    """An issue, by newsletter and slot: `weekly/2026-03-08T08:00`."""
    ISSUE_ARCHIVE = "issues"
    """The archive of a newsletter's issues, by name."""
    NEXT_ISSUE = "newsletter"
    """The next issue of a newsletter, by name."""
    SERVICE = "service"
    """Paths that the service responds to; no document can have them."""
    ALL = "*"
    """Every owner; only among pending ones."""


_KINDS = {kind.value: kind for kind in OwnerKind}


class Owner(NamedTuple):
    """What a document belongs to. As a string: `site`, `tag:birds`, `page:<article id>`."""

    kind: OwnerKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind.value

    @classmethod
    def parse(cls, text: str) -> Owner:
        """The owner with this string. Raises StoreError for a kind that this version lacks."""
        kind, _, name = text.partition(":")
        if kind not in _KINDS:
            raise StoreError(
                f"the store names an owner of documents of unknown kind: {text!r}",
                hint="the store may come from a newer version of syndicate; upgrade syndicate",
            )
        return cls(_KINDS[kind], name)

    @classmethod
    def page(cls, article_id: str) -> Owner:
        """The owner of the web page of an article."""
        return cls(OwnerKind.PAGE, article_id)

    @classmethod
    def file(cls, path: str) -> Owner:
        """The owner of a file beside an article."""
        return cls(OwnerKind.FILE, path)

    @classmethod
    def issue(cls, newsletter: str, slot: str) -> Owner:
        """The owner of the documents of an issue."""
        return cls(OwnerKind.ISSUE, f"{newsletter}/{slot}")

    @property
    def newsletter_and_slot(self) -> tuple[str, str]:
        """The newsletter and the slot of the issue that this owner names."""
        newsletter, _, slot = self.name.partition("/")
        return newsletter, slot


ALL = Owner(OwnerKind.ALL)
ALL_FILES = Owner(OwnerKind.FILE)
"""All files beside articles."""
SERVICE = Owner(OwnerKind.SERVICE)
SITE = Owner(OwnerKind.SITE)
