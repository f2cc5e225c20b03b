"""Tables of written documents and their findings. All their SQL is here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from syndicate.catalogue.owners import Owner
from syndicate.store.database import Database
from syndicate.store.meta import Key, Meta


class Documents:
    """The list of documents. Writing methods run inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def all(self) -> dict[str, tuple[int, Owner]]:
        """Path -> size and owner of every document that was written."""
        return {
            str(p): (int(s), Owner.parse(str(o)))
            for p, s, o in self._rows("SELECT path, size, owner FROM documents")
        }

    def findings(self) -> dict[Owner, str]:
        """Owner -> findings of making its documents (JSON)."""
        rows = self._rows("SELECT owner, findings FROM document_findings ORDER BY owner")
        return {Owner.parse(str(owner)): str(findings) for owner, findings in rows}

    def gone_feeds(self) -> frozenset[str]:
        """Paths of feeds that no longer exist."""
        return frozenset(json.loads(Meta(self._database).all().get(Key.GONE_FEEDS, "[]")))

    def save(self, written: Mapping[str, tuple[int, Owner]], removed: Iterable[str]) -> None:
        """Add documents (path -> size, owner) and delete those that were removed."""
        self._database.run_many(
            "DELETE FROM documents WHERE path = :path", [{"path": p} for p in removed]
        )
        self._database.run_many(
            "INSERT INTO documents (path, size, owner) VALUES (:path, :size, :owner) "
            "ON CONFLICT (path) DO UPDATE SET size = excluded.size, owner = excluded.owner",
            [{"path": p, "size": s, "owner": str(o)} for p, (s, o) in written.items()],
        )

    def save_findings(self, owners: Iterable[Owner], findings: Mapping[Owner, str]) -> None:
        """Replace the findings of owners whose documents were made."""
        self._database.run_many(
            "DELETE FROM document_findings WHERE owner = :owner",
            [{"owner": str(owner)} for owner in owners],
        )
        rows = [(str(owner), text) for owner, text in findings.items()]
        self._database.upsert("document_findings", ("owner", "findings"), rows)
