"""Findings: what is wrong or doubtful about an article, a feed or a newsletter, as values.

A finding never stops a build; `check` and `build --strict` turn findings into exit code 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth telling the author.

    `rule` is a short stable name (`date-unreadable`, `email-15`), `message` what is wrong,
    `path` and `line` where (line counted from 1, None if the whole file), `way_out` what to do.
    """

    level: Level
    rule: str
    message: str
    path: str
    line: int | None = None
    way_out: str = ""
