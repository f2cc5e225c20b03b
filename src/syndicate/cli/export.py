"""`export`: write the next issue for another service to send."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click

from syndicate.cli.completing import newsletter_names
from syndicate.cli.options import config_option
from syndicate.cli.show import ProgressBar, from_here, placed, show_findings
from syndicate.config.model import MergeService

SERVICES = [name for name in get_args(MergeService) if name != "none"]


@click.command(short_help="Write the next issue for another service to send.")
@click.argument("newsletter", shell_complete=newsletter_names)
@click.option(
    "--for",
    "service",
    type=click.Choice(SERVICES),
    help="The service that will send it.  [default: the newsletter's merge_fields]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write to.  [default: issues/NEWSLETTER/export/SERVICE]",
)
@click.option(
    "--list",
    "lists",
    type=int,
    multiple=True,
    metavar="ID",
    help="Send to this listmonk list (repeatable).",
)
@click.option("--template", type=int, metavar="ID", help="Use this listmonk template.")
@config_option
def export(
    config_file: Path,
    newsletter: str,
    service: MergeService | None,
    out: Path | None,
    lists: tuple[int, ...],
    template: int | None,
) -> int:
    """Write the next issue of NEWSLETTER for another service to send.

    Builds first. listmonk: campaign.json for its API; name its lists with --list.
    mailchimp, buttondown, sendgrid: email.html, email.txt and subject.txt, to paste.
    Exits with 1, and writes nothing, if the issue breaks a rule of level error.
    """
    from syndicate.build.builder import build
    from syndicate.issues.export import export as make
    from syndicate.issues.export import folder_of, newsletter_for, write_files
    from syndicate.site import load_site

    with load_site(config_file, os.environ, ProgressBar(quiet=False)) as site:
        selected = newsletter_for(site, newsletter, service)
        _refuse_what_does_not_fit(selected.merge_fields, lists, template)
        now = datetime.now(UTC)
        build(site, now)  # first, so that what the email links to is there
        exported = make(site, selected, now, lists=lists, template=template)
        folder = out or folder_of(site, selected)
        show_findings(placed(exported.findings, site), err=True)
    if exported.refused:
        click.echo("Nothing exported: fix the errors above first.", err=True)
        return 1
    paths = write_files(exported, folder)
    for path in paths:
        click.echo(from_here(path))
    if not paths:
        click.echo(f"{selected.name}: nothing new to send.", err=True)
    return 0


def _refuse_what_does_not_fit(
    service: MergeService, lists: tuple[int, ...], template: int | None
) -> None:
    """listmonk needs lists, and only listmonk has lists and templates with numbers."""
    if service == "listmonk" and not lists:
        raise click.UsageError("name a listmonk list with --list ID (its page Lists shows the IDs)")
    if service != "listmonk" and (lists or template is not None):
        raise click.UsageError(f"--list and --template are for listmonk, not {service}")
