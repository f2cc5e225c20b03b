"""The bytes of an email -> a bounce report, if it is one. Pure, and never raises."""

from __future__ import annotations

from email import message_from_bytes

from syndicate.bounces import arf, dsn, nonstandard
from syndicate.bounces.mime import within_limits
from syndicate.bounces.report import BounceReport

MAX_BYTES = 1_000_000
"""Bytes of a mail that are looked at. What counts comes first; the returned message is last."""


def read(data: bytes) -> BounceReport | None:
    """What a mail says; None if it is no notice, or none that can be understood."""
    try:
        message = message_from_bytes(data[:MAX_BYTES])
        if not within_limits(message):
            return None
        return arf.read(message) or dsn.read(message) or nonstandard.read(message)
    except Exception:  # noqa: BLE001  parsers of mail raise many things at what strangers send
        return None  # whoever reads the mailbox lays it aside for a person
