"""The command line: commands, exit codes, and the only printing there is.

Exit codes: 0 done; 1 something was found (`check`, `build --strict`, `export`, `status`), or `run`
left work behind; 2 wrong usage or configuration, or a thing that could not be done; 3 no service
runs; 70 a fault in this program; 130 stopped with Ctrl-C; 141 whoever read the output went away
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
    """Run the command that was typed, and leave with its exit code."""
    if os.name != "posix":
        sys.exit(
            "error: syndicate needs Linux, macOS or another POSIX system\n"
            "    hint: on Windows, run it in WSL or a container"
        )
    _prepare_streams()
    code = main(sys.argv[1:])
    # All is flushed. Taking the interpreter down politely costs more than an idle build.
    os._exit(code)


def main(arguments: list[str]) -> int:
    """Run a command and give its exit code. Nothing that can happen shows a traceback."""
    try:
        return _told(arguments)
    except BrokenPipeError:
        return UNREAD
    except OSError:  # stderr is full: nobody can be told
        return WRONG


def _told(arguments: list[str]) -> int:
    """Run a command; say on stderr what went wrong, in words for a person."""
    try:
        return _invoked(arguments)
    except click.ClickException as error:
        error.show()
        return WRONG
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nStopped. What is published stays; the next build does the rest.", err=True)
        return INTERRUPTED
    except SyndicateError as error:
        show_error(error)
        return WRONG
    except BrokenPipeError:
        raise
    except OSError as error:  # no disk space, no rights: the machine's, not ours
        show_error(refused(error))
        return WRONG
    except Exception as error:  # noqa: BLE001  the last resort: a file, not a traceback
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
    except Exit as leaving:  # --help and --version
        return leaving.exit_code
    return result if isinstance(result, int) else DONE


def _prepare_streams() -> None:
    """Closed streams lead to nowhere, and no character is one too many for a terminal."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
