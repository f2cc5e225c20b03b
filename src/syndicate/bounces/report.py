"""A bounce report: a value, whatever channel it came through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from syndicate.bounces.classify import BounceKind

MAX_DETAIL_LENGTH = 500

ReturnPathReader = Callable[[str], tuple[int, int] | None]
"""The address a report was sent to -> issue and subscriber, if it is one of our return paths."""


@dataclass(frozen=True, slots=True)
class BounceReport:
    """A report. `kind` is None for a delay or an automatic reply, which have no effect.

    `status` is that of RFC 3463, "" if unknown. `sent_to` are addresses of which one may be our
    return path; `recipient` is that of the message, if the source can be trusted, else "".

    `event` identifies a provider's event, and `at` is when it happened: repeated events have no
    effect. `links` are newsletters and tokens of unsubscribe links in a returned message: they
    identify the recipient if the return path was removed.
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
    """A text in the form in which details are stored: one printable line of whole words."""
    words = " ".join(text.split())
    line = words[:MAX_DETAIL_LENGTH]
    if len(words) > MAX_DETAIL_LENGTH and not words[MAX_DETAIL_LENGTH].isspace():
        line = line.rpartition(" ")[0] or line
    return "".join(each for each in line if each.isprintable())
