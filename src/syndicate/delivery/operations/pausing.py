"""Pause and resume an issue that is being sent."""

from __future__ import annotations

from datetime import UTC, datetime

from syndicate.site import Site
from syndicate.store.issue_sends import IssueSend, IssueSends, Pause, PauseKind
from syndicate.timestamps import format_timestamp

BY_HAND = Pause(PauseKind.OPERATOR, "paused by the operator")


def pause(site: Site, sending: IssueSend) -> bool:
    """Pause an issue: no more messages go out; False if none would."""
    with site.database.transaction():
        return IssueSends(site.database).pause(sending.issue, BY_HAND)


def resume(site: Site, sending: IssueSend) -> bool:
    """Resume a paused issue; False if it is not paused.

    If it paused because too much was refused, this confirms the refusals: addresses that do not
    exist are suppressed when the issue ends.
    """
    confirms = sending.pause_kind == PauseKind.REFUSALS
    confirmed = format_timestamp(datetime.now(UTC)) if confirms else ""
    with site.database.transaction():
        return IssueSends(site.database).resume(sending.issue, confirmed)


def resume_hint(sending: IssueSend) -> str:
    """The hint for a paused issue: commands, and what each does."""
    name = sending.name
    if sending.pause_kind != PauseKind.REFUSALS:
        return f"correct the cause, then: syndicate issues resume {name}"
    return (
        f"read the replies (syndicate deliveries report {name} --names), correct the cause, then: "
        f"syndicate issues retry-failed {name}; or, if the refusals are right: "
        f"syndicate issues resume {name}, which suppresses the addresses that do not exist"
    )
