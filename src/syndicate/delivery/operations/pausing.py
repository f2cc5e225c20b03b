"""Pause and resume an issue that is being sent."""

from __future__ import annotations

from datetime import UTC, datetime

from syndicate.delivery.pauses import BY_OPERATOR
from syndicate.site import Site
from syndicate.store.issue_sends import IssueSend, IssueSends, PauseKind
from syndicate.timestamps import format_timestamp


def pause(site: Site, sending: IssueSend) -> bool:
    """Pause an issue: no more messages go out; False if none would."""
    with site.database.transaction():
        return IssueSends(site.database).pause(sending.issue, BY_OPERATOR)


def resume(site: Site, sending: IssueSend) -> bool:
    """Resume a paused issue; False if it is not paused.

    If it paused because too much was refused, this confirms the refusals: addresses that do not
    exist are suppressed when the issue ends.
    """
    confirms = sending.pause_kind == PauseKind.REFUSALS
    confirmed = format_timestamp(datetime.now(UTC)) if confirms else ""
    with site.database.transaction():
        return IssueSends(site.database).resume(sending.issue, confirmed)
