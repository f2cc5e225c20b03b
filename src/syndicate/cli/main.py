"""The commands by name. Each lives in a module of its group."""

from __future__ import annotations

import click

from syndicate import __version__
from syndicate.cli.bounces import bounces
from syndicate.cli.build import build, check
from syndicate.cli.deliveries import deliveries, send, send_test
from syndicate.cli.export import export
from syndicate.cli.init import completion, init, new
from syndicate.cli.inspect import config, explain
from syndicate.cli.issues import issues
from syndicate.cli.options import PROGRAM
from syndicate.cli.preview import preview
from syndicate.cli.run import run, status
from syndicate.cli.store import backup, restore, resume
from syndicate.cli.subscribers import subscribers

"""The variable through which a shell asks for completions."""

HELP = """Turns a folder of articles into feeds and a newsletter.

\b
Start a site and build it:
  syndicate init my-site
  cd my-site
  syndicate build

Then write: every .md, .txt or .html file in content/ is an article. Build again,
and public/ holds the feeds (feed.xml, atom.xml, feed.json, one set for each tag) and
pages, issues/ the newsletter, ready to send.

\b
  syndicate new "A title"       start an article
  syndicate preview             the next issue, as it will look
  syndicate run                 build whenever something changes, until it is stopped
  syndicate check               what is wrong or doubtful, and the way out
  syndicate explain ARTICLE     why it is or is not in which feed and issue
  syndicate export NEWSLETTER   the next issue, for another service to send

\b
Exit codes:
  0  done
  1  something was found (check, build --strict, status), or breaks a rule (export)
  2  wrong usage or configuration, or a thing that could not be done
  3  no service runs (status)
"""


@click.group(help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False),
    default="config.yaml",
    show_default=True,
    help="The site's configuration.",
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


COMMANDS = (init, new, build, run, status, preview, check, explain, issues, export, config)
OF_PEOPLE = (subscribers, send, send_test, deliveries, bounces)
OF_THE_STORE = (backup, restore, resume)
for command in (*COMMANDS, *OF_PEOPLE, *OF_THE_STORE, completion):
    syndicate.add_command(command)
