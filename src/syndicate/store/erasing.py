"""Erase an address from all texts in the store. All the SQL for it is here.

`subscribers` deletes the person's own rows. But a bounce report, a note or the consent of another
person may contain the address too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

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


class TextPlace(NamedTuple):
    """A free text of a row: its table and column, and the names and values of the row's key."""

    table: str
    column: str
    key: Mapping[str, object]


def texts_with(database: Database, addresses: Sequence[str]) -> list[TextPlace]:
    """Every free text in which one of some addresses may be, in any spelling.

    Reads all texts, which takes some time and needs no transaction.
    """
    names = _mail_addresses(addresses)
    pieces = set().union(*map(parts, names)) if all(map(parts, names)) else {""}
    values = {f"p{number}": f"%{_escaped(each)}%" for number, each in enumerate(sorted(pieces))}
    places: list[TextPlace] = []
    for table, column, key in TEXTS:
        where = " OR ".join(f"lower({column}) LIKE :{name} ESCAPE '!'" for name in values)
        query = f"SELECT {', '.join(key)} FROM {table} WHERE {column} <> '' AND ({where})"
        places += [
            TextPlace(table, column, dict(zip(key, identity, strict=True)))
            for identity in database.rows(query, values)
        ]
    return places


def erase_from_texts(
    database: Database, places: Iterable[TextPlace], addresses: Sequence[str]
) -> None:
    """Hide addresses, in all their spellings, in texts. Inside a transaction."""
    names = _mail_addresses(addresses)
    patterns, beginnings = [spelled(each) for each in names], [cut_off(each) for each in names]
    for table, column, key in places:
        which = " AND ".join(f"{name} = :{name}" for name in key)
        for (text,) in database.rows(f"SELECT {column} FROM {table} WHERE {which}", key):
            kept = _without(str(text), patterns, beginnings)
            if kept != text:
                statement = f"UPDATE {table} SET {column} = :text WHERE {which}"
                database.run(statement, {"text": kept, **key})


def _mail_addresses(addresses: Sequence[str]) -> list[str]:
    return [each for each in addresses if "@" in each]


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
