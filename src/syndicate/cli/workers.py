"""`worker` and `workers`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import counted, show_columns

if TYPE_CHECKING:
    from syndicate.site import Site
    from syndicate.store.workers import WorkerRow


@click.command(short_help="Send issues beside a service that uses the same PostgreSQL store.")
@click.option("--name", help="Name in `syndicate workers`.  [default: host and process id]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of /livez, /readyz.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port of /livez, /readyz and /metrics.  [default: any free one, which is logged]",
)
@config_option
def worker(config_file: Path, name: str | None, host: str, port: int) -> int:
    """Send issues until Ctrl-C or SIGTERM, together with all other workers of the store.

    A worker needs config.yaml, its secrets and a PostgreSQL store. It builds and serves nothing:
    run `syndicate run` on one host, and workers on others. Any of them may be stopped or killed at
    any time. Logs go to stderr.
    """
    from syndicate.delivery.worker_session import DEFAULT_NAME
    from syndicate.errors import Location, SyndicateError
    from syndicate.service import logs
    from syndicate.service.systemd import Systemd
    from syndicate.service.worker_process import WorkerProcess
    from syndicate.site import set_up

    setup = set_up(config_file, os.environ)
    if setup.uses_sqlite:
        raise SyndicateError(
            "workers need a PostgreSQL store: from an SQLite file one process sends at a time",
            place=Location(str(config_file)),
            hint="use `syndicate run` or `syndicate send`, or move the store: syndicate store copy",
        )
    logs.configure_logging(sys.stderr)
    process = WorkerProcess(setup, name or DEFAULT_NAME, host, port)
    return process.run(Systemd(os.environ))


@click.group(invoke_without_command=True, short_help="List the processes that send from a store.")
@config_option
@click.pass_context
def workers(context: click.Context, config_file: Path) -> None:
    """List the processes that send: where, since when, and what they hold.

    `syndicate send` and the service are listed while they send. A dead worker is listed for a day.
    """
    context.obj = config_file
    if context.invoked_subcommand:
        return
    from syndicate.site import load_site, no_progress

    with load_site(config_file, os.environ, no_progress) as site:
        rows = list(_rows(site))
    if rows:
        show_columns(("name", "host", "process", "since", "state", "holds"), rows)
    else:
        click.echo("No process is sending.")


def _rows(site: Site) -> Iterator[tuple[str, ...]]:
    from syndicate.store.chunks import Chunks
    from syndicate.store.workers import Workers

    chunks, everyone = Chunks(site.database), Workers(site.database).all()
    dead = site.database.ended_sessions([each.id for each in everyone])
    for each in everyone:
        owned = len(chunks.owned_by(str(each.id)))
        holds = counted(owned, "chunk") if owned else "nothing"
        yield (
            each.name,
            each.host,
            str(each.pid),
            each.started_at,
            _state(each, is_dead=each.id in dead),
            holds,
        )


def _state(worker: WorkerRow, *, is_dead: bool) -> str:
    if worker.ended_at:
        return f"died, found {worker.ended_at}"
    if is_dead:
        return "died"
    return "draining" if worker.draining else "sends"


@workers.command()
@click.argument("name")
@config_option
def drain(config_file: Path, name: str) -> None:
    """Have the worker NAME finish its messages and end.

    Others continue with what it did not send. A service or `syndicate send` ends its present run.
    """
    from syndicate.delivery.worker_session import drain as drain_worker
    from syndicate.site import load_site, no_progress

    with load_site(config_file, os.environ, no_progress) as site:
        drain_worker(site.database, name)
    click.echo(f"Worker {name} finishes its messages and ends.")
