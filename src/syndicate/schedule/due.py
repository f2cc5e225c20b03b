"""Which slots to make now, and which to skip, with the reason. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syndicate.schedule import Missed
from syndicate.schedule.slots import Schedule, Slot

ON_TIME = timedelta(minutes=10)
"""A slot this late is not missed: a restart or a long build may take as long."""


class SkipReason(StrEnum):
    """Why a missed slot is not made, for the author."""

    SUPERSEDED = "missed, and a later one was due as well"
    TOO_OLD = "missed by more than max_age"
    UNWANTED = "missed, and catch_up is none"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A slot without an issue."""

    slot: Slot
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Due:
    """Slots to make and slots to record as skipped, each oldest first; together all due ones."""

    make: tuple[Slot, ...] = ()
    skip: tuple[Skipped, ...] = ()


def due(
    schedule: Schedule,
    *,
    since: datetime,
    last: str = "",
    now: datetime,
    made: Collection[str] = (),
    missed: Missed = "latest",
    max_age: timedelta = timedelta(hours=24),
) -> Due:
    """The slots that are due by `now` and neither made nor skipped.

    since: when the newsletter started or its schedule last changed, whichever is later; before
        that there are no slots.
    last: `local` of the latest slot of the schedule that was made or skipped by `now`, "" before
        the first. One made or skipped later than `now`, while the clock was ahead, does not count,
        or slots before it would be lost; nor do issues made by hand.
    made: `local` of slots after `last` that have an issue already. They are never made again.

    A slot up to ON_TIME late is made in any case; `missed` and `max_age` decide on later ones.
    """
    slots = list(schedule.between(since, now, last))
    make: list[Slot] = []
    skip: list[Skipped] = []
    for slot in slots:
        if slot.local in made:
            continue
        is_latest = slot is slots[-1]
        if reason := _reason_to_skip(now - slot.due, missed, max_age, is_latest=is_latest):
            skip.append(Skipped(slot, reason))
        else:
            make.append(slot)
    return Due(tuple(make), tuple(skip))


def _reason_to_skip(
    late: timedelta, missed: Missed, max_age: timedelta, *, is_latest: bool
) -> SkipReason | None:
    if late <= ON_TIME:
        return None
    if missed == "none":
        return SkipReason.UNWANTED
    if late > max_age:
        return SkipReason.TOO_OLD
    return SkipReason.SUPERSEDED if missed == "latest" and not is_latest else None
