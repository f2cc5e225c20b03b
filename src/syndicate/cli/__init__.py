"""The command line: commands, exit codes, and the only printing there is.

Exit codes: 0 done; 1 problems found (`check`, `build --strict`, `export`, `status`), or `run`
stopped with work unfinished; 2 wrong usage or configuration, or the command failed; 3 no service
is running; 70 internal error; 130 stopped with Ctrl-C; 141 the reader of the output closed it
(both as shells count signals).
"""

from __future__ import annotations

import os
import sys

import click
from click.exceptions import Exit

from syndicate.cli.main import syndicate
from syndicate.cli.options import COMPLETION, PROGRAM
from syndicate.cli.show import show_crash, show_error
from syndicate.errors import SyndicateError, refused

DONE = 0
WRONG = 2
CRASHED = 70
INTERRUPTED = 130
UNREAD = 141


def run() -> None:
    """Run the command of the command line and exit with its exit code."""
    if os.name != "posix":
        sys.exit(
            "error: syndicate needs Linux, macOS or another POSIX system\n"
            "    hint: on Windows, run it in WSL or a container"
        )
    _prepare_streams()
    code = main(sys.argv[1:])
    # All is flushed. A regular shutdown of the interpreter costs more than an idle build.
    os._exit(code)


def main(arguments: list[str]) -> int:
    """Run a command and return its exit code. Never shows a traceback."""
    try:
        return _with_errors_shown(arguments)
    except BrokenPipeError:
        return UNREAD
    except OSError:  # stderr is full: no way to report it
        return WRONG


def _with_errors_shown(arguments: list[str]) -> int:
    """Run a command and print its errors to stderr."""
    try:
        return _invoked(arguments)
    except click.ClickException as error:
        error.show()
        return WRONG
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "\nStopped. What was published stays. The next build completes the rest.", err=True
        )
        return INTERRUPTED
    except SyndicateError as error:
        show_error(error)
        return WRONG
    except BrokenPipeError:
        raise
    except OSError as error:  # no disk space, no permission: not our fault
        show_error(refused(error))
        return WRONG
    except Exception as error:  # noqa: BLE001  last resort: a report file, no traceback
        show_crash(error)
        return CRASHED


def _invoked(arguments: list[str]) -> int:
    if instruction := os.environ.get(COMPLETION):
        from click.shell_completion import shell_complete

        return shell_complete(syndicate, {}, PROGRAM, COMPLETION, instruction)
    colour = False if os.environ.get("NO_COLOR") else None  # None: on a terminal only
    try:
        with syndicate.make_context(PROGRAM, arguments, color=colour) as context:
            result = syndicate.invoke(context)
    except Exit as exiting:  # --help and --version
        return exiting.exit_code
    return result if isinstance(result, int) else DONE


def _prepare_streams() -> None:
    """Replace closed streams; escape characters that the terminal cannot show."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
