"""Rows of any content arrive in another database as they were, and come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.errors import StoreError
from syndicate.store.connect import connect, name_of
from syndicate.store.database import Database, Row
from syndicate.store.schema import metadata
from syndicate.store.sqlite import in_memory
from syndicate.store.table_copy import RowCount, copy_tables, count_rows

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
TIMES = st.floats(min_value=0, allow_nan=False, allow_infinity=False)

Content = dict[str, list[Row]]


def quietly(rows: Iterable[Row], total: int, doing: str) -> Iterable[Row]:
    return rows


def cells(table: sqlalchemy.Table, column: sqlalchemy.Column[object]) -> st.SearchStrategy[object]:
    if (table.name, column.name) == ("issues", "state"):
        return st.just("draft")  # a constraint ties the times of approval to the others
    if isinstance(column.type, sqlalchemy.Double):
        some: st.SearchStrategy[object] = TIMES
    else:
        some = NUMBERS if isinstance(column.type, sqlalchemy.BigInteger) else TEXTS
    return st.none() | some if column.nullable else some


def distinct(table: sqlalchemy.Table) -> list[list[int]]:
    """The columns, by index, whose values together are in one row only."""
    names = table.columns.keys()
    keys = [[names.index(column.name) for column in table.primary_key.columns]]
    return keys + [[number] for number, column in enumerate(table.columns) if column.unique]


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """Some rows for each table."""
    content: Content = {}
    for table in metadata.sorted_tables:
        row = st.tuples(*(cells(table, column) for column in table.columns))
        unique_by = tuple(
            (lambda row, key=key: tuple(row[number] for number in key)) for key in distinct(table)
        )
        content[table.name] = draw(st.lists(row, max_size=3, unique_by=unique_by))
    return content


def filled(content: Content) -> Database:
    database = in_memory()
    with database.transaction():
        for name, rows in content.items():
            database.load(name, metadata.tables[name].columns.keys(), rows)
    return database


def rows_of(database: Database) -> Content:
    return {
        table.name: sorted(
            database.rows(f"SELECT {', '.join(table.columns.keys())} FROM {table.name}"), key=repr
        )
        for table in metadata.sorted_tables
    }


def copy(source: Database, target: Database) -> None:
    with source.transaction(), target.transaction():
        copy_tables(source, target, quietly)


@pytest.fixture(scope="module")
def postgresql(postgresql_server: str) -> Iterator[Database]:
    database = connect(postgresql_server, Path())
    yield database
    with database.transaction():
        for table in metadata.sorted_tables:
            database.run(f"DELETE FROM {table.name}")
    database.close()


@given(contents())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_any_content_is_equal_after_a_copy_to_postgresql_and_back(
    postgresql: Database, content: Content
) -> None:
    source, back = filled(content), in_memory()
    copy(source, postgresql)
    copy(postgresql, back)
    assert rows_of(back) == rows_of(postgresql) == rows_of(source)
    assert count_rows(back) == RowCount(len(content), sum(map(len, content.values())))


def test_a_table_that_arrives_changed_is_refused() -> None:
    source, target = filled({"meta": [("a", "1")]}), in_memory()
    with target.transaction():
        target.run(
            "CREATE TRIGGER damage AFTER INSERT ON meta BEGIN UPDATE meta SET value = '2'; END"
        )
    with pytest.raises(StoreError, match="the table meta differs"):
        copy(source, target)
    assert rows_of(target)["meta"] == [], "nothing is kept"


def test_text_that_the_other_database_cannot_hold_is_refused(postgresql: Database) -> None:
    with pytest.raises(StoreError, match="0x00"):
        copy(filled({"meta": [("a", "\0")]}), postgresql)


def test_the_databases_give_out_no_numbers_that_a_copy_would_have_to_continue() -> None:
    given_out = [
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.identity
        or column.autoincrement is True
        or isinstance(column.default, sqlalchemy.Sequence)
    ]
    assert given_out == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///a b.db", "sqlite:///a b.db"),
        ("postgresql://ada:s3cr3t@db:5433/site", "postgresql://ada@db:5433/site"),
        ("postgres://ada:s3/cr%403t@db/site", "postgresql://ada@db/site"),
        ("postgresql+psycopg://db/site?user=ada&password=s3cr3t", "postgresql://db/site"),
        ("postgresql://ada@/site?host=/run/postgresql", "postgresql://ada@/site"),
    ],
)
def test_the_name_of_a_store_has_no_password(url: str, name: str) -> None:
    assert name_of(url) == name
