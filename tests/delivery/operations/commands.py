"""Commands of the program, run in this process."""

from __future__ import annotations

from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from syndicate import cli


class CommandResult(NamedTuple):
    """What `subprocess.run` would return."""

    returncode: int
    stdout: str
    stderr: str


def run_command(folder: Path, *arguments: object) -> CommandResult:
    """Run a command in `folder`."""
    with chdir(folder), redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as errors:
        code = cli.main([str(argument) for argument in arguments])
    return CommandResult(code, out.getvalue(), errors.getvalue())
