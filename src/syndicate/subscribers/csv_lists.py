"""A CSV list of subscribers, as bytes -> its rows, or why a row is rejected. Pure.

Rows are read one by one: a list may be larger than memory.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final, NamedTuple

from syndicate.errors import AddressError, Location, SyndicateError
from syndicate.subscribers.addresses import EmailAddress, address, named, plain
from syndicate.subscribers.services import (
    HEADER,
    OURS,
    PLAIN,
    Cells,
    ListFormat,
    SourceStatus,
    recognised,
)

MAX_RECORD_LINES: Final = 200
"""Lines a record may have: cells with notes have some, a quote that is not closed all the rest."""

UNCLOSED: Final = "a quote on this line is not closed"
DELIMITERS = ",;\t"
SEPARATOR: Final = re.compile(r"\s*\"?sep=(.)\"?[,;\t]*\s*")
"""A first line that names the delimiter for Excel."""

MAX_NAME_LENGTH, MAX_SINCE_LENGTH = 200, 40
MAX_TOPICS, MAX_TOPIC_LENGTH = 100, 200
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes spreadsheets calculate a cell rather than show it."""


class Person(NamedTuple):
    """A valid row. `since` is the date as the service writes it, or "".

    `topics` are chosen ones, as in `subscriptions.tags`; none: everything.
    """

    line: int
    address: EmailAddress
    name: str
    status: SourceStatus
    since: str
    topics: tuple[str, ...] = ()


class RejectedRow(NamedTuple):
    """A row that is not taken. `cells` are as in the file."""

    line: int
    reason: str
    cells: Sequence[str]


@dataclass(frozen=True)
class List:
    """A file whose columns were understood. `columns` are as in the file."""

    service: ListFormat
    columns: Sequence[str]
    rows: Iterator[Person | RejectedRow]


def escape_formula(cell: str) -> str:
    """A cell that a spreadsheet does not run as a formula: with ' before it, if needed."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def read(lines: Iterable[bytes], newsletter: str) -> List:
    """Read a list of subscribers of a newsletter, line by line: UTF-8, separated by , ; or tab.

    Raises SyndicateError with the line, also between rows: for columns that are not understood, and
    for invalid UTF-8.
    """
    text = _decoded(lines)
    skipped, first, delimiter = _beginning(text)
    records = _Records(chain([first], text), delimiter, skipped)
    header = next(iter(records), None)
    if header and header.error:
        message = f"the first line is not valid CSV: {header.error}"
        raise SyndicateError(message, place=HEADER, hint="save the file as CSV in UTF-8")
    columns = [cell.strip() for cell in header.cells] if header else []
    names = [" ".join(column.lower().split()) for column in columns]
    rows = _Rows(recognised(names), names, newsletter)
    return List(rows.service, columns, rows.of(records))


def _beginning(text: Iterator[str]) -> tuple[int, str, str]:
    """The number of lines before the header, the header, and the delimiter."""
    named = ""
    for skipped, line in enumerate(text):
        if separator := SEPARATOR.fullmatch(line):
            named = separator[1]
        elif line.strip():
            return skipped, line, named or max(DELIMITERS, key=line.count)
    return 0, "", ","


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    """Lines as text, without a byte order mark."""
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            message, hint = "this line is not UTF-8", "save the file as CSV in UTF-8"
            raise SyndicateError(message, place=Location("", number), hint=hint) from None
        yield text.replace("\0", "")


class _Record(NamedTuple):
    """A record that begins at `line`; with an `error`, `cells` are that line as it is."""

    line: int
    cells: Sequence[str]
    error: str = ""


class _Records:
    """Lines -> records (RFC 4180). An invalid line is skipped alone: the next one is read.

    A quote that is not closed would make one cell of all the lines behind it.
    """

    def __init__(self, lines: Iterable[str], delimiter: str, skipped: int) -> None:
        """`skipped` lines stand before the first of `lines`."""
        self._lines = iter(lines)
        self._delimiter = delimiter
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._number = skipped
        self._columns = 0

    def __iter__(self) -> Iterator[_Record]:
        reader = self._reader()
        while True:
            self._number += len(self._taken)
            self._taken = []
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                unclosed = len(self._taken) > 1 or "end of data" in str(error)
                yield self._refused(UNCLOSED if unclosed else f"not valid CSV: {error}")
                reader = self._reader()
                continue
            self._columns = self._columns or len(cells)
            if self._swallows():
                yield self._refused(UNCLOSED)
            else:
                yield _Record(self._number + 1, cells)

    def _reader(self) -> Iterator[list[str]]:
        """A reader of what is left; a space before a quote is not part of the cell."""
        feed, delimiter = self._feed(), self._delimiter
        return csv.reader(feed, delimiter=delimiter, strict=True, skipinitialspace=True)

    def _feed(self) -> Iterator[str]:
        """The lines of the next records. Raises csv.Error for a record without end."""
        while (line := self._next()) is not None:
            if len(self._taken) >= MAX_RECORD_LINES:
                self._again.appendleft(line)
                raise csv.Error("a cell has no end")
            self._taken.append(line)
            yield line

    def _next(self) -> str | None:
        return self._again.popleft() if self._again else next(self._lines, None)

    def _refused(self, error: str) -> _Record:
        """The first of the lines that were taken is refused, the others are read again."""
        first, *others = self._taken
        self._again.extendleft(reversed(others))
        self._taken = [first]
        cells = first.rstrip("\r\n").split(self._delimiter)
        return _Record(self._number + 1, cells, error)

    def _swallows(self) -> bool:
        """Whether a record of several lines contains a line that is a complete record."""
        return any(
            "@" in line
            and (
                line.count(self._delimiter) == self._columns - 1
                or plain(line.partition(self._delimiter)[0].strip(' "\r\n')) is not None
            )
            for line in self._taken[1:]
        )


class _Rows:
    """Understands rows of one file."""

    def __init__(self, service: ListFormat, columns: Sequence[str], newsletter: str) -> None:
        self.service, self._columns, self._newsletter = service, columns, newsletter
        self._address = next(c for c in service.addresses if c in columns)
        groups = (g for g in service.names if not set(g).isdisjoint(columns))
        self._names = next(groups, ())
        rules = (column for column, _ in service.rules)
        topics = {"tags"} if service is PLAIN and set(columns) >= OURS else set()
        read = {"newsletter", self._address, *self._names, *service.since, *rules, *topics}
        self._places = [(c, place) for place, c in enumerate(columns) if c in read]

    def of(self, records: Iterable[_Record]) -> Iterator[Person | RejectedRow]:
        """All remaining rows of the file; blank lines are skipped."""
        for record, following in pairwise(chain(records, [None])):
            if record is None:
                return
            person = self._row(record)
            if isinstance(person, Person) and self._is_cut_off(record, following):
                yield RejectedRow(record.line, "the row goes on in the next line", record.cells)
            elif isinstance(person, Person) or any(map(str.strip, record.cells)):
                yield person

    def _is_cut_off(self, record: _Record, following: _Record | None) -> bool:
        """Whether a short row seems to continue in the next one, which has no address."""
        if len(record.cells) >= len(self._columns) or following is None:
            return False
        place = dict(self._places)[self._address]
        rest = following.cells[place : place + 1]
        return any(map(str.strip, following.cells)) and not any("@" in cell for cell in rest)

    def _row(self, record: _Record) -> Person | RejectedRow:
        line, cells = record.line, record.cells
        if record.error or any(map(str.strip, cells[len(self._columns) :])):
            reason = f"{len(cells)} columns instead of {len(self._columns)}"
            return RejectedRow(line, record.error or reason, cells)
        row = {c: cells[place] if place < len(cells) else "" for c, place in self._places}
        newsletter = row.get("newsletter", self._newsletter) if self.service is PLAIN else ""
        if newsletter not in ("", self._newsletter):
            return RejectedRow(line, f"of the newsletter {newsletter[:60]}", cells)
        title, mail = named(row[self._address])
        try:
            parsed_address = address(mail)
        except AddressError as error:
            return RejectedRow(line, error.message, cells)
        standing = self.service.status_of(row)
        if not isinstance(standing, SourceStatus):
            return RejectedRow(line, standing, cells)
        name = self._name(row) or _one_line(title)[:MAX_NAME_LENGTH]
        return Person(line, parsed_address, name, standing, self._since(row), _topics(row))

    def _name(self, row: Cells) -> str:
        name = _one_line(" ".join(row.get(column, "") for column in self._names))
        if name[:1] == "'" and name[1:].startswith(FORMULA):
            name = name[1:]  # as our own lists have it
        return name[:MAX_NAME_LENGTH]

    def _since(self, row: Cells) -> str:
        values = (_one_line(row.get(column, "")) for column in self.service.since)
        return next(filter(None, values), "")[:MAX_SINCE_LENGTH]


def _topics(row: Cells) -> tuple[str, ...]:
    """The topics that a subscriber chose, as syndicate's own lists have them."""
    texts = (_one_line(each)[:MAX_TOPIC_LENGTH] for each in row.get("tags", "").split(","))
    return tuple(dict.fromkeys(filter(None, texts)))[:MAX_TOPICS]


def _one_line(text: str) -> str:
    if text.isprintable() and "  " not in text:  # nearly always
        return text.strip()
    return "".join(filter(str.isprintable, " ".join(text.split())))
