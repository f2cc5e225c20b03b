"""Bounces as the store counts them, on both databases."""

from __future__ import annotations

import pytest
from planned_issues import plan_all

from syndicate.store.bounces import Bounces, new_bounce
from syndicate.store.database import Database
from syndicate.store.issue_sends import IssueSend
from syndicate.timestamps import parse_timestamp

NOW = "2026-11-20T12:00:00Z"


def keep(database: Database, subscriber: int, kind: str) -> bool:
    bounce = new_bounce(1, subscriber, kind, parse_timestamp(NOW), status="5.1.1", detail="")
    with database.transaction():
        return Bounces(database).add(bounce, "bounced")


@pytest.fixture
def sent(database: Database) -> Database:
    with database.transaction():
        plan_all(database, IssueSend(1, "weekly", "2026-11-20T08:00", NOW))
    return database


def test_each_delivery_that_came_back_counts_once(sent: Database) -> None:
    assert keep(sent, 7, "soft")
    assert not keep(sent, 7, "hard")
    assert keep(sent, 8, "blocked")
    assert not keep(sent, 9, "complaint")
    assert Bounces(sent).returned(1) == (2, 0)
