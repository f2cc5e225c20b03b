"""Many people at once into a newsletter, by statements on sets. Every statement stands here.

The rules are those of `subscribers`: whoever left, and whoever is suppressed, never comes back.

All wait in a table of their own until the last is there, and are then taken in by ranges of their
hashes: a transaction is short, writes a page of the index once, and knows both of two rows of one
address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from syndicate.store.database import Database
from syndicate.store.subscribers import Subscribers


class Incoming(NamedTuple):
    """A row to import. `standing` is 0 for active, 1 for unsubscribed, 2 for suppressed."""

    line: int
    hash: str
    address: str
    name: str
    standing: int
    detail: str


class Became(StrEnum):
    """What became of somebody."""

    ADDED = "added"
    KNOWN = "known"
    LEFT = "left"  # is known now as one who left
    LEFT_BEFORE = "left before"
    SUPPRESSED = "suppressed"
    SUPPRESSED_BEFORE = "suppressed before"


class Import:
    """One import into a newsletter, at the moment `now` (UTC text)."""

    def __init__(self, database: Database, newsletter: str, now: str) -> None:
        self._database, self._staged = database, 0
        self._values: dict[str, object] = {"n": newsletter, "now": now}
        with database.transaction():
            for statement in TABLES:
                database.run(statement)

    def stage(self, people: Sequence[Incoming]) -> None:
        """Have people wait. Nothing is known of them to anybody else."""
        values = [{**each._asdict(), "part": int(each.hash[:2], 16)} for each in people]
        with self._database.transaction():
            self._database.run_many(STAGE, values)
        self._staged += len(people)

    def take_in(self) -> Iterator[Counter[Became]]:
        """Take in all who wait, a portion at a time; give how many people became what.

        Of several rows of one address the worst counts, then the first.

        `imported` is the evidence of who gets the newsletter, `imported-left` of who had left
        where they come from. Who is active here and left there leaves, unless they confirmed here.
        """
        step = max(1, PARTS * PORTION // max(self._staged, PORTION))
        with self._database.transaction():
            self._database.run("CREATE INDEX staged_by_part ON staged (part)")
        for begin in range(0, PARTS, step):
            with self._database.transaction():
                found = self._portion({"begin": begin, "end": begin + step})
            yield found

    def _portion(self, which: Mapping[str, object]) -> Counter[Became]:
        database, values = self._database, {**self._values, **which}
        for statement in ("DELETE FROM incoming", PICK, FIND, DECIDE):
            database.run(statement, values)
        ((new,),) = database.rows(NEWCOMERS)
        if new:
            values["last"] = Subscribers(database).reserve(new)
            database.run(ADD, values)
        for statement in (SUPPRESS, SUBSCRIBE, WITNESS):
            database.run(statement, values)
        return Counter({Became(became): many for became, many in database.rows(OUTCOMES)})


PARTS, PORTION = 256, 20_000
"""Into how many parts all fall by the first 8 bits of their hashes; rows of a portion, about."""

TABLES = (
    "DROP TABLE IF EXISTS staged",
    "DROP TABLE IF EXISTS incoming",
    """
    CREATE TEMPORARY TABLE staged (
        part BIGINT, line BIGINT, hash TEXT, address TEXT, name TEXT, standing BIGINT, detail TEXT
    )
    """,
    """
    CREATE TEMPORARY TABLE incoming (
        hash TEXT PRIMARY KEY, address TEXT, name TEXT, standing BIGINT, detail TEXT,
        subscriber BIGINT, known TEXT, suppressed TEXT, became TEXT
    )
    """,
)
STAGE = """
INSERT INTO staged (part, line, hash, address, name, standing, detail)
VALUES (:part, :line, :hash, :address, :name, :standing, :detail)
"""
PICK = """
INSERT INTO incoming (hash, address, name, standing, detail)
SELECT hash, address, name, standing, detail FROM (
    SELECT hash, address, name, standing, detail,
    row_number() OVER (PARTITION BY hash ORDER BY standing DESC, line) AS place
    FROM staged WHERE part >= :begin AND part < :end
) AS ranked WHERE place = 1
"""
FIND = """
UPDATE incoming SET
    subscriber = (SELECT id FROM subscribers p WHERE p.hash = incoming.hash),
    known = (
        SELECT s.state FROM subscribers p JOIN subscriptions s ON s.subscriber = p.id
        WHERE p.hash = incoming.hash AND s.newsletter = :n
    ),
    suppressed = (SELECT x.reason FROM suppressions x WHERE x.hash = incoming.hash)
"""
DECIDE = """
UPDATE incoming SET became = CASE
    WHEN suppressed IS NOT NULL THEN 'suppressed before'
    WHEN standing = 2 THEN 'suppressed'
    WHEN known = 'unsubscribed' THEN 'left before'
    WHEN known IS NULL AND standing = 0 THEN 'added'
    WHEN known = 'active' AND (standing = 0 OR EXISTS (
        SELECT 1 FROM consents c WHERE c.subscriber = incoming.subscriber
        AND c.newsletter = :n AND c.event = 'confirmed'
    )) THEN 'known'
    ELSE 'left'
END
"""
NEWCOMERS = """
SELECT count(*) FROM incoming WHERE subscriber IS NULL AND became IN ('added', 'left')
"""
SUPPRESS = """
INSERT INTO suppressions (hash, reason, detail, since)
SELECT hash, 'request', detail, :now FROM incoming WHERE became = 'suppressed'
"""
ADD = """
INSERT INTO subscribers (id, address, hash, name, made)
SELECT :last + row_number() OVER (ORDER BY hash), address, hash, name, :now
FROM incoming WHERE subscriber IS NULL AND became IN ('added', 'left')
"""
SUBSCRIBE = """
INSERT INTO subscriptions (newsletter, subscriber, state, since)
SELECT :n, p.id, CASE i.became WHEN 'added' THEN 'active' ELSE 'unsubscribed' END, :now
FROM incoming i JOIN subscribers p ON p.hash = i.hash
WHERE i.became IN ('added', 'left') ORDER BY p.id
ON CONFLICT (newsletter, subscriber) DO UPDATE SET state = excluded.state, since = excluded.since
"""
WITNESS = """
INSERT INTO consents (subscriber, newsletter, at, event, detail)
SELECT p.id, :n, :now,
    CASE WHEN i.became = 'added' THEN 'imported'
    WHEN i.known = 'active' THEN 'unsubscribed' ELSE 'imported-left' END,
    i.detail
FROM incoming i JOIN subscribers p ON p.hash = i.hash
WHERE i.became IN ('added', 'left') ORDER BY p.id
"""
OUTCOMES = "SELECT became, count(*) FROM incoming GROUP BY became"
