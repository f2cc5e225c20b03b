"""Print errors, findings, tables and progress. No decisions."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from syndicate.cli.columns import GAP, in_columns
from syndicate.errors import ConfigError, ConfigProblem, Location, SyndicateError
from syndicate.findings import Finding, Level, visible

if TYPE_CHECKING:
    from syndicate.site import Setup, Site

T = TypeVar("T")

LONG_WORK = 200
"""Progress is shown for at least this many items."""


def from_here(path: str | Path) -> str:
    """A path relative to the working directory, or absolute if that is shorter."""
    return min(os.path.relpath(path), str(path), key=len)


# -- errors --------------------------------------------------------------------------------


def show_error(error: SyndicateError) -> None:
    """Print an error, or all problems of a configuration, to stderr."""
    alone = ConfigProblem(error.message, error.place or Location(""), error.hint)
    for fault in error.faults if isinstance(error, ConfigError) else (alone,):
        place = fault.place
        if Path(place.path).is_absolute():
            place = replace(place, path=from_here(place.path))
        where = f"{click.style(str(place), bold=True)}: " if place.path else ""
        click.echo(f"{where}{_coloured(Level.ERROR)}: {fault.message}", err=True)
        if fault.hint:
            click.echo(f"    {fault.hint}", err=True)


def show_crash(error: Exception) -> None:
    """Write a report of an internal error to a file and print its path."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="syndicate-", suffix=".txt", delete=False, encoding="utf-8", errors="replace"
    ) as file:
        file.write("".join(traceback.format_exception(error)))
    click.echo(
        f"{_coloured(Level.ERROR)}: internal error: {type(error).__name__}: {error}\n"
        f"    nothing that was published is lost; please report it with {file.name}",
        err=True,
    )


# -- findings ------------------------------------------------------------------------------


def placed(findings: Sequence[Finding], site: Site | Setup) -> list[Finding]:
    """Findings with paths relative to the working directory, ordered by file."""
    seen = [replace(finding, path=_file(finding, site)) for finding in findings]
    return sorted(seen, key=lambda finding: (finding.path, finding.line or 0))


def _file(finding: Finding, site: Site | Setup) -> str:
    """Where the file of a finding is: in the content folder, or among the templates."""
    places, path = site.places, finding.path
    if path == site.config_file:
        return path
    roots = (places.content, *places.designs)
    root = next((root for root in roots if (root / path).is_file()), places.content)
    return from_here(root / path)


def show_findings(findings: Sequence[Finding], *, err: bool) -> None:
    """Print findings with hints, then their number; as a table on a wide terminal."""
    stream, columns = sys.stderr if err else sys.stdout, shutil.get_terminal_size().columns
    if not findings:
        return
    if stream is not None and stream.isatty() and columns >= NARROWEST_TABLE:
        _show_in_columns(findings, columns, err=err)
    else:
        _show_by_file(findings, err=err)
    click.echo(tally(findings), err=err)


NARROWEST_TABLE = 72
HEADINGS = ("level", "rule", "place", "problem", "hint")
SHARES = (0, 0, 3, 5, 4)


def _show_in_columns(findings: Sequence[Finding], columns: int, *, err: bool) -> None:
    rows = [
        tuple(map(visible, (f.level, f.rule, str(Location(f.path, f.line)), f.message, f.hint)))
        for f in findings
    ]
    heading, *table = in_columns([HEADINGS, *rows], columns, SHARES)
    for line in heading:
        click.secho(GAP.join(line).rstrip(), dim=True, err=err)
    for finding, lines in zip(findings, table, strict=True):
        for level, rule, place, what, hint in lines:
            shown = click.style(level, fg=_colour(finding.level))
            named = click.style(rule, dim=True), click.style(place, bold=True)
            click.echo(GAP.join((shown, *named, what, hint.rstrip())), err=err)
        click.echo(err=err)


def _show_by_file(findings: Sequence[Finding], *, err: bool) -> None:
    for _, group in groupby(findings, key=lambda finding: finding.path):
        rows = [(visible(str(Location(finding.path, finding.line))), finding) for finding in group]
        width = max(len(place) for place, _ in rows)
        for place, finding in rows:
            level = _coloured(finding.level, width=len(Level.WARNING))
            rule = click.style(f"[{finding.rule}]", dim=True)
            shown = click.style(f"{place:<{width}}", bold=True)
            click.echo(f"{shown}  {level}  {visible(finding.message)} {rule}", err=err)
            if finding.hint:
                click.echo(f"    {finding.hint}", err=err)
        click.echo(err=err)


def tally(findings: Sequence[Finding]) -> str:
    """`1 error, 2 warnings`, or `no problems found`."""
    counts = ((level, sum(f.level == level for f in findings)) for level in Level)
    return ", ".join(counted(n, level) for level, n in counts if n) or "no problems found"


def _coloured(level: Level, width: int = 0) -> str:
    return click.style(f"{level:<{width}}", fg=_colour(level))


def _colour(level: Level) -> str:
    return {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTICE: "cyan"}[level]


def findings_as_json(findings: Sequence[Finding]) -> str:
    """Findings as a JSON array of objects."""
    return json.dumps(finding_rows(findings), ensure_ascii=False, indent=2)


def finding_rows(findings: Sequence[Finding]) -> list[dict[str, str | int | None]]:
    """Findings as JSON objects; docs/commands.md documents the keys."""
    return [
        {
            "rule": finding.rule,
            "number": _number(finding.rule),
            "level": finding.level,
            "path": finding.path,
            "line": finding.line,
            "message": finding.message,
            "hint": finding.hint,
        }
        for finding in findings
    ]


def _number(rule: str) -> int | None:
    """The number of a rule that has one, such as `email-15`."""
    number = rule.rpartition("-")[2]
    return int(number) if number.isdecimal() else None


def counted(number: int, noun: str) -> str:
    """`1 article`, `2 articles`, `10,000 articles`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# -- tables --------------------------------------------------------------------------------


def show_table(rows: Iterable[tuple[str, str, str]]) -> None:
    """Print names, values, and sources in brackets; wrapped on a terminal."""
    table = list(rows)
    width = max((len(name) for name, _, _ in table), default=0)
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for name, value, source in table:
        margin = " " * (width + 4)
        text = f"{value}  ({source})" if source else value
        room = max(columns, len(margin) + 16)
        shown = click.wrap_text(text, room, initial_indent=margin, subsequent_indent=margin)
        click.echo(f"  {click.style(f'{name:<{width}}', dim=True)}  {shown.strip()}")


def show_columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table under its headings, and an empty line before it; nothing for no rows.

    On a terminal the last column is wrapped.
    """
    if not rows:
        return
    wide = max(shutil.get_terminal_size().columns, NARROWEST_TABLE)
    columns = wide if sys.stdout.isatty() else sys.maxsize
    shares = (*(0,) * (len(headings) - 1), 1)
    shown = [tuple(map(visible, row)) for row in rows]
    heading, *table = in_columns([headings, *shown], columns, shares)
    click.echo()
    for line in heading:
        click.secho(GAP.join(line).rstrip(), dim=True)
    for lines in table:
        for cells in lines:
            click.echo(GAP.join(cells).rstrip())


class ProgressBar:
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
