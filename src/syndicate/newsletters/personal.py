"""An issue as it is kept to be sent: with marks where each reader gets something of their own.

A mark is text that nothing else in the issue can hold: where it stands, the reader's link or name
is put in. There are two forms of each text, because nearly everybody who subscribes on a page gives
no name: a design greets who has one, and shows the others no gap and no stand-in. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from html import escape

TEST = "[Test]"
"""What the subject of a test email begins with."""


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What stands for a reader's own. `digest` is in each of them, and nowhere else."""

    digest: str
    unsubscribe: str
    preferences: str
    name: str


@dataclass(frozen=True, slots=True)
class IssueVariant:
    """The texts of an issue, with marks. `subject` is one line."""

    subject: str
    html: str
    text: str

    def filled(self, own: Mapping[str, str]) -> IssueVariant:
        """The texts as a reader sees them; `own` has what takes the place of each mark."""
        subject, html, text = self.subject, self.html, self.text
        for mark, value in own.items():
            subject, text = (each.replace(mark, value) for each in (subject, text))
            html = html.replace(mark, escape(value))
        return IssueVariant(subject, html, text)


@dataclass(frozen=True, slots=True)
class PersonalisedIssue:
    """All that a reader's message is made from: `named` for who has a name, else `nameless`."""

    marks: Placeholders
    named: IssueVariant
    nameless: IssueVariant

    def as_test(self) -> PersonalisedIssue:
        """The same, with [Test] in the subject."""
        named, nameless = (
            replace(form, subject=f"{TEST} {form.subject}") for form in (self.named, self.nameless)
        )
        return PersonalisedIssue(self.marks, named, nameless)

    def replaced(self, addresses: Mapping[str, str]) -> PersonalisedIssue:
        """The same with other addresses in the bodies: what they were, and what they are."""

        def of(text: str) -> str:
            for before, after in addresses.items():
                text = text.replace(before, after)
            return text

        forms = (
            replace(form, html=of(form.html), text=of(form.text))
            for form in (self.named, self.nameless)
        )
        return PersonalisedIssue(self.marks, *forms)

    def to_json(self) -> str:
        """As it is kept with an issue."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> PersonalisedIssue:
        """What `to_json` wrote."""
        kept = json.loads(text)
        return cls(
            Placeholders(**kept["marks"]),
            IssueVariant(**kept["named"]),
            IssueVariant(**kept["nameless"]),
        )
