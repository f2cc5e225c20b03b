"""`subscribers show`, `export` and `erase`: the data about one person."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import show_columns


@click.command(short_help="Show the subscriptions and consent of one person.")
@click.argument("address")
@config_option
def show(config_file: Path, address: str) -> None:
    """Show subscriptions, consent and suppression of ADDRESS."""
    from syndicate.site import load_site, no_progress
    from syndicate.subscribers.personal_data import personal_data

    with load_site(config_file, os.environ, no_progress) as site:
        data = personal_data(site.database, address)
    click.echo(f"{data.address} ({data.name})" if data.name else data.address)
    if suppression := data.suppression:
        detail = f": {suppression.detail}" if suppression.detail else ""
        click.echo(f"Suppressed since {suppression.since} ({suppression.reason}{detail})")
    show_columns(
        ("newsletter", "state", "since", "tags"),
        [
            (s.newsletter, s.state, s.since, ", ".join(s.tags.splitlines()) or "all")
            for s in data.subscriptions
        ],
    )
    show_columns(
        ("consent to", "event", "when", "how"),
        [(c.newsletter, c.event, c.occurred_at, c.detail) for c in reversed(data.consents)],
    )
    show_columns(
        ("request", "state", "when", "newsletters"),
        [
            (r.kind, r.state, r.requested_at, ", ".join(r.requested))
            for r in reversed(data.requests)
        ],
    )


@click.command(short_help="Export all data about one person as JSON.")
@click.argument("address")
@config_option
def export(config_file: Path, address: str) -> None:
    """Export all data about ADDRESS as JSON (for a GDPR access request)."""
    from syndicate.site import load_site, no_progress
    from syndicate.subscribers.personal_data import export_document

    with load_site(config_file, os.environ, no_progress) as site:
        document = export_document(site.database, address)
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@click.command(short_help="Erase all data about a person.")
@click.argument("address")
@config_option
def erase(config_file: Path, address: str) -> None:
    """Erase all data about ADDRESS (GDPR, right to erasure).

    A hash of the address stays, so that it is not added again by mistake.
    """
    from syndicate.site import load_site, no_progress
    from syndicate.subscribers.personal_data import erase as erase_person

    with load_site(config_file, os.environ, no_progress) as site:
        erased = erase_person(site.database, address, datetime.now(UTC))
    click.echo(f"Erased {erased.address}.")
    if not erased.is_purged:
        click.echo(
            "Another program has the database open: until the next write, the file ending in -wal "
            "may still contain the address. Stop the other program to empty it.",
            err=True,
        )
