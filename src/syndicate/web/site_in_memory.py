"""The output folder in memory, as it is served.

A path that is not in `ServedDocuments` does not exist: requests look paths up there and never reach
the disk. Links are not followed, hidden files are not read. A refresh reads what changed and
replaces the snapshot, so that a request sees the old or the new one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Final
from urllib.parse import quote, urlsplit

from syndicate.atomic_files import write
from syndicate.catalogue.urls import is_unlisted
from syndicate.errors import Location, OutputError
from syndicate.web.deltas import NO_ENTRIES, Versions, cut, versions_from_bytes
from syndicate.web.http_messages import FilePart, HttpHeader
from syndicate.web.media_types import MediaType, kind_of
from syndicate.web.negotiation import Span
from syndicate.web.representations import DIGEST, Document, digest_of

INDEX: Final = "index.html"
WELL_KNOWN: Final = ".well-known"
"""The one hidden folder that is served (RFC 8615)."""

MAX_FILE_IN_MEMORY: Final = 4 * 1024 * 1024
"""Bytes of the largest file that is held; larger ones are sent from disk."""

MAX_BYTES_IN_MEMORY: Final = 256 * 1024 * 1024
"""Bytes held altogether. Packed forms, made when asked for, come to as much again at most."""

_BLOCK: Final = 1024 * 1024

FileStamp = tuple[int, int, int]
"""Inode, size and time of change in nanoseconds: another one means another file."""


@dataclass(frozen=True, slots=True)
class ServedDocuments:
    """All documents at one moment: by path in the folder, and by path in a URL."""

    files: Mapping[str, Document] = field(default_factory=dict)
    paths: Mapping[bytes, Document] = field(default_factory=dict)
    versions: Versions = field(default_factory=Versions)


@dataclass(frozen=True, slots=True)
class ServedAddress:
    """The URL at which the folder is served, and the WebSub hub of its feeds, or ""."""

    url: str
    hub: str = ""

    @property
    def prefix(self) -> bytes:
        """The path of the site, with slashes at both ends."""
        return urlsplit(self.url).path.rstrip("/").encode() + b"/"

    def links(self, path: str, kind: MediaType) -> tuple[HttpHeader, ...]:
        """The headers with the URL of a feed and its hub (WebSub, section 4).

        For pages of drafts and next issues, the header that asks search engines not to index them.
        """
        if is_unlisted(path):
            return ((b"x-robots-tag", b"noindex, nofollow"),)
        if not self.hub or not kind.is_feed or "archive/" in path:
            return ()
        own = f"{self.url.rstrip('/')}/{quote(path)}"
        return ((b"link", f'<{own}>; rel="self", <{self.hub}>; rel="hub"'.encode()),)


class SiteCache:
    """The folder `root` as it was at the last `refresh`; empty before the first.

    `memory` is a file with the versions of feeds, so that readers get only new entries also after a
    restart; None to keep none.
    """

    def __init__(self, root: Path, address: ServedAddress, memory: Path | None = None) -> None:
        self.address = address
        self.snapshot = ServedDocuments()
        self._root = root
        self._versions_file = memory
        self._stamps: dict[str, FileStamp] = {}
        self._lock = Lock()

    def refresh(self, paths: Iterable[str] | None = None) -> tuple[OutputError, ...]:
        """Read changed files again: at `paths` in the folder, or in the whole folder.

        Returns what could not be read, which stays as it was, or not be written to `memory`. Raises
        OutputError when the whole folder cannot be read; then nothing changes.
        """
        with self._lock:
            before = self._with_saved_versions()
            stamps = dict(self._found(paths))
            gone = (self._stamps.keys() if paths is None else set(paths)) - stamps.keys()
            new, faults = self._read(stamps, gone)
            if new or gone & self._stamps.keys():
                faults += self._replace(before, new, gone)
            return faults

    def _replace(
        self, before: ServedDocuments, new: Mapping[str, Document], gone: Iterable[str]
    ) -> tuple[OutputError, ...]:
        files, paths = dict(before.files), dict(before.paths)
        for path in gone:
            files.pop(path, None)
            self._stamps.pop(path, None)
            for asked in self._url_paths(path):
                paths.pop(asked, None)
        for path, document in new.items():
            files[path] = document
            paths.update(dict.fromkeys(self._url_paths(path), document))
        fresh = {
            path: (document.digest, document.entries.entry_fingerprints)
            for path, document in new.items()
            if document.entries.spans
        }
        versions = before.versions.with_versions(fresh).restricted_to(files.keys())
        self.snapshot = ServedDocuments(files, paths, versions)
        try:
            if fresh and self._versions_file:
                data = versions.to_bytes()
                write(self._versions_file.parent, self._versions_file.name, data, private=True)
        except OutputError as error:
            return (error,)
        return ()

    def _url_paths(self, path: str) -> Iterator[bytes]:
        """The paths of URLs at which a file is served: its own, and that of its folder."""
        asked = self.address.prefix + os.fsencode(path)
        yield asked
        if path == INDEX or path.endswith(f"/{INDEX}"):
            yield asked.removesuffix(INDEX.encode())

    def _with_saved_versions(self) -> ServedDocuments:
        """The snapshot; at first with the versions that an earlier process saved."""
        if self._versions_file is None or self._stamps or not self._versions_file.exists():
            return self.snapshot
        try:
            return replace(
                self.snapshot, versions=versions_from_bytes(self._versions_file.read_bytes())
            )
        except (OSError, ValueError):  # readers get whole feeds once, and it is rewritten
            return self.snapshot

    # -- the folder --------------------------------------------------------------------------

    def _found(self, paths: Iterable[str] | None) -> Iterator[tuple[str, FileStamp]]:
        if paths is None:
            yield from self._scanned("")
            return
        for path in paths:
            if is_public(path) and (stamp := self._stamp(path)):
                yield path, stamp

    def _scanned(self, folder: str) -> Iterator[tuple[str, FileStamp]]:
        try:
            with os.scandir(self._root / folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:
            if folder:
                return  # removed meanwhile
            raise self._refused("", "there is no such folder", "run syndicate build") from None
        except OSError as error:
            raise self._refused(folder, f"cannot be read: {error.strerror}") from error
        for entry in listed:
            path = f"{folder}{entry.name}"
            if not is_public(path):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._scanned(f"{path}/")
            elif entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):  # removed meanwhile
                    yield path, _stamp_of(entry.stat(follow_symlinks=False))

    def _stamp(self, path: str) -> FileStamp | None:
        """None for a path that is not a regular file."""
        file = self._root / path
        try:
            if file.resolve() != self._root.resolve() / path or not file.is_file():
                return None  # a link somewhere on the way
            return _stamp_of(file.stat())
        except (OSError, ValueError):
            return None

    # -- files -> documents ------------------------------------------------------------------

    def _read(
        self, stamps: Mapping[str, FileStamp], gone: Set[str]
    ) -> tuple[dict[str, Document], tuple[OutputError, ...]]:
        room = MAX_BYTES_IN_MEMORY - sum(
            document.file.size
            for path, document in self.snapshot.files.items()
            if document.body is not None and path not in stamps and path not in gone
        )
        new, faults = {}, []
        for path in sorted(stamps, key=lambda path: (kind_of(path).format == "other", path)):
            stamp = stamps[path]
            kept = self._stamps.get(path) == stamp
            try:
                document = self.snapshot.files[path] if kept else self._document(path, stamp, room)
            except OSError as error:
                faults.append(self._refused(path, f"cannot be read: {error.strerror}"))
                continue
            room -= document.file.size if document.body is not None else 0
            if not kept:
                new[path] = document
                self._stamps[path] = stamp
        return new, tuple(faults)

    def _document(self, path: str, stamp: FileStamp, room: int) -> Document:
        _, size, changed_ns = stamp
        kind = kind_of(path)
        file = self._root / path
        body = None
        if size <= min(MAX_FILE_IN_MEMORY, room):
            body = file.read_bytes()
            size, digest = len(body), digest_of(body)
        else:
            digest = _digest_of_file(file)
        return Document(
            path,
            kind,
            digest,
            changed_ns // 1_000_000_000,
            body,
            FilePart(file, size, changed_ns, Span(0, size)),
            self.address.links(path, kind),
            cut(body) if body is not None and kind.has_entries else NO_ENTRIES,
        )

    def _refused(self, path: str, message: str, hint: str = "") -> OutputError:
        return OutputError(
            message,
            place=Location(str(self._root / path)),
            hint=hint or "let the service read it",
        )


def is_public(path: str) -> bool:
    """Whether a file at this path may be served: not hidden, and inside the folder."""
    parts = path.split("/")
    hidden = any(part.startswith(".") for part in parts[parts[0] == WELL_KNOWN :])
    return not hidden and "" not in parts and "\0" not in path


def _stamp_of(stat: os.stat_result) -> FileStamp:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _digest_of_file(file: Path) -> str:
    digest = sha256()
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()[:DIGEST]
