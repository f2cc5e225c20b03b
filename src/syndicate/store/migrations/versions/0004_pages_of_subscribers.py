"""What subscribers choose, ask for on pages and agree to there; what signs their links."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("tags", PLAIN, nullable=False, server_default=""))
    op.add_column("consents", sa.Column("client", PLAIN, nullable=False, server_default=""))
    op.create_table(
        "requests",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", PLAIN, nullable=False),
        sa.Column("address", PLAIN, nullable=False),
        sa.Column("hash", PLAIN, nullable=False),
        sa.Column("newsletters", PLAIN, nullable=False),
        sa.Column("asked", PLAIN, nullable=False),
        sa.Column("client", PLAIN, nullable=False),
        sa.Column("agreed", PLAIN, nullable=False),
        sa.Column("state", PLAIN, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("next_try", PLAIN, nullable=False),
        sa.Column("reply", PLAIN, nullable=False),
    )
    op.create_index("requests_by_hash", "requests", ["hash"])
    op.create_index("requests_by_state", "requests", ["state", "next_try"])
    op.create_table(
        "secrets",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key", PLAIN, nullable=False),
        sa.Column("made", PLAIN, nullable=False),
        sa.Column("until", PLAIN, nullable=False),
    )
