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
"""The rule of a fault in syndicate."""


@dataclass(frozen=True, slots=True)
class Changes:
    """New problems, and problems that are solved."""

    new: tuple[Finding, ...]
    solved: tuple[Finding, ...]


class Problems:
    """Current problems, by the part of the service that found them."""

    def __init__(self) -> None:
        self._by_part: dict[str, dict[Finding, datetime]] = {}

    def __iter__(self) -> Iterator[tuple[str, Finding, datetime]]:
        """Part, problem, and when it began."""
        for part, findings in self._by_part.items():
            for finding, since in findings.items():
                yield part, finding, since

    def replace(self, part: str, findings: Iterable[Finding], now: datetime) -> Changes:
        """Replace the problems of a part; returns what changed."""
        before = self._by_part.get(part, {})
        after = {finding: before.get(finding, now) for finding in findings}
        self._by_part[part] = after
        return Changes(tuple(after.keys() - before.keys()), tuple(before.keys() - after.keys()))

    def retain(self, parts: Set[str]) -> None:
        """Forget the problems of all other parts."""
        self._by_part = {
            part: findings for part, findings in self._by_part.items() if part in parts
        }


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
    """Whether a part of the service does not work, as opposed to a flaw in a text."""
    return finding.rule == PROGRAM or finding.rule.endswith("-failed")


def _finding(rule: str, message: str, place: Location | None, hint: str) -> Finding:
    path, line = (place.path, place.line) if place else ("", None)
    return Finding(Level.ERROR, rule, message, path, line, hint)
