"""Issues and what they took, on both databases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.errors import StoreError
from syndicate.store.database import Database
from syndicate.store.issues import Carried, Issue, Issues, IssueState, articles_json
from syndicate.store.sqlite import in_memory

ONE, TWO = (Carried(f"id-{n}", n.title(), f"https://example.org/{n}", "2026-11-01T00:00:00Z")
            for n in ("one", "two"))  # fmt: skip


@pytest.fixture
def issues(database: Database) -> Issues:
    return Issues(database)


def issue(
    slot: str, *carried: Carried, state: str = "approved", newsletter: str = "weekly"
) -> Issue:
    return Issue(
        newsletter=newsletter,
        slot=slot,
        due=f"{slot}:00Z",
        planned=int(newsletter == "weekly"),
        state=state,
        created_at=f"{slot}:01Z",
        approved_at="" if state in ("draft", "skipped", "cancelled") else f"{slot}:02Z",
        subject=f"Of {slot}",
        html="<p>",
        text="text",
        articles=articles_json(carried),
    )


def add(database: Database, *wanted: Issue) -> list[bool]:
    with database.transaction():
        return [Issues(database).add(each) for each in wanted]


def test_an_issue_is_read_back_as_it_was_stored(database: Database, issues: Issues) -> None:
    kept = issue("2026-11-02T08:00", ONE, TWO)
    assert add(database, kept) == [True]
    assert issues.get("weekly", "2026-11-02T08:00") == kept._replace(sequence=1)
    assert kept.carried == (ONE, TWO)
    assert issues.taken("weekly") == {"id-one", "id-two"}
    assert issues.taken("daily") == frozenset()


def test_a_slot_has_one_issue(database: Database, issues: Issues) -> None:
    first, second = issue("2026-11-02T08:00", ONE), issue("2026-11-02T08:00", TWO)
    assert add(database, first, second) == [True, False]
    assert issues.get("weekly", "2026-11-02T08:00") == first._replace(sequence=1)
    assert issues.taken("weekly") == {"id-one"}


def test_the_database_refuses_an_article_twice_in_a_newsletter(database: Database) -> None:
    add(database, issue("2026-11-02T08:00", ONE))
    with pytest.raises(StoreError):
        add(database, issue("2026-11-09T08:00", ONE))


def test_articles_of_a_cancelled_issue_are_available_again(
    database: Database, issues: Issues
) -> None:
    add(database, issue("2026-11-02T08:00", ONE))
    with database.transaction():
        assert issues.move("weekly", "2026-11-02T08:00", IssueState.CANCELLED, "a slip")
    assert issues.taken("weekly") == frozenset()
    assert issues.of("weekly") == []
    cancelled = issues.get("weekly", "2026-11-02T08:00")
    assert cancelled
    assert (cancelled.state, cancelled.reason) == ("cancelled", "a slip")
    assert cancelled.carried == (ONE,)


@pytest.mark.parametrize("state", ["skipped", "cancelled"])
def test_an_ended_issue_stays_as_it_is(database: Database, issues: Issues, state: str) -> None:
    add(database, issue("2026-11-02T08:00", state=state))
    with database.transaction():
        assert not any(issues.move("weekly", "2026-11-02T08:00", to) for to in IssueState)
        assert not issues.approve("weekly", "2026-11-02T08:00", "2026-11-03T08:00:00Z")
        assert not issues.approve("weekly", "2026-11-09T08:00", "2026-11-10T08:00:00Z")
    kept = issues.get("weekly", "2026-11-02T08:00")
    assert kept
    assert kept.state == state


def test_slots_that_a_clock_ahead_skipped_do_not_crowd_out_the_list(
    database: Database, issues: Issues
) -> None:
    ahead = [issue(f"2036-11-{day:02}T08:00", state="skipped") for day in range(1, 5)]
    add(database, issue("2026-11-02T08:00", ONE), *ahead)
    listed = issues.all("weekly", 3, "2026-11-03T00:00:00Z")
    assert [each.slot for each in listed] == ["2026-11-02T08:00"]


STEPS = st.sampled_from(["approve", "schedule", "unschedule", *IssueState])


@pytest.mark.slow
@given(state=st.sampled_from(IssueState), steps=st.lists(STEPS, max_size=6))
def test_every_state_of_an_issue_has_its_required_times(
    state: IssueState, steps: list[str]
) -> None:
    slot, moment = "2026-11-02T08:00", "2026-11-03T08:00:00Z"
    database = in_memory()
    issues = Issues(database)
    add(database, issue(slot, state=state))
    for step in steps:
        with database.transaction():
            if step == "approve":
                issues.approve("weekly", slot, moment)
            elif step == "schedule":
                issues.schedule("weekly", slot, moment)
            elif step == "unschedule":
                issues.unschedule()
            elif step != IssueState.APPROVED:
                issues.move("weekly", slot, IssueState(step))
        kept = issues.get("weekly", slot)
        assert kept
        assert bool(kept.approved_at) or not kept.is_public
        assert not kept.approve_at or kept.state == IssueState.DRAFT
    database.close()


@pytest.mark.parametrize(
    "broken",
    [
        issue("2026-11-02T08:00", state="approved")._replace(approved_at=""),
        issue("2026-11-02T08:00", state="sending")._replace(approved_at=""),
        issue("2026-11-02T08:00", state="sent")._replace(approved_at=""),
        issue("2026-11-02T08:00", state="sent")._replace(approve_at="2026-11-03T08:00:00Z"),
    ],
    ids=lambda each: f"{each.state} {each.approve_at}",
)
def test_the_database_refuses_a_state_without_its_time(database: Database, broken: Issue) -> None:
    with pytest.raises(StoreError):
        add(database, broken)


def test_issues_are_listed_newest_first_and_skipped_ones_are_not_shown(
    database: Database, issues: Issues
) -> None:
    add(
        database,
        issue("2026-11-02T08:00", ONE),
        issue("2026-11-09T08:00", state="skipped"),
        issue("2026-11-16T08:00", TWO),
        issue("2026-11-16T09:00", newsletter="daily"),
    )
    assert [each.slot for each in issues.of("weekly")] == ["2026-11-16T08:00", "2026-11-02T08:00"]
    assert issues.last("weekly", "2026-12-31") == "2026-11-16T08:00"
    assert issues.last("daily", "2026-12-31") == "", "it was made by hand"
    assert issues.last("weekly", "2026-01-01") == "", "made while the clock was ahead"
    assert issues.made_after("weekly", "2026-11-02T08:00") == {"2026-11-16T08:00"}
    told = issues.all(None, 10)
    assert [each.newsletter for each in told] == ["daily", "weekly", "weekly", "weekly"]
    assert {each.html for each in told} == {""}
    assert [each.state for each in issues.all("weekly", 2)] == ["approved", "skipped"]
    assert issues.carrying(["id-two", "id-none"]) == [("weekly", "2026-11-16T08:00")]
