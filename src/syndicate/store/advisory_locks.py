"""Numbers of the advisory locks of one PostgreSQL database."""

WRITERS = 7_391_520_644
"""Held by a write transaction."""

BUILDS = WRITERS + 1
"""Held by a build, from the scan of its folder to its end."""

SENDERS = WRITERS + 2
"""Held by all workers together, or by a program that keeps them out."""

SERVICES = WRITERS + 3
"""Held by the service, in a session that lasts as long as it does."""

WORKERS = WRITERS >> 32
"""The first number of the locks of workers: each holds the one whose second number is its id.

No lock above has a second number as small as the ids.
"""


def is_held(lock: int) -> str:
    """The SQL condition on a row `l` of pg_locks that this lock is held."""
    return (
        f"l.locktype = 'advisory' AND l.classid = {lock >> 32} "
        f"AND l.objid = {lock & 0xFFFFFFFF} AND l.granted"
    )
