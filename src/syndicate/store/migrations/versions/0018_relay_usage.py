"""Usage of relays by all workers, and what each reserved, replace the counts of one sender."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
LONGEST_EXCHANGE = 721
"""Seconds from marking a message to its outcome, with the default timeout, at the most."""


def upgrade() -> None:
    op.create_table(
        "relay_usage",
        sa.Column("relay", PLAIN, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("recorded_at", sa.Double, nullable=False),
        sa.Column("messages", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "relay_reservations",
        sa.Column("relay", PLAIN, primary_key=True),
        sa.Column("worker", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("messages", sa.BigInteger, nullable=False),
        sa.Column("connections", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO relay_usage (relay, sequence, recorded_at, messages) "
        "SELECT server, row_number() OVER (PARTITION BY server ORDER BY second), "
        f"second + {LONGEST_EXCHANGE}, sent FROM sent_counts"
    )
    op.drop_table("sent_counts")
