"""Numbers of locks, and of the schema's version."""

SCHEMA_VERSION = "0013"
"""The newest migration."""

WRITERS = 7_391_520_644
"""The advisory lock that writers of one PostgreSQL database hold."""

BUILDS = WRITERS + 1
"""The advisory lock that a build holds from its first look at the folder to its end."""

SERVICES = WRITERS + 3
"""The advisory lock of the service, in a session that lasts as long as it does."""

SENDERS = WRITERS + 2
"""The advisory lock of whoever sends."""
