"""The values of newsletters: the candidates of an issue, the selection, and the rendered issue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article as selection needs it: small, because there may be thousands. `published` is
    aware.

    `sequence` is the order of publication, independent of dates.
    """

    id: str
    sequence: int
    published: datetime
    tags: tuple[str, ...] = ()


class Reason(StrEnum):
    """Why an article is or is not in an issue, in words for the author."""

    CHOSEN = "in this issue"
    CARRIED = "already in an earlier issue"
    EXCLUDED = "has a tag this newsletter leaves out"
    NOT_INCLUDED = "has none of the tags this newsletter wants"
    TOO_OLD = "published before the newsletter began, and not among the newest of those"
    NO_ROOM = "waits for the next issue, this one is full"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which articles an issue carries: ids, newest first; and the reason for every candidate."""

    chosen: tuple[str, ...]
    reasons: dict[str, Reason]


@dataclass(frozen=True, slots=True)
class IssueLinks:
    """Where an issue's own links lead. Absolute URLs; `unsubscribe_url` may be a mailto:.

    `preferences_url` is "" where subscribers have nothing to choose.
    """

    web_url: str
    unsubscribe_url: str
    home_url: str
    preferences_url: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An issue ready to send, frozen: the same for every recipient.

    `subject` is one line of plain text. `html` has its CSS inlined. `text` ends in a line feed.
    `summarised` holds the ids of articles whose full text did not fit and gave way to a summary.
    """

    subject: str
    preheader: str
    html: str
    text: str
    links: IssueLinks
    summarised: tuple[str, ...] = ()
