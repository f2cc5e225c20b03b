"""Drafts have addresses that cannot be guessed, and may be approved at a stated time."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NEW = ("draft_key", "approve_at", "approved")


def upgrade() -> None:
    for name in NEW:
        op.add_column("issues", sa.Column(name, PLAIN, nullable=False, server_default=""))
    op.execute("UPDATE issues SET approved = made WHERE state IN ('approved', 'sending', 'sent')")
    connection = op.get_bind()
    drafts = connection.execute(
        sa.text("SELECT newsletter, slot FROM issues WHERE state = 'draft'")
    ).all()
    for newsletter, slot in drafts:
        connection.execute(
            sa.text(
                "UPDATE issues SET draft_key = :key WHERE newsletter = :newsletter AND slot = :slot"
            ),
            {"key": secrets.token_hex(16), "newsletter": newsletter, "slot": slot},
        )
    if drafts:  # their pages were public until now: the next build writes everything anew
        op.execute("DELETE FROM meta WHERE key = 'unfinished'")
        op.execute("INSERT INTO meta (key, value) VALUES ('unfinished', 'yes')")
