"""The command line: commands, exit codes, and the only printing there is.

Exit codes: 0 done; 1 something was found (`check`, `build --strict`); 2 wrong usage or
configuration, or a thing that could not be done; 70 a fault in this program.
"""

from __future__ import annotations

import os
import sys

import click

from syndicate.cli.main import syndicate
from syndicate.cli.show import show_crash, show_error
from syndicate.errors import SyndicateError

WRONG = 2
CRASHED = 70
INTERRUPTED = 130


def run() -> None:
    """Run the command that was typed, and leave with its exit code."""
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking the interpreter down politely costs more than a build with nothing to do.
    os._exit(code)


def main(arguments: list[str]) -> int:
    """Run a command and give its exit code. Nothing that can happen shows a traceback."""
    try:
        result = syndicate.main(arguments, prog_name="syndicate", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return WRONG
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return INTERRUPTED
    except SyndicateError as error:
        show_error(error)
        return WRONG
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  the last resort: a file, not a traceback
        show_crash(error)
        return CRASHED
    return result if isinstance(result, int) else 0
