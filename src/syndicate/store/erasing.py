"""Erase an address from all texts in the store. All the SQL for it is here.

`subscribers` deletes the person's own rows. But a bounce report, a note or the consent of another
person may contain the address as well.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from syndicate.store.database import Database

TEXTS: Final = (
    ("bounces", "detail", ("id",)),
    ("consents", "detail", ("subscriber", "newsletter", "at", "event")),
    ("deliveries", "reply", ("issue", "subscriber")),
    ("delivery_events", "detail", ("issue", "subscriber", "at", "event")),
    ("signup_requests", "reply", ("id",)),
    ("issue_sends", "paused", ("issue",)),
    ("suppressions", "detail", ("hash",)),
)
"""Tables, their columns of free text, and the columns that identify a row."""

AT: Final = ("@", "%40", "=40", "=", "&#64;", " at ", " (at) ", "(at)", "[at]", " [at] ")
"""What stands for @ in replies of servers, links, and return paths (VERP)."""

BEFORE: Final = r"(?:(?<![\w.-])|(?<=[=%][0-9a-f]{2}))"
"""Where an address begins: not within a longer one, but also behind an encoded character."""

HIDDEN: Final = "…"


def forget_in_texts(database: Database, *addresses: str) -> None:
    """Replace an address, in all its spellings, in every free text. Inside a transaction."""
    spellings = _spellings(addresses)
    named = re.compile(
        rf"{BEFORE}(?:{'|'.join(map(re.escape, spellings))})(?![\w-]|\.\w)", re.IGNORECASE
    )
    values = {f"p{number}": f"%{_escaped(each)}%" for number, each in enumerate(spellings)}
    for table, column, key in TEXTS:
        where = " OR ".join(f"lower({column}) LIKE :{name} ESCAPE '!'" for name in values)
        query = f"SELECT {column}, {', '.join(key)} FROM {table} WHERE {where}"
        for text, *identity in database.rows(query, values):
            which = " AND ".join(f"{name} = :{name}" for name in key)
            database.run(
                f"UPDATE {table} SET {column} = :text WHERE {which}",
                {"text": named.sub(HIDDEN, str(text)), **dict(zip(key, identity, strict=True))},
            )


def _spellings(addresses: tuple[str, ...]) -> list[str]:
    """How the addresses may stand in a text, in lower case; the longest first."""
    found: set[str] = set()
    for each in addresses:
        local, _, domain = each.lower().rpartition("@")
        for name in {local, quote(local), quote(local, safe=""), f'"{local}"'}:
            found.update(f"{name.lower()}{at}{domain}" for at in AT)
    return sorted(found, key=lambda text: (-len(text), text))


def _escaped(text: str) -> str:
    """A text that stands for itself in LIKE."""
    return re.sub(r"[!%_]", r"!\g<0>", text)
