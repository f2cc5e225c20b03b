"""Tables of publish targets and of the documents each of them has. All their SQL is here.

A document is listed with an empty hash before it is written to a target, and with its own
afterwards: after a crash it is written again, or removed, but never forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from syndicate.catalogue.owners import Owner
from syndicate.store.database import Database

OUTPUT = "output:"
"""The prefix of documents below the output folder in the table of documents."""


class PendingDocument(NamedTuple):
    """A document that a target lacks, or has otherwise; `path` is below the output folder."""

    path: str
    owner: Owner
    hash: str
    changed: int


class TargetState(NamedTuple):
    """The state of a target, a row; times are UTC text. `reason` is that of the last failure."""

    name: str
    destination: str
    published_at: str = ""
    attempts: int = 0
    next_try: str = ""
    reason: str = ""


class PublishedDocuments:
    """What targets have. Writing methods run inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def pending(self, target: str) -> list[PendingDocument]:
        """The documents to write to a target."""
        rows = self._rows(
            f"SELECT substr(d.path, {len(OUTPUT) + 1}), d.owner, d.hash, d.changed "
            "FROM documents d LEFT JOIN published_documents p "
            f"ON p.target = :target AND p.path = substr(d.path, {len(OUTPUT) + 1}) "
            f"WHERE d.path LIKE '{OUTPUT}%' AND d.hash <> '' "
            "AND (p.hash IS NULL OR p.hash <> d.hash)",
            {"target": target},
        )
        return [
            PendingDocument(str(path), Owner.parse(str(owner)), str(digest), int(changed))
            for path, owner, digest, changed in rows
        ]

    def obsolete(self, target: str) -> list[str]:
        """The paths to remove from a target: documents that no longer exist."""
        rows = self._rows(
            "SELECT p.path FROM published_documents p WHERE p.target = :target AND NOT EXISTS "
            f"(SELECT 1 FROM documents d WHERE d.path = '{OUTPUT}' || p.path) ORDER BY p.path",
            {"target": target},
        )
        return [str(path) for (path,) in rows]

    def count(self, target: str) -> int:
        """How many documents a target has."""
        query = "SELECT count(*) FROM published_documents WHERE target = :target AND hash <> ''"
        return int(self._rows(query, {"target": target})[0][0])

    def states(self) -> dict[str, TargetState]:
        """The state of each target, by name."""
        rows = self._rows(f"SELECT {', '.join(TargetState._fields)} FROM publish_targets")
        return {str(row[0]): TargetState._make(row) for row in rows}

    # -- writing ---------------------------------------------------------------------------

    def begin(self, target: str, documents: Iterable[PendingDocument]) -> None:
        """List documents that are about to be written."""
        self._put(target, ((each.path, "") for each in documents))

    def finish(self, target: str, documents: Iterable[PendingDocument]) -> None:
        """List documents that were written."""
        self._put(target, ((each.path, each.hash) for each in documents))

    def _put(self, target: str, documents: Iterable[tuple[str, str]]) -> None:
        rows = [(target, path, digest) for path, digest in documents]
        self._database.upsert("published_documents", ("target", "path", "hash"), rows)

    def remove(self, target: str, paths: Iterable[str]) -> None:
        """Take documents that were removed off the list."""
        self._database.run_many(
            "DELETE FROM published_documents WHERE target = :target AND path = :path",
            [{"target": target, "path": path} for path in paths],
        )

    def save(self, state: TargetState) -> None:
        """Save the state of a target."""
        self._database.upsert("publish_targets", TargetState._fields, [state])

    def forget(self, target: str) -> None:
        """Forget a target and what it has."""
        for table, column in (("published_documents", "target"), ("publish_targets", "name")):
            self._database.run(f"DELETE FROM {table} WHERE {column} = :target", {"target": target})
