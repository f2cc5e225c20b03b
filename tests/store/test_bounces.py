"""Bounces as the store counts them, on both databases."""

from __future__ import annotations

import pytest

from syndicate.store.bounces import Bounce, Bounces, identity
from syndicate.store.database import Database
from syndicate.store.issue_sends import IssueSend
from syndicate.store.recipients import Recipients

NOW = "2026-11-20T12:00:00Z"


def keep(database: Database, subscriber: int, kind: str) -> bool:
    mark = identity(1, subscriber, kind)
    with database.transaction():
        bounce = Bounce(mark, 1, subscriber, kind, "5.1.1", "", NOW)
        return Bounces(database).keep(bounce, "bounced")


@pytest.fixture
def sent(database: Database) -> Database:
    with database.transaction():
        Recipients(database).plan(IssueSend(1, "weekly", "2026-11-20T08:00", NOW), [])
    return database


def test_each_delivery_that_came_back_counts_once(sent: Database) -> None:
    assert keep(sent, 7, "soft")
    assert not keep(sent, 7, "hard")
    assert keep(sent, 8, "blocked")
    assert not keep(sent, 9, "complaint")
    assert Bounces(sent).returned(1) == (2, 0)
