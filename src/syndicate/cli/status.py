"""`status`: show the status of the running service."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import finding_rows, placed, show_findings, show_table, tally
from syndicate.findings import Finding, Level

if TYPE_CHECKING:
    from datetime import datetime

    from syndicate.service_state.status import Status
    from syndicate.site import Setup

NOT_RUNNING = 3

Jobs = Mapping[str, "datetime | None"]


@click.command(short_help="Show the status of the running service.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
def status(config_file: Path, *, as_json: bool) -> int:
    """Show the status of the running service: since when, last actions, next runs, problems.

    Exits with 1 if there are problems, and with 3 if no service is running.
    """
    from syndicate.service_state.lock import holder, lock_file
    from syndicate.service_state.status import read, status_file
    from syndicate.site import set_up

    setup = set_up(config_file, os.environ)
    pid, latest = holder(lock_file(setup)), read(status_file(setup))
    if pid is None:
        (_not_running_as_json if as_json else _show_not_running)(setup, latest)
        return NOT_RUNNING
    if latest is None or latest.pid != pid:
        if as_json:
            _print_json("starting", pid, {}, {}, ())
        else:
            click.echo(f"The service is starting (process {pid}).")
        return 0
    findings = placed(latest.findings, setup)
    if as_json:
        _print_json("running", pid, latest.summary(), latest.jobs, findings)
    else:
        _show_running(latest, findings)
    return int(any(finding.level != Level.NOTICE for finding in findings))


def _show_not_running(setup: Setup, latest: Status | None) -> None:
    from syndicate.delivery.operations.store_recovery import sending_doubt
    from syndicate.store.incarnation import HINT
    from syndicate.timestamps import format_timestamp

    last = f" The last one ran until {format_timestamp(latest.last_pass)}." if latest else ""
    click.echo(f"No service is running.{last}")
    if doubt := sending_doubt(setup):
        click.echo(f"Nothing will be sent: {doubt}.\n    {HINT}")


def _not_running_as_json(setup: Setup, latest: Status | None) -> None:
    from syndicate.delivery.operations.store_recovery import sending_doubt
    from syndicate.timestamps import format_timestamp

    facts = {"last pass": format_timestamp(latest.last_pass)} if latest else {}
    if doubt := sending_doubt(setup):
        facts["nothing will be sent"] = doubt
    _print_json("not running", None, facts, {}, ())


def _print_json(
    state: str, pid: int | None, facts: Mapping[str, str], jobs: Jobs, findings: Sequence[Finding]
) -> None:
    """Print the keys that docs/commands.md documents, in every state."""
    from syndicate.timestamps import format_timestamp

    document = {
        "state": state,
        "process": pid,
        "facts": facts,
        "jobs": {name: due and format_timestamp(due) for name, due in jobs.items()},
        "findings": finding_rows(findings),
    }
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _show_running(latest: Status, findings: Sequence[Finding]) -> None:
    click.echo(f"Running as process {latest.pid}; {tally(findings)}.")
    show_table((name, value, "") for name, value in latest.summary().items())
    click.echo("\nJobs, and when each runs next:")
    show_table((name, _next_run(due, latest.last_pass), "") for name, due in latest.jobs.items())
    if findings:
        click.echo()
        show_findings(findings, err=False)


def _next_run(due: datetime | None, ticked: datetime) -> str:
    from syndicate.timestamps import format_timestamp

    if due is None:
        return "when it is needed"
    return "now" if due <= ticked else format_timestamp(due)
