"""One header being read: what readers of keys share. Values as text, warnings, errors. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Never

from syndicate.content import plaintext
from syndicate.content.article import HoldKind
from syndicate.content.header import Header
from syndicate.content.metadata import Metadata
from syndicate.errors import ArticleError, Location
from syndicate.findings import Finding, Level

_MAX_DEPTH = 32  # levels of lists and maps in a value


@dataclass(slots=True)
class KeyReading:
    """The header of one file, and the metadata found so far."""

    path: str
    header: Header
    zone: tzinfo
    metadata: Metadata
    stated_day: datetime | None = None
    undated: list[tuple[str, Finding]] = field(default_factory=list)
    """Keys that hold the article back unless the header has a date, each with its finding."""

    def publish(self) -> None:
        """Note that a key publishes the article unless another key holds it back."""
        self.metadata.draft = bool(self.metadata.draft)

    def hold(self, reason: str, kind: HoldKind = HoldKind.OTHER) -> None:
        """Hold the article back. The first reason counts."""
        if not self.metadata.draft:
            self.metadata.withheld, self.metadata.hold = reason, kind
        self.metadata.draft = True

    def texts(self, key: str, value: object, depth: int = 0) -> Iterator[str]:
        """The texts in a list with any nesting; the `name`, `title` or `label` of a map."""
        if depth > _MAX_DEPTH:
            self._refuse_deep(key)
        if isinstance(value, list | tuple):
            for part in value:
                if isinstance(part, str):
                    yield part
                elif part is not None:
                    yield from self.texts(key, part, depth + 1)
        elif isinstance(value, Mapping):
            name = first_text(value, "name", "title", "label")
            if name:
                yield name
            else:
                self.warn_ignored(key, value, "text")
        elif (text := self.text(key, value)) is not None:
            yield text
        else:
            self.warn_ignored(key, value, "text")

    def text(self, key: str, value: object) -> str | None:
        """A scalar as the author wrote it; None for a list, a map or null."""
        if isinstance(value, str):
            return value
        if isinstance(value, bool | int | float | date):
            written = self.header.as_written(key)
            if written and written[0] not in "[{&!*|>'\"":
                return written
            return str(self.plain(key, value)).lower()
        return None

    def plain(self, key: str, value: object, depth: int = 0) -> object:
        """A value as JSON can represent it: texts, numbers, booleans, lists and maps of them."""
        if isinstance(value, str):
            return plaintext.legal(value)
        if depth > _MAX_DEPTH:
            self._refuse_deep(key)
        if isinstance(value, Mapping):
            return {
                str(self.plain(key, name, depth + 1)): self.plain(key, part, depth + 1)
                for name, part in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.plain(key, part, depth + 1) for part in value]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return value if value.bit_length() < 64 else hex(value)
        if isinstance(value, float):
            return value if abs(value) < float("inf") else str(value)
        return str(value)

    def warn_ignored(self, key: str, value: object, expected: str) -> None:
        """Warn that a value of the wrong kind is ignored."""
        message = f"{key} is {describe(value)}, not {expected}; it is ignored"
        self.warn("value-left-out", key, message, f"write {expected}, or remove the key")

    def warn(self, rule: str, key: str, message: str, hint: str) -> None:
        """Add a finding at the line of a key."""
        self.metadata.findings.append(self.finding(rule, key, message, hint))

    def finding(self, rule: str, key: str, message: str, hint: str) -> Finding:
        """A finding at the line of a key."""
        line = self.header.line_of(key)
        return Finding(Level.WARNING, rule, message, self.path, line, hint)

    def refuse(self, key: str, message: str, hint: str) -> Never:
        """Raise ArticleError at the line of a key."""
        place = Location(self.path, self.header.line_of(key))
        raise ArticleError(message, place=place, hint=hint)

    def _refuse_deep(self, key: str) -> Never:
        self.refuse(key, f"{key} is nested too deeply", f"keep to {_MAX_DEPTH} levels")


def first_text(parts: Mapping[str, object], *names: str) -> str:
    """The text of the first of the names that has one, on one line; else ""."""
    texts = (parts.get(name) for name in names)
    return next((plaintext.line(text) for text in texts if isinstance(text, str) and text), "")


def shown(key: str, value: object) -> str:
    """A key with its value, as `explain` shows it; without a list, a map or a secret (None)."""
    if not isinstance(value, bool | str | int):
        return key
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{key}: {text[:40]}"


def describe(value: object) -> str:
    """A value for a message: as text, or its kind."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"{value[:40]!r}"
    names = {list: "a list", dict: "a map", int: "a number", float: "a number"}
    return names.get(type(value), "not text")
