"""Targets that documents are published to: another folder, or a command such as rsync."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence, Set
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from syndicate import atomic_files
from syndicate.config.model import PublishTarget
from syndicate.documents.writer import DIGEST
from syndicate.errors import OutputError
from syndicate.site import Site
from syndicate.store.published import PendingDocument

SUCCEEDED = frozenset({0})

RSYNC_VANISHED = 24
"""The exit code of rsync where the folder of a file to remove is gone too; it removes the file."""

COMMAND_SECONDS = 3600
"""How long a command may take for one group of documents."""


class PublishError(Exception):
    """A target did not take documents; the text is the reason."""


class Target(Protocol):
    """Where documents go. Both methods raise PublishError, and may be repeated."""

    @property
    def batch(self) -> int:
        """How many documents are written, or removed, at a time."""
        ...

    def write(self, documents: Sequence[PendingDocument]) -> None:
        """Write documents of the output folder, in any order."""
        ...

    def remove(self, paths: Sequence[str]) -> None:
        """Remove documents, if they are there."""
        ...


def target_of(site: Site, target: PublishTarget) -> Target:
    """The target with these settings. Raises PublishError if it cannot be used."""
    base, output = Path(site.config_file).resolve().parent, site.places.output
    if target.command:
        return CommandTarget(target.command, base)
    if target.folder:
        return FolderTarget(output, _apart(base / Path(target.folder).expanduser(), output))
    from syndicate.publishing.object_storage import ObjectStorage

    return ObjectStorage(output, target)


def destination_of(target: PublishTarget) -> str:
    """A hash of what determines where a target is."""
    place = (target.folder, target.url, target.endpoint, target.command)
    return sha256(repr(place).encode()).hexdigest()[:DIGEST]


def read_document(output: Path, document: PendingDocument) -> bytes:
    """The bytes of a document. Raises PublishError if they are not those that were built."""
    try:
        data = (output / document.path).read_bytes()
    except OSError as error:
        raise PublishError(f"{document.path} cannot be read: {error.strerror}") from None
    if sha256(data).hexdigest()[:DIGEST] != document.hash:
        raise PublishError(f"{document.path} is not as it was built: run syndicate build")
    return data


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """Another folder, such as that of a web server or on a network disk."""

    output: Path
    folder: Path
    batch: int = 100

    def write(self, documents: Sequence[PendingDocument]) -> None:
        if not self.folder.is_dir():  # a missing disk must not become a folder
            raise PublishError(f"there is no folder {self.folder}: create it")
        for each in documents:
            data = read_document(self.output, each)
            try:
                atomic_files.write_dated(self.folder, each.path, data, each.changed)
            except OutputError as error:
                raise PublishError(f"{error.place} {error.message}") from None

    def remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            try:
                atomic_files.remove(self.folder, path)
            except OutputError as error:
                raise PublishError(f"{error.place} {error.message}") from None


@dataclass(frozen=True, slots=True)
class CommandTarget:
    """A command that gets paths on its standard input, one on each line.

    A path that is not in the output folder is to be removed.
    """

    command: str
    folder: Path
    batch: int = 10_000

    def write(self, documents: Sequence[PendingDocument]) -> None:
        self._run([each.path for each in documents])

    def remove(self, paths: Sequence[str]) -> None:
        is_rsync = Path(shlex.split(self.command)[0]).name == "rsync"
        self._run(paths, SUCCEEDED | {RSYNC_VANISHED} if is_rsync else SUCCEEDED)

    def _run(self, paths: Sequence[str], succeeded: Set[int] = SUCCEEDED) -> None:
        try:
            process = subprocess.run(  # noqa: S603  the operator's own program, without a shell
                shlex.split(self.command),
                cwd=self.folder,
                input="".join(f"{path}\n" for path in paths).encode(),
                capture_output=True,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PublishError(f"the command ran longer than {COMMAND_SECONDS} seconds") from None
        except OSError as error:
            raise PublishError(f"the command cannot be run: {error.strerror}") from None
        if process.returncode not in succeeded:
            last = process.stderr.decode(errors="replace").strip().rpartition("\n")[2][:200]
            reason = f": {last}" if last else ""
            raise PublishError(f"the command exited with {process.returncode}{reason}")


def _apart(folder: Path, output: Path) -> Path:
    """The folder, if it does not overlap with the output folder. Raises PublishError."""
    one, other = folder.resolve(), output.resolve()
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise PublishError(f"{folder} and {output} lie within each other: choose another folder")
    return one
