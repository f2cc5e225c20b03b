"""How many messages of an issue may be refused before it pauses. Pure."""

from __future__ import annotations

MIN_FAILURES = 10


MAX_REFUSED = 50
"""Percent of a small issue that may be refused."""


REFUSED = "messages were refused"
"""How the reason ends for which an issue of which too much was refused pauses."""


def is_over_budget(sent: int, failed: int, most_percent: int) -> bool:
    """Whether so much of an issue was refused that it should wait for a person's look.

    A few failures are no reason, whatever their share.
    """
    return failed >= MIN_FAILURES and failed * 100 >= most_percent * (sent + failed)


def is_mostly_refused(sent: int, failed: int, most_percent: int) -> bool:
    """Whether more than half of an issue was refused, or `most_percent` if that is more.

    This holds for the smallest lists too, and for a list of one.
    """
    return failed * 100 > max(MAX_REFUSED, most_percent) * (sent + failed)
