"""The content folder on disk: a list of its files, and their bytes. Decides nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from stat import S_ISREG

from syndicate.content.naming import format_of
from syndicate.content.path_set import ALL_PATHS, PathSet
from syndicate.errors import ArticleError, Location, SyndicateError

Stat = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class FolderScan:
    """The files of the folder, as a build gets them.

    `files` is all that is there. Of `held` paths nothing is concluded: they are still being
    written, and what is known of them stays. `changed` are the only paths that can differ from
    what the store has.
    """

    files: Mapping[str, Stat]
    held: AbstractSet[str] = frozenset()
    changed: PathSet = ALL_PATHS


OUTSIDE, BROKEN = -1, -2
"""The sizes, in a Stat, of a symbolic link that leads out of the folder, and of one to nothing."""


def scan(root: Path, links: Sequence[Path] = ()) -> dict[str, Stat]:
    """Every file below `root`, but hidden ones: path with forward slashes -> stat.

    Symbolic links are followed within `root`, and into the folders named by `links`. One that
    leads elsewhere is not: its size is OUTSIDE, or BROKEN if it leads to nothing. Links come after
    everything else, so that of two paths to a folder or an article the plain one counts; the other
    is left out. Raises SyndicateError for a folder that cannot be read.
    """
    walk = _Walk(str(root), [str(each) for each in links])
    walk.folders("", str(root))
    walk.follow()
    return walk.found


def present(files: Mapping[str, Stat]) -> Mapping[str, Stat]:
    """What a scan found, without links that are not followed."""
    return {path: stat for path, stat in files.items() if stat[0] >= 0}


def stat_of(root: Path, path: str) -> Stat | None:
    """The stat of one file that `scan` found; None if it is gone or cannot be reached."""
    try:
        stat = os.stat(f"{root}/{path}")  # noqa: PTH116  as `scan` does
    except OSError:
        return None
    return (stat.st_size, stat.st_mtime_ns)


def is_link(root: Path, path: str) -> bool:
    """Whether a path is a symbolic link. Only `scan` decides what it leads to."""
    return os.path.islink(f"{root}/{path}")  # noqa: PTH114  as `scan` does


class _Walk:
    """One scan of the folder `root`. Links in it may also lead below `others`."""

    def __init__(self, root: str, others: Sequence[str]) -> None:
        self.found: dict[str, Stat] = {}
        self._root = root
        self._others = others
        self._links: list[tuple[str, str]] = []
        self._visited: set[tuple[int, int]] = set()
        self._linked: set[str] = set()
        """The real paths of articles that were reached through a link."""

    def folders(self, prefix: str, folder: str, *, linked: bool = False) -> None:
        """List a folder with all below, whose paths get a prefix; keep links for later."""
        waiting = [(prefix, folder)]
        while waiting:
            prefix, folder = waiting.pop()
            try:
                if not self._seen(folder):
                    waiting += self._folder(prefix, folder, linked=linked)
            except OSError as error:
                if prefix and isinstance(error, FileNotFoundError):
                    continue
                raise _no_folder(folder, error) from error

    def follow(self) -> None:
        """Follow the links that were kept, to folders first."""
        files: list[tuple[str, str]] = []
        while self._links:
            self._links.sort(reverse=True)
            path, link = self._links.pop()
            real = self._real(path, link)
            if real is not None and os.path.isdir(real):  # noqa: PTH112  as all here
                self.folders(f"{path}/", real, linked=True)
            elif real is not None:
                files.append((path, real))
        for path, real in files:
            self._file(path, real)

    def _seen(self, folder: str) -> bool:
        """Whether the folder was scanned under another name: links may go in circles."""
        stat = os.stat(folder)  # noqa: PTH116  for thousands
        before = len(self._visited)
        self._visited.add((stat.st_dev, stat.st_ino))
        return len(self._visited) == before

    def _folder(self, prefix: str, folder: str, *, linked: bool) -> list[tuple[str, str]]:
        """Take the files of a folder; its folders, as (prefix, folder)."""
        files, below = self.found, list[tuple[str, str]]()
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name[0] == ".":
                    continue
                try:
                    if entry.is_symlink():
                        self._links.append((prefix + name, entry.path))
                    elif entry.is_dir():
                        below.append((f"{prefix}{name}/", entry.path))
                    elif entry.is_file():
                        stat = entry.stat()
                        files[prefix + name] = (stat.st_size, stat.st_mtime_ns)
                        if linked:
                            self._linked.add(entry.path)
                except OSError:  # deleted since, as temporary files of editors are
                    continue
        return below

    def _real(self, path: str, link: str) -> str | None:
        """The target of a link; None if it is not followed, which is recorded."""
        try:
            real = os.path.realpath(link, strict=True)
            if _leads_inside(real, self._root, self._others):
                return real
            size = OUTSIDE
        except OSError:
            size = BROKEN
        try:
            self.found[path] = (size, os.lstat(link).st_mtime_ns)
        except FileNotFoundError:  # deleted since
            return None
        return None

    def _file(self, path: str, real: str) -> None:
        """Take the file that a link leads to, unless it is an article that was found already."""
        top = os.path.realpath(self._root) + "/"
        if format_of(path) is not None:
            if real in self._linked or real.removeprefix(top) in self.found:
                return
            self._linked.add(real)
        try:
            stat = os.stat(real)  # noqa: PTH116  as all here
        except OSError:  # deleted since
            return
        if S_ISREG(stat.st_mode):
            self.found[path] = (stat.st_size, stat.st_mtime_ns)


def _leads_inside(real: str, root: str, others: Sequence[str]) -> bool:
    """Whether a path without links is in the folder and not hidden there, or below `others`."""
    top = os.path.realpath(root)
    inside = real == top or real.startswith(f"{top}/")
    if inside and "/." not in real[len(top) :]:
        return True
    tops = (os.path.realpath(each).rstrip("/") for each in others if not inside or each == "/")
    return any(real == each or real.startswith(f"{each}/") for each in tops)


def _no_folder(folder: str, error: OSError) -> SyndicateError:
    return SyndicateError(
        f"the folder cannot be read: {error.strerror}",
        place=Location(folder),
        hint="set content: in config.yaml to the folder of your articles",
    )


class UnreadableError(ArticleError):
    """The file exists or existed, but its bytes cannot be read now."""


class LinkError(ArticleError):
    """The path is a symbolic link that is not followed. It stays so until the link changes."""


def read(root: Path, path: str, max_bytes: int | None = None, links: Sequence[Path] = ()) -> bytes:
    """The bytes of a file that `scan` found; of one larger than `max_bytes`, one more than that.

    `links` are the folders outside `root` that links may lead to. Raises UnreadableError, and
    LinkError for what is outside of these, also when it only came there after the scan.
    """
    with opened(root, path, links) as file:
        size = os.fstat(file.fileno()).st_size
        return _read(file.fileno(), size if max_bytes is None else min(size, max_bytes + 1))


def opened(root: Path, path: str, links: Sequence[Path] = ()) -> AbstractContextManager[FileIO]:
    """A file that `scan` found, open for reading. Raises what `read` raises."""
    name = f"{root}/{path}"
    try:
        # O_NONBLOCK: the file may have been replaced by a pipe, which must not block.
        handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise _unreadable(root, path, error.strerror or "") from error
    try:
        if not S_ISREG(os.fstat(handle).st_mode):
            raise _unreadable(root, path, "it is not a file")
        real = _place(handle, name)
        # Most paths have no links.
        if real != name and not _leads_inside(real, str(root), [str(each) for each in links]):
            raise refused_link(root, path)
    except BaseException:
        os.close(handle)
        raise
    return FileIO(handle)


def refused_link(root: Path, path: str) -> LinkError:
    """The error for a symbolic link that is not followed."""
    real = os.path.realpath(f"{root}/{path}")
    if not os.path.exists(real):  # noqa: PTH110  as `scan` does
        message, hint = "leads to nothing", "delete it, or correct its target"
    else:
        message = "leads out of the content folder and is not followed"
        hint = "copy the file here, or list the folder it leads to under links: in config.yaml"
    return LinkError(f"the symbolic link {message}: {real}", place=Location(path), hint=hint)


def _unreadable(root: Path, path: str, why: str) -> ArticleError:
    name = f"{root}/{path}"
    if os.path.islink(name) and not os.path.exists(name):  # noqa: PTH110, PTH114  as `scan` does
        return refused_link(root, path)
    return UnreadableError(
        f"the file cannot be read: {why}",
        place=Location(path),
        hint="check that it exists and that you have permission to read it",
    )


def _place(handle: int, name: str) -> str:
    """The real path of an open file, from the system: `name` may be another file by now."""
    try:
        return os.readlink(f"/proc/self/fd/{handle}")  # noqa: PTH115  for thousands
    except OSError:  # a system without /proc
        real = os.path.realpath(name)
        same = os.path.samestat(os.lstat(real), os.fstat(handle))
        return real if same else ""


def _read(handle: int, size: int) -> bytes:
    """Read up to that many bytes: one call may return fewer, of a large file or on a network."""
    data = os.read(handle, size)
    while len(data) < size and (more := os.read(handle, size - len(data))):
        data += more
    return data
