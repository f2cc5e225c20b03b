"""`run`: run the service."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from syndicate.cli.options import config_option


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
