"""Which issue a name means: NEWSLETTER/SLOT, or the newest of NEWSLETTER that fits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from site_folder import SiteFolder
from syndicate.errors import SyndicateError
from syndicate.issues.issue_names import (
    IssueFilter,
    can_be_cancelled,
    has_deliveries,
    has_started,
    has_text,
    is_being_sent,
    is_draft,
    is_made,
    is_paused,
    issue_named,
    newest_draft,
    skipped,
)
from syndicate.site import Site
from syndicate.store.chunks import Chunks
from syndicate.store.issue_sends import IssueSend
from syndicate.store.issues import Issue, Issues, IssueState

SLOTS = {
    IssueState.SENT: "2026-11-01T08:00",
    IssueState.SENDING: "2026-11-08T08:00",
    IssueState.CANCELLED: "2026-11-15T08:00",
    IssueState.DRAFT: "2026-11-22T08:00",
    IssueState.APPROVED: "2026-11-23T08:00",
    IssueState.SKIPPED: "2026-11-29T08:00",
}
"""The slots of `weekly`, by the state of the issue."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    newsletter = {"title": "Weekly", "sender": "a@example.org", "postal_address": "Here"}
    folder.configure(newsletters={"weekly": newsletter, "birds": newsletter})
    with folder.opened() as opened:
        yield opened


def issue_in(state: IssueState, newsletter: str = "weekly") -> Issue:
    slot = SLOTS[state]
    was_approved = state in (IssueState.SENT, IssueState.SENDING, IssueState.APPROVED)
    return Issue(
        newsletter,
        slot,
        due=f"{slot}:00Z",
        planned=1,
        state=state,
        created_at=f"{slot}:00Z",
        reason="nothing new",
        approved_at=f"{slot}:00Z" if was_approved else "",
    )


@pytest.fixture
def issues(site: Site) -> dict[IssueState, Issue]:
    """An issue of `weekly` in each state, as stored."""
    table = Issues(site.database)
    with site.database.transaction():
        for state in SLOTS:
            assert table.add(issue_in(state))
    stored = {state: table.get("weekly", slot) for state, slot in SLOTS.items()}
    return {state: issue for state, issue in stored.items() if issue}


def set_sending(site: Site, issue: Issue, *, ended_at: str = "", pause_kind: str = "") -> None:
    row = IssueSend(
        issue.sequence, issue.newsletter, issue.slot, "", 0, pause_kind, ended_at=ended_at
    )
    with site.database.transaction():
        site.database.upsert("issue_sends", IssueSend._fields, [row])


@pytest.mark.parametrize(
    "name", ["weekly/2026-11-22T08:00", "weekly/2026-11-22-0800", "/weekly/2026-11-22-0800/"]
)
def test_a_name_with_a_slot_means_that_issue(
    site: Site, issues: dict[IssueState, Issue], name: str
) -> None:
    assert issue_named(site, name, is_paused) == issues[IssueState.DRAFT]


@pytest.mark.parametrize(
    ("fits", "state"),
    [
        ((), IssueState.APPROVED),  # the newest that is not a skipped slot
        ((is_draft,), IssueState.DRAFT),
        ((has_text,), IssueState.APPROVED),
        ((can_be_cancelled,), IssueState.APPROVED),
        ((is_paused, is_draft), IssueState.DRAFT),  # the second where none fits the first
        ((is_draft, is_made), IssueState.DRAFT),
    ],
)
def test_the_name_of_a_newsletter_means_its_newest_issue_that_fits(
    site: Site, issues: dict[IssueState, Issue], fits: tuple[IssueFilter, ...], state: IssueState
) -> None:
    assert issue_named(site, "weekly", *fits) == issues[state]


@pytest.mark.parametrize(
    ("fits", "accepted"),
    [
        (is_made, {"draft", "approved", "sending", "sent", "cancelled"}),
        (is_draft, {"draft"}),
        (can_be_cancelled, {"draft", "approved", "sending"}),
        (has_text, {"draft", "approved", "sending", "sent"}),
    ],
)
def test_what_fits_an_issue_is_decided_by_its_state(
    site: Site, issues: dict[IssueState, Issue], fits: IssueFilter, accepted: set[str]
) -> None:
    assert {state for state, issue in issues.items() if fits(site, issue)} == accepted


def test_sending_begins_may_be_paused_and_ends(site: Site, issues: dict[IssueState, Issue]) -> None:
    def fitting() -> list[bool]:
        issue = issues[IssueState.SENDING]
        return [fits(site, issue) for fits in (has_started, is_being_sent, is_paused)]

    assert fitting() == [False, False, False]
    set_sending(site, issues[IssueState.SENDING])
    assert fitting() == [True, True, False]
    set_sending(site, issues[IssueState.SENDING], pause_kind="operator")
    assert fitting() == [True, False, True]
    for pause_kind in ("", "operator"):
        set_sending(site, issues[IssueState.SENDING], ended_at="2026-11-08", pause_kind=pause_kind)
        assert fitting() == [True, False, False]


def test_an_issue_fits_a_state_in_which_it_has_deliveries(
    site: Site, issues: dict[IssueState, Issue]
) -> None:
    delivery = (issues[IssueState.SENT].sequence, 1, "held", "2026-11-01T08:00:00Z")
    with site.database.transaction():
        site.database.upsert(
            "deliveries", ("issue", "subscriber", "state", "changed_at"), [delivery]
        )
        chunks = Chunks(site.database)
        chunks.add(delivery[0])
        chunks.release(chunks.of(delivery[0], [1]))
    assert issue_named(site, "weekly", has_deliveries("held")) == issues[IssueState.SENT]
    with pytest.raises(SyndicateError, match="this applies to no issue of weekly"):
        issue_named(site, "weekly", has_deliveries("failed"))


def test_an_issue_outlives_its_newsletter_in_the_configuration(site: Site) -> None:
    with site.database.transaction():
        Issues(site.database).add(issue_in(IssueState.SENT, "monthly"))
    assert issue_named(site, "monthly/2026-11-01-0800").newsletter == "monthly"
    with pytest.raises(SyndicateError, match="monthly"):
        issue_named(site, "monthly")


def test_a_name_that_means_no_issue_is_refused_with_the_newest_issue_or_how_to_make_one(
    site: Site, issues: dict[IssueState, Issue]
) -> None:
    for name, message, hint in (
        (
            "weekly/2026-12-24",
            "there is no issue 2026-12-24 of weekly",
            "the newest is weekly/2026-11-23T08:00",
        ),
        (
            "birds/2026-12-24",
            "there is no issue 2026-12-24 of birds",
            "make one: syndicate issues make birds",
        ),
        ("birds", "there is no issue of birds yet", "make one: syndicate issues make birds"),
    ):
        with pytest.raises(SyndicateError) as caught:
            issue_named(site, name)
        assert (caught.value.message, caught.value.hint) == (message, hint)
    with pytest.raises(SyndicateError, match=r"newest is weekly/2026-11-23T08:00 \(approved\)"):
        issue_named(site, "weekly", is_paused)
    refusal = skipped(issues[IssueState.SKIPPED])
    assert refusal.message == (
        "weekly/2026-11-29T08:00 was skipped (nothing new): there is no issue"
    )


def test_the_newest_draft_waits_for_approval(site: Site, issues: dict[IssueState, Issue]) -> None:
    assert newest_draft(site, "weekly") == issues[IssueState.DRAFT]
    assert newest_draft(site, "birds") is None
