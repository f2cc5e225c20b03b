"""A list of people -> subscribers of a newsletter. It may be longer than memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from syndicate.store.database import Database
from syndicate.store.subscriber_import import Became, Import, Incoming
from syndicate.store.subscribers import Subscribers
from syndicate.subscribers.lists import List, Person, Refused
from syndicate.subscribers.services import Standing

STANDINGS = tuple(Standing)
BATCH = 5_000
"""Rows that are in memory at one time."""


@dataclass(frozen=True)
class Agreement:
    """What everybody in a list agreed to: which newsletter, how, and when that is noted (UTC)."""

    newsletter: str
    detail: str
    now: str


def import_list(
    database: Database, people: List, agreed: Agreement, refuse: Callable[[Refused], None]
) -> Counter[Became]:
    """Take in a list; give how many rows became what. Those that are not taken go to `refuse`.

    Raises SyndicateError where the file cannot be read on: then nobody was taken in.
    """
    with database.transaction():
        salt = Subscribers(database).salt()
    importing = Import(database, agreed.newsletter, agreed.detail, agreed.now)
    rows = _taken(people.rows, refuse)
    while batch := list(islice(rows, BATCH)):
        importing.stage([_incoming(person, people.service.name, salt) for person in batch])
    return importing.take_in()


def _taken(rows: Iterable[Person | Refused], refuse: Callable[[Refused], None]) -> Iterator[Person]:
    for row in rows:
        if isinstance(row, Refused):
            refuse(row)
        else:
            yield row


def _incoming(person: Person, service: str, salt: str) -> Incoming:
    source = f"{service}, since {person.since}" if person.since else service
    standing, who = STANDINGS.index(person.standing), person.address
    return Incoming(person.line, who.hashed(salt), who.mail, person.name, standing, source)
