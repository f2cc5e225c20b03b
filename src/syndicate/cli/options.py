"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

PROGRAM = "syndicate"
COMPLETION = "_SYNDICATE_COMPLETE"
"""Environment variable with which a shell requests completions."""


def _chosen(context: click.Context, _: click.Parameter, value: str | None) -> Path:
    return Path(value or context.obj or "config.yaml")


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config FILE`, also after the command."""
    return click.option(
        "--config",
        "config_file",
        type=click.Path(dir_okay=False),
        callback=_chosen,
        help="The configuration file.  [default: config.yaml]",
    )(command)


def quiet_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--quiet`: errors only."""
    return click.option("--quiet", "-q", is_flag=True, help="Print only problems.")(command)
