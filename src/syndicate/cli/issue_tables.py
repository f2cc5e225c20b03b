"""Print issues: in a list, with details, and as planned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from syndicate.cli.show import counted, from_here, show_table

if TYPE_CHECKING:
    from syndicate.build.plan import NextIssue
    from syndicate.site import Site
    from syndicate.store.issues import Issue


def issue_rows(site: Site, issue: Issue) -> Iterator[tuple[str, str, str]]:
    """An issue in the list; a draft with the URL of its page, which no page links to."""
    from syndicate.store.issues import IssueState

    yield issue.name, issue.subject or issue.reason, _state(site, issue)
    if issue.state == IssueState.DRAFT:
        yield "", _page(site, issue), ""


def zone_of(site: Site, issue: Issue) -> ZoneInfo:
    """The time zone of an issue's newsletter."""
    from syndicate.config.named import time_zone_of

    return ZoneInfo(time_zone_of(site.config, issue.newsletter))


def _local(site: Site, issue: Issue) -> str:
    """When a draft will be approved, in the time zone of its newsletter."""
    from syndicate.timestamps import parse_timestamp

    moment = parse_timestamp(issue.approve_at).astimezone(zone_of(site, issue))
    return moment.isoformat(timespec="minutes")


MAX_NAMED = 8


def document_names(documents: Sequence[str]) -> str:
    """The number of documents and the first names."""
    if not documents:
        return "nothing"
    more = ", …" if len(documents) > MAX_NAMED else ""
    return f"{counted(len(documents), 'file')}: {', '.join(documents[:MAX_NAMED])}{more}"


def show_next(issue: NextIssue) -> None:
    """Print what an issue made now would contain, and when the next ones are due."""
    from syndicate.timestamps import format_timestamp

    click.secho(issue.newsletter.name, bold=True)
    rows = [("subject", issue.subject or "nothing new: the slot would be skipped", "")]
    rows += [("not made", each.message, each.rule) for each in issue.blocking]
    rows += [("due now", slot.local, format_timestamp(slot.due)) for slot in issue.due.make]
    rows += [("skipped", each.slot.local, str(each.reason)) for each in issue.due.skip]
    rows += [("next", slot.local, format_timestamp(slot.due)) for slot in issue.slots]
    rows += [] if issue.slots else [("next", "when you make it", "no schedule")]
    rows += [("approval", "waits for your approval", "approval: manual")] * (
        issue.newsletter.approval == "manual"
    )
    people = ["its subscribers"] if issue.newsletter.deliver else []
    recipients = ", ".join([*people, *(f"the hook {name}" for name in issue.hooks)])
    rows += [("goes to", recipients or "nowhere: you send its files yourself", "")]
    rows += [("article", title, "") for title in issue.articles]
    show_table(rows)


def _state(site: Site, issue: Issue) -> str:
    """The state of an issue, with details where the state alone would mislead."""
    from syndicate.delivery.issue_status import issue_status

    status = issue_status(site, issue)
    if status.is_scheduled:
        return f"draft, to be approved at {_local(site, issue)}"
    if status.sending and status.is_paused:
        return f"paused: {status.sending.pause_reason}"
    if status.sending and status.reached_no_subscriber:
        held = f", {status.held:,} held" if status.held else ""
        return f"finished, sent to 0 of {counted(status.sending.planned, 'subscriber')}{held}"
    return issue.state


def _counts(site: Site, issue: Issue) -> str:
    """The numbers of deliveries of an issue by state; "" before it has any."""
    from syndicate.delivery.operations.report import reconcile
    from syndicate.store.issue_sends import IssueSends

    sending = IssueSends(site.database).get(issue.sequence)
    if sending is None:
        return ""
    parts = reconcile(site, sending).by_state.items()
    return ", ".join([f"{sending.planned:,} planned", *(f"{n:,} {name}" for name, n in parts if n)])


def _page(site: Site, issue: Issue) -> str:
    """The address of the web page of an issue."""
    from syndicate.catalogue.urls import base_url
    from syndicate.issues.compose import place_of_issue

    return base_url(site.config.site) + place_of_issue(issue)


def show_issue(site: Site, issue: Issue) -> None:
    """Print the details of an issue."""
    from syndicate.store.issues import slot_name

    folder = slot_name(issue.slot)
    rows = [("state", _state(site, issue), issue.reason)]
    rows += [("due", issue.due, ""), ("made", issue.created_at, "")]
    rows += [("deliveries", counts, "")] if (counts := _counts(site, issue)) else []
    if issue.subject:
        rows += [("subject", issue.subject, "")]
    if issue.is_shown:
        rows += [("files", from_here(site.places.issues / issue.newsletter / folder), "")]
        rows += [("page", _page(site, issue), "" if issue.is_public else "not linked anywhere")]
    click.secho(issue.name, bold=True)
    show_table(rows)
    if issue.carried:
        click.echo(f"\n{counted(len(issue.carried), 'article')}:")
        show_table(("", each.title, each.url) for each in issue.carried)
