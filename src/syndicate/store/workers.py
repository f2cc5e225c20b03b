"""Table of workers: the processes that send from this store, and those that died. All its SQL.

A worker lives as long as its session (`Database.begin_session`), not as long as its row: one that
is killed keeps its row until another worker finds it dead and recovers its deliveries.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from syndicate.store.database import Database

LAST_WORKER = "last-worker"
"""The key in `meta` of the highest id that any worker had: ids are never reused."""


class WorkerRow(NamedTuple):
    """A worker. `ended_at` is when it was found dead, "" while it may live."""

    id: int
    name: str
    host: str
    pid: int
    version: str
    settings: str
    started_at: str
    seen_at: str
    ended_at: str = ""
    draining: int = 0

    @property
    def agreed_settings(self) -> dict[str, str]:
        """The settings that must be the same for all workers, as hashes."""
        return dict(json.loads(self.settings))


class Workers:
    """The workers of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    # -- reading ---------------------------------------------------------------------------

    def all(self) -> list[WorkerRow]:
        """All workers, the oldest first."""
        query = f"SELECT {', '.join(WorkerRow._fields)} FROM workers ORDER BY id"
        return [WorkerRow._make(row) for row in self._rows(query)]

    def not_ended(self) -> list[WorkerRow]:
        """The workers that were not found dead."""
        return [worker for worker in self.all() if not worker.ended_at]

    def is_draining(self, worker: int) -> bool:
        """Whether a worker is to end."""
        return bool(
            self._rows("SELECT 1 FROM workers WHERE id = :w AND draining = 1", {"w": worker})
        )

    # -- writing, inside a transaction -----------------------------------------------------

    def add(
        self, name: str, host: str, pid: int, version: str, settings: Mapping[str, str], now: str
    ) -> WorkerRow:
        """Add a worker that starts now."""
        ((last,),) = self._rows(
            "INSERT INTO meta (key, value) VALUES (:key, '1') ON CONFLICT (key) DO UPDATE "
            "SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT) RETURNING value",
            {"key": LAST_WORKER},
        )
        text = json.dumps(dict(settings), sort_keys=True)
        worker = WorkerRow(int(last), name, host, pid, version, text, now, now)
        self._database.upsert("workers", WorkerRow._fields, [worker])
        return worker

    def mark_seen(self, worker: int, now: str) -> None:
        """Note that a worker works: others end the session of one that does not."""
        values = {"worker": worker, "now": now}
        self._database.run("UPDATE workers SET seen_at = :now WHERE id = :worker", values)

    def drain(self, worker: int) -> None:
        """Have a worker finish its messages and end."""
        self._database.run("UPDATE workers SET draining = 1 WHERE id = :w", {"w": worker})

    def mark_ended(self, worker: int, now: str) -> None:
        """Note that a worker was found dead."""
        values = {"worker": worker, "now": now}
        self._database.run("UPDATE workers SET ended_at = :now WHERE id = :worker", values)

    def remove(self, worker: int) -> None:
        """Remove a worker that has ended and owns nothing."""
        self._database.run("DELETE FROM workers WHERE id = :w", {"w": worker})

    def forget_ended(self, before: str) -> None:
        """Forget workers that were found dead before a moment, and what they were sending."""
        values = {"before": before}
        ended = "SELECT id FROM workers WHERE ended_at <> '' AND ended_at < :before"
        self._database.run(f"DELETE FROM recovered_deliveries WHERE worker IN ({ended})", values)
        self._database.run(f"DELETE FROM workers WHERE id IN ({ended})", values)

    # -- what a dead worker was sending, inside a transaction ------------------------------

    def add_recovered(self, worker: int, deliveries: Iterable[tuple[int, int]]) -> None:
        """Note deliveries that a dead worker was sending, as issue and subscriber.

        It may still report their outcome.
        """
        columns = ("worker", "issue", "subscriber")
        self._database.upsert("recovered_deliveries", columns, [(worker, *d) for d in deliveries])
