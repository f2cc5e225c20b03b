"""A bounce report: a value, whatever channel it came through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from syndicate.bounces.classify import BounceKind

MAX_DETAIL_LENGTH = 500

Matching = Callable[[str], tuple[int, int] | None]
"""An address a notice was sent to -> issue and subscriber, if we made the address."""


@dataclass(frozen=True, slots=True)
class BounceReport:
    """A notice. `kind` is None if nothing follows from it: a delay, an automatic reply.

    `status` is RFC 3463's, "" if unknown. `sent_to` are addresses of which one may be a return
    path of ours; `recipient` is who the message was for, where that can be believed, else "".

    `event` identifies what a provider posts, and `at` is when it happened there: events that are
    posted again change nothing. `links` are newsletters and tokens of links to unsubscribe that a
    returned message carries: they say who it was for where its return path was taken out.
    """

    kind: BounceKind | None
    status: str = ""
    detail: str = ""
    sent_to: tuple[str, ...] = ()
    recipient: str = ""
    event: str = ""
    at: datetime | None = None
    links: tuple[tuple[str, str], ...] = ()


def short(text: str) -> str:
    """A text as a detail is kept: one line, printable, not too long, no word cut in two."""
    words = " ".join(text.split())
    line = words[:MAX_DETAIL_LENGTH]
    if len(words) > MAX_DETAIL_LENGTH and not words[MAX_DETAIL_LENGTH].isspace():
        line = line.rpartition(" ")[0] or line
    return "".join(each for each in line if each.isprintable())
