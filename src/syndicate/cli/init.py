"""`init`, `new` and `completion`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from syndicate.cli.options import COMPLETION, PROGRAM, config_option
from syndicate.cli.show import from_here


@click.command(short_help="Create a site with sample articles.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path) -> None:
    """Create a site in DIRECTORY: configuration, templates and sample articles.

    Overwrites nothing. If DIRECTORY already has content/, for example from another site
    generator, it gets no sample articles.
    """
    from syndicate.starter import copy_to

    existing = copy_to(directory)
    here = from_here(directory)
    click.echo(f"Created a site in {here}. Set its title and URL in")
    click.echo(f"  {os.path.normpath(directory / 'config.yaml')}")
    if "content" in existing:
        click.echo("Kept your articles in content/. Next:")
    else:
        click.echo("Put your articles into content/ and delete the samples. Next:")
    if here != ".":
        click.echo(f"  cd {here}")
    click.echo("  syndicate build")
    click.echo("  syndicate run      then open the URL it prints")


@click.command(short_help="Create an article as a draft.")
@click.argument("title")
@config_option
def new(config_file: Path, title: str) -> None:
    """Create an article called TITLE and print its path.

    It is a draft: remove the line `draft: true` to publish it.
    """
    from syndicate.config.loader import load
    from syndicate.content.naming import slug_of
    from syndicate.site import places_of
    from syndicate.starter import write_article

    loaded = load(config_file, os.environ)
    now = datetime.now(ZoneInfo(loaded.config.site.time_zone))
    content = places_of(loaded, config_file).content
    name = f"{now:%Y-%m-%d}-{slug_of(title, title)}.md"
    click.echo(from_here(write_article(content / name, title, now)))
    click.echo("It is a draft: remove the line `draft: true` to publish it.", err=True)


@click.command(short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="SHELL")
def completion(shell: str) -> None:
    """Print the completion script for SHELL: bash, zsh or fish.

    \b
    bash: syndicate completion bash >> ~/.bashrc
    zsh:  syndicate completion zsh >> ~/.zshrc
    fish: syndicate completion fish > ~/.config/fish/completions/syndicate.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    command = click.get_current_context().find_root().command
    click.echo(kind(command, {}, PROGRAM, COMPLETION).source())
