"""Show the progress of sending: one line on a terminal, else a line every ten seconds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING

import click

from syndicate.findings import visible

if TYPE_CHECKING:
    from syndicate.delivery.progress import IssueProgress
    from syndicate.delivery.relays import RelayError


class SendProgress:
    """Progress of sending: one updated line on a terminal, else a line every ten seconds."""

    def __init__(self) -> None:
        from syndicate.delivery.throughput import ThroughputMeter

        self._throughput = ThroughputMeter()
        self._clear = "\r\x1b[2K" if sys.stderr.isatty() else ""
        self._reported: set[str] = set()
        self._shown = monotonic()
        self._any = False
        self._last_line = ""

    def note(self, in_progress: Sequence[IssueProgress], errors: Sequence[RelayError]) -> None:
        """Show the progress, and the errors of relays."""
        for error in errors:
            if error.text not in self._reported:
                self._reported.add(error.text)
                click.echo(f"{self._clear}{visible(error.text)}{next_attempt(error)}", err=True)
        done, planned = sum(w.done for w in in_progress), sum(w.planned for w in in_progress)
        self._throughput.record(monotonic(), done)
        if not planned or monotonic() - self._shown < (0.1 if self._clear else 10):
            return
        self._shown, self._any = monotonic(), True
        waits = next_attempt(errors[0]) if errors else ""
        rate = self._throughput.per_second
        suffix = f", {rate:,.0f} a second" if rate else waits
        self._show(done, planned, f"{done:,} of {planned:,}{suffix}")

    def _show(self, done: int, planned: int, line: str) -> None:
        """Show a line; without a terminal, only if it differs from the last."""
        if not self._clear:
            if line != self._last_line:
                click.echo(f"Sending: {line}", err=True)
            self._last_line = line
            return
        full = 30 * done // planned
        bar = f"[{'#' * full}{'-' * (30 - full)}]"
        click.echo(f"{self._clear}Sending  {bar}  {line}", nl=False, err=True)

    def close(self) -> None:
        """Clear the progress line."""
        if self._any:
            click.echo(self._clear, nl=False, err=True)


def next_attempt(error: RelayError) -> str:
    """When a server is tried again, in local time."""
    if error.is_disabled:
        return "; no further attempts"
    if not error.retry_in:
        return "; retrying"
    moment = datetime.now().astimezone() + timedelta(seconds=ceil(error.retry_in))
    return f"; next attempt at {moment:%H:%M:%S}"
