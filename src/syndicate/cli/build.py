"""`build` and `check`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.options import config_option, quiet_option
from syndicate.cli.show import (
    ProgressBar,
    counted,
    findings_as_json,
    from_here,
    placed,
    show_findings,
    show_table,
    tally,
)
from syndicate.findings import Level

if TYPE_CHECKING:
    from syndicate.build.report import Report
    from syndicate.site import Site

TableRow = tuple[str, str, str]

UNREAD = frozenset(("unreadable", "file-unreadable", "text-lost"))
"""Rules of findings about unreadable files; with these, a build exits with 1."""


@click.command(short_help="Update feeds, pages and newsletters.")
@click.option("--strict", is_flag=True, help="Exit with 1 if there are findings.")
@click.option(
    "--publish-undated",
    is_flag=True,
    help="Publish articles held back because they have no date, dated now.",
)
@quiet_option
@config_option
def build(config_file: Path, *, strict: bool, publish_undated: bool, quiet: bool) -> int:
    """Update the feeds, pages and newsletters.

    Reads only files that changed and writes only documents that differ.
    A file that cannot be read is reported; what was published from it stays,
    all other files are built, and the exit code is 1.
    """
    from syndicate.build.builder import build as run
    from syndicate.site import load_site

    with load_site(config_file, os.environ, ProgressBar(quiet=quiet)) as site:
        report = run(site, datetime.now(UTC), publish_undated=publish_undated)
    show_findings(placed(report.findings, site), err=True)
    if not quiet:
        _summarise(site, report)
    unread = any(finding.rule in UNREAD for finding in report.findings)
    return 1 if unread or (strict and report.findings) else 0


def _summarise(site: Site, report: Report) -> None:
    """Print what was done, and where the results are."""
    done = report.counts.in_words()
    done += [f"{counted(len(report.written), 'file')} written"] if report.written else []
    done += [f"{counted(len(report.removed), 'file')} removed"] if report.removed else []
    done += [] if report.written or report.removed else ["nothing to write"]
    click.echo(f"{', '.join(done)}; {tally(report.findings)}.")
    show_table([*_feeds(site), *_newsletters(site)])


def _feeds(site: Site) -> Iterator[TableRow]:
    from syndicate.feeds.feed import FORMS

    output, feeds = from_here(site.places.output), site.config.feeds
    files = " ".join(FORMS[feed_format].file for feed_format in feeds.formats)
    yield "feeds", f"{output}/ {files}", ""
    if feeds.tags:
        yield "", f"{output}/tags/…/ {files}", ""
    if site.config.site.pages:
        yield "pages", f"{output}/index.html", ""


def _newsletters(site: Site) -> Iterator[TableRow]:
    """Each newsletter's next issue: its subject, and where it is."""
    for name in site.config.newsletters:
        folder = site.places.issues / name / "next"
        try:
            subject = (folder / "subject.txt").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            yield name, "nothing new to send", ""
        else:
            yield name, subject, ""
            yield "", from_here(folder / "email.html"), ""


@click.command(short_help="Find problems and show how to fix them.")
@click.option("--json", "as_json", is_flag=True, help="Print findings as JSON.")
@quiet_option
@config_option
def check(config_file: Path, *, as_json: bool, quiet: bool) -> int:
    """Find problems: what is wrong, where, and how to fix it.

    Reads every article and renders every document as build does, but writes nothing.
    Exits with 1 if it finds warnings or errors.
    """
    from syndicate.build.builder import build as run
    from syndicate.service_state.status import runtime_findings
    from syndicate.site import open_site, set_up
    from syndicate.starter_values import starter_findings
    from syndicate.store.incarnation import Incarnation

    setup = set_up(config_file, os.environ)
    with open_site(setup, ProgressBar(quiet=quiet or as_json)) as site:
        report = run(site, datetime.now(UTC), rehearse=True)
        doubts = Incarnation(site.database, site.sent_record).findings(site.config_file)
    examples = starter_findings(site.config, site.config_file)
    all_findings = (*doubts, *examples, *runtime_findings(setup), *report.findings)
    findings = placed(all_findings, site)
    if as_json:
        click.echo(findings_as_json(findings))
    else:
        if not quiet or any(finding.level != Level.NOTICE for finding in findings):
            show_findings(findings, err=False)
        if not findings and not quiet:
            click.echo(f"{counted(report.articles, 'article')} published: no problems found.")
    return int(any(finding.level != Level.NOTICE for finding in findings))
