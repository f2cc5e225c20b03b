"""Events of mail providers are accepted once; the operator may confirm an issue's refusals."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("sendings", sa.Column("confirmed", PLAIN, nullable=False, server_default=""))
    op.create_table(
        "heard_events",
        sa.Column("id", PLAIN, primary_key=True),
        sa.Column("at", PLAIN, nullable=False),
        sqlite_with_rowid=False,
    )
