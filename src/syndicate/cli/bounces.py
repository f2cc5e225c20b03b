"""`bounces`: bounce reports and complaints."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import show_columns, show_table

if TYPE_CHECKING:
    from syndicate.bounces.mailboxes import Tally
    from syndicate.site import Setup, Site

NOTES = {"unreadable": "read it with an email program"}
FILE = click.Path(exists=True, dir_okay=False, allow_dash=True)


@click.group(short_help="Fetch and list bounces and complaints.")
def bounces() -> None:
    """Fetch and list bounces and complaints."""


@bounces.command(short_help="Read bounce reports now.")
@click.argument("files", nargs=-1, type=FILE, metavar="[FILE]...")
@config_option
def fetch(config_file: Path, files: tuple[str, ...]) -> None:
    """Process new bounce reports in the configured mailboxes, as the service does.

    With FILEs, process these emails instead. The files are kept; - is standard input.
    """
    from syndicate.site import no_progress, open_site, set_up

    setup = set_up(config_file, os.environ)
    with open_site(setup, no_progress) as site:
        tally = _read(setup, site, files)
    show_table(
        (result.value, str(count), NOTES.get(result, "")) for result, count in sorted(tally.items())
    )
    if not tally:
        click.echo("No bounces.")


def _read(setup: Setup, site: Site, files: tuple[str, ...]) -> Tally:
    from syndicate.bounces.mailboxes import Tally, read_mailboxes
    from syndicate.errors import Location, SyndicateError
    from syndicate.signup.unsubscribe_mail import acting_on_mail

    settings, on = setup.config.bounces, acting_on_mail(site, datetime.now(UTC))
    if files:
        return Tally(on(_data(file)) for file in files)
    if not (settings.maildir or settings.imap.host):
        raise SyndicateError(
            "no bounce mailbox is configured",
            place=Location(setup.config_file),
            hint="set bounces.maildir or bounces.imap, or name files on the command line",
        )
    return read_mailboxes(settings, setup.base, on)


def _data(file: str) -> bytes:
    from syndicate.bounces.mime import MAX_BYTES

    if file == "-":
        return sys.stdin.buffer.read(MAX_BYTES)
    with Path(file).open("rb") as stream:
        return stream.read(MAX_BYTES)


@bounces.command("list", short_help="List recent bounces and complaints.")
@click.argument("what", default="", metavar="[NEWSLETTER | ISSUE]")
@click.option(
    "--most",
    "limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="How many to show.",
)
@config_option
def list_(config_file: Path, what: str, limit: int) -> None:
    """List bounces and complaints of an issue, of a newsletter, or of all, newest first."""
    from syndicate.site import no_progress, open_site, set_up
    from syndicate.store.bounces import Bounces

    with open_site(set_up(config_file, os.environ), no_progress) as site:
        reports = Bounces(site.database).listed(*_meant(site, what), limit)
    rows = [
        (each.received_at, each.kind, f"{each.newsletter}/{each.slot}", each.address, each.detail)
        for each in reports
    ]
    show_columns(("when", "kind", "issue", "address", "reply"), rows)
    if not reports:
        click.echo("No bounces.")


def _meant(site: Site, what: str) -> tuple[str, str]:
    """The newsletter and slot that are named; "" for all. Raises SyndicateError."""
    from syndicate.config.named import newsletter_named
    from syndicate.issues.issue_names import issue_named

    name, _, slot = what.strip("/").partition("/")
    if slot:
        issue = issue_named(site, what)
        return issue.newsletter, issue.slot
    return newsletter_named(site.config, name).name if name else "", ""
