"""One schema: of migrations, of new SQLite databases, and of the code."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.script import ScriptDirectory

from syndicate.errors import StoreError
from syndicate.store.connect import open_database
from syndicate.store.database import SCHEMA_VERSION
from syndicate.store.migrate import alembic_config, sqlite_script, upgrade
from syndicate.store.schema import metadata

pytestmark = pytest.mark.slow

SCRIPT = (files("syndicate.store") / "sqlite.sql").read_text(encoding="utf-8")


def shape(url: str) -> dict[str, object]:
    """What a database really has: columns with their types, keys and indexes."""
    engine = sqlalchemy.create_engine(url)
    look = sqlalchemy.inspect(engine)
    found: dict[str, object] = {
        table: {
            "columns": [
                (c["name"], c["type"].compile(engine.dialect), c["nullable"], c["default"])
                for c in look.get_columns(table)
            ],
            "key": look.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(tuple(u["column_names"]) for u in look.get_unique_constraints(table)),
            "checks": sorted(
                (c["name"] or "", c["sqltext"]) for c in look.get_check_constraints(table)
            ),
            "indexes": sorted(
                (i["name"] or "", tuple(i["column_names"]), i["unique"])
                for i in look.get_indexes(table)
            ),
        }
        for table in sorted(look.get_table_names())
        if table != "alembic_version"
    }
    engine.dispose()
    return found


def made_by_metadata(url: str) -> dict[str, object]:
    engine = sqlalchemy.create_engine(url)
    metadata.create_all(engine)
    found = shape(url)
    metadata.drop_all(engine)
    engine.dispose()
    return found


def test_the_newest_migration_is_the_one_the_code_asks_for() -> None:
    assert ScriptDirectory.from_config(alembic_config("sqlite://")).get_heads() == [SCHEMA_VERSION]


def test_all_migrations_give_the_schema_of_the_code(new_database_url: str) -> None:
    wanted = made_by_metadata(new_database_url)
    upgrade(new_database_url, None)
    assert shape(new_database_url) == wanted
    assert {"articles", "documents", "renderings"} <= wanted.keys()


def test_a_new_database_equals_a_migrated_one(new_database_url: str, tmp_path: Path) -> None:
    open_database(new_database_url, tmp_path).close()
    opened = shape(new_database_url)
    engine = sqlalchemy.create_engine(new_database_url)
    with engine.begin() as connection:
        version = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version"))
        assert version.scalars().all() == [SCHEMA_VERSION]
        metadata.drop_all(connection)
        connection.execute(sqlalchemy.text("DROP TABLE alembic_version"))
    engine.dispose()
    upgrade(new_database_url, None)
    assert shape(new_database_url) == opened


def test_the_script_for_new_sqlite_databases_is_up_to_date() -> None:
    assert sqlite_script() == SCRIPT, "run make schema"


def test_the_script_makes_exactly_the_statements_of_the_migrations(tmp_path: Path) -> None:
    """Down to what reflection does not see, such as WITHOUT ROWID."""

    def statements(path: Path) -> list[str]:
        with sqlite3.connect(path) as connection:
            rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
            texts = [" ".join(text.replace('"', "").split()) for (text,) in rows]
        connection.close()
        return sorted(text for text in texts if "alembic_version" not in text)

    migrated, scripted = tmp_path / "migrated.db", tmp_path / "scripted.db"
    upgrade(f"sqlite:///{migrated}", None)
    with sqlite3.connect(scripted) as connection:
        connection.executescript(SCRIPT)
    connection.close()
    assert statements(migrated) == statements(scripted)


def test_migrating_again_changes_nothing(new_database_url: str) -> None:
    upgrade(new_database_url, None)
    before = shape(new_database_url)
    upgrade(new_database_url, SCHEMA_VERSION)
    assert shape(new_database_url) == before


def test_a_database_of_a_newer_version_is_refused_and_not_changed(
    new_database_url: str, tmp_path: Path
) -> None:
    open_database(new_database_url, tmp_path).close()
    engine = sqlalchemy.create_engine(new_database_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = '9999'"))
    before = shape(new_database_url)
    with pytest.raises(StoreError, match="newer") as caught:
        open_database(new_database_url, tmp_path)
    assert "upgrade" in caught.value.hint
    assert shape(new_database_url) == before
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text(f"UPDATE alembic_version SET version_num = '{SCHEMA_VERSION}'")
        )
    engine.dispose()


def test_the_database_of_another_program_is_refused_and_not_changed(
    new_database_url: str, tmp_path: Path
) -> None:
    engine = sqlalchemy.create_engine(new_database_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE bookmarks (url TEXT)"))
    engine.dispose()
    if new_database_url.startswith("sqlite"):
        file = Path(new_database_url.removeprefix("sqlite:///"))
        before: object = file.read_bytes()
    else:
        before = shape(new_database_url)
    with pytest.raises(StoreError, match="another program's") as caught:
        open_database(new_database_url, tmp_path)
    assert caught.value.hint
    now = file.read_bytes() if isinstance(before, bytes) else shape(new_database_url)
    assert now == before


def test_an_issue_without_the_time_of_its_approval_gets_one(new_database_url: str) -> None:
    engine = sqlalchemy.create_engine(new_database_url)
    with engine.begin() as connection:
        config = alembic_config(new_database_url)
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        for slot, state in (("1", "sending"), ("2", "draft")):
            connection.execute(
                sqlalchemy.text(
                    "INSERT INTO issues (newsletter, slot, due, planned, state, made, reason, "
                    "subject, html, text, page, message, articles, sequence, approve_at) VALUES "
                    "('weekly', :slot, '', 1, :state, 'then', '', '', '', '', '', '', '[]', 1, 't')"
                ),
                {"slot": slot, "state": state},
            )
    upgrade(new_database_url, "0008")
    with engine.begin() as connection:
        query = "SELECT state, approved_at, approve_at FROM issues ORDER BY slot"
        rows = [tuple(row) for row in connection.execute(sqlalchemy.text(query))]
    engine.dispose()
    assert rows == [("sending", "then", ""), ("draft", "", "t")]


def test_existing_drafts_get_a_random_url_and_all_documents_are_made_again(
    new_database_url: str,
) -> None:
    engine = sqlalchemy.create_engine(new_database_url)
    with engine.begin() as connection:
        config = alembic_config(new_database_url)
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        for slot, state in (("1", "draft"), ("2", "draft"), ("3", "sent")):
            connection.execute(
                sqlalchemy.text(
                    "INSERT INTO issues (newsletter, slot, due, planned, state, made, reason, "
                    "subject, html, text, page, message, articles, sequence) VALUES "
                    "('weekly', :slot, '', 1, :state, 'then', '', '', '', '', '', '', '[]', 1)"
                ),
                {"slot": slot, "state": state},
            )
    upgrade(new_database_url, "0005")
    with engine.begin() as connection:
        query = "SELECT draft_key, approved_at FROM issues ORDER BY slot"
        (one, _), (two, _), sent = connection.execute(sqlalchemy.text(query)).all()
        assert len({one, two, ""}) == 3
        assert tuple(sent) == ("", "then")
        unfinished = "SELECT value FROM meta WHERE key = 'unfinished-build'"
        assert connection.execute(sqlalchemy.text(unfinished)).scalar() == "yes"
    engine.dispose()


KINDS_OF_PAUSES = {
    "": "",
    "paused by the operator": "operator",
    "waits for a confirmation: it was approved at 2026-11-01T08:00:00Z": "old_approval",
    "12 of 100 messages were refused": "refusals",
    "main: 535 wrong password": "server",
}


def test_a_paused_issue_gets_the_kind_of_its_pause(new_database_url: str) -> None:
    engine = sqlalchemy.create_engine(new_database_url)
    migrate(engine, "0014")
    with engine.begin() as connection:
        table = metadata_of(engine)["issue_sends"]
        for issue, reason in enumerate(KINDS_OF_PAUSES):
            row = {**row_of(table), "issue": issue, "slot": f"slot {issue}", "paused": reason}
            connection.execute(table.insert().values(row))
    migrate(engine, "0015")
    with engine.connect() as connection:
        query = "SELECT pause_reason, pause_kind, slot FROM issue_sends ORDER BY issue"
        rows = connection.execute(sqlalchemy.text(query)).all()
    expected = enumerate(KINDS_OF_PAUSES.items())
    assert [tuple(row) for row in rows] == [(*pair, f"slot {n}") for n, pair in expected]
    engine.dispose()


def test_deliveries_of_before_are_grouped_into_chunks(new_database_url: str) -> None:
    engine = sqlalchemy.create_engine(new_database_url)
    migrate(engine, "0016")
    states = ["claimed", "pending", "sent", "retry", "held", *["sent"] * 500, "sending"]
    with engine.begin() as connection:
        table = metadata_of(engine)["deliveries"]
        for number, state in enumerate(states, 1):
            values = {"issue": 3, "subscriber": 2 * number, "state": state}
            if state == "retry":
                values["next_try"] = "2026-11-22T12:00:00Z"
            connection.execute(table.insert().values(values))
    migrate(engine, "0017")
    with engine.connect() as connection:
        query = (
            "SELECT number, first_subscriber, last_subscriber, owner <> '', pending, retry, sent, "
            "failed, held, suppressed, next_try FROM delivery_chunks ORDER BY number"
        )
        chunks = connection.execute(sqlalchemy.text(query)).all()
    assert [tuple(chunk) for chunk in chunks] == [
        (1, 1, 1000, False, 2, 1, 496, 0, 1, 0, "2026-11-22T12:00:00Z"),
        (2, 1001, 1012, True, 0, 0, 5, 0, 0, 0, ""),
    ]
    engine.dispose()


def test_counts_of_sent_messages_become_usage_at_the_latest_moment(new_database_url: str) -> None:
    engine = sqlalchemy.create_engine(new_database_url)
    migrate(engine, "0017")
    with engine.begin() as connection:
        table = metadata_of(engine)["sent_counts"]
        for server, second, sent in (("b", 100, 1), ("a", 200, 3), ("a", 100, 2)):
            row = {"server": server, "second": second, "sent": sent}
            connection.execute(table.insert().values(row))
    migrate(engine, "0018")
    with engine.connect() as connection:
        query = sqlalchemy.text("SELECT * FROM relay_usage ORDER BY relay, sequence")
        usage = connection.execute(query).all()
    assert [tuple(row) for row in usage] == [("a", 1, 821, 2), ("a", 2, 921, 3), ("b", 1, 821, 1)]
    engine.dispose()


HEADS = {
    ("draft", '{"format": "text"}'): ('{"format": "text"}', "draft", 0, None, None),
    ("draft", '{"inferred": {"draft": "_x/ begins with _"}, "undated": true}'): (
        *('{"inferred": {"draft": "_x/ begins with _"}}', "underscore-folder", 1, None, None),
    ),
    ("draft", '{"inferred": {"draft": "syndicate makes the front page"}}'): (
        *('{"inferred": {"draft": "syndicate makes the front page"}}', "not-built", 0, None, None),
    ),
    ("draft", '{"inferred": {"draft": "status: pending"}}'): (
        *('{"inferred": {"draft": "status: pending"}}', "other", 0, None, None),
    ),
    ("live", '{"aliases": ["/größe/"], "tags": ["Öl"], "expires": "2026-12-01T00:00:00Z"}'): (
        *('{"tags": ["Öl"]}', "", 0, "2026-12-01T00:00:00Z", '["/größe/"]'),
    ),
}
"""State and head of an article -> its metadata, hold, undated, expires and aliases."""


def test_articles_and_unreadable_files_get_columns_for_queries(new_database_url: str) -> None:
    engine = sqlalchemy.create_engine(new_database_url)
    migrate(engine, "0015")
    tables = metadata_of(engine)
    with engine.begin() as connection:
        for number, (state, head) in enumerate(HEADS):
            row = row_of(tables["articles"]) | {"id": f"{number}", "path": f"{number}.md"}
            connection.execute(
                tables["articles"].insert().values(row | {"state": state, "head": head})
            )
        row = row_of(tables["unreadable_files"]) | {"finding": '[["error", "symbolic-link", "no"]]'}
        connection.execute(tables["unreadable_files"].insert().values(row))
        meta = [{"key": key, "value": key} for key in ("owed", "feed id", "issue weekly", "place")]
        connection.execute(tables["meta"].insert(), meta)
    migrate(engine, "0016")
    with engine.connect() as connection:
        query = "SELECT metadata, hold, undated, expires, aliases FROM articles ORDER BY id"
        assert [tuple(row) for row in connection.execute(sqlalchemy.text(query))] == [
            *HEADS.values()
        ]
        rules = connection.execute(sqlalchemy.text("SELECT rule FROM unreadable_files")).scalars()
        assert [*rules] == ["symbolic-link"]
        keys = connection.execute(
            sqlalchemy.text("SELECT key, value FROM meta ORDER BY value")
        ).all()
        assert [tuple(row) for row in keys] == [
            ("feed-id", "feed id"),
            ("next-issue:weekly", "issue weekly"),
            ("pending-documents", "owed"),
            ("place", "place"),
        ]
    engine.dispose()


NAMES = {
    "0011": {
        "uses": "dependencies",
        "faults": "unreadable_files",
        "notes": "document_findings",
        "requests": "signup_requests",
        "secrets": "signing_keys",
        "sendings": "issue_sends",
        "hooks": "hook_cursors",
    },
    "0014": {"heard_events": "provider_events"},
}
"""Old and new names of the tables that a migration renames."""


@pytest.mark.parametrize(("before", "after"), [("0010", "0011"), ("0013", "0014")])
def test_a_store_keeps_its_rows_when_tables_and_columns_are_renamed(
    new_database_url: str, before: str, after: str
) -> None:
    engine = sqlalchemy.create_engine(new_database_url)
    migrate(engine, before)
    old_tables = metadata_of(engine)
    with engine.begin() as connection:
        for table in old_tables.values():
            connection.execute(table.insert().values(row_of(table)))
    migrate(engine, after)
    new_tables = metadata_of(engine)
    assert len(new_tables) == len(old_tables)
    with engine.connect() as connection:
        for old_name, old in old_tables.items():
            new = new_tables[NAMES[after].get(old_name, old_name)]
            (kept,) = connection.execute(new.select()).all()
            assert tuple(kept) == tuple(row_of(old).values()), "each value in its place"
    engine.dispose()


def row_of(table: sqlalchemy.Table) -> dict[str, object]:
    """A row in which each text names its column."""
    row: dict[str, object] = {
        c.name: 7 if is_number(c) else f"{table.name} {c.name}" for c in table.columns
    }
    return row | ({"state": "draft"} if table.name == "issues" else {})


def migrate(engine: sqlalchemy.Engine, version: str) -> None:
    config = alembic_config(str(engine.url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def metadata_of(engine: sqlalchemy.Engine) -> dict[str, sqlalchemy.Table]:
    """The tables of a database as they are, without the one of the migrations."""
    reflected = sqlalchemy.MetaData()
    reflected.reflect(engine)
    return {name: t for name, t in reflected.tables.items() if name != "alembic_version"}


def is_number(column: sqlalchemy.Column[object]) -> bool:
    return isinstance(column.type, sqlalchemy.Integer | sqlalchemy.Double)


def test_an_upsert_replaces_the_row_with_the_same_primary_key(
    new_database_url: str, tmp_path: Path
) -> None:
    with closing(open_database(new_database_url, tmp_path)) as database:
        for table in metadata.tables.values():
            columns = [column.name for column in table.columns]
            for version in (1, 2):
                row = [value(column, version) for column in table.columns]
                with database.transaction():
                    database.upsert(table.name, columns, [tuple(row)])
            identity = " AND ".join(f"{c.name} = :{c.name}" for c in table.primary_key)
            rows = database.rows(
                f"SELECT {', '.join(columns)} FROM {table.name} WHERE {identity}",
                {c.name: value(c, 1) for c in table.primary_key},
            )
            assert rows == [tuple(row)], table.name


def value(column: sqlalchemy.Column[object], version: int) -> object:
    """A valid value of a column: another one for each version, but for keys."""
    if column.name == "state":
        return "draft"
    if column.primary_key or column.unique:
        version = 0
    return version if is_number(column) else f"{column.table.name} {version}"
