"""Migrate a database from any version to the newest, with Alembic."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from syndicate.errors import StoreError
from syndicate.store.advisory_locks import WRITERS
from syndicate.store.database import SCHEMA_VERSION
from syndicate.store.schema import metadata

DIALECT = sqlite.dialect()


def upgrade(url: str, version: str | None) -> None:
    """Run every migration after `version` (None: all of them), in one transaction."""
    config = alembic_config(url)
    if version is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(version)
        except CommandError:
            raise StoreError(
                f"the database was made by a newer syndicate (schema {version})",
                hint="upgrade syndicate to that version or a newer one",
            ) from None
    engine = sqlalchemy.create_engine(url)
    if engine.dialect.name == "sqlite":
        sqlalchemy.event.listen(engine, "connect", _delete_securely)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # one at a time; who comes late finds it done
            connection.execute(sqlalchemy.text(f"SELECT pg_advisory_xact_lock({WRITERS})"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def _delete_securely(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA secure_delete=ON")


def alembic_config(url: str) -> Config:
    """Alembic's configuration for the migrations that come with this program."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def sqlite_script() -> str:
    """What the migrations lead to, as one script for a new SQLite database."""
    statements = [str(created.compile(dialect=DIALECT)).strip() for created in _made()]
    statements.append("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    statements.append(f"INSERT INTO alembic_version VALUES ('{SCHEMA_VERSION}')")
    lines = "\n".join(f"{statement};" for statement in statements).replace("\t", "  ")
    return "\n".join(line.rstrip() for line in lines.splitlines()) + "\n"


def _made() -> Iterator[CreateTable | CreateIndex]:
    for table in metadata.sorted_tables:
        yield CreateTable(table)
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield CreateIndex(index)
