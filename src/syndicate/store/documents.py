"""Tables of written documents and their findings. All their SQL is here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from syndicate.store.database import Database
from syndicate.store.meta import Meta

GONE_FEEDS = "gone feeds"


class Documents:
    """The list of documents. Writing methods run inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def all(self) -> dict[str, tuple[int, str]]:
        """Path -> size and owner of every document that was written."""
        return {
            str(p): (int(s), str(o))
            for p, s, o in self._rows("SELECT path, size, owner FROM documents")
        }

    def findings(self) -> dict[str, str]:
        """Owner -> findings of making its documents (JSON)."""
        return dict(self._pairs("SELECT owner, findings FROM document_findings ORDER BY owner"))

    def gone_feeds(self) -> frozenset[str]:
        """Paths of feeds that no longer exist."""
        return frozenset(json.loads(Meta(self._database).all().get(GONE_FEEDS, "[]")))

    def keep(self, written: Mapping[str, tuple[int, str]], removed: Iterable[str]) -> None:
        """Add documents (path -> size, owner) and delete those that were removed."""
        self._database.run_many(
            "DELETE FROM documents WHERE path = :path", [{"path": p} for p in removed]
        )
        self._database.run_many(
            "INSERT INTO documents (path, size, owner) VALUES (:path, :size, :owner) "
            "ON CONFLICT (path) DO UPDATE SET size = excluded.size, owner = excluded.owner",
            [{"path": p, "size": s, "owner": o} for p, (s, o) in written.items()],
        )

    def keep_findings(self, made: Iterable[str], found: Mapping[str, str]) -> None:
        """Replace the findings of owners whose documents were made."""
        self._database.run_many(
            "DELETE FROM document_findings WHERE owner = :owner",
            [{"owner": owner} for owner in made],
        )
        self._database.upsert("document_findings", ("owner", "findings"), list(found.items()))

    def _pairs(self, query: str) -> list[tuple[str, str]]:
        return [(str(one), str(other)) for one, other in self._rows(query)]
