"""Which issue a name means: NEWSLETTER/SLOT, or the newest issue of NEWSLETTER that fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from syndicate.errors import SyndicateError
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSends
from syndicate.store.issues import Issue, Issues, IssueState, slot_name

if TYPE_CHECKING:
    from syndicate.site import Site

IssueFilter = Callable[["Site", Issue], bool]
"""Whether a command applies to an issue, given as by `Issues.all`."""


def is_made(_: Site, issue: Issue) -> bool:
    """It is an issue, not a skipped slot."""
    return issue.state != IssueState.SKIPPED


def is_draft(_: Site, issue: Issue) -> bool:
    """It can be approved."""
    return issue.state == IssueState.DRAFT


def can_be_cancelled(_: Site, issue: Issue) -> bool:
    """It was not yet sent to all subscribers."""
    return issue.state in (IssueState.DRAFT, IssueState.APPROVED, IssueState.SENDING)


def has_text(_: Site, issue: Issue) -> bool:
    """Its text is shown: it was made, and not cancelled."""
    return issue.is_shown


def has_started(site: Site, issue: Issue) -> bool:
    """It has deliveries."""
    return IssueSends(site.database).get(issue.sequence) is not None


def is_being_sent(site: Site, issue: Issue) -> bool:
    """It is being sent and not paused."""
    sending = IssueSends(site.database).get(issue.sequence)
    return sending is not None and not sending.ended_at and not sending.is_paused


def is_paused(site: Site, issue: Issue) -> bool:
    """Its sending is paused."""
    sending = IssueSends(site.database).get(issue.sequence)
    return sending is not None and not sending.ended_at and sending.is_paused


def has_deliveries(state: str) -> IssueFilter:
    """It has deliveries in this state."""

    def fits(site: Site, issue: Issue) -> bool:
        return bool(Deliveries(site.database).counts(issue.sequence).get(state))

    return fits


def issue_named(site: Site, name: str, *fits: IssueFilter) -> Issue:
    """The issue that `name` means.

    NEWSLETTER/SLOT means that issue. NEWSLETTER means its newest issue that the first of `fits`
    accepts, or the second of them if no issue fits the first, and never a skipped slot. Raises
    SyndicateError when there is no such issue.
    """
    newsletter, _, slot = name.strip("/").partition("/")
    issues = Issues(site.database).all(newsletter, 1_000_000)
    if not (issues and slot):  # an issue outlives its newsletter in the configuration
        from syndicate.config.named import newsletter_named

        newsletter = newsletter_named(site.config, newsletter).name
    if slot:
        match = next((i for i in issues if slot in (i.slot, slot_name(i.slot))), None)
    else:
        match = _newest(site, issues, fits)
    if match is None:
        raise _unknown(newsletter, slot, issues)
    kept = Issues(site.database).get(newsletter, match.slot)
    assert kept is not None, "issues are never deleted"
    return kept


def newest_draft(site: Site, newsletter: str) -> Issue | None:
    """The newest draft of a newsletter that waits for approval."""
    draft = _newest(site, Issues(site.database).all(newsletter, 1_000_000), (is_draft,))
    return Issues(site.database).get(newsletter, draft.slot) if draft else None


def _newest(site: Site, issues: list[Issue], fits: tuple[IssueFilter, ...]) -> Issue | None:
    made_issues = [issue for issue in issues if is_made(site, issue)]
    for each in fits or (is_made,):
        if match := next((issue for issue in made_issues if each(site, issue)), None):
            return match
    return None


def skipped(issue: Issue) -> SyndicateError:
    """The error for a slot that was skipped."""
    message = f"{issue.name} was skipped ({issue.reason}): there is no issue"
    return SyndicateError(message, hint=f"{MAKE} {issue.newsletter}")


MAKE = "make one: syndicate issues make"


def _unknown(newsletter: str, slot: str, issues: list[Issue]) -> SyndicateError:
    newest = next((issue for issue in issues if issue.state != IssueState.SKIPPED), None)
    if slot:
        message = f"there is no issue {slot} of {newsletter}"
        hint = f"the newest is {newest.name}" if newest else f"{MAKE} {newsletter}"
        return SyndicateError(message, hint=hint)
    if newest is None:
        return SyndicateError(f"there is no issue of {newsletter} yet", hint=f"{MAKE} {newsletter}")
    return SyndicateError(
        f"this applies to no issue of {newsletter}; the newest is {newest.name} ({newest.state})",
        hint=f"list its issues: syndicate issues list {newsletter}",
    )
