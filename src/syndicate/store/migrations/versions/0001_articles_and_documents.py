"""Articles, their tags and renderings, documents, newsletters."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "articles",
        sa.Column("id", PLAIN, primary_key=True),
        sa.Column("path", PLAIN, nullable=False, unique=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("body_hash", PLAIN, nullable=False),
        sa.Column("state", PLAIN, nullable=False),
        sa.Column("first_seen", PLAIN, nullable=False),
        sa.Column("published", PLAIN, nullable=False),
        sa.Column("updated", PLAIN, nullable=False),
        sa.Column("sequence", sa.BigInteger),
        sa.Column("title", PLAIN, nullable=False),
        sa.Column("slug", PLAIN, nullable=False),
        sa.Column("head", PLAIN, nullable=False),
        sa.Column("findings", PLAIN),
    )
    op.create_index("articles_by_date", "articles", ["state", "published", "sequence"])
    op.create_index("articles_by_sequence", "articles", ["sequence"])
    op.create_index(
        "articles_with_findings",
        "articles",
        ["path"],
        sqlite_where=sa.text("findings IS NOT NULL"),
        postgresql_where=sa.text("findings IS NOT NULL"),
    )
    op.create_table(
        "article_tags",
        sa.Column("tag", PLAIN, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("label", PLAIN, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "faults",
        sa.Column("path", PLAIN, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("finding", PLAIN, nullable=False),
    )
    op.create_table(
        "renderings",
        sa.Column("article", PLAIN, primary_key=True),
        sa.Column("made_from", PLAIN, nullable=False),
        sa.Column("rendering", PLAIN, nullable=False),
        sa.Column("findings", PLAIN),
    )
    op.create_index(
        "renderings_with_findings",
        "renderings",
        ["article"],
        sqlite_where=sa.text("findings IS NOT NULL"),
        postgresql_where=sa.text("findings IS NOT NULL"),
    )
    op.create_table(
        "uses",
        sa.Column("article", PLAIN, primary_key=True),
        sa.Column("target", PLAIN, primary_key=True),
        sa.Column("witness", PLAIN, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "documents",
        sa.Column("path", PLAIN, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("owner", PLAIN, nullable=False),
    )
    op.create_table(
        "notes",
        sa.Column("owner", PLAIN, primary_key=True),
        sa.Column("findings", PLAIN, nullable=False),
    )
    op.create_table(
        "newsletters",
        sa.Column("name", PLAIN, primary_key=True),
        sa.Column("began", PLAIN, nullable=False),
    )
    op.create_table(
        "meta",
        sa.Column("key", PLAIN, primary_key=True),
        sa.Column("value", PLAIN, nullable=False),
    )
