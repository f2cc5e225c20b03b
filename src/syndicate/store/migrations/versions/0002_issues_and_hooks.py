"""Issues of newsletters, which articles they took; events, and how far hooks were told."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("newsletters") as newsletters:
        newsletters.add_column(
            sa.Column("after", sa.BigInteger, nullable=False, server_default="0")
        )
        for name in ("schedule", "since"):
            newsletters.add_column(sa.Column(name, PLAIN, nullable=False, server_default=""))
    op.execute(
        "UPDATE newsletters SET after = (SELECT coalesce(max(sequence), 0) FROM articles "
        "WHERE published < newsletters.began)"
    )
    with op.batch_alter_table("newsletters") as newsletters:
        for name in ("after", "schedule", "since"):
            newsletters.alter_column(name, server_default=None)
    op.create_table(
        "issues",
        sa.Column("newsletter", PLAIN, primary_key=True),
        sa.Column("slot", PLAIN, primary_key=True),
        sa.Column("due", PLAIN, nullable=False),
        sa.Column("planned", sa.BigInteger, nullable=False),
        sa.Column("state", PLAIN, nullable=False),
        sa.Column("made", PLAIN, nullable=False),
        sa.Column("reason", PLAIN, nullable=False),
        sa.Column("subject", PLAIN, nullable=False),
        sa.Column("html", PLAIN, nullable=False),
        sa.Column("text", PLAIN, nullable=False),
        sa.Column("page", PLAIN, nullable=False),
        sa.Column("message", PLAIN, nullable=False),
        sa.Column("articles", PLAIN, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_index("issues_by_sequence", "issues", ["sequence"])
    op.create_table(
        "issue_articles",
        sa.Column("newsletter", PLAIN, primary_key=True),
        sa.Column("article", PLAIN, primary_key=True),
        sa.Column("slot", PLAIN, nullable=False),
        sa.Column("updated", PLAIN, nullable=False),
    )
    op.create_index("issue_articles_by_article", "issue_articles", ["article"])
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event", PLAIN, nullable=False),
        sa.Column("subject", PLAIN, nullable=False),
        sa.Column("at", PLAIN, nullable=False),
    )
    op.create_table(
        "hooks",
        sa.Column("name", PLAIN, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("next_try", PLAIN, nullable=False),
        sa.Column("failing_since", PLAIN, nullable=False),
        sa.Column("reason", PLAIN, nullable=False),
    )
