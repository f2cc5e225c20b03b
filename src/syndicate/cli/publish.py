"""`publish`: publish documents to targets by hand."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import ProgressBar, counted, placed, show_findings, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syndicate.config.model import PublishTarget
    from syndicate.publishing.publisher import PublishOutcome
    from syndicate.site import Site


@click.command(short_help="Publish documents to folders, object storage or web servers.")
@click.argument("targets", metavar="[TARGET]...", nargs=-1)
@click.option("--yes", is_flag=True, help="Confirm that more than 256 documents are removed.")
@config_option
def publish(config_file: Path, targets: tuple[str, ...], yes: bool) -> int:
    """Publish the documents of the last build to TARGETs, or to all targets of config.yaml.

    Only what a target lacks is written, and only what was published there is removed. The service
    does this after each build. Exits with 1 if a target failed.
    """
    from syndicate.publishing.publisher import publish_to
    from syndicate.service.publish_task import publish_findings
    from syndicate.site import load_site
    from syndicate.store.incarnation import Incarnation

    with load_site(config_file, os.environ, ProgressBar(quiet=False)) as site:
        chosen = _chosen(site, targets)
        Incarnation(site.database, site.sent_record).require()
        now = datetime.now(UTC)
        outcomes = [publish_to(site, each, now, remove_any=yes) for each in chosen]
        findings = [f for each in outcomes for f in publish_findings(each, site.config_file)]
        _show(outcomes)
        show_findings(placed(findings, site), err=True)
    return int(bool(findings))


def _chosen(site: Site, names: tuple[str, ...]) -> Sequence[PublishTarget]:
    from syndicate.errors import SyndicateError

    known = site.config.publish
    if not known:
        raise SyndicateError("there is no target to publish to", hint="add one under publish:")
    for name in names:
        if name not in known:
            raise SyndicateError(f"there is no target {name}", hint=f"known: {', '.join(known)}")
    return [known[name] for name in names or known]


def _show(outcomes: Sequence[PublishOutcome]) -> None:
    show_table(
        (each.target, f"{counted(each.written, 'document')} written, {each.removed:,} removed", "")
        for each in outcomes
    )
