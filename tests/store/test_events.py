"""Events for hooks and the cursors of hooks, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from site_folder import NOON
from syndicate.store.database import Database
from syndicate.store.events import EventKind, Events, HookCursor

AT = "2026-11-22T12:00:00Z"


@pytest.fixture
def events(database: Database) -> Events:
    events = Events(database)
    with database.transaction():
        events.add(EventKind.ARTICLE_PUBLISHED, ["a", "b"], AT)
        events.add(EventKind.ISSUE_MADE, ["weekly/1"], AT)
    return events


def test_ids_continue_and_events_come_in_order(events: Events) -> None:
    kinds = [EventKind.ARTICLE_PUBLISHED, EventKind.ISSUE_MADE]
    assert [(e.id, e.subject) for e in events.since(0, kinds, 10)] == [
        (1, "a"),
        (2, "b"),
        (3, "weekly/1"),
    ]
    assert events.last() == 3


def test_a_hook_gets_only_its_kinds_after_its_position_up_to_a_limit(events: Events) -> None:
    articles = [EventKind.ARTICLE_PUBLISHED]
    assert [e.subject for e in events.since(0, articles, 1)] == ["a"]
    assert [e.subject for e in events.since(1, articles, 10)] == ["b"]
    assert events.since(2, articles, 10) == []


def test_a_cursor_is_replaced_by_its_next_position(database: Database, events: Events) -> None:
    with database.transaction():
        events.move_cursor(HookCursor("send", 1, attempts=2, reason="timed out"))
        events.move_cursor(HookCursor("send", 2))
    assert events.cursors() == {"send": HookCursor("send", 2)}


def test_old_events_are_deleted_once_they_are_delivered_but_the_newest_stays(
    database: Database, events: Events
) -> None:
    kinds = [*EventKind]

    def delete(days: int, delivered: int) -> list[int]:
        with database.transaction():
            events.delete_old(NOON + timedelta(days=days), timedelta(days=30), delivered)
        return [event.id for event in events.since(0, kinds, 10)]

    assert delete(31, 1) == [1, 2, 3], "one reading of the clock is not trusted"
    assert delete(33, 1) == [2, 3]
    assert delete(35, 3) == [3], "ids continue from the newest event"
