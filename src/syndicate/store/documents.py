"""Tables of written documents and their findings. All their SQL is here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from syndicate.catalogue.owners import Owner
from syndicate.store.database import Database
from syndicate.store.meta import Key, Meta


class StoredDocument(NamedTuple):
    """A document that was written: size in bytes (-1 until then), owner, and hash of the bytes.

    `changed` is when its bytes last changed, in whole seconds since 1970.
    """

    size: int
    owner: Owner
    hash: str = ""
    changed: int = 0


class Documents:
    """The list of documents. Writing methods run inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def all(self) -> dict[str, StoredDocument]:
        """Every document that was written, by root and path, such as `output:feed.xml`."""
        return {
            str(path): StoredDocument(int(size), Owner.parse(str(owner)), str(digest), int(changed))
            for path, size, owner, digest, changed in self._rows(
                "SELECT path, size, owner, hash, changed FROM documents"
            )
        }

    def findings(self) -> dict[Owner, str]:
        """Owner -> findings of making its documents (JSON)."""
        rows = self._rows("SELECT owner, findings FROM document_findings ORDER BY owner")
        return {Owner.parse(str(owner)): str(findings) for owner, findings in rows}

    def gone_feeds(self) -> frozenset[str]:
        """Paths of feeds that no longer exist."""
        return frozenset(json.loads(Meta(self._database).all().get(Key.GONE_FEEDS, "[]")))

    def save(self, written: Mapping[str, StoredDocument], removed: Iterable[str]) -> None:
        """Add documents, by root and path, and delete those that were removed."""
        self._database.run_many(
            "DELETE FROM documents WHERE path = :path", [{"path": p} for p in removed]
        )
        columns = ("path", "size", "owner", "hash", "changed")
        rows = [(p, d.size, str(d.owner), d.hash, d.changed) for p, d in written.items()]
        self._database.upsert("documents", columns, rows)

    def save_findings(self, owners: Iterable[Owner], findings: Mapping[Owner, str]) -> None:
        """Replace the findings of owners whose documents were made."""
        self._database.run_many(
            "DELETE FROM document_findings WHERE owner = :owner",
            [{"owner": str(owner)} for owner in owners],
        )
        rows = [(str(owner), text) for owner, text in findings.items()]
        self._database.upsert("document_findings", ("owner", "findings"), rows)
