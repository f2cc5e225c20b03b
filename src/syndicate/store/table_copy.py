"""Copy all tables of a store into another one, row by row, and compare what arrived.

Both have the newest schema. Rows are read in the order of their keys, which is the same in both
kinds of databases, so that one checksum covers a table and its order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Table

from syndicate.errors import StoreError
from syndicate.store.database import Database, Row
from syndicate.store.schema import metadata

Progress = Callable[[Iterable[Row], int, str], Iterable[Row]]
"""Passes rows on and shows how far they are: the rows, their number, and what is done with them."""


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows there are in how many tables."""

    tables: int
    rows: int


def copy_tables(source: Database, target: Database, progress: Progress) -> None:
    """Replace all rows of `target` by those of `source`; inside a transaction of both.

    Raises StoreError when a table differs afterwards.
    """
    for table in metadata.sorted_tables:
        target.run(f"DELETE FROM {table.name}")
        _copy(table, source, target, progress)


def count_rows(database: Database) -> RowCount:
    """Count the rows of all tables."""
    counts = [_count(table, database) for table in metadata.sorted_tables]
    return RowCount(len(counts), sum(counts))


def _count(table: Table, database: Database) -> int:
    ((count,),) = database.rows(f"SELECT count(*) FROM {table.name}")
    return int(count)


def _copy(table: Table, source: Database, target: Database, progress: Progress) -> None:
    columns, query, total = table.columns.keys(), _in_order(table), _count(table, source)
    read, written = _Checksum(), _Checksum()
    rows = progress(read.of(source.stream(query)), total, f"copying {table.name}")
    target.load(table.name, columns, rows)
    rows = progress(target.stream(query), total, f"comparing {table.name}")
    deque(written.of(rows), maxlen=0)
    if read.result != written.result:
        raise StoreError(
            f"the table {table.name} differs in the new store: {read.count:,} rows were copied, "
            f"and {written.count:,} arrived",
            hint="nothing was changed in the old store; please report this",
        )


def _in_order(table: Table) -> str:
    key = ", ".join(table.primary_key.columns.keys())
    return f"SELECT {', '.join(table.columns.keys())} FROM {table.name} ORDER BY {key}"


class _Checksum:
    """The number of rows and their checksum, taken while they pass."""

    def __init__(self) -> None:
        self.count = 0
        self._hash: Any = sha256()

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self.count += 1
            self._hash.update(repr(row).encode())
            yield row

    @property
    def result(self) -> tuple[int, bytes]:
        return self.count, self._hash.digest()
