"""The outbox: each message becomes a file, for you or another program to send.

A file is written whole or not at all. Only its owner may read it: it contains an address.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from syndicate.disk import sync, try_lock
from syndicate.errors import DeliveryError
from syndicate.mail.transport import Envelope

SUFFIX = ".eml"
PARTIAL = ".part"


class Outbox:
    """Writes messages to `folder`, in the order of their names. Both transport and session."""

    doubt = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def session(self) -> Iterator[Outbox]:
        """Remove unfinished files of programs that were killed; there is nothing to connect to."""
        with suppress(OSError):  # the folder may be missing; writing reports errors
            _remove_abandoned(self._folder)
        yield self

    def begin(self, envelope: Envelope) -> None:
        """Nothing to announce: a folder accepts every message."""

    def finish(self, message: bytes, following: Envelope | None = None) -> str:  # noqa: ARG002
        """Write the message to a file; the reply is its name."""
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        target = self._folder / f"{moment}-{secrets.token_hex(4)}{SUFFIX}"
        partial, is_visible = target.with_suffix(PARTIAL), False
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(partial, message)
            partial.rename(target)
            is_visible = True  # from now on another program may send it
            sync(self._folder)
        except OSError as error:
            raise DeliveryError(
                f"{self._folder} cannot be written: {error.strerror}",
                outcome_unknown=is_visible,
                hint="check the permissions of the folder and the space on the disk",
            ) from error
        return target.name


def _write(file: Path, data: bytes) -> None:
    """Write a new file; remove it if that fails."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            try_lock(descriptor)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _remove_abandoned(folder: Path) -> None:
    """Remove partial files that no program is writing: each contains an address."""
    for file in folder.glob(f"*{PARTIAL}"):
        with suppress(FileNotFoundError), file.open("rb") as stream:
            if try_lock(stream.fileno()):
                file.unlink()
