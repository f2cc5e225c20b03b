"""The entries of a feed that a reader does not have yet (RFC 3229 with its `feed` method).

Pure. A parser finds where the entries of a feed begin and end; a delta is the document without the
entries that the reader has. Entries are compared by fingerprints of their bytes, so a changed entry
is new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from xml.parsers import expat

FINGERPRINT_BYTES: Final = 8

MAX_VERSIONS: Final = 12
"""How many versions of a feed are kept; a reader with an older one gets the whole feed."""

_PATHS: Final = (["rss", "channel", "item"], ["feed", "entry"])


@dataclass(frozen=True, slots=True)
class EntryIndex:
    """Where the entries of a document are, and their fingerprints, concatenated."""

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
    fingerprints = b"".join(
        sha256(data[start:stop]).digest()[:FINGERPRINT_BYTES] for start, stop in spans
    )
    return EntryIndex(tuple(spans), fingerprints)


def delta_of(data: bytes, index: EntryIndex, known_fingerprints: bytes) -> bytes | None:
    """The document without the entries in `known_fingerprints`; None if all entries are new."""
    has = {
        known_fingerprints[n : n + FINGERPRINT_BYTES]
        for n in range(0, len(known_fingerprints), FINGERPRINT_BYTES)
    }
    parts, position = [], 0
    for number, (start, stop) in enumerate(index.spans):
        if (
            index.entry_fingerprints[number * FINGERPRINT_BYTES : (number + 1) * FINGERPRINT_BYTES]
            in has
        ):
            parts.append(data[position:start].rstrip())
            position = stop
    parts.append(data[position:])
    return b"".join(parts) if position else None


@dataclass(frozen=True, slots=True)
class Versions:
    """The last versions of each feed: path -> digest of the document -> fingerprints."""

    by_path: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)

    def known(self, path: str, digest: str) -> bytes | None:
        """The fingerprints of the version that a reader has; None if that version is not kept."""
        return self.by_path.get(path, {}).get(digest)

    def with_versions(self, new: Mapping[str, tuple[str, bytes]]) -> Versions:
        """Add versions: path -> digest, fingerprints. Each replaces the oldest of its feed."""
        return Versions(
            {
                **self.by_path,
                **{path: self._with_version(path, *version) for path, version in new.items()},
            }
        )

    def _with_version(self, path: str, digest: str, fingerprints: bytes) -> Mapping[str, bytes]:
        others = [one for one in self.by_path.get(path, {}).items() if one[0] != digest]
        return dict([*others[-(MAX_VERSIONS - 1) :], (digest, fingerprints)])

    def restricted_to(self, paths: Set[str]) -> Versions:
        """The versions of these feeds only."""
        return Versions(
            {path: versions for path, versions in self.by_path.items() if path in paths}
        )

    def to_bytes(self) -> bytes:
        """The content of a file that keeps them."""
        plain = {
            path: {digest: fingerprints.hex() for digest, fingerprints in versions.items()}
            for path, versions in self.by_path.items()
        }
        return json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode()


def versions_from_bytes(data: bytes) -> Versions:
    """What `to_bytes` wrote. Raises ValueError for anything else."""
    try:
        return Versions(
            {
                str(path): {
                    str(digest): bytes.fromhex(fingerprints)
                    for digest, fingerprints in versions.items()
                }
                for path, versions in json.loads(data).items()
            }
        )
    except (AttributeError, TypeError) as error:
        raise ValueError("not the versions of feeds") from error
