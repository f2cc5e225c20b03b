"""Timestamps in the store: text in UTC with whole seconds, which sorts by time."""

from __future__ import annotations

from datetime import UTC, datetime


def format_timestamp(moment: datetime) -> str:
    """An aware moment as `2026-11-22T08:00:00Z`; fractions of a second are cut off."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat()[:19] + "Z"


def parse_timestamp(text: str) -> datetime:
    """The aware moment that `to_text` wrote."""
    return datetime.fromisoformat(text)
