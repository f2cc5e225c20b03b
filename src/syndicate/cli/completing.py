"""Shell completion of names of newsletters.

Reads only config.yaml, and never prints or fails, because it runs while a command is typed.
"""

from __future__ import annotations

import os
from pathlib import Path

import click


def newsletter_names(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The newsletters whose names begin so; none where the configuration cannot be read."""
    from syndicate.config.loader import load
    from syndicate.errors import SyndicateError

    try:
        config = load(_config_file(context), os.environ).config
    except (SyndicateError, OSError):
        return []
    return [name for name in config.newsletters if name.startswith(incomplete)]


def _config_file(context: click.Context) -> Path:
    """The file that `--config` names on the line so far, behind the command or before it."""
    named = (each.params.get("config_file") for each in _and_parents(context))
    return Path(next(filter(None, named), "config.yaml"))


def _and_parents(context: click.Context | None) -> list[click.Context]:
    return [context, *_and_parents(context.parent)] if context else []
