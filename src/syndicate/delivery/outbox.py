"""The outbox: each message becomes a file, for a person or another program to send.

A file is there whole or not at all, and only its owner may read it: it holds an address.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from syndicate.delivery.transport import Envelope
from syndicate.errors import DeliveryError

SUFFIX = ".eml"


class Outbox:
    """Messages to `folder`, in the order of their names. Both a transport and its sessions."""

    doubt = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def session(self) -> Iterator[Outbox]:
        """Nothing is to be connected to."""
        yield self

    def begin(self, envelope: Envelope) -> None:
        """A folder takes everything."""

    def finish(self, message: bytes, following: Envelope | None = None) -> str:  # noqa: ARG002
        """Write the message to a file of its own; the reply is its name."""
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        target = self._folder / f"{moment}-{secrets.token_hex(4)}{SUFFIX}"
        partial = target.with_suffix(".part")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(partial, message)
            partial.rename(target)
            _keep(self._folder)
        except OSError as error:
            raise DeliveryError(
                f"{self._folder} cannot be written: {error.strerror}",
                uncertain=target.exists(),
                way_out="check the folder's rights and the disk's space",
            ) from error
        return target.name


def _write(file: Path, data: bytes) -> None:
    """Write a new file, and leave nothing behind where that fails."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _keep(folder: Path) -> None:
    """Have the names in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
