"""The database: every SQL statement, for SQLite and PostgreSQL, and its migrations."""
