"""`backup`, `restore`, `resume` and `store copy`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import ProgressBar, counted, from_here, show_table

if TYPE_CHECKING:
    from syndicate.delivery.operations.reapply_withdrawals import Reapplied
    from syndicate.delivery.operations.store_copy import StoreCopied
    from syndicate.site import Setup, Site

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(short_help="Copy the store to a file, at any time.")
@click.argument("file", type=FILE)
@config_option
def backup(config_file: Path, file: Path) -> None:
    """Copy the store to FILE, also while the service runs and sends.

    FILE must not exist. Only you can read it, because it contains all addresses of subscribers. For
    PostgreSQL, use pg_dump.
    """
    from syndicate.store.backup import back_up

    back_up(
        _sqlite_file(config_file, "(umask 077; pg_dump --format=custom --file=FILE DATABASE)"), file
    )
    click.echo(f"Wrote {from_here(file)} ({file.stat().st_size:,} bytes).")


@click.command(short_help="Replace the store with a backup.")
@click.argument("file", type=FILE)
@config_option
def restore(config_file: Path, file: Path) -> None:
    """Replace the store with FILE, a backup; the replaced store is kept beside it.

    Stop the service first. Nothing is sent afterwards until you run `syndicate resume`.
    """
    from syndicate.service_state.lock import lock_file, single_instance
    from syndicate.site import set_up
    from syndicate.store.backup import restore as put_back

    target = _sqlite_file(config_file, "pg_restore --clean --dbname=DATABASE FILE")
    setup = set_up(config_file, os.environ)
    _record_withdrawals(setup)
    name = f".replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with single_instance(lock_file(setup), os.getpid()):
        aside = put_back(file, target, name)
    click.echo(f"Restored {from_here(file)}.")
    if aside:
        click.echo(f"The replaced store is kept as {from_here(aside)}.")
    click.echo("Nothing is sent and no issue is made until you state which store it is:")
    click.echo("    syndicate resume --restored   this is an older backup")
    click.echo("    syndicate resume --moved      this is the only store, in a new place")
    click.echo("    syndicate resume --copy       the original stays in use elsewhere")


def _record_withdrawals(setup: Setup) -> None:
    """Record who unsubscribed or was erased, as the store knows it that is to be replaced."""
    from syndicate.errors import SyndicateError
    from syndicate.site import open_site

    try:
        if setup.state.exists():
            with open_site(setup, ProgressBar(quiet=True)):
                pass  # closing it does
    except SyndicateError as error:
        click.secho(
            f"The present store cannot be read ({error.message}): who unsubscribed or was erased "
            "within its last minutes may be missing from the record of withdrawals.",
            fg="yellow",
            err=True,
        )


def _sqlite_file(config_file: Path, postgresql_command: str) -> Path:
    from syndicate.errors import SyndicateError
    from syndicate.site import set_up

    setup = set_up(config_file, os.environ)
    if not setup.uses_sqlite:
        raise SyndicateError(
            "this command is for SQLite, and the store is in PostgreSQL", hint=postgresql_command
        )
    return setup.state


@click.command(short_help="Resume sending after the store was moved, restored or copied.")
@click.option("--moved", "case", flag_value="moved", help="This is the only store, moved here.")
@click.option("--restored", "case", flag_value="restored", help="This is an older backup.")
@click.option("--copy", "case", flag_value="copy", help="The original stays in use elsewhere.")
@click.option("--force", is_flag=True, help="Also if syndicate noticed nothing (a cloned disk).")
@config_option
def resume(config_file: Path, case: str | None, force: bool) -> None:
    """Resume sending after the store was moved, restored from a backup or copied.

    Until then nothing is sent from it and no issue is made, so that no subscriber gets an issue
    twice. Pages, feeds and subscribing continue.
    """
    from syndicate.delivery.operations.store_recovery import require_doubt
    from syndicate.site import load_site

    if case is None:
        raise click.UsageError("state the case: --moved, --restored or --copy")
    with load_site(config_file, os.environ, ProgressBar(quiet=False)) as site:
        if case != "moved" and not force:
            require_doubt(site, f"--{case}")
        {"moved": _moved, "restored": _restored, "copy": _copy}[case](site)


def _moved(site: Site) -> None:
    from syndicate.delivery.operations.store_recovery import resume_moved

    resume_moved(site)
    click.echo("The store is complete and in its place: sending continues.")


def _restored(site: Site) -> None:
    from syndicate.delivery.operations.store_recovery import resume_restored

    restored = resume_restored(site, datetime.now(UTC))
    click.echo("Sending continues. Messages that may have been sent after the backup are held.")
    rows = [
        ("held", f"{count:,} of {name}", f"syndicate deliveries resolve {name} --sent|--resend")
        for name, count in restored.held.items()
        if count
    ]
    rows += [("draft", name, _of_draft(name in restored.unscheduled)) for name in restored.drafts]
    rows += [("made since", name, "counts as made; its texts are lost") for name in restored.lost]
    show_table(rows)
    _withdrawn(restored.reapplied)


def _withdrawn(reapplied: Reapplied | None) -> None:
    if reapplied is None:
        click.secho(
            "There is no record of who unsubscribed or was erased after the backup was made: they "
            "are subscribed again. Before you send, find their requests and use "
            "syndicate subscribers unsubscribe ADDRESS, or erase ADDRESS.",
            fg="yellow",
        )
        return
    click.echo(
        f"Applied again from the record: {counted(reapplied.unsubscribed, 'unsubscription')}, "
        f"{counted(reapplied.suppressed, 'suppression')}, "
        f"{counted(reapplied.erased, 'erasure')}."
    )
    if reapplied.erased:
        click.echo(
            "The backup, and the replaced store beside this one, still contain the erased people: "
            "delete these files when you no longer need them."
        )


def _of_draft(unscheduled: bool) -> str:
    removed = "its approval time was removed; " if unscheduled else ""
    return f"{removed}may have been sent: check before you approve it"


def _copy(site: Site) -> None:
    from syndicate.delivery.operations.store_recovery import resume_copy

    copied = resume_copy(site, datetime.now(UTC))
    click.echo("This store is independent now. The original sends what was pending.")
    rows = [("not sent", name, "") for name in copied.dropped]
    rows += [
        ("draft", name, "its approval time was removed") for name in sorted(copied.unscheduled)
    ]
    show_table(rows)
    if copied.requests:
        click.echo(f"{counted(copied.requests, 'requested email')} not sent from this copy.")
    delivered = [n.name for n in site.config.newsletters.values() if n.deliver]
    if delivered:
        click.echo(
            f"Later issues of {', '.join(delivered)} go to all subscribers in this copy, and "
            "to those of the original. To try things out, set deliver: false or "
            "sending.transport: outbox."
        )


@click.group(short_help="Move the store to another database.")
def store() -> None:
    """Work on the store as a whole."""


@store.command(short_help="Move the store from SQLite to PostgreSQL, or back.")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@config_option
def copy(config_file: Path, source: str, target: str) -> None:
    """Copy the store at FROM to TO, which then takes its place.

    FROM and TO are written as store.url in config.yaml: sqlite:///FILE or
    postgresql://user@host/database, or '{env: NAME}' to keep a password out of the command. TO must
    be empty. Stop the service first. All rows and delivery reports are compared. Afterwards the old
    store cannot be used any more. If interrupted, run it again.
    """
    from syndicate.config.loader import store_url
    from syndicate.delivery.operations.store_copy import copy_store
    from syndicate.site import set_up

    setup = set_up(config_file, os.environ)
    old, new = (
        store_url(written, argument, os.environ, setup.base)
        for written, argument in ((source, "FROM"), (target, "TO"))
    )
    _show_copied(copy_store(setup, old, new, ProgressBar(quiet=False)))


def _show_copied(copied: StoreCopied) -> None:
    click.echo(f"Copied {copied.source} to {copied.target}.")
    rows = f"{counted(copied.rows.rows, 'row')} in {copied.rows.tables} tables"
    reports = f"the delivery reports of {counted(copied.issues, 'issue')}"
    click.echo(f"Equal in both: {rows}, and {reports}.")
    click.echo("The old store is marked as moved: it neither builds nor sends any more.")
    click.echo("Set store.url in config.yaml to the new store, then start the service.")
