"""Tables and columns get the names of what they hold."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = {
    "faults": "unreadable_files",
    "hooks": "hook_cursors",
    "notes": "document_findings",
    "requests": "signup_requests",
    "secrets": "signing_keys",
    "sendings": "issue_sends",
    "uses": "dependencies",
}
INDEXES = {"hash": ("hash",), "state": ("state", "next_try")}


def upgrade() -> None:
    for old, new in TABLES.items():
        op.rename_table(old, new)
    op.execute("ALTER TABLE dependencies RENAME COLUMN witness TO fingerprint")
    op.execute("ALTER TABLE renderings RENAME COLUMN made_from TO input_hash")
    for name, columns in INDEXES.items():
        op.drop_index(f"requests_by_{name}", "signup_requests")
        op.create_index(f"signup_requests_by_{name}", "signup_requests", columns)
