"""Subscribers, what they get and agreed to, and addresses never to be mailed again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "subscribers",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("address", PLAIN, nullable=False),
        sa.Column("hash", PLAIN, nullable=False, unique=True),
        sa.Column("name", PLAIN, nullable=False),
        sa.Column("made", PLAIN, nullable=False),
    )
    op.create_table(
        "subscriptions",
        sa.Column("newsletter", PLAIN, primary_key=True),
        sa.Column("subscriber", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", PLAIN, nullable=False),
        sa.Column("since", PLAIN, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("subscriptions_by_subscriber", "subscriptions", ["subscriber"])
    op.create_table(
        "consents",
        sa.Column("subscriber", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("newsletter", PLAIN, primary_key=True),
        sa.Column("at", PLAIN, primary_key=True),
        sa.Column("event", PLAIN, primary_key=True),
        sa.Column("detail", PLAIN, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "suppressions",
        sa.Column("hash", PLAIN, primary_key=True),
        sa.Column("reason", PLAIN, nullable=False),
        sa.Column("detail", PLAIN, nullable=False),
        sa.Column("since", PLAIN, nullable=False),
    )
