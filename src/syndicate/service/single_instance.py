"""One service for each PostgreSQL database: an advisory lock, in a separate session.

The lock ends with the session. `lock` covers files beside a store on the same machine; this covers
services of several folders or machines that use one database.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from syndicate.errors import StoreError, SyndicateError
from syndicate.findings import Finding, Level
from syndicate.service.jobs import Job, TaskResult, Trigger
from syndicate.site import Setup

if TYPE_CHECKING:
    from syndicate.store.postgresql import PostgreSQL

HINT = "stop that service first, or use another database for this site"


class DatabaseLock:
    """Holds the lock: the first job of every pass, so that nothing is done without it."""

    name = "one service"

    def __init__(self, setup: Setup, end: Callable[[], None]) -> None:
        """`end` is called when another service has taken the lock while the database was away."""
        self._setup = setup
        self._end = end
        self._session: PostgreSQL | None = None

    def begin(self) -> None:
        """Take the lock. Raises SyndicateError when another service has it.

        If the database does not answer, each pass tries again.
        """
        try:
            other = self._other_service()
        except StoreError:
            return
        if other is not None:
            raise SyndicateError(_taken(other), hint=HINT)

    def jobs(self, poll: Trigger) -> list[Job]:
        """The first job of every pass: see that we hold the lock. None for SQLite."""
        return [] if self._setup.uses_sqlite else [Job(self.name, poll, self.run)]

    def run(self, now: datetime) -> TaskResult:  # noqa: ARG002
        """Check that this service holds the lock; take it again after a broken connection."""
        try:
            other = self._other_service()
        except StoreError as error:
            return TaskResult([self._finding("database-away", error.message, error.hint or "")])
        if other is None:
            return TaskResult([])
        self._end()
        return TaskResult([self._finding("second-service", _taken(other), HINT)])

    def close(self) -> None:
        """Release the lock."""
        if self._session:
            self._session.close()
            self._session = None

    def _other_service(self) -> str | None:
        """The service that has the lock; None if that is this one, as on SQLite."""
        if self._setup.uses_sqlite:
            return None  # the lock beside the file is enough
        if self._session:
            try:
                if self._session.holds_service():
                    return None
            except StoreError:
                pass  # the connection broke; the next one reports why
            self.close()
        from syndicate.store.postgresql import PostgreSQL

        session = PostgreSQL(self._setup.config.store.url)
        if session.lock_service(f"syndicate on {socket.gethostname()[:32]}, process {os.getpid()}"):
            self._session = session
            return None
        other = session.service()
        session.close()
        return other

    def _finding(self, rule: str, message: str, hint: str) -> Finding:
        return Finding(Level.ERROR, rule, message, self._setup.config_file, hint=hint)


def _taken(other: str) -> str:
    return f"another service uses this database{f': {other}' if other else ''}"
