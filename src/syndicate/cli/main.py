"""The root command and its subcommands."""

from __future__ import annotations

import click

from syndicate import __version__
from syndicate.cli.bounces import bounces
from syndicate.cli.build import build, check
from syndicate.cli.deliveries import deliveries
from syndicate.cli.export import export
from syndicate.cli.init import completion, init, new
from syndicate.cli.inspect import config, explain
from syndicate.cli.issues import issues
from syndicate.cli.options import PROGRAM
from syndicate.cli.preview import preview
from syndicate.cli.publish import publish
from syndicate.cli.run import run
from syndicate.cli.send import send, send_test
from syndicate.cli.status import status
from syndicate.cli.store import backup, restore, resume, store
from syndicate.cli.subscribers import subscribers
from syndicate.cli.workers import worker, workers

HELP = """Turn a folder of articles into feeds and a newsletter.

\b
Start a site and build it:
  syndicate init my-site
  cd my-site
  syndicate build

Then write: every .md, .txt or .html file in content/ is an article. Build again:
public/ has the pages and feeds (feed.xml, atom.xml, feed.json, one set for each tag),
issues/ has the newsletter, ready to send.

\b
  syndicate new "A title"       create an article
  syndicate preview             show the next issue while you write
  syndicate run                 run the service: build, serve, send
  syndicate check               find problems and show how to fix them
  syndicate explain ARTICLE     show why it is in a feed or issue, or not
  syndicate export NEWSLETTER   write the next issue for another service to send

\b
Exit codes:
  0  done
  1  problems found (check, build --strict, status, export)
  2  wrong usage or configuration, or the command failed
  3  no service is running (status)
"""


@click.group(help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False),
    default="config.yaml",
    show_default=True,
    help="The configuration file.",
)
@click.pass_context
def syndicate(context: click.Context, config_file: str) -> None:
    """See HELP."""
    context.obj = config_file


@syndicate.command("help")
@click.argument("command", nargs=-1)
def help_(command: tuple[str, ...]) -> None:
    """Show the help of a command.

    COMMAND may have parts, as in `syndicate help issues make`; without it, list all commands.
    """
    syndicate.main([*command, "--help"], prog_name=PROGRAM)


COMMANDS = (init, new, build, publish, run, status, preview, check, explain, issues, export, config)
OF_PEOPLE = (subscribers, send, send_test, worker, workers, deliveries, bounces)
OF_THE_STORE = (backup, restore, resume, store)
for command in (*COMMANDS, *OF_PEOPLE, *OF_THE_STORE, completion):
    syndicate.add_command(command)
