"""When records are shown and withdrawn, and which dates they get. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from syndicate.catalogue.records import Record, ScannedFile, State, is_page

MAX_UNDATED = 3
"""A first build publishes at most this many articles without a date, at the current time."""


def to_hold_undated(
    records: Sequence[Record], existing: AbstractSet[str], held: int = 0
) -> list[Record]:
    """The records of a first build; those without a date held back if they are many.

    That is more than MAX_UNDATED, or more than half where others have a date. `existing` are ids of
    articles that were there before, `held` is how many of these are held back. A folder whose dates
    cannot be read would otherwise be published, and sent, as if all of it were new.
    """
    new = [r for r in records if r.id not in existing and r.state == State.LIVE]
    undated = {r.id for r in new if r.undated}
    few = len(undated) + held <= MAX_UNDATED
    if few and (len(undated) == len(new) or 2 * len(undated) <= len(new)):
        return list(records)
    return [r._replace(state=State.UNDATED) if r.id in undated else r for r in records]


def dated_now(record: Record, now: str) -> Record:
    """An undated record that was held back, as it is published now."""
    return record._replace(state=State.LIVE, published=now, updated=now)


def not_after(record: Record, now: str) -> Record:
    """The record of a published article with dates that are not later than `now`.

    A date that its header states stays.
    """
    published = min(record.published, now) if record.undated else record.published
    return record._replace(published=published, updated=max(published, min(record.updated, now)))


def at_its_moment(record: Record, now: str) -> Record:
    """The record with the state it has at `now`, where time alone changes it."""
    if record.expires and record.expires <= now:
        return record._replace(state=State.EXPIRED)
    if record.state == State.WAITING and record.published <= now:
        return record._replace(state=_shown_as(record))
    if record.state == State.EXPIRED:  # while the clock was ahead
        state = _shown_as(record)
        waits = state != State.LIVE and record.published > now
        return record._replace(state=State.WAITING if waits else state)
    return record


def _shown_as(record: Record) -> State:
    """The state of a record that is shown."""
    if json.loads(record.metadata).get("unlisted") is True:
        return State.UNLISTED
    return State.PAGE if is_page(record) else State.LIVE


def state_when_read(file: ScannedFile, published: str, now: str) -> State:
    """The state of an article after its file was read."""
    if file.hold:
        return State.DRAFT
    if file.expires and file.expires <= now:
        return State.EXPIRED
    if not (file.page or file.unlisted):
        return State.LIVE
    if published > now:
        return State.WAITING
    return State.UNLISTED if file.unlisted else State.PAGE
