"""`config` and `explain`: read-only."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import ProgressBar, from_here, placed, show_findings, show_table


@click.command(short_help="Print the effective configuration.")
@click.option("--schema", is_flag=True, help="Print a JSON Schema of config.yaml for editors.")
@config_option
def config(config_file: Path, schema: bool) -> None:
    """Print the effective configuration as YAML, with defaults and without secrets."""
    if schema:
        from syndicate.config.json_schema import json_schema

        click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        return
    from syndicate.config.loader import load
    from syndicate.config.show import as_yaml

    click.echo(as_yaml(load(config_file, os.environ)), nl=False)


@click.command(short_help="Show why an article is in a feed or issue, or not.")
@click.argument("article", type=click.Path())
@config_option
def explain(config_file: Path, article: str) -> None:
    """Show the metadata of an ARTICLE with its sources, and where it is published.

    For each feed and the next issue, shows whether the article is in it and why. ARTICLE is a
    file, a slug, a title, an id or a URL.
    """
    from syndicate.build.explain import explain as ask
    from syndicate.site import load_site

    with load_site(config_file, os.environ, ProgressBar(quiet=True)) as site:
        answer = ask(site, _below(site.places.content, article), datetime.now(UTC))
    click.secho(from_here(site.places.content / answer.path), bold=True)
    show_table((fact.name, fact.value, fact.source) for fact in answer.facts)
    click.echo()
    show_table((fact.name, fact.value, fact.source) for fact in answer.places)
    if answer.findings:
        click.echo()
        show_findings(placed(answer.findings, site), err=False)


def _below(content: Path, article: str) -> str:
    """A path relative to the content folder, if `article` is one; else unchanged."""
    from syndicate.content.naming import is_article

    here, root = Path(article).resolve(), content.resolve()
    named = here.exists() or is_article(here.name)  # else it is a slug or a title
    if named and here != root and here.is_relative_to(root):
        return here.relative_to(root).as_posix()
    return article
