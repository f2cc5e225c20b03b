"""Writes the documents of a build to disk and keeps the list of what was written.

Removes what an owner had before and has no more. Knows paths and bytes, not what they mean.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from syndicate import publish

Root = str
"""`output` or `issues`: the folder a document is below."""


class Press:
    """The documents of one build. `known` are those of earlier ones: key -> size, owner."""

    def __init__(
        self, roots: Mapping[Root, Path], known: Mapping[str, tuple[int, str]], owners: set[str]
    ) -> None:
        self._roots = roots
        self._known = known
        self.owners = owners
        """Whose documents are made anew."""
        self.made: dict[str, tuple[int, str]] = {}
        self.written: list[str] = []
        self.removed: list[str] = []
        self.collisions: dict[str, tuple[str, str]] = {}
        """Owner -> the address it could not have, and the owner that has it."""

    def put(self, owner: str, documents: Mapping[str, bytes], root: Root = "output") -> None:
        """Write an owner's documents where their bytes changed."""
        for path, data in documents.items():
            if self._is_free(f"{root}:{path}", path, owner):
                self.made[f"{root}:{path}"] = (len(data), owner)
                if publish.write(self._roots[root], path, data):
                    self.written.append(path)

    def sweep(self) -> None:
        """Remove what the owners made anew had before and have no more."""
        for key, (_, owner) in self._known.items():
            if key not in self.made and owner in self.owners:
                root, _, path = key.partition(":")
                publish.remove(self._roots[root], path)
                self.removed.append(key)

    def _is_free(self, key: str, path: str, owner: str) -> bool:
        """Two owners of one address: the first keeps it, the other is noted."""
        other = self.made.get(key, ("", ""))[1]
        before = self._known.get(key, (0, owner))[1]
        if not other and before != owner and before not in self.owners:
            other = before
        if other and other != owner:
            self.collisions[owner] = (path, other)
        return not other or other == owner


class Rehearsal(Press):
    """A press that writes nothing: for checking."""

    def put(self, owner: str, documents: Mapping[str, bytes], root: Root = "output") -> None:
        for path, data in documents.items():
            if self._is_free(f"{root}:{path}", path, owner):
                self.made[f"{root}:{path}"] = (len(data), owner)


def missing(roots: Mapping[Root, Path], known: Mapping[str, tuple[int, str]]) -> set[str]:
    """The owners of documents that are not on disk as they were written."""
    owners = set()
    for key, (size, owner) in known.items():
        root, _, path = key.partition(":")
        try:
            if os.stat(f"{roots[root]}/{path}").st_size != size:  # noqa: PTH116  for thousands
                owners.add(owner)
        except OSError:  # gone, or out of reach: writing it anew will say which
            owners.add(owner)
    return owners
