"""Issues whose deliveries are all planned, without a sender."""

from __future__ import annotations

from collections.abc import Sequence

from syndicate.store.database import Database
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.recipients import Recipients


def plan_all(
    database: Database, sending: IssueSend, tags: Sequence[str] = (), limit: int = 3
) -> None:
    """Plan all deliveries of an issue, inside a transaction, at most `limit` in each step."""
    people, sends = Recipients(database), IssueSends(database)
    people.begin(sending)
    while (current := sends.get(sending.issue)) and not current.is_planned:
        people.plan_next(current, tags, limit, sending.started_at)
