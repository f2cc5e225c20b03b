"""`config` and `explain`: answers, nothing changed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import Progress, show_findings


@click.command()
@config_option
def config(config_file: Path) -> None:
    """Print the configuration in force, defaults included, secrets masked."""
    from syndicate.config.loader import load
    from syndicate.config.show import as_yaml

    click.echo(as_yaml(load(config_file, os.environ)), nl=False)


@click.command()
@click.argument("article")
@config_option
def explain(config_file: Path, article: str) -> None:
    """Say what is known of an ARTICLE (a file, or its slug) and where from.

    And why it is or is not in which feed and in the next issue.
    """
    from syndicate import app
    from syndicate.explain import explain as ask

    with app.opened(config_file, os.environ, Progress(quiet=True)) as site:
        here = Path(article).resolve()
        inside = here.is_file() and here.is_relative_to(site.places.content)
        wanted = here.relative_to(site.places.content).as_posix() if inside else article
        answer = ask(site, wanted, datetime.now(UTC))
    click.secho(answer.path, bold=True)
    _table((fact.name, fact.value, fact.source) for fact in answer.facts)
    if answer.places:
        click.echo()
        _table((fact.name, fact.value, fact.source) for fact in answer.places)
    if answer.findings:
        click.echo()
        show_findings(answer.findings, err=False)


def _table(rows: Iterable[tuple[str, str, str]]) -> None:
    table = list(rows)
    width = max(len(name) for name, _, _ in table)
    for name, value, source in table:
        origin = click.style(f"  ({source})", dim=True) if source else ""
        click.echo(f"  {name:<{width}}  {value}{origin}")
