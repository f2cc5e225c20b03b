"""Write the documents of a build to disk and keep the list of written documents.

Deletes documents that their owners no longer have. Uses paths and bytes, not their meaning.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Set
from hashlib import sha256
from pathlib import Path

from syndicate import atomic_files
from syndicate.catalogue.owners import SERVICE, Owner, OwnerKind
from syndicate.store.documents import StoredDocument

YIELDING_KINDS = (OwnerKind.PAGE, OwnerKind.FILE)
"""Owners whose addresses authors choose: one that is not available costs only its own document."""

DIGEST = 32
"""Characters of the hash of a document: 128 bits of SHA-256."""

MAX_NAME_LENGTH = 255
"""Bytes in the name of a file, on all common file systems."""

Root = str
"""`output` or `issues`: the folder a document is below."""


class DocumentWriter:
    """The documents of one build. `known` are those of earlier ones, by root and path.

    `now`, in seconds since 1970, becomes the time of those that change. `reserved` are the first
    parts of paths that belong to the service.
    """

    def __init__(
        self,
        roots: Mapping[Root, Path],
        existing: Mapping[str, StoredDocument],
        owners: set[Owner],
        now: int,
        reserved: Set[str] = frozenset(),
    ) -> None:
        self._reserved = {f"output:{name}" for name in reserved}
        self._roots = roots
        self._known = existing
        self._now = now
        self.owners = owners
        """Whose documents are made again."""
        self.made: dict[str, StoredDocument] = {}
        self._announced: set[str] = set()
        self.written: list[str] = []
        self.removed: list[str] = []
        self._written_owners: set[Owner] = set()
        self._waiting: list[tuple[Root, str, bytes, Owner]] = []
        self.collisions: dict[Owner, tuple[str, Owner | None]] = {}
        """Owner -> the address it could not have, and its owner (None: no file can have it)."""

    def reserve(
        self, batch: Iterable[tuple[Owner, Mapping[str, bytes]]]
    ) -> dict[str, StoredDocument]:
        """What a batch would write, to be kept before: a build that dies then has no orphans."""
        new = {
            f"output:{path}": StoredDocument(-1, owner)
            for owner, documents in batch
            for path in documents
            if f"output:{path}" not in self._known
        }
        self._announced.update(new)
        return new

    def unwritten(self) -> set[str]:
        """What was announced and then not written."""
        return self._announced - self.made.keys()

    def write(self, owner: Owner, documents: Mapping[str, bytes], root: Root = "output") -> None:
        """Write an owner's documents where their bytes changed.

        What another owner had before waits until `settle`: it may want it again.
        """
        for path, data in documents.items():
            before = self._known.get(f"{root}:{path}", StoredDocument(0, owner)).owner
            if before != owner and before in self.owners and before not in self._written_owners:
                self._waiting.append((root, path, data, owner))
            else:
                self._put(root, path, data, owner)
        self._written_owners.add(owner)

    @property
    def changed(self) -> list[str]:
        """Paths in the output folder that were written or removed."""
        written = [path for path in self.written if f"output:{path}" in self.made]
        return [*written, *(key[7:] for key in self.removed if key.startswith("output:"))]

    def resolve_conflicts(self) -> None:
        """Give addresses that are free again to those who wait for them."""
        for each in self._waiting:
            self._put(*each)

    def _put(self, root: Root, path: str, data: bytes, owner: Owner) -> None:
        if self._is_free(f"{root}:{path}", path, owner):
            self._write(root, path, data, owner)

    def _write(self, root: Root, path: str, data: bytes, owner: Owner) -> None:
        document = self._dated(f"{root}:{path}", data, owner)
        try:
            if atomic_files.write_dated(self._roots[root], path, data, document.changed):
                self.written.append(path)
        except atomic_files.PathConflictError:
            if not (owner.kind in YIELDING_KINDS and self._roots[root].is_dir()):
                raise
            self.collisions[owner] = (path, None)
        else:
            self.made[f"{root}:{path}"] = document

    def _dated(self, key: str, data: bytes, owner: Owner) -> StoredDocument:
        """A document with the time of its last change: on every machine the same.

        Each change has another second, because HTTP has whole seconds (RFC 9110, section 8.8.2).
        """
        digest = sha256(data).hexdigest()[:DIGEST]
        before = self._known.get(key, StoredDocument(-1, owner))
        if before.hash == digest:
            return StoredDocument(len(data), owner, digest, before.changed)
        return StoredDocument(len(data), owner, digest, max(self._now, before.changed + 1))

    def has(self, owner: Owner) -> bool:
        """Whether an owner has documents, made now or left as they are."""
        documents = (*self.made.values(), *(() if owner in self.owners else self._known.values()))
        return any(document.owner == owner for document in documents)

    def keep_unchanged(self, owner: Owner) -> None:
        """Leave what an owner has as it is."""
        self.made |= {
            key: document for key, document in self._known.items() if document.owner == owner
        }

    def retain_only(self, kind: OwnerKind, retained: Set[Owner]) -> None:
        """Of the owners of this kind, those not `retained` have no documents now."""
        owners = {d.owner for d in self._known.values() if d.owner.kind == kind}
        self.owners |= owners - retained

    def delete_orphans(self) -> None:
        """Remove what the owners made again had before and have no more."""
        for key, document in self._known.items():
            if key not in self.made and document.owner in self.owners:
                root, _, path = key.partition(":")
                atomic_files.remove(self._roots[root], path)
                self.removed.append(key)

    def _is_free(self, key: str, path: str, owner: Owner) -> bool:
        """Two owners of one address: the first keeps it, the other is noted.

        Nor can there be a document below another, or a name longer than file systems take.
        """
        if any(len(name.encode()) > MAX_NAME_LENGTH for name in path.split("/")):
            self.collisions[owner] = (path, None)
            return False
        while key:
            other = self._holder(key)
            if other and other != owner:
                self.collisions[owner] = (path, other)
                return False
            key = key.rpartition("/")[0]
        return True

    def _holder(self, key: str) -> Owner | None:
        """The owner of an address: in this build, or from an earlier one and not made again."""
        if key in self._reserved:
            return SERVICE
        if key in self.made:
            return self.made[key].owner
        before = self._known.get(key)
        return before.owner if before and before.owner not in self.owners else None


class DryRunWriter(DocumentWriter):
    """A writer that only lists what it would write: for checking and planning."""

    def reserve(
        self,
        batch: Iterable[tuple[Owner, Mapping[str, bytes]]],  # noqa: ARG002  nothing is written
    ) -> dict[str, StoredDocument]:
        return {}

    def _write(self, root: Root, path: str, data: bytes, owner: Owner) -> None:
        self.made[f"{root}:{path}"] = self._dated(f"{root}:{path}", data, owner)
        if not atomic_files.is_current(self._roots[root], path, data):
            self.written.append(path)


def missing(roots: Mapping[Root, Path], written: Mapping[str, StoredDocument]) -> set[Owner]:
    """The owners of documents that are not on disk as they were written."""
    owners: set[Owner] = set()
    for key, document in written.items():
        root, _, path = key.partition(":")
        try:
            size = os.stat(f"{roots[root]}/{path}").st_size  # noqa: PTH116  for thousands
            if size != document.size:
                owners.add(document.owner)
        except OSError:  # gone, or out of reach: writing it again will show which
            owners.add(document.owner)
    return owners
