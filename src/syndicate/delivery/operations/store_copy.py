"""Move a store to another database: copy all rows, compare, and have the new one take over.

The order makes it safe to interrupt: the copy is complete before the old store is marked as moved,
and the new one can be used only after that. So there is never a moment at which both send. Running
it again copies again, or completes what is left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace

from syndicate.config.model import Store
from syndicate.errors import StoreError
from syndicate.service_state.lock import lock_file, single_instance
from syndicate.site import Progress, Setup
from syndicate.store.chunks import Chunks
from syndicate.store.connect import connect, name_of
from syndicate.store.database import Database
from syndicate.store.incarnation import HINT, Incarnation, count_up
from syndicate.store.issue_sends import IssueSends
from syndicate.store.successor import (
    COPY_OF,
    MOVED_TO,
    mark_complete,
    mark_incomplete,
    mark_moved,
    marks,
    require_in_use,
)
from syndicate.store.table_copy import RowCount, copy_tables, count_rows
from syndicate.store.withdrawal_record import WithdrawalRecords

Reports = Mapping[str, tuple[int, Mapping[str, int]]]
"""For each issue: how many deliveries were planned, and how many are in which state."""


@dataclass(frozen=True, slots=True)
class StoreCopied:
    """What is equal in both stores; `source` and `target` name them, without passwords."""

    source: str
    target: str
    rows: RowCount
    issues: int


@dataclass(frozen=True, slots=True)
class _Side:
    """An open store, and the setup of a site that uses it."""

    setup: Setup
    database: Database

    @property
    def name(self) -> str:
        return name_of(self.setup.config.store.url)

    @property
    def incarnation(self) -> Incarnation:
        return Incarnation(self.database, self.setup.sent_record)


def copy_store(setup: Setup, source: str, target: str, progress: Progress) -> StoreCopied:
    """Move the store at the URL `source` to the empty database at the URL `target`.

    Raises SyndicateError while a program uses one of them, for a store in doubt, for a target with
    content, and when a table or a delivery report differs afterwards.
    """
    with _opened(_with_store(setup, source), _with_store(setup, target)) as (old, new):
        if not _is_copied(old, new):
            _copy(old, new, progress)
        _take_over(old, new)
        return StoreCopied(
            old.name, new.name, count_rows(new.database), len(_reports(new.database))
        )


def _with_store(setup: Setup, url: str) -> Setup:
    return replace(setup, config=replace(setup.config, store=Store(url=url)))


@contextmanager
def _opened(source: Setup, target: Setup) -> Iterator[tuple[_Side, _Side]]:
    """Both stores, while no service and no sender uses one of them."""
    with ExitStack() as stack:
        for path in sorted({lock_file(source), lock_file(target)}):
            stack.enter_context(single_instance(path, os.getpid()))
        if source.uses_sqlite and not source.state.exists():
            raise StoreError(f"there is no store {source.state}", hint="check its name")
        old, new = (
            _Side(each, stack.enter_context(closing(connect(each.config.store.url, each.base))))
            for each in (source, target)
        )
        if old.database.place() == new.database.place():
            raise StoreError(f"both are the same store: {old.name}", hint="name an empty database")
        for side in (old, new):
            if not side.database.lock_sending():
                raise StoreError(
                    f"a program sends from {side.name}", hint="wait for it, or stop it"
                )
        yield old, new


def _is_copied(old: _Side, new: _Side) -> bool:
    """Whether an earlier run copied everything, and was interrupted while the new one took over."""
    return (
        MOVED_TO in marks(old.database)
        and COPY_OF in marks(new.database)
        and old.incarnation.identity().incarnation == new.incarnation.identity().incarnation
    )


def _copy(old: _Side, new: _Side, progress: Progress) -> None:
    """Copy and compare everything, then mark the old store as moved."""
    _require_certain(old)
    _claim(new, old.name)
    with old.database.exclusive():
        with new.database.exclusive():
            copy_tables(old.database, new.database, progress)
            _require_equal_reports(old.database, new.database)
            count_up(new.database)  # a backup of the old store is older than the new one
            new.incarnation.confirm_place()
            mark_incomplete(new.database, old.name)
        mark_moved(old.database, new.name)


def _require_certain(old: _Side) -> None:
    """Raise StoreError for a store that was moved or never used, or about which there is doubt."""
    require_in_use(old.database)
    if not old.incarnation.identity().incarnation:
        raise StoreError(f"there is no store in {old.name}", hint="check its name")
    if doubt := old.incarnation.doubt():
        raise StoreError(f"{doubt}; it is not copied", hint=HINT)


def _claim(new: _Side, source: str) -> None:
    """Mark an empty database as an incomplete copy. Raises StoreError if it has content."""
    with new.database.exclusive():
        if COPY_OF not in marks(new.database) and count_rows(new.database).rows:
            hint = "name an empty database or a new file; nothing was changed"
            raise StoreError(f"{new.name} is not empty", hint=hint)
        mark_incomplete(new.database, source)


def _take_over(old: _Side, new: _Side) -> None:
    """Write the records of the new store, and allow its use."""
    new.incarnation.renew_record(old.incarnation.issues(), old.incarnation.begun())
    WithdrawalRecords(new.database, new.setup.sent_record).renew()
    with new.database.transaction():
        mark_complete(new.database)


def _require_equal_reports(old: Database, new: Database) -> None:
    before, after = _reports(old), _reports(new)
    for issue in sorted(before.keys() | after.keys()):
        if before.get(issue) != after.get(issue):
            raise StoreError(
                f"the delivery report of {issue} differs in the new store",
                hint="nothing was changed in the old store; please report this",
            )


def _reports(database: Database) -> Reports:
    chunks = Chunks(database)
    return {
        sending.name: chunks.planned_and_counts(sending.issue)
        for sending in IssueSends(database).all()
    }
