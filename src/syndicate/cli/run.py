"""`run` and `status`: the service, and how it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import placed, show_findings, show_table, tally

if TYPE_CHECKING:
    from syndicate.service.status import Status
    from syndicate.site import Setup

NOT_RUNNING = 3


@click.command(short_help="Publish, make issues and serve, until stopped.")
@click.option("--host", help="The address to serve on.  [default: service.host]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port.  [default: service.port]")
@config_option
def run(config_file: Path, host: str | None, port: int | None) -> int:
    """Publish what changes, make issues on time, and serve it all, until Ctrl-C or SIGTERM.

    Articles with a date in the future are published when it comes. SIGHUP reads the
    configuration again. What happens is logged to stderr.
    """
    from syndicate.service import logs
    from syndicate.service.service import Service

    logs.configure_logging(sys.stderr)
    return Service(config_file, os.environ, host=host, port=port).run()


@click.command(short_help="Say how the running service is.")
@config_option
def status(config_file: Path) -> int:
    """Say since when the service runs, what it did last, and what is wrong.

    Exits with 1 when something is wrong, and with 3 when no service runs.
    """
    from syndicate.findings import Level
    from syndicate.service.lock import holder
    from syndicate.service.service import LOCK, STATUS, state_file
    from syndicate.service.status import read
    from syndicate.site import set_up

    setup = set_up(config_file, os.environ)
    pid, known = holder(state_file(setup, LOCK)), read(state_file(setup, STATUS))
    if pid is None:
        click.echo(f"No service runs here.{_last_heard(known)}")
        _tell_doubt(setup)
        return NOT_RUNNING
    if known is None or known.pid != pid:
        click.echo(f"A service is just starting, as process {pid}.")
        return 0
    _tell(known, setup)
    return int(any(finding.level != Level.NOTICE for finding, _ in known.faults))


def _tell_doubt(setup: Setup) -> None:
    """Print why nothing would be sent; a running service reports it in its findings."""
    from syndicate.cli.store import doubt_of
    from syndicate.store.incarnation import HINT

    if doubt := doubt_of(setup):
        click.echo(f"Nothing will be sent: {doubt}.\n    {HINT}")


def _last_heard(known: Status | None) -> str:
    from syndicate.timestamps import format_timestamp

    return f" The last one was at work until {format_timestamp(known.ticked)}." if known else ""


def _tell(known: Status, setup: Setup) -> None:
    from syndicate.timestamps import format_timestamp

    found = [finding for finding, _ in known.faults]
    click.echo(f"Running as process {known.pid}; {tally(found)}.")
    facts = {
        "since": format_timestamp(known.since),
        "last tick": format_timestamp(known.ticked),
        **known.facts,
    }
    if known.faults:
        facts["wrong since"] = format_timestamp(min(since for _, since in known.faults))
    show_table((name, value, "") for name, value in facts.items() if value)
    if found:
        click.echo()
        show_findings(placed(found, setup), err=False)
