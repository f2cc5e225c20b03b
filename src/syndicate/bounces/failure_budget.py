"""How many messages of an issue may be refused before it pauses. Pure."""

from __future__ import annotations

MIN_FAILURES = 10
"""Failures below which no issue pauses, unless most of it was refused."""

MAX_REFUSED = 50
"""Percent of a small issue that may be refused."""


def is_over_budget(sent: int, failed: int, max_percent: int) -> bool:
    """Whether so much of an issue was refused that an operator should decide.

    A few failures are no reason, however large their share.
    """
    return failed >= MIN_FAILURES and failed * 100 >= max_percent * (sent + failed)


def is_mostly_refused(sent: int, failed: int, max_percent: int) -> bool:
    """Whether more than half of an issue was refused, or `max_percent` if that is more.

    This holds for the smallest lists too, and for a list of one.
    """
    return failed * 100 > max(MAX_REFUSED, max_percent) * (sent + failed)
