"""This process among the workers of a store: its session, and what it does for dead workers.

A worker may claim and send while its session with the database lasts. Others see at once when a
session ends, however that happened, and then recover the deliveries of that worker. There are no
leases: no clock decides who may send. A worker that does not respond (its process was stopped, or
its host is cut off) keeps its session; so others end the session first.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from syndicate import __version__
from syndicate.config.model import Config
from syndicate.delivery.agreed_settings import agreed_settings
from syndicate.delivery.transactions import commit
from syndicate.errors import StoreError, SyndicateError
from syndicate.store.chunks import Chunks
from syndicate.store.database import Database
from syndicate.store.deliveries import Deliveries
from syndicate.store.relay_usage import RelayUsage
from syndicate.store.workers import WorkerRow, Workers
from syndicate.timestamps import format_timestamp

HOST = socket.gethostname()
DEFAULT_NAME = f"{HOST}-{os.getpid()}"

LOOK_SECONDS = 2.0
"""Seconds between looks at the other workers. At each, a worker notes that it works."""

MAX_SILENT_LOOKS = 8
"""Looks during which another worker may have noted nothing before its session is ended.

Looks, not seconds: whatever keeps all workers from writing keeps this one from looking too.
"""

POOLED = "the session of a worker does not last: a pooler gives each transaction another one"
POOLED_HINT = "name the PostgreSQL server in store.url, or a pooler in session mode"

KEEP_ENDED = timedelta(days=1)
"""How long a dead worker is listed, and may still report outcomes."""


class WorkerSession:
    """The session of this process as a worker."""

    def __init__(self, database: Database, worker: WorkerRow, *, resend: bool) -> None:
        """`resend`: what a dead worker was sending is sent again, once, instead of held."""
        self._database = database
        self._workers = Workers(database)
        self._resend = resend
        self._silent_looks: Mapping[int, tuple[str, int]] = {}
        self._look_at = 0.0
        self.worker = worker
        self.is_draining = False

    @property
    def owner(self) -> str:
        """The owner of the chunks that this worker claims."""
        return str(self.worker.id)

    def look(self) -> None:
        """Note that this worker works, and see to the others; at most every LOOK_SECONDS.

        Raises StoreError, and SyndicateError when the session has ended.
        """
        if time.monotonic() < self._look_at:
            return
        now = format_timestamp(datetime.now(UTC))
        commit(self._database, lambda: self._workers.mark_seen(self.worker.id, now))
        self.is_draining = self.is_draining or self._workers.is_draining(self.worker.id)
        others = [each for each in self._workers.not_ended() if each.id != self.worker.id]
        self._silent_looks = silent_looks(self._silent_looks, others)
        for worker, (_, looks) in self._silent_looks.items():
            if looks >= MAX_SILENT_LOOKS:
                self._database.end_session(worker)
        if self._database.ended_sessions([each.id for each in others]):
            self.recover()
        self._look_at = time.monotonic() + LOOK_SECONDS

    def recover(self) -> None:
        """Recover the deliveries of all dead workers, and of owners that are no workers."""
        commit(self._database, self._recover)

    def _recover(self) -> None:
        now = datetime.now(UTC)
        others = [each.id for each in self._workers.not_ended() if each.id != self.worker.id]
        dead = self._database.ended_sessions(others)
        living = {each for each in others if each not in dead} | {self.worker.id}
        for owner in Chunks(self._database).owners():
            if owner not in map(str, living):
                self._recover_deliveries(owner, format_timestamp(now))
        RelayUsage(self._database).end_all_but(living, self._database.clock())
        for worker in dead:
            self._workers.mark_ended(worker, format_timestamp(now))
        self._workers.forget_ended(format_timestamp(now - KEEP_ENDED))

    def _recover_deliveries(self, owner: str, now: str) -> None:
        unknown = Deliveries(self._database).recover(owner, now, resend=self._resend)
        if owner.isdecimal():
            self._workers.add_recovered(int(owner), unknown)

    def end(self) -> None:
        """End in order. If it still owns deliveries, other workers find it dead instead."""
        if not Chunks(self._database).owned_by(self.owner):
            commit(self._database, lambda: self._workers.remove(self.worker.id))


def silent_looks(
    before: Mapping[int, tuple[str, int]], others: list[WorkerRow]
) -> dict[int, tuple[str, int]]:
    """When each other worker was last seen, and at how many looks that was the same. Pure."""
    found = {}
    for worker in others:
        seen, looks = before.get(worker.id, ("", 0))
        found[worker.id] = worker.seen_at, looks + 1 if seen == worker.seen_at else 0
    return found


def drain(database: Database, name: str) -> None:
    """Have all workers of a name finish their messages and end. Raises SyndicateError."""
    workers = Workers(database)
    with database.transaction():
        named = [each for each in workers.not_ended() if each.name == name]
        for each in named:
            workers.drain(each.id)
    if not named:
        raise SyndicateError(f"there is no worker {name}", hint="syndicate workers lists them")


@contextmanager
def worker_session(
    database: Database, config: Config, name: str = DEFAULT_NAME
) -> Iterator[WorkerSession]:
    """A session of this process.

    Raises SyndicateError when another program keeps workers out or sends where only one may, and
    when settings or versions differ.
    """
    with database.transaction():
        worker = _begin(database, config, name)
    if not (database.session_lasts() and database.has_session()):
        raise SyndicateError(POOLED, hint=POOLED_HINT)
    session = WorkerSession(database, worker, resend=config.sending.on_held == "resend")
    try:
        yield session
    except BaseException:
        with suppress(StoreError, SyndicateError):  # others see that the session has ended
            session.end()
        raise
    session.end()


def _begin(database: Database, config: Config, name: str) -> WorkerRow:
    workers = Workers(database)
    others = workers.not_ended()
    worker = workers.add(
        name,
        HOST,
        os.getpid(),
        __version__,
        agreed_settings(config),
        format_timestamp(datetime.now(UTC)),
    )
    is_shared = config.sending.transport == "smtp"  # two hosts have two outbox folders
    if not ((is_shared or database.lock_sending()) and database.begin_session(worker.id)):
        raise SyndicateError(
            "another program is already sending from this store",
            hint="let it finish; syndicate deliveries report shows its progress",
        )
    dead = database.ended_sessions([each.id for each in others])
    for other in others:
        if other.id not in dead:
            _require_agreement(worker, other)
    return worker


def _require_agreement(worker: WorkerRow, other: WorkerRow) -> None:
    """Raise SyndicateError when two workers may not work together."""
    if worker.version != other.version:
        raise SyndicateError(
            f"worker {other.name} runs version {other.version}, this is {worker.version}",
            hint="workers of one version send together; end the older ones first",
        )
    mine, theirs = worker.agreed_settings, other.agreed_settings
    if different := sorted(key for key in mine | theirs if mine.get(key) != theirs.get(key)):
        raise SyndicateError(
            f"worker {other.name} has other settings: {', '.join(different)}",
            hint="give all workers the same config.yaml, or end that worker first",
        )
