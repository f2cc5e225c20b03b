"""The bytes of an email -> a bounce report, if it is one. Pure."""

from __future__ import annotations

from syndicate.bounces import arf, dsn, nonstandard
from syndicate.bounces.mime import Mail, guarded, parse_message
from syndicate.bounces.report import BounceReport


def read(data: bytes) -> BounceReport | None:
    """The report in an email; None if it has none that can be parsed.

    Raises UnreadableEmailError, and nothing else.
    """
    message = parse_message(data)
    standard = guarded(_standard, message)
    return standard or guarded(lambda given: nonstandard.read(given, data), message)


def _standard(message: Mail) -> BounceReport | None:
    return arf.read(message) or dsn.read(message)
