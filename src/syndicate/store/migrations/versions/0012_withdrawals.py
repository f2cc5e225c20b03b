"""Who unsubscribed, was suppressed or erased, in order: begun with what is so now."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", PLAIN, nullable=False),
        sa.Column("newsletter", PLAIN, nullable=False),
        sa.Column("event", PLAIN, nullable=False),
        sa.Column("at", PLAIN, nullable=False),
    )
    op.execute(
        "INSERT INTO withdrawals (id, hash, newsletter, event, at) "
        "SELECT row_number() OVER (ORDER BY at, hash, newsletter), hash, newsletter, event, at "
        "FROM (SELECT hash, '' AS newsletter, reason AS event, since AS at FROM suppressions "
        "UNION ALL SELECT p.hash, s.newsletter, 'unsubscribed', s.since FROM subscriptions s "
        "JOIN subscribers p ON p.id = s.subscriber WHERE s.state = 'unsubscribed') AS known"
    )
