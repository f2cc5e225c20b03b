"""Report that config.yaml changed since the service read it; only SIGHUP applies it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from syndicate.findings import Finding, Level
from syndicate.service.jobs import TaskResult


class ConfigWatch:
    """Compares the file with its content when the service read it last."""

    name = "config.yaml"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = self._digest()

    def was_read(self) -> None:
        """The file is about to be read again, with or without success."""
        self._read = self._digest()

    def run(self, now: datetime) -> TaskResult:  # noqa: ARG002
        """Report a change that is not applied yet."""
        digest = self._digest()
        if digest in (self._read, b""):
            return TaskResult(findings=[])
        changed = Finding(
            Level.WARNING,
            "config-changed",
            "the file was changed, and the running service still uses the previous settings",
            str(self._path),
            hint="send SIGHUP to apply it (systemctl reload), or restart the service",
        )
        return TaskResult(findings=[changed])

    def _digest(self) -> bytes:
        """A digest of the file's content; b"" while it cannot be read."""
        try:
            return hashlib.sha256(self._path.read_bytes()).digest()
        except OSError:
            return b""
