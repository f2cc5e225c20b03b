"""How many messages of an issue came back is counted as they do."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "issue_sends", sa.Column("returned", sa.BigInteger, nullable=False, server_default="0")
    )
    op.execute(
        "UPDATE issue_sends SET returned = (SELECT count(DISTINCT subscriber) FROM bounces b "
        "WHERE b.issue = issue_sends.issue AND b.kind <> 'complaint')"
    )
