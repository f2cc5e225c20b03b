"""`init`, `new` and `completion`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from syndicate.cli.options import config_option


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path) -> None:
    """Start a site in DIRECTORY: configuration, templates and some articles to try.

    Nothing that is there is overwritten.
    """
    from syndicate.starter import copy_to

    copy_to(directory)
    click.echo(f"A site stands in {directory}. Set its title and address in")
    click.echo(f"  {directory / 'config.yaml'}")
    click.echo("write into content/, then:")
    click.echo(f"  cd {directory}")
    click.echo("  syndicate build")


@click.command()
@click.argument("title")
@config_option
def new(config_file: Path, title: str) -> None:
    """Start an article called TITLE and say where it is.

    It is a draft: take the line `draft: true` out to publish it.
    """
    from syndicate.app import places_of
    from syndicate.config.loader import load
    from syndicate.content.naming import slug_of
    from syndicate.starter import write_article

    loaded = load(config_file, os.environ)
    now = datetime.now(ZoneInfo(loaded.config.site.time_zone))
    content = places_of(loaded, config_file).content
    name = f"{now:%Y-%m-%d}-{slug_of(title, title)}.md"
    click.echo(os.path.relpath(write_article(content / name, title, now)))


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a SHELL.

    \b
    bash: syndicate completion bash >> ~/.bashrc
    zsh:  syndicate completion zsh >> ~/.zshrc
    fish: syndicate completion fish > ~/.config/fish/completions/syndicate.fish
    """
    from click.shell_completion import get_completion_class

    context = click.get_current_context().find_root()
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(context.command, {}, "syndicate", "_SYNDICATE_COMPLETE").source())
