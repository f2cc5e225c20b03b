"""`subscribers`: add, import, list, unsubscribe and suppress."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from syndicate.cli.completing import newsletter_names
from syndicate.cli.options import config_option
from syndicate.cli.personal_data import erase, export, show
from syndicate.cli.show import ProgressBar, from_here, show_columns, show_table

if TYPE_CHECKING:
    from syndicate.signup.links import Links
    from syndicate.site import Site
    from syndicate.store.subscriber_counts import SubscriberCounts
    from syndicate.store.subscribers import Listed

STATES = ("active", "unsubscribed", "suppressed")
NOT_ALL = 1
MAX_EMAIL_BYTES = 1_000_000
REFUSED = {"unsubscribed": "unsubscribed before: not added", "suppressed": "suppressed: not added"}
BAD_HELP = "Where to write rejected rows.  [default: FILE.bad.csv]"
OUTCOMES = {
    "added": "added",
    "known": "already subscribed",
    "left": "unsubscribed there: unsubscribed here too",
    "left before": "unsubscribed here before: not added",
    "suppressed": "suppressed there: suppressed here too",
    "suppressed before": "suppressed here: not added",
}


def _evidence(_: click.Context, __: click.Parameter, value: str | None) -> str:
    """The evidence of consent. Raises UsageError if it is missing."""
    if value and value.strip():
        return value
    raise click.UsageError(
        "--consent is missing: state how and when they agreed. "
        "For example: --consent 'signed the list at the market, 2026-11-28'"
    )


@click.group(short_help="Add, import, list, unsubscribe and erase subscribers.")
def subscribers() -> None:
    """Manage subscribers, their consent, and addresses that must not be mailed."""


@subscribers.command(short_help="Add subscribers who gave their consent.")
@click.argument("newsletter", shell_complete=newsletter_names)
@click.argument("address", nargs=-1, required=True)
@click.option("--name", default="", help="Their name, if you add one address.")
@click.option(
    "--consent",
    "agreed",
    callback=_evidence,
    help="How and when they agreed, for the record.  [required]",
)
@config_option
def add(
    config_file: Path, newsletter: str, address: tuple[str, ...], name: str, agreed: str
) -> int:
    """Subscribe each ADDRESS to NEWSLETTER.

    Skips suppressed addresses and subscribers who unsubscribed: they have to sign up themselves.
    Exits with 1 if an address was skipped.
    """
    from syndicate.config.named import newsletter_named
    from syndicate.subscribers.import_csv import Agreement
    from syndicate.subscribers.membership import add as subscribe

    if name and len(address) > 1:
        raise click.UsageError("--name works with one ADDRESS only")
    with _opened(config_file) as site:
        newsletter_named(site.config, newsletter)
        agreement = Agreement(newsletter, agreed, _now())
        rows = subscribe(site.database, address, agreement, name)
    show_table((mail, REFUSED.get(outcome, outcome), "") for mail, outcome in rows)
    return NOT_ALL if any(outcome in REFUSED for _, outcome in rows) else 0


@subscribers.command("import", short_help="Import subscribers from CSV.")
@click.argument("file", type=click.File("rb"))
@click.option("--to", "newsletter", required=True, help="The newsletter they agreed to get.")
@click.option(
    "--consent",
    "agreed",
    callback=_evidence,
    help="How and when they agreed, for the record.  [required]",
)
@click.option("--bad", type=click.Path(dir_okay=False, path_type=Path), help=BAD_HELP)
@config_option
def import_people(
    config_file: Path, file: BinaryIO, newsletter: str, agreed: str, bad: Path | None
) -> int:
    """Import FILE: CSV of listmonk, Mailchimp, Ghost, Buttondown, Substack, or your own.

    Subscribers who unsubscribed there are unsubscribed here too; those who unsubscribed here are
    not added again. Importing twice changes nothing. Exits with 1 if rows were rejected.
    """
    from syndicate.config.named import newsletter_named
    from syndicate.store.subscriber_import import ImportOutcome
    from syndicate.subscribers.import_csv import Agreement, import_file

    bad = _file_of_bad_rows(file, bad)
    progress = ProgressBar(quiet=False)
    with _opened(config_file) as site:
        newsletter_named(site.config, newsletter)
        agreement = Agreement(newsletter, agreed, _now())
        outcome = import_file(site.database, file, bad, agreement, progress)
    rows = [(label, outcome.rows[ImportOutcome(became)]) for became, label in OUTCOMES.items()]
    show_table((label, f"{count:,}", "") for label, count in rows if count or label == "added")
    if outcome.bad:
        show_table([("rejected rows", f"{outcome.bad:,}", from_here(bad))])
    return NOT_ALL if outcome.bad else 0


@subscribers.command("list", short_help="List subscribers, also as CSV.")
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@click.option("--state", type=click.Choice(STATES), help="List only this state.  [default: all]")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option(
    "--links", is_flag=True, help="With --csv: add links to unsubscribe and to preferences."
)
@config_option
def list_subscribers(
    config_file: Path, newsletter: str | None, state: str | None, *, as_csv: bool, links: bool
) -> None:
    """List the subscribers of NEWSLETTER, or of all newsletters, with their state."""
    from syndicate.config.named import newsletter_named
    from syndicate.signup.subscriptions import subscriber_links
    from syndicate.store.subscribers import Subscribers

    if links and not as_csv:
        raise click.UsageError("--links works with --csv only")
    with _opened(config_file) as site:
        if newsletter:
            newsletter_named(site.config, newsletter)
        subscriptions = Subscribers(site.database).listed(newsletter, state)
        if as_csv:
            _write_csv(subscriptions, subscriber_links(site, datetime.now(UTC)) if links else None)
        else:
            _write_lines(subscriptions)


@subscribers.command(short_help="Count subscribers, new and lost.")
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
def stats(config_file: Path, newsletter: str | None, *, as_json: bool) -> None:
    """Count the subscribers of NEWSLETTER, or of each, now and in the last 7 and 30 days."""
    from syndicate.config.named import newsletter_named
    from syndicate.subscribers.statistics import all_counts, newsletter_counts

    now = datetime.now(UTC)
    with _opened(config_file) as site:
        if newsletter:
            newsletter_named(site.config, newsletter)
            rows = [newsletter_counts(site.database, newsletter, now)]
        else:
            rows = all_counts(site.database, site.config.newsletters, now)
    if as_json:
        click.echo(json.dumps([each._asdict() for each in rows], indent=2))
        return
    headings = ("", "active", "unsubscribed", "suppressed", "7 days", "30 days", "unconfirmed")
    show_columns(headings, [_counted(each) for each in rows])


@subscribers.command(short_help="Unsubscribe an address.")
@click.argument("address", required=False)
@click.option("--from", "newsletter", help="Only this newsletter.  [default: all]")
@click.option("--reason", default="", help="Reason, for the record.")
@click.option("--mail", type=click.File("rb"), help="Process this unsubscribe email.")
@config_option
def unsubscribe(
    config_file: Path,
    address: str | None,
    newsletter: str | None,
    reason: str,
    mail: BinaryIO | None,
) -> None:
    """Unsubscribe ADDRESS: `add` and `import` will not add it again."""
    from syndicate.config.named import newsletter_named
    from syndicate.subscribers.membership import unsubscribe as end

    if mail and not (address or newsletter):
        click.echo(_unsubscribe_by_mail(config_file, mail.read(MAX_EMAIL_BYTES)))
        return
    if mail or not address:
        raise click.UsageError("give either an ADDRESS or an email with --mail")
    with _opened(config_file) as site:
        if newsletter:
            newsletter_named(site.config, newsletter)
        ended = end(site.database, address, newsletter or "", reason, datetime.now(UTC))
    done = f"Unsubscribed {ended.address} from {', '.join(ended.newsletters)}."
    click.echo(done if ended.newsletters else "Not subscribed.")


@subscribers.command("rotate-keys", short_help="Sign subscriber links with a new key.")
@click.option(
    "--grace", default="60 days", show_default=True, help="How long old links keep working."
)
@config_option
def rotate_keys(config_file: Path, grace: str) -> None:
    """Sign the links in emails to subscribers with a new key.

    Use it if the old key may have leaked. Old links keep working for the grace period.
    """
    from syndicate.schedule.words import duration
    from syndicate.store.requests import SigningKeys
    from syndicate.timestamps import format_timestamp

    now = datetime.now(UTC)
    until = format_timestamp(now + duration(grace))
    with _opened(config_file) as site, site.database.transaction():
        SigningKeys(site.database).rotate(until, format_timestamp(now))
    click.echo(f"New links are signed with a new key. Old links work until {until}.")


@subscribers.command(short_help="Suppress an address: never email it.")
@click.argument("address")
@click.option("--reason", default="", help="Reason, for the record.")
@click.option("--lift", is_flag=True, help="Lift the suppression.")
@config_option
def suppress(config_file: Path, address: str, reason: str, *, lift: bool) -> None:
    """Never email ADDRESS again, whether it is a subscriber or not.

    For an address that is not a subscriber, only its hash is stored.
    """
    from syndicate.subscribers import membership

    now = datetime.now(UTC)
    with _opened(config_file) as site:
        if lift:
            lifted = membership.lift_suppression(site.database, address, now)
            click.echo(f"{lifted.mail} is no longer suppressed.")
        else:
            suppressed = membership.suppress(site.database, address, reason, now)
            click.echo(f"{suppressed.mail} is suppressed.")


def _unsubscribe_by_mail(config_file: Path, message: bytes) -> str:
    """Unsubscribe the sender of an email that requests it; returns the outcome."""
    from syndicate.signup.unsubscribe_mail import LinkRequested
    from syndicate.signup.unsubscribe_mail import unsubscribe as unsubscribe_by_mail
    from syndicate.subscribers.tokens import TokenError

    with _opened(config_file) as site:
        try:
            done = unsubscribe_by_mail(site, message, datetime.now(UTC))
        except TokenError:
            return "The unsubscribe link of this email is no longer valid."
    if done is None:
        return "This email does not ask to unsubscribe, or its sender is not a subscriber."
    if isinstance(done, LinkRequested):
        return f"The running service will email {done.address} a link to unsubscribe."
    if done.was_active:
        return f"Unsubscribed {done.address} from {done.newsletter}."
    return "Not subscribed."


def _write_csv(subscriptions: Iterable[Listed], links: Links | None) -> None:
    from syndicate.store.subscribers import Listed
    from syndicate.subscribers.csv_lists import escape_formula

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow((*Listed._fields[1:], *(("unsubscribe", "preferences") if links else ())))
    for each in subscriptions:
        row = each._replace(name=escape_formula(each.name), tags=_tags(each.tags))[1:]
        own = (
            (
                links.unsubscribe(each.newsletter, each.subscriber),
                links.preferences(each.subscriber),
            )
            if links
            else ()
        )
        writer.writerow((*row, *own))


def _write_lines(subscriptions: Iterable[Listed]) -> None:
    """Print tables of 1000 rows: all would not fit into memory."""
    rows, is_empty = iter(subscriptions), True
    while page := list(islice(rows, 1000)):
        show_table((each.address, each.newsletter, each.state) for each in page)
        is_empty = False
    if is_empty:
        click.echo("No subscribers.")


def _tags(text: str) -> str:
    return ", ".join(text.splitlines())


def _counted(of: SubscriberCounts) -> tuple[str, ...]:
    """A row of numbers."""
    now = (of.active, of.unsubscribed, of.suppressed)
    lately = (
        (of.joined_7_days, of.unsubscribed_7_days),
        (of.joined_30_days, of.unsubscribed_30_days),
    )
    return (
        of.newsletter,
        *(f"{count:,}" for count in now),
        *(f"+{joined:,} -{left:,}" for joined, left in lately),
        f"{of.unconfirmed:,}",
    )


def _file_of_bad_rows(file: BinaryIO, chosen: Path | None) -> Path:
    """Where to write rejected rows of a file."""
    name = str(file.name)
    if chosen is None and not Path(name).is_file():
        raise click.UsageError(
            "FILE is not a regular file: choose a file for rejected rows with --bad"
        )
    bad = chosen or Path(f"{name}.bad.csv")
    if bad.exists() and Path(name).exists() and bad.samefile(name):
        raise click.UsageError("--bad must not be FILE itself: it would be overwritten")
    return bad


def _now() -> str:
    from syndicate.timestamps import format_timestamp

    return format_timestamp(datetime.now(UTC))


@contextmanager
def _opened(config_file: Path) -> Iterator[Site]:
    from syndicate.site import load_site

    with load_site(config_file, os.environ, ProgressBar(quiet=True)) as site:
        yield site


for command in (show, export, erase):
    subscribers.add_command(command)
