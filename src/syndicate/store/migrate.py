"""Alembic: from whatever version a database has to the newest."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from syndicate.errors import StoreError


def upgrade(url: str, version: str | None) -> None:
    """Run every migration after `version` (None: all of them), in one transaction."""
    config = alembic_config(url)
    if version is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(version)
        except CommandError:
            raise StoreError(
                f"the database was made by a newer syndicate (schema {version})",
                way_out="upgrade: pip install --upgrade syndicate",
            ) from None
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def alembic_config(url: str) -> Config:
    """Alembic's configuration for the migrations that come with this program."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def sqlite_script() -> str:
    """What the migrations lead to, as one script for a new SQLite database."""
    from sqlalchemy.dialects import sqlite
    from sqlalchemy.schema import CreateIndex, CreateTable

    from syndicate.store.database import SCHEMA_VERSION
    from syndicate.store.schema import metadata

    dialect = sqlite.dialect()
    statements = [
        str(made.compile(dialect=dialect)).strip()
        for table in metadata.sorted_tables
        for made in (
            CreateTable(table),
            *(CreateIndex(i) for i in sorted(table.indexes, key=lambda i: str(i.name))),
        )
    ]
    statements.append("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    statements.append(f"INSERT INTO alembic_version VALUES ('{SCHEMA_VERSION}')")
    return ";\n".join(line.replace("\t", "  ") for line in statements) + ";\n"
