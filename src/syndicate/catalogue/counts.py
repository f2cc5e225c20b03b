"""How many files of the content folder are in which state. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of files of the content folder by state; each is counted once.

    `held_back` are files held back for another reason than `draft`: another key, an unclear
    header, no date. `unread` are files that cannot be read and were never published.
    """

    published: int = 0
    pages: int = 0
    unlisted: int = 0
    drafts: int = 0
    held_back: int = 0
    scheduled: int = 0
    expired: int = 0
    unread: int = 0

    def in_words(self) -> list[str]:
        """`3 articles published`, `1 draft`: numbers that are 0 are left out, but the first."""
        nouns = (("page", self.pages), ("draft", self.drafts))
        words = (
            ("held back", self.held_back),
            ("scheduled", self.scheduled),
            ("unlisted", self.unlisted),
            ("expired", self.expired),
            ("unreadable", self.unread),
        )
        return [
            f"{_counted(self.published, 'article')} published",
            *(_counted(number, noun) for noun, number in nouns if number),
            *(f"{number:,} {word}" for word, number in words if number),
        ]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
