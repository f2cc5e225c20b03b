"""`preview`: the next issue in a browser while you write."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from syndicate.cli.completing import newsletter_names
from syndicate.cli.options import config_option
from syndicate.cli.show import ProgressBar, placed


@click.command(short_help="Show the next issue in a browser while you write.")
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port to listen on.  [default: a free one]"
)
@click.option("--no-open", is_flag=True, help="Print the URL and open no browser.")
@config_option
def preview(config_file: Path, newsletter: str | None, port: int | None, *, no_open: bool) -> None:
    """Show the next issue of NEWSLETTER (default: the first) in a browser.

    Shows it as on a phone and on a desktop, in light and dark mode, with its plain text,
    headers, sizes and problems. Reloads when you save an article, a template or the
    configuration. Writes no files. Stop it with Ctrl-C.
    """
    import webbrowser
    from threading import Thread

    from syndicate.preview.loop import PreviewLoop
    from syndicate.preview.renderer import PreviewRenderer, chosen
    from syndicate.preview.server import PreviewServer
    from syndicate.preview.session import PreviewSession

    renderer = PreviewRenderer(config_file, os.environ, ProgressBar(quiet=False), placed)
    first = chosen(newsletter, renderer.site)
    session = PreviewSession({first: first}, first)
    loop = PreviewLoop(renderer, session, lambda: datetime.now(UTC), placed)
    server = PreviewServer(session, port or 0)
    try:
        loop.make([first])  # before there are threads: many files are read by many processes
        server.start()
        click.echo(f"{server.url}  (Ctrl-C stops the preview)")
        if not no_open:
            Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
        loop.run()
    except KeyboardInterrupt:
        click.echo("\nPreview stopped.")
    finally:
        server.server_close()
        renderer.close()
