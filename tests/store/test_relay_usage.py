"""What workers sent through relays, and what they reserved, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from syndicate.store.database import Database
from syndicate.store.relay_usage import RelayUsage, Reservation, Usage

BEGAN = 1_700_000_000.0
DAY = 86_400.0


def usage_of(database: Database, *recorded: tuple[str, int, float]) -> RelayUsage:
    usage = RelayUsage(database)
    with database.transaction():
        for relay, messages, now in recorded:
            usage.record(relay, messages, now)
            usage.record_first_use(relay, now)
    return usage


def test_usage_is_numbered_by_relay_in_the_order_recorded(database: Database) -> None:
    usage = usage_of(database, ("a", 5, BEGAN + 1.5), ("b", 9, BEGAN), ("a", 1, BEGAN))
    assert usage.since("a", 0, 0) == [Usage(1, BEGAN + 1.5, 5), Usage(2, BEGAN, 1)]
    assert usage.since("a", 1, 0) == [Usage(2, BEGAN, 1)]
    assert usage.since("a", 0, BEGAN) == [Usage(1, BEGAN + 1.5, 5)]
    assert usage.since("c", 0, 0) == []


def test_usage_of_a_second_is_merged_into_its_last_entry(database: Database) -> None:
    times = (BEGAN, BEGAN + 0.1, BEGAN + 0.2, BEGAN + 1, BEGAN + 9, BEGAN + 9.1)
    usage = usage_of(database, *(("a", 1, at) for at in times), ("b", 1, BEGAN))
    with database.transaction():
        assert usage.merge("a", 0, BEGAN + 9) == 4
        assert usage.merge("a", 4, BEGAN + 9) == 4
    assert usage.since("a", 0, 0) == [
        Usage(3, BEGAN + 0.2, 3),
        Usage(4, BEGAN + 1, 1),
        Usage(5, BEGAN + 9, 1),
        Usage(6, BEGAN + 9.1, 1),
    ]
    assert usage.since("b", 0, 0) == [Usage(1, BEGAN, 1)]


def test_merging_loses_nothing_where_the_clock_went_back(database: Database) -> None:
    times = (BEGAN, BEGAN + 3, BEGAN + 0.1, BEGAN + 3.1)
    usage = usage_of(database, *(("a", 1, at) for at in times))
    with database.transaction():
        usage.merge("a", 0, BEGAN + 9)
    assert [(row.sequence, row.messages) for row in usage.since("a", 0, 0)] == [(3, 2), (4, 2)]


def test_what_is_forgotten_changes_neither_the_first_use_nor_the_numbers(
    database: Database,
) -> None:
    usage = usage_of(database, ("a", 1, BEGAN), ("a", 2, BEGAN + 1))
    forget(usage, database, 1, BEGAN + 9, BEGAN + 9 + DAY)
    assert usage.since("a", 0, 0) == [Usage(2, BEGAN + 1, 2)]
    usage_of(database, ("a", 3, BEGAN + 10))
    assert usage.since("a", 2, 0) == [Usage(3, BEGAN + 10, 3)]
    assert usage.first_used("a") == BEGAN
    assert usage.first_used("b") is None


def test_a_first_use_of_a_clock_that_was_ahead_is_corrected(database: Database) -> None:
    usage = usage_of(database, ("a", 1, BEGAN * 10), ("a", 1, BEGAN), ("a", 1, BEGAN + 5))
    assert usage.first_used("a") == BEGAN


def test_a_clock_that_is_ahead_for_a_moment_forgets_nothing_recent(database: Database) -> None:
    usage = usage_of(database, ("a", 1, BEGAN - 100), ("a", 1, BEGAN - 5), ("a", 1, BEGAN))
    usage_of(database, ("a", 1, BEGAN * 2))
    forget(usage, database, 100, BEGAN, BEGAN * 2, BEGAN)
    assert len(usage.since("a", 0, 0)) == 4


def forget(usage: RelayUsage, database: Database, kept: float, *moments: float) -> None:
    """Forget what was sent so many seconds before, at each of these moments."""
    for moment in moments:
        with database.transaction():
            usage.forget(datetime.fromtimestamp(moment, UTC), kept)


def test_a_reservation_of_a_dead_worker_stays_until_it_expires(database: Database) -> None:
    usage = RelayUsage(database)
    with database.transaction():
        usage.reserve("a", Reservation(1, 5, 2))
        usage.reserve("a", Reservation(2, 3, 1))
        usage.reserve("b", Reservation(1, 1, 1))
        usage.reserve("a", Reservation(1, 4, 2))
        usage.end_all_but([2], BEGAN)
        usage.end_all_but([2], BEGAN + 1)
        assert not usage.remove("a", 1)
    assert usage.reservations("a") == [Reservation(1, 4, 0, BEGAN), Reservation(2, 3, 1)]
    with database.transaction():
        usage.expire("a", [1])
        assert usage.remove("a", 2)
    assert usage.reservations("a") == []
    assert usage.reservations("b") == [Reservation(1, 1, 0, BEGAN)]


def test_the_clock_of_a_store_does_not_go_back(database: Database) -> None:
    times = [database.clock() for _ in range(5)]
    assert times == sorted(times)
