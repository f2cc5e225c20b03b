"""What is sent to whom, what became of it, and what came back."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _number(name: str) -> "sa.Column[Any]":
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _key(name: str) -> "sa.Column[Any]":
    return sa.Column(name, PLAIN, primary_key=True)


def _text(name: str) -> "sa.Column[Any]":
    return sa.Column(name, PLAIN, nullable=False)


def upgrade() -> None:
    op.add_column("issues", sa.Column("personal", PLAIN, nullable=False, server_default=""))
    to_send = sa.text("state = 'approved' AND personal <> ''")
    op.create_index(
        "issues_to_send",
        "issues",
        ["newsletter", "sequence"],
        sqlite_where=to_send,
        postgresql_where=to_send,
    )
    op.create_table(
        "sendings",
        _number("issue"),
        *map(_text, ("newsletter", "slot", "began")),
        sa.Column("planned", sa.BigInteger, nullable=False),
        *map(_text, ("paused", "ended")),
    )
    op.create_table(
        "deliveries",
        _number("issue"),
        _number("subscriber"),
        _text("state"),
        sa.Column("attempts", sa.BigInteger, nullable=False, server_default="0"),
        *(
            sa.Column(name, PLAIN, nullable=False, server_default="")
            for name in ("next_try", "at", "server", "reply", "owner")
        ),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 70},
    )
    for name, columns, state in (
        ("deliveries_to_retry", ["issue", "next_try"], "retry"),
        ("deliveries_held", ["issue", "subscriber"], "held"),
    ):
        where = sa.text(f"state = '{state}'")
        op.create_index(name, "deliveries", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "delivery_events",
        _number("issue"),
        _number("subscriber"),
        _key("at"),
        _key("event"),
        _text("detail"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bounces",
        _key("id"),
        sa.Column("issue", sa.BigInteger, nullable=False),
        sa.Column("subscriber", sa.BigInteger, nullable=False),
        *map(_text, ("kind", "status", "detail", "at")),
    )
    op.create_index("bounces_by_subscriber", "bounces", ["subscriber", "at"])
    op.create_index("bounces_by_issue", "bounces", ["issue"])
    op.create_table(
        "sent_counts",
        _key("server"),
        _number("second"),
        sa.Column("sent", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
