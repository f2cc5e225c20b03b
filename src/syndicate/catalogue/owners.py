"""Owners of documents, as the store names them: `page:<article id>`, `tag:birds`. Pure."""

from __future__ import annotations

ALL = "*"
"""Stands for every owner among those whose documents are still to be made."""


FILES = "file:"
"""The owner of every file beside an article; one of them is this and its path in content/."""


SITE = "site"


INVALID_ENTRY = "unfit:"
"""With an article's id, the owner of what keeps it out of feeds."""


ISSUE, ARCHIVE = "issue:", "issues:"
"""Owners: with newsletter/slot, of what an issue is written to; with a newsletter, its archive."""


def owner_of(newsletter: str, slot: str) -> str:
    """The owner of an issue's documents."""
    return f"{ISSUE}{newsletter}/{slot}"
