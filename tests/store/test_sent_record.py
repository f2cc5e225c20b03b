"""The record of what was sent, outside the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndicate.store.sent_record import LINE, UNREADABLE, MadeIssue, Recorded, SentRecord

ISSUE = MadeIssue(1, "weekly", "2026-11-22T12:00", "2026-11-22T12:00:00Z", 3, ("a", "b"))


@pytest.fixture
def record(tmp_path: Path) -> SentRecord:
    return SentRecord(tmp_path / "state" / ".syndicate.db.sent")


def test_a_record_does_not_exist_before_the_first_write(record: SentRecord) -> None:
    assert record.read() is None
    assert record.issues() == []
    assert record.begun() == {}
    record.write("one", 1)
    assert record.read() == Recorded("one", 1)


def test_the_counter_only_grows(record: SentRecord) -> None:
    for counter in (1, 5, 3):
        record.write("one", counter)
    assert record.read() == Recorded("one", 5)


@pytest.mark.parametrize("line", [0, 1])
def test_a_line_that_was_half_written_leaves_the_one_before(record: SentRecord, line: int) -> None:
    for counter in (1, 2, 3):
        record.write("one", counter)
    data = bytearray(record.path.read_bytes())
    data[line * LINE : line * LINE + 10] = b"x" * 10
    record.path.write_bytes(data)
    remaining = record.read()
    assert remaining is not None
    assert remaining.incarnation == "one"
    assert remaining.counter in (2, 3)


def test_a_record_without_a_valid_line_is_unreadable(record: SentRecord) -> None:
    record.write("one", 1)
    record.path.write_bytes(b"x" * LINE)
    assert record.read() == Recorded(UNREADABLE, 0)


def test_issues_and_their_beginnings_are_added(record: SentRecord) -> None:
    record.write("one", 1)
    record.add([ISSUE, ISSUE._replace(sequence=2)])
    record.add_begun("weekly", ISSUE.slot, "2026-11-22T12:05:00Z")
    record.write("one", 2)
    assert [issue.sequence for issue in record.issues()] == [1, 2]
    assert record.issues()[0] == ISSUE
    assert record.last_issue() == 2
    assert record.begun() == {("weekly", ISSUE.slot): "2026-11-22T12:05:00Z"}


def test_a_line_of_an_issue_that_was_half_written_is_skipped(record: SentRecord) -> None:
    record.write("one", 1)
    record.add([ISSUE])
    with record.path.open("ab") as file:
        file.write(b'\n{"sequence": 2, "newsl')
    record.add([ISSUE._replace(sequence=3)])
    assert [issue.sequence for issue in record.issues()] == [1, 3]


def test_a_replaced_record_has_only_the_new_content(record: SentRecord) -> None:
    record.write("one", 7)
    record.add([ISSUE])
    record.replace("two", 1, [ISSUE._replace(sequence=9)])
    assert record.read() == Recorded("two", 1)
    assert [issue.sequence for issue in record.issues()] == [9]
    assert [each.name for each in record.path.parent.iterdir()] == [record.path.name]


def test_only_the_owner_can_read_it(record: SentRecord) -> None:
    record.write("one", 1)
    assert record.path.stat().st_mode & 0o077 == 0
