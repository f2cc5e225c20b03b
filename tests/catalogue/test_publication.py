"""When records are shown and withdrawn by time alone, and which dates they get."""

from __future__ import annotations

from typing import Any

import pytest

from syndicate.catalogue.publication import (
    MAX_UNDATED,
    at_its_moment,
    dated_now,
    not_after,
    state_when_read,
    to_hold_undated,
)
from syndicate.catalogue.records import Record, ScannedFile, State
from syndicate.content.article import HoldKind

BEFORE, NOW, AFTER = "2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z"
PAGE, UNLISTED = {"metadata": '{"page": true}'}, {"metadata": '{"unlisted": true}'}


def record(name: str = "a", **changes: Any) -> Record:
    made = Record(
        id=name,
        path=f"{name}.md",
        size=1,
        mtime_ns=1,
        body_hash=name,
        state=State.LIVE,
        first_seen=BEFORE,
        published=BEFORE,
        updated=BEFORE,
        sequence=None,
        title=name,
        slug=name,
        metadata="{}",
        findings=None,
    )
    return made._replace(**changes)


def file(**changes: Any) -> ScannedFile:
    made = ScannedFile(
        path="a.md",
        size=1,
        mtime_ns=1,
        body_hash="a",
        title="a",
        slug="a",
        metadata="{}",
        findings=None,
        date=None,
        updated=None,
    )
    return made._replace(**changes)


# -- the first build ------------------------------------------------------------------------------


def some(undated: int, dated: int) -> list[Record]:
    without = [record(f"undated-{n}", undated=1) for n in range(undated)]
    return [*without, *(record(f"dated-{n}") for n in range(dated))]


@pytest.mark.parametrize(
    ("undated", "dated", "held"),
    [
        (MAX_UNDATED, 0, 0),  # few, and no others
        (MAX_UNDATED + 1, 0, MAX_UNDATED + 1),
        (2, 2, 0),  # half
        (2, 1, 2),  # more than half where others have a date
        (MAX_UNDATED, 20, 0),
        (MAX_UNDATED + 1, 20, MAX_UNDATED + 1),
        (0, 2, 0),
    ],
)
def test_many_articles_without_a_date_are_held_back(undated: int, dated: int, held: int) -> None:
    found = to_hold_undated(some(undated, dated), set())
    assert [r.id for r in found if r.state == State.UNDATED] == [
        f"undated-{n}" for n in range(held)
    ]
    assert len(found) == undated + dated


def test_those_held_back_before_count_when_there_are_more() -> None:
    assert {r.state for r in to_hold_undated(some(1, 0), set(), held=2)} == {State.LIVE}
    assert {r.state for r in to_hold_undated(some(1, 0), set(), held=3)} == {State.UNDATED}


def test_known_articles_and_drafts_are_neither_counted_nor_held_back() -> None:
    many = some(MAX_UNDATED + 1, 0)
    assert to_hold_undated(many, {r.id for r in many}) == many
    drafts = [r._replace(state=State.DRAFT) for r in many]
    assert to_hold_undated(drafts, set()) == drafts


# -- dates ----------------------------------------------------------------------------------------


def test_an_article_that_was_held_back_is_published_with_the_present_time() -> None:
    found = dated_now(record(state=State.UNDATED), NOW)
    assert (found.state, found.published, found.updated) == (State.LIVE, NOW, NOW)


@pytest.mark.parametrize(
    ("undated", "published", "updated", "dates"),
    [
        (1, AFTER, AFTER, (NOW, NOW)),
        (0, AFTER, AFTER, (AFTER, AFTER)),
        (0, BEFORE, AFTER, (BEFORE, NOW)),
        (1, BEFORE, BEFORE, (BEFORE, BEFORE)),
    ],
)
def test_no_date_but_a_stated_one_is_in_the_future(
    undated: int, published: str, updated: str, dates: tuple[str, str]
) -> None:
    found = not_after(record(undated=undated, published=published, updated=updated), NOW)
    assert (found.published, found.updated) == dates


# -- states ---------------------------------------------------------------------------------------

EXPIRES_NOW, EXPIRES_LATER = {"expires": NOW}, {"expires": AFTER}


@pytest.mark.parametrize(
    ("state", "values", "published", "after"),
    [
        (State.LIVE, {}, BEFORE, State.LIVE),
        (State.DRAFT, {}, BEFORE, State.DRAFT),
        (State.LIVE, EXPIRES_NOW, BEFORE, State.EXPIRED),
        (State.LIVE, EXPIRES_LATER, BEFORE, State.LIVE),
        (State.WAITING, PAGE, NOW, State.PAGE),
        (State.WAITING, UNLISTED, NOW, State.UNLISTED),
        (State.WAITING, PAGE, AFTER, State.WAITING),
        # expired while the clock was ahead
        (State.EXPIRED, {}, BEFORE, State.LIVE),
        (State.EXPIRED, {}, AFTER, State.LIVE),
        (State.EXPIRED, PAGE, NOW, State.PAGE),
        (State.EXPIRED, PAGE, AFTER, State.WAITING),
        (State.EXPIRED, EXPIRES_NOW, BEFORE, State.EXPIRED),
    ],
)
def test_time_alone_shows_and_withdraws(
    state: State, values: dict[str, str], published: str, after: State
) -> None:
    found = at_its_moment(record(state=state, published=published, **values), NOW)
    assert found == record(state=after, published=published, **values)


@pytest.mark.parametrize(
    ("changes", "published", "state"),
    [
        ({}, BEFORE, State.LIVE),
        ({}, AFTER, State.LIVE),
        ({"hold": HoldKind.DRAFT, "expires": BEFORE}, BEFORE, State.DRAFT),
        ({"expires": NOW}, BEFORE, State.EXPIRED),
        ({"expires": AFTER}, BEFORE, State.LIVE),
        ({"page": True}, NOW, State.PAGE),
        ({"page": True}, AFTER, State.WAITING),
        ({"unlisted": True}, NOW, State.UNLISTED),
        ({"unlisted": True}, AFTER, State.WAITING),
        ({"page": True, "unlisted": True}, NOW, State.UNLISTED),
    ],
)
def test_the_header_and_the_time_decide_how_a_file_is_shown(
    changes: dict[str, Any], published: str, state: State
) -> None:
    assert state_when_read(file(**changes), published, NOW) == state
