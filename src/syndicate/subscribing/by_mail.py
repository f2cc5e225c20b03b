"""An email of a reader who unsubscribes -> what follows, whichever mailbox it arrives in.

Only the subject counts, for it has the token that says who unsubscribes from what; who an email is
from anyone can write.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes, policy
from typing import NamedTuple
from urllib.parse import unquote

from syndicate.bounces.acting import Came
from syndicate.bounces.reading import Act, acting
from syndicate.build import Site
from syndicate.subscribers.tokens import Purpose, TokenError
from syndicate.subscribing.desk import Desk

LARGEST = 1_000_000
"""Bytes of a message that are looked at: its headers come first."""

SUBJECT = re.compile(
    r"\bunsubscribe[\s+:]+([A-Za-z0-9-]{1,100})[\s+:](?:[^\w-]|3D)*"
    r"([\w-](?: ?[\w-]){39})(?![\w-])",
    re.A | re.I,
)
SOFT_BREAK = re.compile(r"=\s+|=$")
SPACE = re.compile(r"=(?:20|09)")
"""What is left of quoted-printable (RFC 2045, section 6.7) in a subject."""


class Leaving(NamedTuple):
    """Which newsletter somebody leaves, and the token that says who."""

    newsletter: str
    token: str


def leaving(message: bytes) -> Leaving | None:
    """What a message (RFC 5322) asks for; None if it is about something else.

    The subject may have come through an answer (`Re:`), be encoded (RFC 2047, or as in an address)
    or folded, even within the token; the token may have brackets, quotes or a dot around it.
    """
    read = message_from_bytes(message[:LARGEST], policy=policy.default)
    try:
        subject = " ".join(str(read["subject"] or "").split())
    except (ValueError, IndexError, AttributeError):  # the parser's own faults with odd headers
        return None
    found = SUBJECT.search(SPACE.sub(" ", SOFT_BREAK.sub("", unquote(subject[:1_000]))))
    return Leaving(found[1], found[2].replace(" ", "")) if found else None


def unsubscribe(site: Site, asked: Leaving, now: datetime) -> tuple[str, bool]:
    """Do what an email asks for: whose address it was, and whether they got the newsletter.

    Raises TokenError when the token is not valid, or not any more.
    """
    desk = Desk(site, now)
    who = desk.person(asked.token, Purpose.UNSUBSCRIBE, asked.newsletter)
    return who.address, bool(desk.leave(who, asked.newsletter, "mail"))


def acting_on_mail(site: Site, now: datetime) -> Act:
    """What acts on the bytes of a mail in the mailbox of notices: a notice, or a reader's email."""
    on_notice: Callable[[bytes], Came] = acting(site.database, now)

    def on(data: bytes) -> Came:
        asked = leaving(data)
        if asked is None:
            return on_notice(data)
        try:
            unsubscribe(site, asked, now)
        except TokenError:
            return on_notice(data)
        return Came.UNSUBSCRIBED

    return on
