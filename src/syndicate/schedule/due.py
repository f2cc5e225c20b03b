"""Which slots to make now, and which are given up, with the reason. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syndicate.schedule import Missed
from syndicate.schedule.slots import Schedule, Slot

ON_TIME = timedelta(minutes=10)
"""A slot this late is not missed: a restart or a long build lasts as long."""


class Reason(StrEnum):
    """Why a missed slot is not made, in words for the author."""

    SUPERSEDED = "missed, and a later one was due as well"
    TOO_OLD = "missed by more than max_age"
    UNWANTED = "missed, and catch_up: none makes up for nothing"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A slot no issue is made for."""

    slot: Slot
    reason: Reason


@dataclass(frozen=True, slots=True)
class Due:
    """Slots to make and slots to record as skipped, each oldest first. Together: all due ones."""

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
    """What has come due by `now` and is neither made nor skipped.

    since: when the newsletter began or its schedule was last changed, whichever is later; what
        would have been due before that is no slot.
    last: `local` of the latest slot of the schedule that was made or skipped by `now`, "" before
        the first. What was made or skipped later than `now`, because the clock was ahead once, has
        no part in it, or slots before that would be lost; nor have issues made by hand.
    made: `local` of slots behind `last` that have an issue already. They are never made again.

    Slots up to `last` are never offered again. What is up to ON_TIME late is made in any case; the
    rest is missed.
    """
    slots = list(schedule.between(since, now, last))
    make: list[Slot] = []
    skip: list[Skipped] = []
    for slot in slots:
        late = now - slot.due
        if slot.local in made:
            continue
        if late <= ON_TIME:
            make.append(slot)
        elif missed == "none":
            skip.append(Skipped(slot, Reason.UNWANTED))
        elif late > max_age:
            skip.append(Skipped(slot, Reason.TOO_OLD))
        elif missed == "latest" and slot is not slots[-1]:
            skip.append(Skipped(slot, Reason.SUPERSEDED))
        else:
            make.append(slot)
    return Due(tuple(make), tuple(skip))
