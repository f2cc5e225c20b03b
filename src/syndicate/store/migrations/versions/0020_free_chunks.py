"""The next chunk to claim is found by an index, however many were sent before it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for state in ("pending", "retry"):
        where = sa.text(f"{state} > 0")
        op.create_index(
            f"delivery_chunks_{state}",
            "delivery_chunks",
            ["owner", "number"],
            sqlite_where=where,
            postgresql_where=where,
        )
