"""Deliveries are claimed and counted in chunks, and planned in steps."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
STATES = ("pending", "retry", "sent", "failed", "held", "suppressed")
SIZE = 500


def upgrade() -> None:
    for name in ("planned_to", "last_recipient"):
        number = sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
        op.add_column("issue_sends", number)
    op.create_table(
        "delivery_chunks",
        sa.Column("issue", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("first_subscriber", sa.BigInteger, nullable=False),
        sa.Column("last_subscriber", sa.BigInteger, nullable=False),
        sa.Column("owner", PLAIN, nullable=False, server_default=""),
        *(sa.Column(s, sa.BigInteger, nullable=False, server_default="0") for s in STATES),
        sa.Column("next_try", PLAIN, nullable=False, server_default=""),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "delivery_chunks_by_subscriber", "delivery_chunks", ["issue", "last_subscriber"]
    )
    for name, where in (("held", "held > 0"), ("owned", "owner <> ''")):
        op.create_index(
            f"delivery_chunks_{name}",
            "delivery_chunks",
            ["issue"],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.drop_index("deliveries_to_retry", "deliveries")
    op.drop_index("deliveries_held", "deliveries")
    op.execute("UPDATE deliveries SET state = 'pending' WHERE state = 'claimed'")
    op.drop_column("deliveries", "owner")
    _fill()


def _fill() -> None:
    """Group the deliveries of all issues. What a dead sender left stays owned: it is recovered."""
    sums = ", ".join(f"sum(CASE state WHEN '{state}' THEN 1 ELSE 0 END)" for state in STATES)
    op.execute(
        "INSERT INTO delivery_chunks (issue, number, first_subscriber, last_subscriber, owner, "
        f"{', '.join(STATES)}, next_try) "
        "SELECT issue, n, coalesce(lag(max(subscriber)) OVER (PARTITION BY issue ORDER BY n), 0) "
        "+ 1, max(subscriber), "
        "CASE WHEN sum(CASE state WHEN 'sending' THEN 1 ELSE 0 END) > 0 THEN 'a dead sender' "
        f"ELSE '' END, {sums}, "
        "coalesce(min(CASE state WHEN 'retry' THEN next_try END), '') FROM ("
        "SELECT issue, subscriber, state, next_try, "
        f"(row_number() OVER (PARTITION BY issue ORDER BY subscriber) + {SIZE - 1}) / {SIZE} AS n "
        "FROM deliveries) AS numbered GROUP BY issue, n"
    )
