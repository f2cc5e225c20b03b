"""The bytes of an email -> a bounce report, if it is one. Pure."""

from __future__ import annotations

from syndicate.bounces import arf, dsn, nonstandard
from syndicate.bounces.mime import Mail, parse_message, parse_safely
from syndicate.bounces.report import BounceReport


def read(data: bytes) -> BounceReport | None:
    """The report in an email; None if it has none that can be parsed.

    Raises UnreadableEmailError, and nothing else.
    """
    message = parse_message(data)
    standard = parse_safely(_standard, message)
    return standard or parse_safely(lambda given: nonstandard.read(given, data), message)


def _standard(message: Mail) -> BounceReport | None:
    return arf.read(message) or dsn.read(message)
