"""Which articles the next issue carries, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.config.model import Newsletter
from syndicate.newsletters.issue import Candidate, Reason, Selection
from syndicate.newsletters.selection import select

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
AFTER = 1000
"""The sequence of the last article when the newsletter began."""


def candidate(id_: str, days: int, *tags: str) -> Candidate:
    """An article published `days` after the newsletter began."""
    return Candidate(id_, AFTER + days + 1, BEGAN + timedelta(days=days), tags)


def chosen(newsletter: Newsletter, *candidates: Candidate, **more: object) -> Selection:
    facts: dict[str, object] = {"after": AFTER, "carried": set(), "first": False}
    return select(newsletter, candidates, **(facts | more))  # type: ignore[arg-type]


@pytest.fixture
def weekly() -> Newsletter:
    return Newsletter(
        name="weekly", title="Weekly", sender="a@example.org", max_articles=3, backlog=2
    )


def test_an_issue_carries_what_was_published_since_the_newsletter_began_newest_first(
    weekly: Newsletter,
) -> None:
    selection = chosen(weekly, candidate("a", 1), candidate("c", 3), candidate("b", 2))
    assert selection.chosen == ("c", "b", "a")


def test_an_article_published_the_moment_the_newsletter_began_qualifies(
    weekly: Newsletter,
) -> None:
    assert chosen(weekly, candidate("a", 0)).chosen == ("a",)


def test_an_article_of_an_earlier_issue_is_not_in_a_later_one(weekly: Newsletter) -> None:
    selection = chosen(weekly, candidate("a", 1), candidate("b", 2), carried={"b"})
    assert selection.chosen == ("a",)
    assert selection.reasons["b"] is Reason.CARRIED


def test_tags_are_included_and_excluded_in_any_case(weekly: Newsletter) -> None:
    picky = replace(weekly, include=("News",), exclude=("draft",))
    selection = chosen(
        picky,
        candidate("wanted", 1, "news"),
        candidate("other", 1, "recipes"),
        candidate("both", 1, "NEWS", "Draft"),
    )
    assert selection.chosen == ("wanted",)
    assert selection.reasons["other"] is Reason.NOT_INCLUDED
    assert selection.reasons["both"] is Reason.EXCLUDED


def test_the_first_issue_takes_the_newest_of_the_backlog(weekly: Newsletter) -> None:
    old = [candidate(f"old{days}", -days) for days in range(1, 6)]
    selection = chosen(weekly, *old, first=True)
    assert selection.chosen == ("old1", "old2")
    assert selection.reasons["old3"] is Reason.TOO_OLD


def test_a_later_issue_takes_nothing_older_than_the_newsletter(weekly: Newsletter) -> None:
    selection = chosen(weekly, candidate("old", -1), candidate("new", 1))
    assert selection.chosen == ("new",)
    assert selection.reasons["old"] is Reason.TOO_OLD


def test_a_first_issue_that_is_full_takes_the_newest(weekly: Newsletter) -> None:
    selection = chosen(weekly, *(candidate(str(day), day) for day in range(5)), first=True)
    assert selection.chosen == ("4", "3", "2")
    assert selection.reasons["0"] is Reason.NO_ROOM


def test_a_later_issue_that_is_full_takes_those_that_waited_longest(weekly: Newsletter) -> None:
    selection = chosen(weekly, *(candidate(str(day), day) for day in range(5)))
    assert selection.chosen == ("2", "1", "0")
    assert selection.reasons["4"] is Reason.NO_ROOM


@given(
    days=st.lists(st.integers(-20, 20), max_size=40),
    most=st.integers(1, 7),
    backlog=st.integers(0, 7),
)
def test_no_article_is_lost_and_none_is_in_two_issues(
    days: list[int], most: int, backlog: int
) -> None:
    newsletter = Newsletter(
        name="n", title="N", sender="a@b.org", max_articles=most, backlog=backlog
    )
    candidates = [candidate(f"{at:02}", day) for at, day in enumerate(days)]
    sent: list[str] = []
    while True:
        facts = {"carried": set(sent), "first": not sent}
        selection = chosen(newsletter, *candidates, **facts)
        assert selection.reasons.keys() == {each.id for each in candidates}
        if not selection.chosen:
            break
        sent.extend(selection.chosen)
    assert len(sent) == len(set(sent))
    assert {each.id for each in candidates if each.published >= BEGAN} <= set(sent)
