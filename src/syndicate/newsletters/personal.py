"""An issue as it is stored to be sent, with placeholders for the values of each reader. Pure.

A placeholder is text that occurs nowhere else in the issue; each reader's link or name replaces it.
There are two variants of each text, because most readers who subscribe on a page give no name: a
design greets readers with a name, and shows the others no gap and no substitute.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from html import escape

TEST = "[Test]"
"""Prefix of the subject of a test email."""


@dataclass(frozen=True, slots=True)
class Placeholders:
    """The tokens for a reader's values. `digest` is in each of them, and nowhere else."""

    digest: str
    unsubscribe: str
    preferences: str
    name: str


@dataclass(frozen=True, slots=True)
class IssueVariant:
    """The texts of an issue, with placeholders. `subject` is one line."""

    subject: str
    html: str
    text: str

    def filled(self, values: Mapping[str, str]) -> IssueVariant:
        """The texts for a reader; `values` maps each placeholder to its value."""
        subject, html, text = self.subject, self.html, self.text
        for placeholder, value in values.items():
            subject, text = (each.replace(placeholder, value) for each in (subject, text))
            html = html.replace(placeholder, escape(value))
        return IssueVariant(subject, html, text)


@dataclass(frozen=True, slots=True)
class PersonalisedIssue:
    """The texts of all messages: `named` for readers with a name, `nameless` for the others."""

    placeholders: Placeholders
    named: IssueVariant
    nameless: IssueVariant

    def as_test(self) -> PersonalisedIssue:
        """A copy with [Test] in the subject."""
        named, nameless = (
            replace(variant, subject=f"{TEST} {variant.subject}")
            for variant in (self.named, self.nameless)
        )
        return PersonalisedIssue(self.placeholders, named, nameless)

    def replaced(self, addresses: Mapping[str, str]) -> PersonalisedIssue:
        """A copy with other URLs in the bodies: old -> new."""

        def of(text: str) -> str:
            for before, after in addresses.items():
                text = text.replace(before, after)
            return text

        variants = (
            replace(variant, html=of(variant.html), text=of(variant.text))
            for variant in (self.named, self.nameless)
        )
        return PersonalisedIssue(self.placeholders, *variants)

    def to_json(self) -> str:
        """The JSON that is stored with an issue."""
        fields = asdict(self)
        return json.dumps({"marks": fields.pop("placeholders"), **fields}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> PersonalisedIssue:
        """The value that `to_json` wrote."""
        stored = json.loads(text)
        return cls(
            Placeholders(**stored["marks"]),
            IssueVariant(**stored["named"]),
            IssueVariant(**stored["nameless"]),
        )
