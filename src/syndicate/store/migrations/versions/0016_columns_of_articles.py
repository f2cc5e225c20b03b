"""Queries of articles use columns, not JSON; keys in `meta` get the names of their values."""

import json
from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

KEYS = {
    "behind": "failed-articles",
    "feed id": "feed-id",
    "gone feeds": "gone-feeds",
    "last expiry": "last-expiry",
    "last-secret": "last-signing-key",
    "next expiry": "next-expiry",
    "owed": "pending-documents",
    "read as": "reader-inputs",
    "tags kept": "tag-lists",
    "unfinished": "unfinished-build",
}
NOT_BUILT = ("a page without text is not built", "syndicate makes the front page")


def upgrade() -> None:
    op.execute("ALTER TABLE articles RENAME COLUMN head TO metadata")
    op.add_column("articles", sa.Column("hold", PLAIN, nullable=False, server_default=""))
    op.add_column(
        "articles", sa.Column("undated", sa.BigInteger, nullable=False, server_default="0")
    )
    op.add_column("articles", sa.Column("expires", PLAIN))
    op.add_column("articles", sa.Column("aliases", PLAIN))
    op.add_column("unreadable_files", sa.Column("rule", PLAIN, nullable=False, server_default=""))
    _fill_articles()
    _fill_unreadable_files()
    for old, new in KEYS.items():
        op.execute(f"UPDATE meta SET key = '{new}' WHERE key = '{old}'")
    op.execute("UPDATE meta SET key = 'next-issue:' || substr(key, 7) WHERE key LIKE 'issue %'")


def _fill_articles() -> None:
    connection = op.get_bind()
    statement = sa.text(
        "UPDATE articles SET metadata = :metadata, hold = :hold, undated = :undated, "
        "expires = :expires, aliases = :aliases WHERE id = :id"
    )
    rows = connection.execute(sa.text("SELECT id, state, metadata FROM articles")).all()
    values = [{"id": id_, **_columns(state, json.loads(text))} for id_, state, text in rows]
    if values:
        connection.execute(statement, values)


def _columns(state: str, metadata: dict[str, object]) -> dict[str, object]:
    aliases = metadata.pop("aliases", None)
    return {
        "expires": metadata.pop("expires", None),
        "undated": int(metadata.pop("undated", False) is True),
        "aliases": json.dumps(aliases, ensure_ascii=False) if aliases else None,
        "hold": _hold(metadata.get("inferred")) if state == "draft" else "",
        "metadata": json.dumps(metadata, ensure_ascii=False),
    }


def _hold(inferred: object) -> str:
    reason = str(inferred.get("draft", "")) if isinstance(inferred, Mapping) else ""
    if reason in NOT_BUILT:
        return "not-built"
    if reason.endswith("/ begins with _"):
        return "underscore-folder"
    return "draft" if not reason or reason.lower().endswith(("draft", "drafts")) else "other"


def _fill_unreadable_files() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT path, finding FROM unreadable_files")).all()
    values = [{"path": path, "rule": _rule(json.loads(text))} for path, text in rows]
    if values:
        statement = sa.text("UPDATE unreadable_files SET rule = :rule WHERE path = :path")
        connection.execute(statement, values)


def _rule(findings: object) -> str:
    """The rule of the first of some findings: lists of level, rule and more."""
    return str(findings[0][1]) if isinstance(findings, list) and findings else ""
