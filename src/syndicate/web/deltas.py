"""The entries of a feed that a reader does not have yet (RFC 3229 with its `feed` method).

Pure. A feed document is cut where its entries begin and end, found by a parser, so that what is
sent is the document itself without the entries that are known. An entry is known by a mark made
of its bytes: one that was changed counts as new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from xml.parsers import expat

MARK: Final = 8
"""Bytes of a mark."""

MAX_VERSIONS: Final = 12
"""How many versions of a feed are remembered: a reader that comes after more gets it whole."""

_PATHS: Final = (["rss", "channel", "item"], ["feed", "entry"])


@dataclass(frozen=True, slots=True)
class EntryIndex:
    """Where the entries of a document are, and the marks of all, one after another."""

    spans: tuple[tuple[int, int], ...]
    entry_fingerprints: bytes


NO_ENTRIES: Final = EntryIndex((), b"")


def cut(data: bytes) -> EntryIndex:
    """Find the entries of an RSS or Atom document; none where it is not well-formed."""
    parser = expat.ParserCreate()
    path: list[str] = []
    starts: list[int] = []
    spans: list[tuple[int, int]] = []

    def begins(name: str, _: dict[str, str]) -> None:
        path.append(name)
        if path in _PATHS:
            starts.append(parser.CurrentByteIndex)

    def ends(name: str) -> None:
        if path in _PATHS:
            at = parser.CurrentByteIndex  # behind it, if it was `<entry/>`; else before its end
            closing = data.startswith(b"</" + name.encode(), at)
            stop = data.index(b">", at) + 1 if closing else at
            spans.append((starts[-1], stop))
        path.pop()

    parser.StartElementHandler, parser.EndElementHandler = begins, ends
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        return NO_ENTRIES
    marks = b"".join(sha256(data[start:stop]).digest()[:MARK] for start, stop in spans)
    return EntryIndex(tuple(spans), marks)


def newer(data: bytes, found: EntryIndex, known: bytes) -> bytes | None:
    """The document with those entries alone whose marks are not among the `known` ones.

    None when it would have them all: then the document itself is the answer.
    """
    has = {known[n : n + MARK] for n in range(0, len(known), MARK)}
    parts, position = [], 0
    for number, (start, stop) in enumerate(found.spans):
        if found.entry_fingerprints[number * MARK : (number + 1) * MARK] in has:
            parts.append(data[position:start].rstrip())
            position = stop
    parts.append(data[position:])
    return b"".join(parts) if position else None


@dataclass(frozen=True, slots=True)
class Versions:
    """The last versions of each feed: path -> digest of the document -> marks of its entries."""

    by_path: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)

    def known(self, path: str, digest: str) -> bytes | None:
        """The marks of what a reader has, None where that version is not remembered."""
        return self.by_path.get(path, {}).get(digest)

    def with_versions(self, new: Mapping[str, tuple[str, bytes]]) -> Versions:
        """Remember one more of each feed in `new`: path -> digest, marks. The oldest give way."""
        return Versions(
            {
                **self.by_path,
                **{path: self._longer(path, *version) for path, version in new.items()},
            }
        )

    def _longer(self, path: str, digest: str, marks: bytes) -> Mapping[str, bytes]:
        others = [one for one in self.by_path.get(path, {}).items() if one[0] != digest]
        return dict([*others[-(MAX_VERSIONS - 1) :], (digest, marks)])

    def only(self, paths: Set[str]) -> Versions:
        """Those of feeds that are still there."""
        return Versions({path: made for path, made in self.by_path.items() if path in paths})

    def to_bytes(self) -> bytes:
        """As a file, to outlive the process."""
        plain = {
            path: {digest: marks.hex() for digest, marks in made.items()}
            for path, made in self.by_path.items()
        }
        return json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode()


def versions_from_bytes(data: bytes) -> Versions:
    """What `to_bytes` wrote. Raises ValueError for anything else."""
    try:
        return Versions(
            {
                str(path): {str(digest): bytes.fromhex(marks) for digest, marks in made.items()}
                for path, made in json.loads(data).items()
            }
        )
    except (AttributeError, TypeError) as error:
        raise ValueError("not the versions of feeds") from error
