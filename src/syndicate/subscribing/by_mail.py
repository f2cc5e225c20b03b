"""A message of somebody who leaves by mail -> what it says. Pure.

Only the subject counts, for it has the token that says who leaves what; who a message is from
anybody can write.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import NamedTuple

LARGEST = 1_000_000
"""Bytes of a message that are looked at: its headers come first."""

SUBJECT = re.compile(
    r"\bunsubscribe[ \t]+([A-Za-z0-9-]{1,100})[ \t]+([\w-]{40})(?![\w-])", re.A | re.I
)


class Leaving(NamedTuple):
    """Which newsletter somebody leaves, and the token that says who."""

    newsletter: str
    token: str


def leaving(message: bytes) -> Leaving | None:
    """What a message (RFC 5322) asks for; None if it is about something else.

    The subject may have come through an answer (`Re:`), be encoded (RFC 2047) or folded.
    """
    read = message_from_bytes(message[:LARGEST], policy=policy.default)
    try:
        subject = " ".join(str(read["subject"] or "").split())
    except (ValueError, IndexError, AttributeError):  # the parser's own faults with odd headers
        return None
    found = SUBJECT.search(subject)
    return Leaving(found[1], found[2]) if found else None
