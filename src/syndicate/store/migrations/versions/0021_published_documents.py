"""Documents have a hash and the time of their last change; what targets have is listed."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("documents", sa.Column("hash", PLAIN, nullable=False, server_default=""))
    op.add_column(
        "documents", sa.Column("changed", sa.BigInteger, nullable=False, server_default="0")
    )
    op.create_table(
        "published_documents",
        sa.Column("target", PLAIN, primary_key=True),
        sa.Column("path", PLAIN, primary_key=True),
        sa.Column("hash", PLAIN, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "publish_targets",
        sa.Column("name", PLAIN, primary_key=True),
        sa.Column("destination", PLAIN, nullable=False),
        sa.Column("published_at", PLAIN, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("next_try", PLAIN, nullable=False),
        sa.Column("reason", PLAIN, nullable=False),
    )
    op.execute("DELETE FROM meta WHERE key = 'recipe'")  # the next build hashes all documents
