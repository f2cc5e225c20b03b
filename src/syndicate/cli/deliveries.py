"""`deliveries`: who got which issue, and unknown outcomes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.completing import newsletter_names
from syndicate.cli.issues import sending_named, site_of
from syndicate.cli.options import config_option
from syndicate.cli.show import counted, show_columns, show_table
from syndicate.issues.issue_names import has_deliveries, has_started, is_made, issue_named

if TYPE_CHECKING:
    from syndicate.delivery.operations.report import DeliveryReport
    from syndicate.site import Site
    from syndicate.store.deliveries import DeliveryWithRecipient

LIST = "list subscribers: syndicate subscribers list"
STATES = ("sent", "failed", "held", "suppressed", "pending", "retry")


@click.group(short_help="Show who got which issue; resolve unknown outcomes.")
def deliveries() -> None:
    """Show deliveries, and resolve those with unknown outcome.

    ISSUE is NEWSLETTER/SLOT, such as weekly/2026-11-30T08:00. NEWSLETTER alone means its newest
    issue to which the command applies.
    """


@deliveries.command(short_help="Show how many deliveries of an issue succeeded, failed or wait.")
@click.argument("issue", shell_complete=newsletter_names)
@click.option("--names", is_flag=True, help="Also list the recipients, one per line.")
@click.option("--state", type=click.Choice(STATES), help="List only recipients in this state.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
def report(config_file: Path, issue: str, names: bool, state: str | None, as_json: bool) -> int:
    """Show the delivery report of an ISSUE: planned = sent + failed + held + suppressed + pending.

    Exits with 1 if the numbers do not add up.
    """
    from syndicate.delivery.operations.report import recipients, reconcile

    with sending_named(config_file, issue) as (site, sending):
        report = reconcile(site, sending)
        listed = recipients(site, report.sending, state or "") if names or state else None
        (_as_json if as_json else _as_table)(report, map(_columns, listed) if listed else None)
    return int(not report.balanced)


def _columns(of: DeliveryWithRecipient) -> tuple[str, ...]:
    recipient = of.address or f"(erased subscriber {of.subscriber})"
    return recipient, of.state, of.changed_at, of.server, of.reply


def _as_json(report: DeliveryReport, names: Iterable[tuple[str, ...]] | None) -> None:
    sending = report.sending
    fields: dict[str, object] = {
        "issue": sending.name,
        "planned": report.planned,
        **report.by_state,
    }
    fields |= {"balanced": report.balanced}
    fields |= {"started_at": sending.started_at, "ended_at": sending.ended_at}
    fields |= {"paused": sending.pause_reason}
    if names is None:
        click.echo(json.dumps(fields, indent=2))
        return
    click.echo(json.dumps(fields)[:-1] + ', "deliveries": [')  # may be longer than memory
    keys, comma = ("address", "state", "at", "server", "reply"), ""
    for each in names:
        line = json.dumps(dict(zip(keys, each, strict=True)), ensure_ascii=False)
        click.echo(f"{comma}{line}", nl=False)
        comma = ",\n"
    click.echo("\n]}")


def _as_table(report: DeliveryReport, names: Iterable[tuple[str, ...]] | None) -> None:
    from syndicate.delivery.pauses import resume_hint

    sending = report.sending
    click.secho(sending.name, bold=True)
    rows = [("planned", f"{report.planned:,}", "")]
    rows += [(name, f"{number:,}", "") for name, number in report.by_state.items()]
    rows += [("started", sending.started_at, "")]
    rows += [("ended", sending.ended_at, "")] if sending.ended_at else []
    if sending.is_paused:
        rows += [("paused", sending.pause_reason, resume_hint(sending))]
    show_table(rows)
    if not report.balanced:
        click.secho(
            "These numbers do not add up: there are too few or too many deliveries.", fg="red"
        )
    if names is not None:
        click.echo()
        for address, state, at, server, reply in names:
            click.echo("\t".join((address, state, at, server, reply)).rstrip())


@deliveries.command(short_help="List deliveries with unknown outcome.")
@click.argument("issue", required=False, shell_complete=newsletter_names)
@config_option
def held(config_file: Path, issue: str | None) -> None:
    """List deliveries with unknown outcome, of ISSUE or of all issues.

    The connection broke or syndicate died after the message was handed to the server and before
    the server replied. They are not retried until you decide.
    """
    from syndicate.store.deliveries import Deliveries

    with site_of(config_file) as site:
        deliveries = Deliveries(site.database)
        names = [_exact(site, issue)] if issue else list(deliveries.held())
        rows = [
            (name, each.address or "(erased)", each.changed_at, each.server, each.reply)
            for name in names
            for each in deliveries.with_recipients(issue_named(site, name).sequence, ["held"])
        ]
    if not rows:
        click.echo("No deliveries are held.")
        return
    show_columns(("issue", "to", "since", "server", "why"), rows)
    click.echo("\nMark them as sent, or send them again:")
    click.echo(f"    syndicate deliveries resolve {rows[0][0]} --sent")
    click.echo(f"    syndicate deliveries resolve {rows[0][0]} --resend")


def _exact(site: Site, issue: str) -> str:
    return issue_named(site, issue, has_deliveries("held"), has_started, is_made).name


@deliveries.command(short_help="Mark held deliveries as sent, or send them again.")
@click.argument("issue", shell_complete=newsletter_names)
@click.argument("addresses", nargs=-1)
@click.option("--sent", "verdict", flag_value="sent", help="Mark them as sent.")
@click.option("--resend", "verdict", flag_value="resend", help="Send them again.")
@config_option
def resolve(config_file: Path, issue: str, addresses: tuple[str, ...], verdict: str | None) -> None:
    """Mark the held deliveries of ISSUE as sent, or send them again.

    Without ADDRESSES, all of them. With --resend, a subscriber whose message did arrive gets it
    twice.
    """
    from syndicate.delivery.operations.resending import resolve_held
    from syndicate.subscribers.lookup import subscriber_at

    if verdict is None:
        raise click.UsageError("choose one: --sent or --resend")
    with sending_named(config_file, issue, has_deliveries("held")) as (site, sending):
        with site.database.transaction():
            people = [subscriber_at(site.database, address).id for address in addresses]
        sent = verdict == "sent"
        count = resolve_held(site, sending, datetime.now(UTC), sent=sent, people=people)
    became = "marked as sent" if sent else "queued again"
    click.echo(f"{counted(count, 'message')} {became}.")


@deliveries.command("for", short_help="Show what was sent to an address.")
@click.argument("address")
@config_option
def for_address(config_file: Path, address: str) -> None:
    """Show what was sent to ADDRESS, newest first, with the outcome."""
    from syndicate.store.deliveries import Deliveries
    from syndicate.store.delivery_events import DeliveryEvents
    from syndicate.subscribers.lookup import subscriber_at

    with site_of(config_file) as site:
        deliveries = Deliveries(site.database)
        with site.database.transaction():
            subscriber = subscriber_at(site.database, address)
        rows = []
        for sending, delivery in deliveries.for_subscriber(subscriber.id):
            rows.append((sending.name, delivery.state, delivery.changed_at, delivery.reply))
            rows += [
                ("", each.event, each.occurred_at, each.detail)
                for each in DeliveryEvents(site.database).of(sending.issue, subscriber.id)
            ]
    if not rows:
        click.echo(f"Nothing was sent to {address} yet.")
    show_columns(("issue", "state", "at", "reply"), rows)
