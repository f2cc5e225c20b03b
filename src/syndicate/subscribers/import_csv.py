"""Import a CSV list of subscribers into a newsletter. The list may be larger than memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from csv import writer
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from syndicate.errors import Location, SyndicateError
from syndicate.site import Progress
from syndicate.store.database import Database
from syndicate.store.permissions import MODE, open_private
from syndicate.store.subscriber_import import Import, ImportOutcome, Incoming
from syndicate.store.subscribers import Subscribers
from syndicate.subscribers import csv_lines
from syndicate.subscribers.csv_lists import List, Person, RejectedRow, escape_formula, read
from syndicate.subscribers.services import SourceStatus

STANDINGS = tuple(SourceStatus)
BATCH = 5_000
"""Rows that are in memory at one time."""
BLOCK = 1_000_000
"""Bytes that are read at one time."""
NEVER_ASKED = "nonsubscribed"
"""How Mailchimp's file of them is named; its columns are those of the subscribed."""


@dataclass(frozen=True)
class Agreement:
    """What subscribers agreed to: newsletter, evidence, and when it is recorded (UTC text)."""

    newsletter: str
    detail: str
    now: str


@dataclass(frozen=True)
class Imported:
    """What became of a file: how many rows became what, and how many are in the file of the bad."""

    rows: Counter[ImportOutcome]
    bad: int


def import_file(
    database: Database, file: BinaryIO, bad: Path, agreed: Agreement, progress: Progress
) -> Imported:
    """Take in a file of people; write rows that are not taken to `bad`, each with its reason.

    `bad` is written when there is such a row. Raises SyndicateError where the file cannot be read.
    """
    name = str(file.name)
    if Path(name).name.lower().startswith(NEVER_ASKED):
        message = "the contacts in this file never gave consent"
        hint = "import the file of subscribed contacts"
        raise SyndicateError(message, place=Location(name), hint=hint)
    lines = progress(csv_lines.lines(_blocks(file)), _count(file), "reading")
    with _BadRows(bad) as rejects:
        try:
            people = read(lines, agreed.newsletter)
            rejects.columns = people.columns
            rows = import_list(database, people, agreed, rejects.add)
        except SyndicateError as error:
            if error.place and not error.place.path:
                error.place = Location(name, error.place.line)
            raise
    return Imported(rows, rejects.count)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(BLOCK), b"")


def _count(file: BinaryIO) -> int:
    """How many lines a file has; 0 for one that can be read only once."""
    if not file.seekable():
        return 0
    total = sum(block.count(b"\n") or block.count(b"\r") for block in _blocks(file))
    file.seek(0)
    return total


class _BadRows:
    """A CSV file of rows with their line and reason; there when the first is written."""

    def __init__(self, path: Path) -> None:
        self.columns: Sequence[str] = ()
        self.count = 0
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> _BadRows:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, row: RejectedRow) -> None:
        """Write a row."""
        if self._file is None:
            self._file = _emptied(self._path)
            self._writer = writer(self._file)
            self._writer.writerow(["line", "reason", *self.columns])
        self.count += 1
        self._writer.writerow([row.line, row.reason, *map(escape_formula, row.cells)])


def _emptied(path: Path) -> TextIO:
    """A file for rows, its owner's alone also where it was there before."""
    file = open_private(path, "w")
    path.chmod(MODE)
    return file


def import_list(
    database: Database, people: List, agreed: Agreement, refuse: Callable[[RejectedRow], None]
) -> Counter[ImportOutcome]:
    """Take in a list; give how many rows became what. Those that are not taken go to `refuse`.

    Raises SyndicateError if the file cannot be read to its end; then no row was imported.
    """
    with database.transaction():
        salt = Subscribers(database).salt()
    importing = Import(database, agreed.newsletter, agreed.detail, agreed.now)
    rows = _taken(people.rows, refuse)
    while batch := list(islice(rows, BATCH)):
        importing.stage([_incoming(person, people.service.name, salt) for person in batch])
    return importing.apply()


def _taken(
    rows: Iterable[Person | RejectedRow], refuse: Callable[[RejectedRow], None]
) -> Iterator[Person]:
    for row in rows:
        if isinstance(row, RejectedRow):
            refuse(row)
        else:
            yield row


def _incoming(person: Person, service: str, salt: str) -> Incoming:
    source = f"{service}, since {person.since}" if person.since else service
    standing, person_address = STANDINGS.index(person.status), person.address
    topics = "\n".join(person.topics)
    return Incoming(
        person.line,
        person_address.hashed(salt),
        person_address.mail,
        person.name,
        standing,
        source,
        topics,
    )
