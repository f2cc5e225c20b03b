"""`run` and `status`: run the service, show its status."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import placed, show_findings, show_table, tally

if TYPE_CHECKING:
    from datetime import datetime

    from syndicate.service.status import Status
    from syndicate.site import Setup

NOT_RUNNING = 3


@click.command(short_help="Run the service: build, make issues, send, serve.")
@click.option("--host", help="Address to listen on.  [default: service.host]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on.  [default: service.port]"
)
@config_option
def run(config_file: Path, host: str | None, port: int | None) -> int:
    """Run the service until Ctrl-C or SIGTERM: build, make and send issues, serve the site.

    Articles with a future date are published when it comes. SIGHUP reloads the
    configuration. Logs go to stderr.
    """
    from syndicate.service import logs
    from syndicate.service.service import Service

    logs.configure_logging(sys.stderr)
    return Service(config_file, os.environ, host=host, port=port).run()


@click.command(short_help="Show the status of the running service.")
@config_option
def status(config_file: Path) -> int:
    """Show the status of the running service: since when, last actions, problems.

    Exits with 1 if there are problems, and with 3 if no service is running.
    """
    from syndicate.findings import Level
    from syndicate.service.lock import holder
    from syndicate.service.service import LOCK, STATUS, state_file
    from syndicate.service.status import read
    from syndicate.site import set_up

    setup = set_up(config_file, os.environ)
    pid, known = holder(state_file(setup, LOCK)), read(state_file(setup, STATUS))
    if pid is None:
        click.echo(f"No service is running.{_last_run(known)}")
        _show_doubt(setup)
        return NOT_RUNNING
    if known is None or known.pid != pid:
        click.echo(f"The service is starting (process {pid}).")
        return 0
    _show_status(known, setup)
    return int(any(finding.level != Level.NOTICE for finding, _ in known.faults))


def _show_doubt(setup: Setup) -> None:
    """Print why nothing would be sent (a running service has it in its findings)."""
    from syndicate.cli.store import doubt_of
    from syndicate.store.incarnation import HINT

    if doubt := doubt_of(setup):
        click.echo(f"Nothing will be sent: {doubt}.\n    {HINT}")


def _last_run(known: Status | None) -> str:
    from syndicate.timestamps import format_timestamp

    return f" The last one ran until {format_timestamp(known.ticked)}." if known else ""


def _show_status(known: Status, setup: Setup) -> None:
    from syndicate.timestamps import format_timestamp

    found = [finding for finding, _ in known.faults]
    click.echo(f"Running as process {known.pid}; {tally(found)}.")
    facts = {
        "since": format_timestamp(known.since),
        "last tick": format_timestamp(known.ticked),
        **known.facts,
    }
    if known.faults:
        facts["problems since"] = format_timestamp(min(since for _, since in known.faults))
    show_table((name, value, "") for name, value in facts.items() if value)
    click.echo("\nJobs, and when each runs next:")
    show_table((name, _next_run(due, known.ticked), "") for name, due in known.jobs.items())
    if found:
        click.echo()
        show_findings(placed(found, setup), err=False)


def _next_run(due: datetime | None, ticked: datetime) -> str:
    from syndicate.timestamps import format_timestamp

    if due is None:
        return "when it is needed"
    return "now" if due <= ticked else format_timestamp(due)
