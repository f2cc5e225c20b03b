"""Which store this is, where it is, and how much was sent from it. All the SQL for it is here.

A copy and an old backup have the same rows as the store itself. What distinguishes them:

    incarnation   an id, random, made when the store is first opened
    place         the file (or database) it was last used as; a copy of a file is another file
    counter       grows in each transaction that marks messages as being sent, or makes an issue

A record outside the store (`store.sent_record`) has the incarnation and the counter too. It is
written after the commit and before any of the messages go. So the record is never ahead of the
store, whatever is killed when; and never behind what was sent. A record that is ahead means a
store that is older than what was sent from it.

The record is kept twice: beside the store, and in the home of the user who runs this. Restoring a
whole folder restores the first with the store, but not the second.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from syndicate.errors import SyndicateError
from syndicate.findings import Finding, Level
from syndicate.store.database import Database
from syndicate.store.sent_record import UNREADABLE, MadeIssue, Recorded, SentRecord

T = TypeVar("T")

log = logging.getLogger(__name__)

INCARNATION, PLACE, COUNTER, RESTORED = "incarnation", "place", "sent-counter", "restored"
"""Keys in `meta`. The last exists from `syndicate restore` until `syndicate resume`."""

PREDECESSORS = "predecessors"
"""The key in `meta` of the incarnations that this store had before it was restored."""

RULE = "store-in-doubt"


class Doubt(StrEnum):
    """Why nothing may be sent from a store."""

    MOVED = "the store is not where it was last used: it was moved, restored or copied"
    RESTORED = "the store was restored from a backup"
    OLDER = "the store is older than the last message sent from it"
    OTHER = "this is not the store that messages were sent from here before"
    UNRECORDED = "the record of what was sent is missing"


HINT = (
    "state which case it is: syndicate resume --moved (the only store, in a new place or used "
    "from another host), --restored (an older backup), --copy (the original stays in use elsewhere)"
)


NONE_BEGUN: Mapping[tuple[str, str], str] = MappingProxyType({})


class RecordFiles(NamedTuple):
    """Where the records are: the file `beside` the store, and one in the folder `elsewhere`.

    That one is named after the incarnation. `elsewhere` is None if the user has no home folder.
    """

    beside: Path
    elsewhere: Path | None


class Identity(NamedTuple):
    """The identity in a store; `incarnation` is "" before it is first opened."""

    incarnation: str
    place: str
    counter: int
    restored: bool


def doubt_about(
    store: Identity,
    recorded: Recorded | None,
    place: str,
    *,
    needs_record: bool,
    elsewhere: int | None = None,
) -> Doubt | None:
    """Why nothing may be sent from a store that is at `place` now; None if it may. Pure.

    `recorded` is the record beside the store, `elsewhere` the counter of the other one, if there is
    one. `needs_record` is whether the record belongs beside the store, as with an SQLite file;
    several folders may use one PostgreSQL database. Such a folder needs one of both records once
    something was sent: without it, an older state of the database cannot be noticed.
    """
    if store.restored:
        return Doubt.RESTORED
    if recorded and recorded.incarnation != store.incarnation:
        return Doubt.OTHER
    if recorded and recorded.counter > store.counter:
        return Doubt.OLDER
    if not same_place(store.place, place):
        return Doubt.MOVED
    if elsewhere is not None and elsewhere > store.counter:
        return Doubt.OLDER
    if recorded is None and (needs_record or (store.counter and elsewhere is None)):
        return Doubt.UNRECORDED
    return None


def same_place(one: str, other: str) -> bool:
    """Whether two places are the same: equal in all parts that are known in both ("-": unknown)."""
    pairs = list(zip(one.split(), other.split(), strict=False))
    return len(one.split()) == len(other.split()) and all(a == b or "-" in (a, b) for a, b in pairs)


class Incarnation:
    """The identity of a store, and its record beside it; another is kept elsewhere."""

    def __init__(self, database: Database, files: RecordFiles) -> None:
        self._database = database
        self._files = files
        self.record = SentRecord(files.beside)
        self._other: tuple[str, SentRecord] | None = None

    # -- reading ---------------------------------------------------------------------------

    def identity(self) -> Identity:
        """The identity in the store."""
        query = (
            f"SELECT key, value FROM meta WHERE key IN ('{INCARNATION}', '{PLACE}', '{COUNTER}', "
            f"'{RESTORED}')"
        )
        stored = {str(key): str(value) for key, value in self._database.rows(query)}
        return Identity(
            stored.get(INCARNATION, ""),
            stored.get(PLACE, ""),
            int(stored.get(COUNTER, 0)),
            RESTORED in stored,
        )

    def doubt(self) -> Doubt | None:
        """Why nothing may be sent, and no issue made; None if they may."""
        place = self._database.place()
        beside = self._database.keeps_record_beside
        identity = self.identity()
        return doubt_about(
            identity,
            self.record.read(),
            place,
            needs_record=beside,
            elsewhere=self.counted_elsewhere(identity.incarnation),
        )

    def counted_elsewhere(self, incarnation: str) -> int | None:
        """The counter of the record that is not beside the store; None if there is none."""
        recorded = self._elsewhere(incarnation, SentRecord.read)
        return recorded.counter if recorded and recorded.incarnation == incarnation else None

    def is_predecessor(self, incarnation: str) -> bool:
        """Whether this store was restored in the place of one with that incarnation."""
        return incarnation in self._predecessors()

    def _predecessors(self) -> list[str]:
        rows = self._database.rows(f"SELECT value FROM meta WHERE key = '{PREDECESSORS}'")
        return str(rows[0][0]).split() if rows else []

    def issues(self) -> list[MadeIssue]:
        """Every issue in one of the records, in the order they were made."""
        others = self._elsewhere(self.identity().incarnation, SentRecord.issues) or []
        by_slot = {(each.newsletter, each.slot): each for each in (*others, *self.record.issues())}
        return sorted(by_slot.values())

    def begun(self) -> dict[tuple[str, str], str]:
        """The issues whose sending began, from both records; as `SentRecord.begun`."""
        others = self._elsewhere(self.identity().incarnation, SentRecord.begun) or {}
        return others | self.record.begun()

    def require(self) -> None:
        """Raise SyndicateError when nothing may be sent and no issue made."""
        if doubt := self.doubt():
            raise SyndicateError(f"{doubt}; nothing is sent and no issue is made", hint=HINT)

    def findings(self, config_file: str) -> list[Finding]:
        """The doubt about the store as a finding."""
        doubt = self.doubt()
        message = f"{doubt}; nothing is sent and no issue is made"
        finding = Finding(Level.ERROR, RULE, message, config_file, hint=HINT)
        return [finding] if doubt else []

    # -- writing ---------------------------------------------------------------------------

    def adopt(self) -> None:
        """Give an identity to a store without one: a new one, or one of an older version.

        An existing record belongs to another store, unless nothing was sent from that.
        """
        if self.identity().incarnation:
            return
        with self._database.transaction():
            identity = self.identity()
            if identity.incarnation:
                return  # another process was faster
            counter = int(bool(made_issues(self._database, 0)))  # of which an older backup is one
            self.begin(counter)
            if identity.restored:  # an operator still has to state that
                self._put({RESTORED: "yes"})
        recorded = self.record.read()
        if recorded is None or recorded.counter == 0:
            self.record.replace(self.identity().incarnation, counter, ())

    def renew_record(
        self, issues: Iterable[MadeIssue] = (), begun: Mapping[tuple[str, str], str] = NONE_BEGUN
    ) -> None:
        """Replace the records by the content of the store, and of records of lost stores.

        Only while nothing sends. Raises OSError.
        """
        identity = self.identity()
        lost = {(each.newsletter, each.slot): each for each in issues}
        made_by_slot = {(i.newsletter, i.slot): i for i in made_issues(self._database, 0)}
        all_issues = sorted((lost | made_by_slot).values())
        self.record.replace(identity.incarnation, identity.counter, all_issues)
        self.synchronise()
        for (newsletter, slot), approved in begun.items():
            self.add_begun(newsletter, slot, approved)

    def begin(self, counter: int) -> None:
        """Give the store a new incarnation in its present place; inside a transaction."""
        values = {INCARNATION: secrets.token_hex(16), COUNTER: str(counter)}
        self._put(values)
        self.confirm_place()

    def succeed(self, counter: int) -> None:
        """As `begin`, for a store that was restored in place of the recorded one."""
        recorded = self.record.read()
        before = {*self._predecessors(), self.identity().incarnation}
        before |= {recorded.incarnation} if recorded else set()
        self._put({PREDECESSORS: " ".join(sorted(before - {"", UNREADABLE}))})
        self.begin(counter)

    def confirm_place(self) -> None:
        """Store the present place as the right one; inside a transaction."""
        self._put({PLACE: self._database.place()})
        self._database.run("DELETE FROM meta WHERE key = :key", {"key": RESTORED})

    def synchronise(self) -> None:
        """Record the counter of the store and its issues, before anything is sent.

        Raises OSError if the record cannot be written.
        """
        identity = self.identity()
        self.write(identity.incarnation, identity.counter)
        self._add_made(self.record)
        self._elsewhere(identity.incarnation, self._add_made)

    def write(self, incarnation: str, counter: int) -> None:
        """Raise the records to `counter`. Raises OSError for the one beside the store."""
        self.record.write(incarnation, counter)
        self._elsewhere(incarnation, lambda other: other.write(incarnation, counter))

    def add_begun(self, newsletter: str, slot: str, approved: str) -> None:
        """Record that the sending of an issue begins, and when it was approved.

        Raises OSError, as `write`.
        """
        self.record.add_begun(newsletter, slot, approved)
        incarnation = self.identity().incarnation
        self._elsewhere(incarnation, lambda other: other.add_begun(newsletter, slot, approved))

    def _add_made(self, record: SentRecord) -> None:
        if made_issue_list := made_issues(self._database, record.last_issue()):
            record.add(made_issue_list)

    def _elsewhere(self, incarnation: str, use: Callable[[SentRecord], T]) -> T | None:
        """Use the record elsewhere; None if there can be none.

        A service without a writable home folder works with the other record alone.
        """
        if self._files.elsewhere is None or not incarnation:
            return None
        if self._other is None or self._other[0] != incarnation:
            self._other = incarnation, SentRecord(self._files.elsewhere / incarnation)
        try:
            return use(self._other[1])
        except OSError as error:
            log.debug("there is no second record of what was sent: %s", error)
            return None

    def _put(self, values: dict[str, str]) -> None:
        self._database.upsert("meta", ("key", "value"), list(values.items()))


def count_up(database: Database) -> int:
    """Count a change that earlier backups lack; inside a transaction."""
    ((counter,),) = database.rows(
        f"INSERT INTO meta (key, value) VALUES ('{COUNTER}', '1') ON CONFLICT (key) DO UPDATE "
        "SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT) RETURNING value"
    )
    return int(counter)


def made_issues(database: Database, after: int) -> list[MadeIssue]:
    """The issues with higher numbers than `after`, the oldest first, with their articles."""
    rows = database.rows(
        "SELECT sequence, newsletter, slot, due, planned FROM issues "
        "WHERE sequence > :after AND state <> 'skipped' ORDER BY sequence",
        {"after": after},
    )
    return [
        MadeIssue(
            int(number),
            str(name),
            str(slot),
            str(due),
            int(planned),
            _record_taken(database, name, slot),
        )
        for number, name, slot, due, planned in rows
    ]


def _record_taken(database: Database, newsletter: object, slot: object) -> tuple[str, ...]:
    rows = database.rows(
        "SELECT article FROM issue_articles WHERE newsletter = :n AND slot = :s ORDER BY article",
        {"n": newsletter, "s": slot},
    )
    return tuple(str(article) for (article,) in rows)
