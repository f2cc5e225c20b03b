"""`preview`: the next issue in a browser, as it will look, while it is being written."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from syndicate.cli.completing import newsletter_names
from syndicate.cli.options import config_option
from syndicate.cli.show import Progress, placed


@click.command(short_help="Show the next issue in a browser while you write.")
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The port of the page.  [default: a free one]"
)
@click.option("--no-open", is_flag=True, help="Open no browser, only say where the page is.")
@config_option
def preview(config_file: Path, newsletter: str | None, port: int | None, *, no_open: bool) -> None:
    """Show the next issue of a NEWSLETTER in a browser: the first one, if none is named.

    It is seen on a telephone and on a desk, in light and in dark, with its plain text,
    headers, sizes and whatever is to be mended. It follows when you save an article,
    a template or the configuration. Nothing is written. Ctrl-C ends it.
    """
    import webbrowser
    from threading import Thread

    from syndicate.preview.loop import PreviewLoop
    from syndicate.preview.renderer import PreviewRenderer, chosen
    from syndicate.preview.server import Server
    from syndicate.preview.session import Session

    workshop = PreviewRenderer(config_file, os.environ, Progress(quiet=False), placed)
    first = chosen(newsletter, workshop.site)
    session = Session({first: first}, first)
    maker = PreviewLoop(workshop, session, lambda: datetime.now(UTC), placed)
    server = Server(session, port or 0)
    try:
        maker.make([first])  # before there are threads: many files are read by many processes
        server.start()
        click.echo(f"{server.url}  (Ctrl-C ends the preview)")
        if not no_open:
            Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
        maker.run()
    except KeyboardInterrupt:
        click.echo("\nThe preview has ended.")
    finally:
        server.server_close()
        workshop.close()
