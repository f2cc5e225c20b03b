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

Fits = Callable[["Site", Issue], bool]
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


def began(site: Site, issue: Issue) -> bool:
    """It has deliveries."""
    return IssueSends(site.database).get(issue.sequence) is not None


def goes_out(site: Site, issue: Issue) -> bool:
    """It is being sent and not paused."""
    sending = IssueSends(site.database).get(issue.sequence)
    return sending is not None and not sending.ended_at and not sending.is_paused


def is_paused(site: Site, issue: Issue) -> bool:
    """Its sending is paused."""
    sending = IssueSends(site.database).get(issue.sequence)
    return sending is not None and not sending.ended_at and sending.is_paused


def has(state: str) -> Fits:
    """It has deliveries in this state."""

    def fits(site: Site, issue: Issue) -> bool:
        return bool(Deliveries(site.database).counts(issue.sequence).get(state))

    return fits


def issue_named(site: Site, name: str, *fits: Fits) -> Issue:
    """The issue that `name` means.

    NEWSLETTER/SLOT means that issue. NEWSLETTER means its newest issue that the first of `fits`
    accepts, or the second of them if no issue fits the first, and never a skipped slot. Raises
    SyndicateError when there is no such issue.
    """
    wanted, _, slot = name.strip("/").partition("/")
    known = Issues(site.database).all(wanted, 1_000_000)
    if not (known and slot):  # an issue outlives its newsletter in the configuration
        from syndicate.config.named import newsletter_named

        wanted = newsletter_named(site.config, wanted).name
    if slot:
        found = next((i for i in known if slot in (i.slot, slot_name(i.slot))), None)
    else:
        found = _newest(site, known, fits)
    if found is None:
        raise _unknown(wanted, slot, known)
    kept = Issues(site.database).get(wanted, found.slot)
    assert kept is not None, "issues are never deleted"
    return kept


def newest_draft(site: Site, newsletter: str) -> Issue | None:
    """The newest draft of a newsletter that waits for approval."""
    found = _newest(site, Issues(site.database).all(newsletter, 1_000_000), (is_draft,))
    return Issues(site.database).get(newsletter, found.slot) if found else None


def _newest(site: Site, known: list[Issue], fits: tuple[Fits, ...]) -> Issue | None:
    made = [issue for issue in known if is_made(site, issue)]
    for each in fits or (is_made,):
        if found := next((issue for issue in made if each(site, issue)), None):
            return found
    return None


def skipped(issue: Issue) -> SyndicateError:
    """The error for a slot that was skipped."""
    message = f"{issue.name} was skipped ({issue.reason}): there is no issue"
    return SyndicateError(message, hint=f"{MAKE} {issue.newsletter}")


MAKE = "make one: syndicate issues make"


def _unknown(newsletter: str, slot: str, known: list[Issue]) -> SyndicateError:
    made = [issue for issue in known if issue.state != IssueState.SKIPPED]
    if slot:
        message = f"there is no issue {slot} of {newsletter}"
        hint = f"the newest is {made[0].name}" if made else f"{MAKE} {newsletter}"
        return SyndicateError(message, hint=hint)
    if not made:
        return SyndicateError(f"there is no issue of {newsletter} yet", hint=f"{MAKE} {newsletter}")
    return SyndicateError(
        f"this applies to no issue of {newsletter}; the newest is {made[0].name} ({made[0].state})",
        hint=f"list its issues: syndicate issues list {newsletter}",
    )
