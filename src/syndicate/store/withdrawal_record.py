"""The record of withdrawals outside the store: a file such as `.syndicate.db.withdrawn`.

A first line with a fingerprint of the salt that addresses are hashed with, then a line of JSON for
each withdrawal. Kept twice, as the sent record. It follows the table: the next program adds what is
missing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from syndicate.disk import wait_for_lock
from syndicate.errors import Location, StoreError
from syndicate.store.database import Database
from syndicate.store.incarnation import Doubt, Incarnation, RecordFiles
from syndicate.store.permissions import create_private, make_folder, open_private
from syndicate.store.subscribers import SALT
from syndicate.store.withdrawals import Withdrawal, Withdrawals

log = logging.getLogger(__name__)

SUFFIX = ".withdrawn"
TAIL_BYTES = 4_096
"""Bytes read to find the last line; no line is longer."""


class WithdrawalRecords:
    """The records of a store's withdrawals, beside it and elsewhere."""

    def __init__(self, database: Database, files: RecordFiles) -> None:
        self._database = database
        self._files = files
        self._table = Withdrawals(database)

    def update(self) -> None:
        """Add missing withdrawals to the records. Raises StoreError if that beside is not writable.

        Nothing is added while the records may belong to another store.
        """
        if not self._fingerprint():
            return  # there are no addresses yet
        last = self._table.last()
        missing = [path for path in self._paths() if not path.exists() or _last(path) < last]
        doubt = Incarnation(self._database, self._files).doubt() if missing else None
        if doubt in (None, Doubt.RESTORED):
            for path in missing:
                self._write(path, self._table.after(_last(path)))

    def renew(self) -> None:
        """Replace the records by the rows of the store, after it got a new incarnation.

        The record elsewhere is a new file then. Raises OSError, and StoreError as `update`.
        """
        beside, *_ = self._paths()
        beside.unlink(missing_ok=True)
        self.update()

    def read(self) -> list[Withdrawal] | None:
        """All withdrawals in any of the records, in order; None if none is of this store.

        A store without a salt has had no subscribers, so there can be no withdrawals.
        """
        if not self._fingerprint():
            return []
        whole = [_read(path, self._fingerprint()) for path in self._paths()]
        readable = [withdrawals for withdrawals in whole if withdrawals is not None]
        return sorted(set().union(*readable)) if readable else None

    def _paths(self) -> list[Path]:
        beside, elsewhere = self._files
        incarnation = Incarnation(self._database, self._files).identity().incarnation
        name = f"{incarnation}{SUFFIX}"
        return [beside.with_suffix(SUFFIX), *([elsewhere / name] if elsewhere else [])]

    def _write(self, path: Path, withdrawals: Sequence[Withdrawal]) -> None:
        try:
            _append(path, self._fingerprint(), withdrawals)
        except OSError as error:
            if path.parent == self._files.elsewhere:
                log.debug("there is no second record of withdrawals: %s", error)
                return
            raise StoreError(
                f"the record of who unsubscribed cannot be written: {error.strerror}",
                place=Location(str(path)),
                hint="check the permissions of its folder and the space on its disk",
            ) from error

    def _fingerprint(self) -> str:
        rows = self._database.rows("SELECT value FROM meta WHERE key = :key", {"key": SALT})
        return hashlib.sha256(str(rows).encode()).hexdigest()[:16] if rows else ""


def _read(path: Path, fingerprint: str) -> list[Withdrawal] | None:
    """The withdrawals of a record; None without one, or if its salt is another."""
    try:
        first, *lines = path.read_text(encoding="utf-8").splitlines() or [""]
    except OSError:
        return None
    if not fingerprint or first != fingerprint:
        return None
    return [each for line in lines if (each := _parsed(line))]


def _last(path: Path) -> int:
    """The id of the last withdrawal in a record, 0 without one."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return 0
    return max((each.id for line in lines if (each := _parsed(line))), default=0)


def _parsed(line: str) -> Withdrawal | None:
    """A line; None for the first one, and for one that its writer did not finish."""
    try:
        return Withdrawal(*json.loads(line))
    except (TypeError, ValueError):
        return None


def _append(path: Path, fingerprint: str, withdrawals: Sequence[Withdrawal]) -> None:
    make_folder(path.parent)
    create_private(path)
    with closing(open_private(path, "a+")) as file:
        wait_for_lock(file.fileno())
        text = "".join(f"\n{json.dumps(each)}" for each in withdrawals)
        file.write(text if os.fstat(file.fileno()).st_size else f"{fingerprint}{text}")
        file.flush()
        os.fsync(file.fileno())
