"""The metadata of an article, whatever key of which generator states it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from syndicate.content.article import HoldKind
from syndicate.content.keys import Role
from syndicate.findings import Finding

MAX_TAGS = 50
MAX_TAG_LENGTH = 100  # characters


@dataclass(slots=True)
class Metadata:
    """The values of a header; None or empty where it states none.

    `withheld` and `unlisted` name the first key that holds the article back, or keeps it out of
    lists; `hold` is the kind of the former. `placement` contains the values of `type`, `layout` and
    `template`, which may make it a page. From the configuration of a generator: `included`, a name
    with `_` does not hold it back; `page_by`, what makes it a page, and `undated_page_by`, only
    without a date; `unlinked`, what keeps a page out of the navigation.
    """

    title: str = ""
    date: datetime | None = None
    updated: datetime | None = None
    draft: bool | None = None
    withheld: str = ""
    hold: HoldKind = HoldKind.NONE
    unlisted: str = ""
    expires: datetime | None = None
    placement: dict[Role, str] = field(default_factory=dict)
    included: bool = False
    page_by: str = ""
    undated_page_by: str = ""
    unlinked: str = ""
    tags: dict[str, str] = field(default_factory=dict)  # by case-folded spelling
    authors: list[str] = field(default_factory=list)
    summary: str | None = None
    slug: str = ""
    url: str | None = None
    image: str | None = None
    image_alt: str = ""
    enclosure: str | None = None
    language: str | None = None
    aliases: list[str] = field(default_factory=list)
    path: str = ""
    extra: dict[str, object] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
