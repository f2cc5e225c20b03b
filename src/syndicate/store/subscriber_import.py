"""Import many subscribers into a newsletter, with statements on sets. All the SQL for it is here.

The rules are those of `subscribers`: unsubscribed and suppressed people are never added again.

Rows are staged in a table of their own until the file is complete, then applied in the order of
hashes: an unreadable file imports nothing, and each page of the index is written once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from syndicate.store.database import Database
from syndicate.store.subscribers import Subscribers
from syndicate.store.withdrawals import Withdrawals


class Incoming(NamedTuple):
    """A row to import. `standing` is 0 for active, 1 for unsubscribed, 2 for suppressed.

    `source` states the service and the date of the subscription there; `tags` are the chosen
    topics, one per line, "" for all.
    """

    line: int
    hash: str
    address: str
    name: str
    standing: int
    source: str
    tags: str = ""


class ImportOutcome(StrEnum):
    """The result of one row."""

    ADDED = "added"
    KNOWN = "known"
    UNSUBSCRIBED = "left"  # unsubscribed by this import
    ALREADY_UNSUBSCRIBED = "left before"
    SUPPRESSED = "suppressed"
    ALREADY_SUPPRESSED = "suppressed before"


class Import:
    """One import into a newsletter, at the time `now` (UTC text). `consent` is the evidence."""

    def __init__(self, database: Database, newsletter: str, consent: str, now: str) -> None:
        self._database = database
        self._values: dict[str, object] = {"n": newsletter, "consent": consent, "now": now}
        with database.transaction():
            for statement in TABLES:
                database.run(statement)

    def stage(self, rows: Sequence[Incoming]) -> None:
        """Stage rows; other connections do not see them."""
        with self._database.transaction():
            self._database.load("staged", Incoming._fields, rows)

    def apply(self) -> Counter[ImportOutcome]:
        """Apply all staged rows; how many had which outcome.

        Of several rows of one address the worst counts, then the first; the others are KNOWN.
        The evidence is `imported` for subscribers, `imported-left` for those who had unsubscribed
        at the source. A subscriber of ours who unsubscribed there is unsubscribed, unless they
        confirmed here.
        """
        database, total = self._database, Counter[ImportOutcome]()
        with database.transaction():
            database.run(SORT)
            ((count,),) = database.rows("SELECT count(*) FROM incoming")
        for begin in range(0, count, PORTION):
            with database.transaction():
                total += self._portion({"begin": begin, "end": begin + PORTION})
        with database.transaction():
            for statement in GONE:
                database.run(statement)
        return total

    def _portion(self, which: Mapping[str, object]) -> Counter[ImportOutcome]:
        database, values = self._database, {**self._values, **which}
        for statement in (FIND, DECIDE):
            database.run(statement, values)
        if database.rows(NEWCOMERS, values):
            # Their number among all rows makes their id: some ids are never given.
            values["last"] = Subscribers(database).reserve(PORTION)
            for statement in (NAME, ADD):
                database.run(statement, values)
        values["next"] = Withdrawals(database).next_id()
        for statement in (SUPPRESS, SUBSCRIBE, CONSENT, WITHDRAW):
            database.run(statement, values)
        rows = database.rows(OUTCOMES, values)
        return Counter({ImportOutcome(outcome): number for outcome, number in rows})


PORTION = 20_000
"""Rows of one transaction: others can write in between."""

GONE = ("DROP TABLE IF EXISTS staged", "DROP TABLE IF EXISTS incoming")
TABLES = (
    *GONE,
    """
    CREATE TEMPORARY TABLE staged (
        line BIGINT, hash TEXT, address TEXT, name TEXT, standing BIGINT, source TEXT, tags TEXT
    )
    """,
    """
    CREATE TEMPORARY TABLE incoming (
        number INTEGER PRIMARY KEY, hash TEXT, address TEXT, name TEXT, standing BIGINT,
        source TEXT, tags TEXT, subscriber BIGINT, known TEXT, became TEXT
    )
    """,
)
SORT = """
INSERT INTO incoming (number, hash, address, name, standing, source, tags)
SELECT row_number() OVER (ORDER BY hash, standing DESC, line),
    hash, address, name, standing, source, tags
FROM staged
"""
THESE = "number > :begin AND number <= :end"
"""The SQL condition of a portion. Rows of one address follow each other."""

FIND = f"""
UPDATE incoming SET
    subscriber = (SELECT id FROM subscribers p WHERE p.hash = incoming.hash),
    known = (
        SELECT s.state FROM subscribers p JOIN subscriptions s ON s.subscriber = p.id
        WHERE p.hash = incoming.hash AND s.newsletter = :n
    )
WHERE {THESE}
"""
DECIDE = f"""
UPDATE incoming SET became = CASE
    WHEN EXISTS (
        SELECT 1 FROM incoming i WHERE i.number = incoming.number - 1 AND i.hash = incoming.hash
    ) THEN 'known'
    WHEN EXISTS (SELECT 1 FROM suppressions x WHERE x.hash = incoming.hash) THEN 'suppressed before'
    WHEN standing = 2 THEN 'suppressed'
    WHEN known = 'unsubscribed' THEN 'left before'
    WHEN known IS NULL AND standing = 0 THEN 'added'
    WHEN known = 'active' AND (standing = 0 OR EXISTS (
        SELECT 1 FROM consents c WHERE c.subscriber = incoming.subscriber
        AND c.newsletter = :n AND c.event = 'confirmed'
    )) THEN 'known'
    ELSE 'left'
END
WHERE {THESE}
"""
NEW = "subscriber IS NULL AND became IN ('added', 'left')"
NEWCOMERS = f"SELECT 1 FROM incoming WHERE {THESE} AND {NEW} LIMIT 1"
NAME = f"UPDATE incoming SET subscriber = :last + number - :begin WHERE {THESE} AND {NEW}"
ADD = f"""
INSERT INTO subscribers (id, address, hash, name, created_at)
SELECT subscriber, address, hash, name, :now FROM incoming
WHERE {THESE} AND subscriber > :last ORDER BY number
"""
SUPPRESS = f"""
INSERT INTO suppressions (hash, reason, detail, since)
SELECT hash, 'request', 'suppressed there (' || source || ')', :now FROM incoming
WHERE {THESE} AND became = 'suppressed' ORDER BY number
"""
SUBSCRIBE = f"""
INSERT INTO subscriptions (newsletter, subscriber, state, since, tags)
SELECT :n, subscriber, CASE became WHEN 'added' THEN 'active' ELSE 'unsubscribed' END, :now, tags
FROM incoming WHERE {THESE} AND became IN ('added', 'left') ORDER BY number
ON CONFLICT (newsletter, subscriber) DO UPDATE SET state = excluded.state, since = excluded.since
"""
CONSENT = f"""
INSERT INTO consents (subscriber, newsletter, occurred_at, event, detail)
SELECT subscriber, :n, :now,
    CASE WHEN became = 'added' THEN 'imported'
    WHEN known = 'active' THEN 'unsubscribed' ELSE 'imported-left' END,
    CASE WHEN became = 'added' THEN :consent ELSE 'left there' END || ' (' || source || ')'
FROM incoming WHERE {THESE} AND became IN ('added', 'left') ORDER BY number
ON CONFLICT (subscriber, newsletter, occurred_at, event) DO NOTHING
"""
WITHDRAW = f"""
INSERT INTO withdrawals (id, hash, newsletter, event, occurred_at)
SELECT :next + number - :begin, hash,
    CASE became WHEN 'suppressed' THEN '' ELSE :n END,
    CASE became WHEN 'suppressed' THEN 'request' ELSE 'unsubscribed' END, :now
FROM incoming WHERE {THESE}
AND (became = 'suppressed' OR (became = 'left' AND known = 'active')) ORDER BY number
"""
OUTCOMES = f"SELECT became, count(*) FROM incoming WHERE {THESE} GROUP BY became"
