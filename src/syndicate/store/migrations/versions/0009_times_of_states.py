"""Every issue that was approved has the time of it, and only drafts wait for an approval."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

APPROVED = "approved <> '' OR state IN ('draft', 'skipped', 'cancelled')"
APPROVE_AT = "approve_at = '' OR state = 'draft'"

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TO_SEND = sa.text("state = 'approved' AND personal <> ''")


def column(name: str) -> "sa.Column[str]":
    return sa.Column(name, PLAIN, nullable=False)


def with_default(name: str) -> "sa.Column[str]":
    return sa.Column(name, PLAIN, nullable=False, server_default="")


ISSUES = sa.Table(
    "issues",
    sa.MetaData(),
    sa.Column("newsletter", PLAIN, primary_key=True),
    sa.Column("slot", PLAIN, primary_key=True),
    column("due"),
    sa.Column("planned", sa.BigInteger, nullable=False),
    *map(column, ("state", "made", "reason", "subject", "html", "text", "page", "message")),
    column("articles"),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    *map(with_default, ("personal", "draft_key", "approve_at", "approved")),
    sa.Index("issues_by_sequence", "sequence"),
    sa.Index(
        "issues_to_send", "newsletter", "sequence", sqlite_where=TO_SEND, postgresql_where=TO_SEND
    ),
)
"""The table as it is before: SQLite cannot add a constraint, so the table is copied."""


def upgrade() -> None:
    op.execute(f"UPDATE issues SET approved = made WHERE NOT ({APPROVED})")
    op.execute(f"UPDATE issues SET approve_at = '' WHERE NOT ({APPROVE_AT})")
    with op.batch_alter_table("issues", copy_from=ISSUES) as issues:
        issues.create_check_constraint("issues_approved", APPROVED)
        issues.create_check_constraint("issues_approve_at", APPROVE_AT)
