"""Findings: what is wrong or doubtful about an article, a feed or a newsletter, as values.

A finding never stops a build; `check` and `build --strict` turn findings into exit code 1, but for
notices.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth telling the author.

    `rule` is a short stable name (`date-unreadable`, `email-15`), `message` what is wrong,
    `path` and `line` where (line counted from 1, None if the whole file), `hint` what to do.
    """

    level: Level
    rule: str
    message: str
    path: str
    line: int | None = None
    hint: str = ""


def to_json(findings: Sequence[Finding]) -> str | None:
    """Findings as the store keeps them; None for none."""
    if not findings:
        return None
    rows = [[f.level, f.rule, f.message, f.path, f.line, f.hint] for f in findings]
    return json.dumps(rows, ensure_ascii=False)


def from_json(text: str | None, path: str | None = None) -> list[Finding]:
    """Findings that `to_json` wrote; about the file at `path`, which may have been renamed."""
    return [
        Finding(Level(level), rule, message, path or kept_path, line, hint)
        for level, rule, message, kept_path, line, hint in json.loads(text or "[]")
    ]


def visible(text: str) -> str:
    """Text with what would move the cursor, or cannot be printed, written as an escape."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
