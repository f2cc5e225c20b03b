"""Erase an address from all texts in the store. All the SQL for it is here.

`subscribers` deletes the person's own rows. But a bounce report, a note or the consent of another
person may contain the address too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from syndicate.address_spellings import cut_off, parts, spelled
from syndicate.store.database import Database

TEXTS: Final = (
    ("bounces", "detail", ("id",)),
    ("consents", "detail", ("subscriber", "newsletter", "occurred_at", "event")),
    ("deliveries", "reply", ("issue", "subscriber")),
    ("delivery_events", "detail", ("issue", "subscriber", "occurred_at", "event")),
    ("signup_requests", "reply", ("id",)),
    ("issue_sends", "pause_reason", ("issue",)),
    ("suppressions", "detail", ("hash",)),
)
"""Tables, their columns of free text, and the columns that identify a row."""

CUT: Final = 400
"""Texts of this length may have been cut within an address."""

HIDDEN: Final = "…"


def forget_in_texts(database: Database, *addresses: str) -> None:
    """Replace an address, in all its spellings, in every free text. Inside a transaction."""
    names = [each for each in addresses if "@" in each]
    patterns, beginnings = [spelled(each) for each in names], [cut_off(each) for each in names]
    pieces = set().union(*map(parts, names)) if all(map(parts, names)) else {""}
    values = {f"p{number}": f"%{_escaped(each)}%" for number, each in enumerate(sorted(pieces))}
    for table, column, key in TEXTS:
        where = " OR ".join(f"lower({column}) LIKE :{name} ESCAPE '!'" for name in values)
        query = f"SELECT {column}, {', '.join(key)} FROM {table} WHERE {where}"
        for text, *identity in database.rows(query, values):
            kept = _without(str(text), patterns, beginnings)
            if kept == text:
                continue
            which = " AND ".join(f"{name} = :{name}" for name in key)
            database.run(
                f"UPDATE {table} SET {column} = :text WHERE {which}",
                {"text": kept, **dict(zip(key, identity, strict=True))},
            )


def _without(
    text: str, patterns: Sequence[re.Pattern[str]], beginnings: Sequence[re.Pattern[str]]
) -> str:
    """A text with addresses hidden; a long one may end with the beginning of one."""
    for pattern in (*patterns, *(beginnings if len(text) >= CUT else ())):
        text = pattern.sub(HIDDEN, text)
    return text


def _escaped(text: str) -> str:
    """Text for LIKE without wildcards."""
    return re.sub(r"[!%_]", r"!\g<0>", text)
