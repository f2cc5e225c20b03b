"""`build` and `check`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.options import config_option, quiet_option
from syndicate.cli.show import Progress, counted, findings_as_json, show_findings

if TYPE_CHECKING:
    from syndicate.build import Report, Site


@click.command()
@click.option("--strict", is_flag=True, help="Exit with 1 when anything was found.")
@quiet_option
@config_option
def build(config_file: Path, *, strict: bool, quiet: bool) -> int:
    """Bring the feeds, pages and newsletters up to date.

    Only what changed is read, and only documents whose bytes change are written.
    A file that cannot be read costs only itself: it is reported, and what was
    published from it stays.
    """
    from syndicate import app
    from syndicate.build import build as run

    with app.opened(config_file, os.environ, Progress(quiet=quiet)) as site:
        report = run(site, datetime.now(UTC))
    show_findings(report.findings, err=True)
    if not quiet:
        _tell(site, report)
    return 1 if strict and report.findings else 0


def _tell(site: Site, report: Report) -> None:
    """What was done, and where to find it."""
    from syndicate.feeds.feed import FORMS

    written, removed = len(report.written), len(report.removed)
    news = f"{counted(written, 'file')} written" if written else "nothing to write"
    gone = f", {counted(removed, 'file')} removed" if removed else ""
    click.echo(f"{counted(report.articles, 'article')} published; {news}{gone}.")
    output, issues = (os.path.relpath(p) for p in (site.places.output, site.places.issues))
    for form in site.config.feeds.formats:
        click.echo(f"  {form:<12}{output}/{FORMS[form].file}")
    if site.config.site.pages:
        click.echo(f"  {'web':<12}{output}/index.html")
    for name in site.config.newsletters:
        folder = Path(issues, name, "next")
        state = f"{folder}/email.html" if folder.is_dir() else "nothing new to send"
        click.echo(f"  {name:<12}{state}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON, for programs.")
@quiet_option
@config_option
def check(config_file: Path, *, as_json: bool, quiet: bool) -> int:
    """Look at everything and say what is wrong or doubtful, where, and the way out.

    Reads every article as build would and makes every document, but writes none.
    Exits with 1 when anything was found.
    """
    from syndicate import app
    from syndicate.build import build as run

    with app.opened(config_file, os.environ, Progress(quiet=quiet or as_json)) as site:
        report = run(site, datetime.now(UTC), rehearse=True)
    if as_json:
        click.echo(findings_as_json(report.findings))
    else:
        show_findings(report.findings, err=False)
        if not report.findings and not quiet:
            click.echo(f"{counted(report.articles, 'article')}: nothing to mend.")
    return 1 if report.findings else 0
