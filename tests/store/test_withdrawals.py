"""Withdrawals in order, on both databases."""

from __future__ import annotations

import time

import pytest

from syndicate.store.database import Database
from syndicate.store.withdrawals import UNSUBSCRIBED, Withdrawal, Withdrawals

NOW = "2026-11-22T12:00:00Z"


@pytest.fixture
def withdrawals(database: Database) -> Withdrawals:
    """Two withdrawals."""
    withdrawals = Withdrawals(database)
    with database.transaction():
        withdrawals.add("h1", "weekly", UNSUBSCRIBED, NOW)
        withdrawals.add("h2", "", "complaint", NOW)
    return withdrawals


def test_they_are_listed_in_order_after_an_id(withdrawals: Withdrawals) -> None:
    first, second = withdrawals.after(0)
    assert (first.hash, first.newsletter, second.event) == ("h1", "weekly", "complaint")
    assert first.id < second.id == withdrawals.last()
    assert withdrawals.after(first.id) == [second]
    assert withdrawals.after(second.id) == []


def test_ids_are_higher_than_those_of_a_lost_store(withdrawals: Withdrawals) -> None:
    milliseconds = time.time_ns() // 1_000_000
    assert withdrawals.next_id() >= milliseconds


def test_ids_grow_although_the_clock_was_ahead(
    database: Database, withdrawals: Withdrawals
) -> None:
    ahead = withdrawals.last() + 10**12
    row = Withdrawal(ahead, "h3", "", "request", NOW)
    with database.transaction():
        database.load("withdrawals", Withdrawal._fields, [row])
        withdrawals.add("h4", "", "request", NOW)
    assert withdrawals.last() == ahead + 1


def test_lost_withdrawals_keep_their_order_under_new_ids(
    database: Database, withdrawals: Withdrawals
) -> None:
    before = withdrawals.last()
    lost = [Withdrawal(number, f"lost{number}", "", "request", NOW) for number in (5, 6)]
    with database.transaction():
        withdrawals.add_lost(lost)
    assert [each.hash for each in withdrawals.after(before)] == ["lost5", "lost6"]


def test_a_later_event_has_the_scope_of_the_one_that_it_replaces(withdrawals: Withdrawals) -> None:
    first, second = withdrawals.after(0)
    assert first._replace(event="subscribed").scope == first.scope
    assert first.scope != second.scope
