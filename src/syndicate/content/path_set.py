"""Some paths of the content folder, or all of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PathSet:
    """Some paths, or with `is_all` every path there can be."""

    paths: frozenset[str] = frozenset()
    is_all: bool = False

    def __contains__(self, path: str) -> bool:
        return self.is_all or path in self.paths

    def __or__(self, other: PathSet) -> PathSet:
        return ALL_PATHS if self.is_all or other.is_all else PathSet(self.paths | other.paths)

    def without(self, paths: Iterable[str]) -> PathSet:
        """The set without some paths; all paths stay all."""
        return self if self.is_all else PathSet(self.paths.difference(paths))

    def select(self, values: Mapping[str, T]) -> Mapping[str, T]:
        """The values by path, of the paths in the set."""
        if self.is_all:
            return values
        return {path: values[path] for path in self.paths if path in values}


ALL_PATHS = PathSet(is_all=True)
