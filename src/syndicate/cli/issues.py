"""`issues`: list, make, approve, cancel, pause and resume issues."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.completing import newsletter_names
from syndicate.cli.issue_tables import document_names, issue_rows, show_issue, show_next, zone_of
from syndicate.cli.options import config_option
from syndicate.cli.show import ProgressBar, counted, show_table
from syndicate.issues.issue_names import (
    IssueFilter,
    can_be_cancelled,
    has_deliveries,
    has_started,
    is_being_sent,
    is_draft,
    is_made,
    is_paused,
    issue_named,
)

if TYPE_CHECKING:
    from syndicate.config.model import Newsletter
    from syndicate.delivery.operations.making import MadeIssueNow
    from syndicate.site import Site
    from syndicate.store.issue_sends import IssueSend

MAX_SHOWN = 20


@click.group(short_help="List, make, approve and cancel issues.")
def issues() -> None:
    """List, make, approve and cancel the issues of newsletters.

    ISSUE is NEWSLETTER/SLOT, such as weekly/2026-11-30T08:00. NEWSLETTER alone means its newest
    issue to which the command applies.
    """


@issues.command("list", short_help="List the newest issues and their states.")
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=MAX_SHOWN,
    show_default=True,
    help="How many to show.",
)
@config_option
def list_issues(config_file: Path, newsletter: str | None, most: int) -> None:
    """List the newest issues of NEWSLETTER, or of all newsletters."""
    from syndicate.store.issues import Issues
    from syndicate.timestamps import format_timestamp

    with site_of(config_file) as site:
        name = _newsletter(site, newsletter).name if newsletter else None
        listed = Issues(site.database).all(name, most, format_timestamp(datetime.now(UTC)))
        if not listed:
            click.echo("No issue has been made yet.")
        rows = [row for issue in listed for row in issue_rows(site, issue)]
    show_table(rows)


@issues.command(short_help="Show one issue: state, subject, articles and files.")
@click.argument("issue", shell_complete=newsletter_names)
@config_option
def show(config_file: Path, issue: str) -> None:
    """Show an ISSUE: its state, subject, articles and files."""
    with site_of(config_file) as site:
        show_issue(site, issue_named(site, issue, is_made))


@issues.command(short_help="Show what the next build and slots would do.")
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@config_option
def plan(config_file: Path, newsletter: str | None) -> None:
    """Show what the next build and the next slots of NEWSLETTER, or of all, would do.

    Changes nothing.
    """
    from syndicate.build.plan import plan_build as ask

    planned = ask(config_file, os.environ, ProgressBar(quiet=False), datetime.now(UTC), newsletter)
    articles = counted(planned.changed, "changed article")
    click.echo(f"The next build reads {articles} and writes {document_names(planned.documents)}.")
    for issue in planned.issues:
        click.echo()
        show_next(issue)


@issues.command(short_help="Make an issue now, outside the schedule.")
@click.argument("newsletter", shell_complete=newsletter_names)
@click.option("--yes", "-y", is_flag=True, help="Send it without asking for confirmation.")
@config_option
def make(config_file: Path, newsletter: str, yes: bool) -> int:
    """Make an issue of NEWSLETTER now, outside the schedule, from all new articles.

    Its slot is the current minute. If there is nothing new, no issue is made. With `deliver: true`
    it is sent at once, after you confirm. Without a terminal and without --yes, it becomes a draft.
    """
    from syndicate.delivery.operations.making import make_now

    confirmed = yes
    if not yes and _is_terminal() and (question := _question(config_file, newsletter)):
        click.echo(question)
        if not click.confirm("Make and send it now?"):
            click.echo("No issue was made.")
            return 1
        confirmed = True
    with site_of(config_file) as site:
        selected = _newsletter(site, newsletter)
        made_issue = make_now(site, selected, datetime.now(UTC), confirmed=confirmed)
        if made_issue is None:
            click.echo(f"No issue was made: nothing new since the last issue of {selected.name}.")
            return 0
        show_issue(site, made_issue.issue)
        if selected.deliver:
            _show_recipients(made_issue)
            _show_example_settings(site, selected)
    return 0


def _question(config_file: Path, name: str) -> str:
    """The question before an issue is made that is sent at once; "" if none is needed.

    The store is closed while the answer is awaited, so that a service can continue.
    """
    from syndicate.delivery.operations.making import forecast, is_sent_at_once

    with site_of(config_file) as site:
        newsletter = _newsletter(site, name)
        if not is_sent_at_once(newsletter):
            return ""
        expected = forecast(site, newsletter, datetime.now(UTC))
    if not expected.has_news:
        return ""
    return (
        f"The issue of {name} will be sent to {counted(expected.recipients, 'subscriber')}.\n"
        f"To send a test email first: syndicate send-test {name} ADDRESS"
    )


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _show_recipients(made_issue: MadeIssueNow) -> None:
    """Print the number of recipients of an issue, and how to approve it if it is a draft."""
    to = counted(made_issue.recipients, "subscriber")
    click.echo()
    if not made_issue.is_draft:
        click.echo(f"It goes to {to} with syndicate run or syndicate send.")
        return
    no_terminal = ", because there is no terminal to confirm at and --yes was not given"
    click.echo(
        f"It is a draft{no_terminal if made_issue.is_unconfirmed else ''}. It would go to {to}."
    )
    click.echo("To approve it:")
    click.echo(f"    syndicate issues approve {made_issue.issue.name}")


def _show_example_settings(site: Site, newsletter: Newsletter) -> None:
    """Print the settings that are still as in the example: only the outbox accepts them."""
    from syndicate.starter_values import unreplaced_in

    if keys := unreplaced_in(site.config, newsletter.name):
        click.echo()
        click.echo("These settings are still as in the example. Replace them before you send")
        click.echo("to a mail server (syndicate check shows the lines):")
        click.echo("    " + "\n    ".join(keys))


@issues.command(short_help="Approve a draft, now or at a later time.")
@click.argument("issue", shell_complete=newsletter_names)
@click.option("--at", metavar="TIME", help="Approve it at this time: 2026-11-30T08:00.")
@config_option
def approve(config_file: Path, issue: str, at: str | None) -> None:
    """Approve an ISSUE that is a draft, now or at a later time: it is sent and shown to readers.

    TIME is in the time zone of the newsletter, or has an offset: 2026-11-30T08:00+01:00. Until then
    the issue stays a draft that you can cancel. `syndicate run` and `syndicate send` approve it.
    If an issue was approved long ago and waits for confirmation, this confirms it.
    """
    from syndicate.delivery.operations import approval
    from syndicate.schedule.slots import moment_of

    now = datetime.now(UTC)
    with site_of(config_file) as site:
        draft = issue_named(site, issue, is_draft, is_made)
        if at is None:
            confirmed = approval.approve(site, draft, now) is approval.ApprovalOutcome.CONFIRMED
            click.echo(
                f"{draft.name} is {'confirmed and will be sent' if confirmed else 'approved'}."
            )
            return
        zone = zone_of(site, draft)
        moment = moment_of(at, zone)
        approval.approve_at(site, draft, moment, now)
    shown = moment.astimezone(zone).isoformat(timespec="minutes")
    click.echo(f"{draft.name} will be approved at {shown} by syndicate run or syndicate send.")


@issues.command(short_help="Cancel an issue; its articles go into the next.")
@click.argument("issue", shell_complete=newsletter_names)
@click.option("--reason", default="", help="Why, for the record.")
@config_option
def cancel(config_file: Path, issue: str, reason: str) -> None:
    """Cancel an ISSUE that was not sent: its page is removed, its articles go into the next.

    If it is being sent, sending stops. If some subscribers already got it, its page stays.
    """
    from syndicate.delivery.operations import cancellation
    from syndicate.store.issues import IssueState

    with site_of(config_file) as site:
        stored = issue_named(site, issue, can_be_cancelled, is_made)
        cancelled = cancellation.cancel(site, stored, reason, datetime.now(UTC))
    if not cancelled.was_sending:
        click.echo(f"{stored.name} is cancelled.")
        return
    click.echo(f"Stopped {stored.name}: not sent to {counted(cancelled.unsent, 'subscriber')}.")
    if cancelled.state is IssueState.CANCELLED:
        click.echo("No subscriber got it. It is cancelled; its articles go into the next issue.")
    else:
        click.echo(
            "Some subscribers already got it: its page stays, and its articles count as sent."
        )


@issues.command("pause", short_help="Pause an issue that is being sent.")
@click.argument("issue", shell_complete=newsletter_names)
@config_option
def pause_issue(config_file: Path, issue: str) -> None:
    """Stop sending an ISSUE until you resume it."""
    from syndicate.delivery.operations.pausing import pause

    with sending_named(config_file, issue, is_being_sent) as (site, sending):
        changed = pause(site, sending)
    click.echo(f"{sending.name} {'is paused' if changed else 'was not being sent'}.")


@issues.command("resume", short_help="Resume a paused issue.")
@click.argument("issue", shell_complete=newsletter_names)
@config_option
def resume_issue(config_file: Path, issue: str) -> None:
    """Resume an ISSUE that you or syndicate paused."""
    from syndicate.delivery.operations.pausing import resume

    with sending_named(config_file, issue, is_paused) as (site, sending):
        changed = resume(site, sending)
    click.echo(f"{sending.name} {'is resumed' if changed else 'was not paused'}.")


@issues.command("retry-failed", short_help="Retry the failed deliveries of an issue.")
@click.argument("issue", shell_complete=newsletter_names)
@config_option
def retry_failed_of(config_file: Path, issue: str) -> None:
    """Retry the failed deliveries of an ISSUE."""
    from syndicate.delivery.operations.resending import retry_failed

    with sending_named(config_file, issue, has_deliveries("failed")) as (site, sending):
        count = retry_failed(site, sending, datetime.now(UTC))
    click.echo(f"{counted(count, 'message')} of {sending.name} will be retried.")


@issues.command("send-missed", short_help="Send an issue to subscribers who did not get it.")
@click.argument("issue")
@config_option
def send_missed(config_file: Path, issue: str) -> None:
    """Send an ISSUE to all current subscribers who did not get it.

    These are new subscribers and those whose delivery failed. No subscriber gets it twice.
    """
    from syndicate.delivery.operations.report import sending_of
    from syndicate.delivery.operations.resending import resend_missed

    with site_of(config_file) as site:
        stored = issue_named(site, issue, has_started, is_made)
        sending = sending_of(site, stored)
        count = resend_missed(site, stored, sending, datetime.now(UTC))
    click.echo(f"{counted(count, 'message')} of {sending.name} will be sent.")


@contextmanager
def site_of(config_file: Path) -> Iterator[Site]:
    """Open the site of a configuration."""
    from syndicate.site import load_site

    with load_site(config_file, os.environ, ProgressBar(quiet=False)) as site:
        yield site


@contextmanager
def sending_named(
    config_file: Path, name: str, *fits: IssueFilter
) -> Iterator[tuple[Site, IssueSend]]:
    """Open the site of a configuration; the sending of the issue that `name` means in it."""
    from syndicate.delivery.operations.report import sending_of

    with site_of(config_file) as site:
        yield site, sending_of(site, issue_named(site, name, *fits, has_started, is_made))


def _newsletter(site: Site, name: str) -> Newsletter:
    from syndicate.config.named import newsletter_named

    return newsletter_named(site.config, name)
