"""What servers were given is counted by the second, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from syndicate.store.database import Database
from syndicate.store.sent_counts import SentCounts

SECOND = 1_700_000_000
DAY = 86_400


def counted(database: Database, *counts: tuple[str, int, int]) -> SentCounts:
    known = SentCounts(database)
    with database.transaction():
        for count in counts:
            known.add(*count)
    return known


def test_messages_of_one_second_add_up_server_by_server(database: Database) -> None:
    known = counted(database, ("a", SECOND + 1, 5), ("a", SECOND, 1), ("b", SECOND, 9))
    counted(database, ("a", SECOND, 2))
    assert known.between("a", SECOND, SECOND + 1) == [(SECOND, 3), (SECOND + 1, 5)]
    assert known.between("a", SECOND + 1, SECOND + 9) == [(SECOND + 1, 5)]
    assert known.between("a", SECOND - 9, SECOND) == [(SECOND, 3)]
    assert known.between("c", SECOND, SECOND) == []


def test_what_is_forgotten_does_not_change_when_a_server_was_first_used(database: Database) -> None:
    known = counted(database, ("a", SECOND, 1), ("a", SECOND + 2, 1))
    forget(known, database, 1, SECOND + 3, SECOND + 3 + DAY)
    assert known.between("a", 0, SECOND + 9) == [(SECOND + 2, 1)]
    assert known.first("a") == SECOND
    assert known.first("b") is None


def test_counts_of_a_clock_that_was_ahead_are_corrected(database: Database) -> None:
    known = counted(database, ("a", SECOND * 10, 1), ("a", SECOND, 1), ("a", SECOND + 5, 1))
    assert known.first("a") == SECOND


def test_a_clock_that_is_ahead_for_a_moment_forgets_nothing_recent(database: Database) -> None:
    known = counted(database, ("a", SECOND - 100, 1), ("a", SECOND - 5, 1), ("a", SECOND, 1))
    counted(database, ("a", SECOND * 2, 1))
    forget(known, database, 100, SECOND, SECOND * 2, SECOND)
    assert known.between("a", 0, SECOND) == [(SECOND - 100, 1), (SECOND - 5, 1), (SECOND, 1)]


def forget(known: SentCounts, database: Database, remembered: int, *seconds: int) -> None:
    """Forget what was sent so many seconds before, at each of these moments."""
    for second in seconds:
        with database.transaction():
            known.forget(datetime.fromtimestamp(second, UTC), remembered)


def test_uncommitted_changes_do_not_count(database: Database) -> None:
    known = SentCounts(database)
    try:
        with database.transaction():
            known.add("a", SECOND, 1)
            raise InterruptedError
    except InterruptedError:
        pass
    assert (known.between("a", 0, SECOND), known.first("a")) == ([], None)
