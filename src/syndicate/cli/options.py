"""What several commands share: where the configuration is, how much to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

PROGRAM = "syndicate"
COMPLETION = "_SYNDICATE_COMPLETE"
"""The variable a shell sets to ask for completions."""


def _chosen(context: click.Context, _: click.Parameter, value: str | None) -> Path:
    return Path(value or context.obj or "config.yaml")


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config FILE`, behind the command as well as before it."""
    return click.option(
        "--config",
        "config_file",
        type=click.Path(dir_okay=False),
        callback=_chosen,
        help="The site's configuration.  [default: config.yaml]",
    )(command)


def quiet_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--quiet`: errors only."""
    return click.option("--quiet", "-q", is_flag=True, help="Say nothing but what is wrong.")(
        command
    )
