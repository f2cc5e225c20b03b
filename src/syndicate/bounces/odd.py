"""Notices in shapes of their makers' own: known by flufl.bounce, which has met many. Pure."""

from __future__ import annotations

import logging

from syndicate.bounces.mime import Mail, came_to, words
from syndicate.bounces.notice import Notice, short
from syndicate.bounces.rule import status_in, verdict

AUTOMATIC = ("x-autoreply", "x-autorespond", "x-autoresponder")
EXIM = "x-failed-recipients"

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs what it raises as well


def read(message: Mail) -> Notice | None:
    """What a mail says that is no report by the standards; None if it is no notice at all.

    An automatic reply is a notice from which nothing follows (RFC 3834, section 5).
    """
    if is_automatic(message):
        return Notice(None, detail="an automatic reply", sent_to=came_to(message))
    from flufl.bounce import all_failures

    delayed, failed = all_failures(message)
    if not (delayed or failed):
        return None
    said = words(message)
    status = status_in(said, "5") or status_in(said, "4")
    return Notice(verdict(status) if failed else None, status, short(said), came_to(message))


def is_automatic(message: Mail) -> bool:
    """Whether a program answered for a person: the mail arrived."""
    if EXIM in message:  # it calls its notices replies
        return False
    said = str(message.get("auto-submitted", "")).strip().lower()
    return said.startswith("auto-replied") or any(name in message for name in AUTOMATIC)
