"""`issues`: what was made of each newsletter, what comes next, and a person's word on it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import Progress, counted, from_here, show_table

if TYPE_CHECKING:
    from syndicate.build import Site
    from syndicate.config.model import Newsletter
    from syndicate.planning import NextIssue
    from syndicate.store.issues import Issue

MOST = 20


@click.group(short_help="See, make, approve and cancel issues of newsletters.")
def issues() -> None:
    """See, make, approve and cancel the issues of newsletters.

    An ISSUE is NEWSLETTER/SLOT, such as weekly/2026-11-30T08:00, or a newsletter alone: then
    its newest issue is meant.
    """


@issues.command("list", short_help="The newest issues, and where they stand.")
@click.argument("newsletter", required=False)
@click.option("--most", type=click.IntRange(min=1), default=MOST, show_default=True)
@config_option
def list_issues(config_file: Path, newsletter: str | None, most: int) -> None:
    """List the newest issues of NEWSLETTER, or of all."""
    from syndicate.store.issues import Issues

    with site_of(config_file) as site:
        name = _newsletter(site, newsletter).name if newsletter else None
        found = Issues(site.database).all(name, most)
        if not found:
            click.echo("No issue has been made yet.")
        rows = [row for issue in found for row in _listed(site, issue)]
    show_table(rows)


def _listed(site: Site, issue: Issue) -> Iterator[tuple[str, str, str]]:
    """An issue in the list; a draft with the address of its page, which stands nowhere else."""
    from syndicate.store.issues import IssueState

    yield issue.name, issue.subject or issue.reason, issue.state
    if issue.state == IssueState.DRAFT:
        yield "", _page(site, issue), ""


@issues.command(short_help="One issue: its state, subject, articles and files.")
@click.argument("issue")
@config_option
def show(config_file: Path, issue: str) -> None:
    """Show an ISSUE: its state, its subject, the articles it carries, and where its files are."""
    with site_of(config_file) as site:
        _tell(site, issue_named(site, issue))


@issues.command(short_help="What the next build and the next slots would do.")
@click.argument("newsletter", required=False)
@config_option
def plan(config_file: Path, newsletter: str | None) -> None:
    """Say what the next build and the next slots of NEWSLETTER, or of all, would do.

    Nothing is changed by it.
    """
    from syndicate.planning import plan as ask

    planned = ask(config_file, os.environ, Progress(quiet=False), datetime.now(UTC), newsletter)
    articles = counted(planned.changed, "changed article")
    click.echo(f"The next build takes in {articles} and writes {_named(planned.documents)}.")
    for issue in planned.issues:
        click.echo()
        _foretell(issue)


@issues.command(short_help="Make an issue now, whatever the schedule says.")
@click.argument("newsletter")
@config_option
def make(config_file: Path, newsletter: str) -> None:
    """Make an issue of NEWSLETTER now, of all that is new, whatever the schedule says.

    Its slot is the present minute. When nothing is new, that is recorded as skipped.
    """
    from syndicate.build import build
    from syndicate.issuing import make_by_hand

    with site_of(config_file) as site:
        wanted, now = _newsletter(site, newsletter), datetime.now(UTC)
        build(site, now)
        made = make_by_hand(site, wanted, now)
        build(site, now)
        _tell(site, made)


@issues.command(short_help="Let a draft be sent.")
@click.argument("issue")
@config_option
def approve(config_file: Path, issue: str) -> None:
    """Let an ISSUE that is a draft be sent."""
    from syndicate.store.issues import IssueState

    _move(config_file, issue, IssueState.APPROVED)


@issues.command(short_help="Take an issue back; its articles come in the next.")
@click.argument("issue")
@click.option("--reason", default="", help="Why, for the record.")
@config_option
def cancel(config_file: Path, issue: str, reason: str) -> None:
    """Take an ISSUE back that was not sent: its page goes, its articles come in the next.

    One that is being sent goes to nobody more; if some got it already, its page stays for them.
    """
    from syndicate.store.issues import IssueState

    with site_of(config_file) as site:
        found = issue_named(site, issue)
        if found.state == IssueState.SENDING:
            _stop(site, found, reason)
            return
    _move(config_file, issue, IssueState.CANCELLED, reason)


def _stop(site: Site, issue: Issue, reason: str) -> None:
    from syndicate.build import build
    from syndicate.sending.orders import stop
    from syndicate.store.issues import IssueState

    many, became = stop(site, issue, datetime.now(UTC), reason)
    build(site, datetime.now(UTC))
    name = f"{issue.newsletter}/{issue.slot}"
    click.echo(f"{name} goes to {counted(many, 'subscriber')} less.")
    if became is IssueState.CANCELLED:
        click.echo("Nobody got it: it is cancelled, and its articles come in the next.")
    else:
        click.echo("Some got it already: its page stays, and its articles count as sent.")


@issues.command("pause", short_help="Let an issue that is being sent wait.")
@click.argument("issue")
@config_option
def pause_issue(config_file: Path, issue: str) -> None:
    """Let no more messages of an ISSUE go out until it is resumed."""
    from syndicate.sending.orders import pause, sending_of

    with site_of(config_file) as site:
        sending = sending_of(site, issue_named(site, issue))
        changed = pause(site, sending)
    click.echo(f"{sending.name} {'is paused' if changed else 'was not going out anyway'}.")


@issues.command("resume", short_help="Let an issue go on that was paused.")
@click.argument("issue")
@config_option
def resume_issue(config_file: Path, issue: str) -> None:
    """Let an ISSUE go on that was paused, by you or by the program."""
    from syndicate.sending.orders import resume, sending_of

    with site_of(config_file) as site:
        sending = sending_of(site, issue_named(site, issue))
        changed = resume(site, sending)
    click.echo(f"{sending.name} {'goes on' if changed else 'was not paused'}.")


@issues.command("retry-failed", short_help="Try again what servers refused of an issue.")
@click.argument("issue")
@config_option
def retry_failed_of(config_file: Path, issue: str) -> None:
    """Try the deliveries of an ISSUE again that failed."""
    from syndicate.sending.orders import retry_failed, sending_of

    with site_of(config_file) as site:
        sending = sending_of(site, issue_named(site, issue))
        many = retry_failed(site, sending, datetime.now(UTC))
    click.echo(f"{counted(many, 'message')} of {sending.name} will be tried again.")


@issues.command("resend", short_help="Send an issue to those who missed it.")
@click.argument("issue")
@click.option("--missed", is_flag=True, help="To those who get the newsletter, and not this yet.")
@config_option
def resend_issue(config_file: Path, issue: str, missed: bool) -> None:
    """Send an ISSUE also to those who get the newsletter now and did not get the issue.

    That is whoever subscribed since, and those whose delivery failed. Nobody gets it twice.
    """
    from syndicate.sending.orders import resend_missed, sending_of

    if not missed:
        raise click.UsageError("say --missed: to those who did not get it; nobody gets it twice")
    with site_of(config_file) as site:
        found = issue_named(site, issue)
        sending = sending_of(site, found)
        many = resend_missed(site, found, sending, datetime.now(UTC))
    click.echo(f"{counted(many, 'message')} of {sending.name} will go out.")


@contextmanager
def site_of(config_file: Path) -> Iterator[Site]:
    """The site of a configuration, as commands open it."""
    from syndicate import app

    with app.opened(config_file, os.environ, Progress(quiet=False)) as site:
        yield site


def _move(config_file: Path, name: str, to: str, reason: str = "") -> None:
    from syndicate.build import build
    from syndicate.errors import SyndicateError
    from syndicate.issuing import move
    from syndicate.store.issues import FOLLOWS, IssueState

    with site_of(config_file) as site:
        issue = issue_named(site, name)
        if not move(site, issue, IssueState(to), datetime.now(UTC), reason):
            may = ", ".join(FOLLOWS[IssueState(issue.state)]) or "nothing: that is its end"
            raise SyndicateError(
                f"{issue.newsletter}/{issue.slot} is {issue.state} and cannot become {to}",
                way_out=f"what may follow: {may}",
            )
        build(site, datetime.now(UTC))
        click.echo(f"{issue.newsletter}/{issue.slot} is {to}.")


def _newsletter(site: Site, name: str) -> Newsletter:
    from syndicate.config.named import newsletter_named

    return newsletter_named(site.config, name)


def issue_named(site: Site, name: str) -> Issue:
    """The issue that someone means. Raises SyndicateError."""
    from syndicate.errors import SyndicateError
    from syndicate.store.issues import Issues, slot_name

    wanted, _, slot = name.strip("/").partition("/")
    known = Issues(site.database).all(wanted, 1_000_000)
    if not (known and slot):  # an issue outlives its newsletter in the configuration
        wanted = _newsletter(site, wanted).name
    found = [i for i in known if slot in ("", i.slot, slot_name(i.slot))]
    if not found:
        what = f"no issue {slot} of {wanted}" if slot else f"no issue of {wanted} yet"
        way_out = f"the newest is {wanted}/{known[0].slot}" if known else f"{MAKE} {wanted}"
        raise SyndicateError(f"there is {what}", way_out=way_out)
    kept = Issues(site.database).get(wanted, found[0].slot)
    assert kept is not None, "issues are never deleted"
    return kept


MAKE = "make one: syndicate issues make"


MOST_NAMED = 8


def _named(documents: Sequence[str]) -> str:
    """How many documents, and the first of them by name."""
    if not documents:
        return "nothing"
    more = ", …" if len(documents) > MOST_NAMED else ""
    return f"{counted(len(documents), 'file')}: {', '.join(documents[:MOST_NAMED])}{more}"


def _foretell(issue: NextIssue) -> None:
    """What an issue made now would be, and when the next ones are due."""
    from syndicate.moments import to_text

    click.secho(issue.newsletter.name, bold=True)
    rows = [("subject", issue.subject or "nothing new: the slot would be skipped", "")]
    rows += [("not made", each.message, each.rule) for each in issue.blocking]
    rows += [("due now", slot.local, to_text(slot.due)) for slot in issue.due.make]
    rows += [("skipped", each.slot.local, str(each.reason)) for each in issue.due.skip]
    rows += [("next", slot.local, to_text(slot.due)) for slot in issue.slots]
    rows += [] if issue.slots else [("next", "when made by hand", "it has no schedule")]
    rows += [("review", "it waits until it is approved", "review: manual")] * (
        issue.newsletter.review == "manual"
    )
    people = ["its subscribers"] if issue.newsletter.deliver else []
    told = ", ".join([*people, *(f"the hook {name}" for name in issue.told)])
    rows += [("goes to", told or "nobody by itself: its files wait to be sent", "")]
    rows += [("article", title, "") for title in issue.articles]
    show_table(rows)


def _page(site: Site, issue: Issue) -> str:
    """The address of the web page of an issue."""
    from syndicate.composing import place_of_issue
    from syndicate.permalinks import base_url

    return base_url(site.config.site) + place_of_issue(issue)


def _tell(site: Site, issue: Issue) -> None:
    """What there is to know of an issue."""
    from syndicate.store.issues import slot_name

    folder = slot_name(issue.slot)
    rows = [("state", issue.state, issue.reason), ("due", issue.due, ""), ("made", issue.made, "")]
    if issue.subject:
        rows += [("subject", issue.subject, "")]
    if issue.is_shown:
        rows += [("files", from_here(site.places.issues / issue.newsletter / folder), "")]
        rows += [("page", _page(site, issue), "" if issue.is_public else "for you alone")]
    click.secho(f"{issue.newsletter}/{issue.slot}", bold=True)
    show_table(rows)
    if issue.carried:
        click.echo(f"\n{counted(len(issue.carried), 'article')}:")
        show_table(("", each.title, each.url) for each in issue.carried)
