"""How things look in a terminal: errors, findings, progress. No decisions."""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import click

from syndicate.errors import ConfigError, Fault, Place, SyndicateError
from syndicate.findings import Finding, Level

T = TypeVar("T")

LONG_WORK = 200
"""Items from which on progress is worth showing."""


def show_error(error: SyndicateError) -> None:
    """An error, or all faults of a configuration, on stderr."""
    alone = Fault(error.message, error.place or Place(""), error.way_out)
    for fault in error.faults if isinstance(error, ConfigError) else (alone,):
        _show(str(fault.place), "error", fault.message, fault.way_out, err=True)


def show_findings(findings: Sequence[Finding], *, err: bool) -> None:
    """Findings, one after another, and their number."""
    for finding in findings:
        place = str(Place(finding.path, finding.line))
        message = f"{finding.message} [{finding.rule}]"
        _show(place, finding.level, message, finding.way_out, err=err)
    errors = sum(finding.level == Level.ERROR for finding in findings)
    if findings:
        warnings = len(findings) - errors
        click.echo(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}", err=err)


def _show(place: str, level: str, message: str, way_out: str, *, err: bool) -> None:
    colour = "red" if level == "error" else "yellow"
    place = f"{click.style(place, bold=True)}: " if place else ""
    click.echo(f"{place}{click.style(level, fg=colour)}: {message}", err=err)
    if way_out:
        click.echo(f"    {way_out}", err=err)


def findings_as_json(findings: Sequence[Finding]) -> str:
    """Findings as a JSON array of objects."""
    rows = [
        {
            "level": finding.level,
            "rule": finding.rule,
            "path": finding.path,
            "line": finding.line,
            "message": finding.message,
            "way_out": finding.way_out,
        }
        for finding in findings
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)


def counted(number: int, noun: str) -> str:
    """`1 article`, `2 articles`, `10,000 articles`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def show_crash(error: Exception) -> None:
    """A fault in this program: what to report, in a file."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="syndicate-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write("".join(traceback.format_exception(error)))
    click.echo(
        f"{click.style('error', fg='red')}: a fault in syndicate: {type(error).__name__}: {error}\n"
        f"    nothing that was published is lost; please report {Path(file.name)}",
        err=True,
    )


class Progress:
    """Shows long work: a bar on a terminal, plain lines elsewhere, nothing when quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, items: Iterable[T], total: int, doing: str) -> Iterable[T]:
        if self._quiet or total < LONG_WORK:
            return items
        if sys.stderr.isatty():
            return self._bar(items, total, doing)
        return self._lines(items, total, doing)

    def _bar(self, items: Iterable[T], total: int, doing: str) -> Iterator[T]:
        stream = sys.stderr
        with click.progressbar(
            items, length=total, label=doing, file=stream, update_min_steps=max(1, total // 200)
        ) as bar:
            yield from bar

    def _lines(self, items: Iterable[T], total: int, doing: str) -> Iterator[T]:
        step = max(1, total // 4)
        for number, item in enumerate(items, 1):
            yield item
            if number % step == 0:
                click.echo(f"{doing}: {number:,} of {total:,}", err=True)
