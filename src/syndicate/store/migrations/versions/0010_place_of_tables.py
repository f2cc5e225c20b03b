"""The place of a PostgreSQL database names its table too: pg_restore makes another one."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "UPDATE meta SET value = value || ' ' || CAST(CAST('meta' AS regclass) AS oid) "
            "WHERE key = 'place'"
        )
