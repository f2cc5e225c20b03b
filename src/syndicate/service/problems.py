"""Current problems of each task, since when, and what changed: each is reported once.

Pure: takes findings and `now`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import datetime

from syndicate.errors import ConfigError, Location, SyndicateError, refused
from syndicate.findings import Finding, Level

PROGRAM = "program"
"""The rule of a fault that is ours."""


@dataclass(frozen=True, slots=True)
class Changes:
    """New problems, and problems that are solved."""

    new: tuple[Finding, ...]
    solved: tuple[Finding, ...]


class Problems:
    """What is wrong, by the part of the service that found it."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Finding, datetime]] = {}

    def __iter__(self) -> Iterator[tuple[str, Finding, datetime]]:
        """Part, what is wrong, since when."""
        for part, findings in self._known.items():
            for finding, since in findings.items():
                yield part, finding, since

    def replace(self, part: str, findings: Iterable[Finding], now: datetime) -> Changes:
        """Take what is wrong in a part now for what was wrong there before."""
        before = self._known.get(part, {})
        after = {finding: before.get(finding, now) for finding in findings}
        self._known[part] = after
        return Changes(tuple(after.keys() - before.keys()), tuple(before.keys() - after.keys()))

    def only(self, parts: Set[str]) -> None:
        """Forget the parts that are no more."""
        self._known = {part: found for part, found in self._known.items() if part in parts}


def as_findings(rule: str, error: Exception) -> list[Finding]:
    """An error as findings with place and hint."""
    if isinstance(error, ConfigError):
        return [_finding(rule, f.message, f.place, f.hint) for f in error.faults]
    error = refused(error) if isinstance(error, OSError) else error
    if isinstance(error, SyndicateError):
        return [_finding(rule, error.message, error.place, error.hint)]
    message = f"a fault in syndicate: {type(error).__name__}: {error}"
    return [_finding(PROGRAM, message, None, "please report it with the log")]


def is_failure(finding: Finding) -> bool:
    """Whether it keeps a part of the service from its work, and is no mere flaw in a text."""
    return finding.rule == PROGRAM or finding.rule.endswith("-failed")


def _finding(rule: str, message: str, place: Location | None, hint: str) -> Finding:
    path, line = (place.path, place.line) if place else ("", None)
    return Finding(Level.ERROR, rule, message, path, line, hint)
