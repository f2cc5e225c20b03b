"""Columns get the names of what they hold."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

COLUMNS = {
    "bounces": {"at": "received_at"},
    "consents": {"at": "occurred_at"},
    "deliveries": {"at": "changed_at"},
    "delivery_events": {"at": "occurred_at"},
    "events": {"at": "occurred_at"},
    "issue_sends": {"began": "started_at", "ended": "ended_at", "confirmed": "confirmed_at"},
    "issues": {"made": "created_at", "approved": "approved_at"},
    "newsletters": {"began": "started_at", "since": "schedule_since"},
    "provider_events": {"at": "received_at"},
    "signing_keys": {"made": "created_at", "until": "expires_at"},
    "signup_requests": {"asked": "requested_at", "agreed": "consent_text", "base": "base_url"},
    "subscribers": {"made": "created_at"},
    "withdrawals": {"at": "occurred_at"},
}


def upgrade() -> None:
    op.rename_table("heard_events", "provider_events")
    for table, names in COLUMNS.items():
        for old, new in names.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    op.execute("UPDATE meta SET key = 'clock:provider_events' WHERE key = 'clock:heard_events'")
