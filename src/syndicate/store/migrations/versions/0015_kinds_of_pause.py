"""What paused an issue is a kind; the reason is for people."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.execute("ALTER TABLE issue_sends RENAME COLUMN paused TO pause_reason")
    op.add_column("issue_sends", sa.Column("pause_kind", PLAIN, nullable=False, server_default=""))
    op.execute(
        "UPDATE issue_sends SET pause_kind = CASE "
        "WHEN pause_reason = 'paused by the operator' THEN 'operator' "
        "WHEN pause_reason LIKE 'waits for a confirmation%' THEN 'old_approval' "
        "WHEN pause_reason LIKE '%messages were refused' THEN 'refusals' "
        "ELSE 'server' END WHERE pause_reason <> ''"
    )
