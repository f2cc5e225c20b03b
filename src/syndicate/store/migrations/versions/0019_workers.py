"""Several workers send from one store; what a dead one was sending is known."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, PLAIN, nullable=False) for name in ("name", "host")),
        sa.Column("pid", sa.BigInteger, nullable=False),
        *(sa.Column(name, PLAIN, nullable=False) for name in ("version", "settings")),
        *(sa.Column(name, PLAIN, nullable=False) for name in ("started_at", "seen_at")),
        sa.Column("ended_at", PLAIN, nullable=False, server_default=""),
        sa.Column("draining", sa.BigInteger, nullable=False, server_default="0"),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "recovered_deliveries",
        *(
            sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)
            for name in ("worker", "issue", "subscriber")
        ),
        sqlite_with_rowid=False,
    )
