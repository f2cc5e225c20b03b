"""Table of chunks of deliveries: consecutive ones of an issue, which one sender owns at a time.

A chunk counts its deliveries by state while no sender owns it; those of an owned chunk change all
the time, so they are counted when asked for. All SQL; writing runs inside a transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from syndicate.store.database import Database

CHUNK_SIZE = 500
"""Deliveries of a chunk as it is planned; subscribers who come later may join it."""

STATES = ("pending", "retry", "sent", "failed", "held", "suppressed")
"""The states that a chunk counts. None is being sent in one without an owner."""


class Chunk(NamedTuple):
    """The deliveries of an issue to the subscribers from `first` to `last`, both included."""

    issue: int
    number: int
    first: int
    last: int


COLUMNS = "issue, number, first_subscriber, last_subscriber"
RANGE = "issue = :issue AND subscriber BETWEEN :first AND :last"
"""The SQL condition that a delivery is in a chunk."""


class Chunks:
    """The chunks of all issues."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    # -- reading ---------------------------------------------------------------------------

    def counts(self, issue: int) -> dict[str, int]:
        """How many deliveries of an issue are in which state; without states that none is in."""
        sums = ", ".join(f"coalesce(sum({state}), 0)" for state in STATES)
        ((*stored,),) = self._rows(
            f"SELECT {sums} FROM delivery_chunks WHERE issue = :i AND owner = ''", {"i": issue}
        )
        counts = Counter(dict(zip(STATES, map(int, stored), strict=True)))
        for chunk in self._selected("issue = :issue AND owner <> ''", {"issue": issue}):
            counts.update(self._count(chunk))
        return {state: count for state, count in counts.items() if count}

    def held(self) -> dict[int, int]:
        """The number of held deliveries, by issue."""
        stored = self._rows(
            "SELECT issue, sum(held) FROM delivery_chunks WHERE held > 0 AND owner = '' "
            "GROUP BY issue"
        )
        held = Counter({int(issue): int(count) for issue, count in stored})
        for chunk in self._selected("owner <> ''", {}):
            held[chunk.issue] += self._count(chunk).get("held", 0)
        return {issue: count for issue, count in sorted(held.items()) if count}

    def having(self, issue: int, states: Iterable[str]) -> list[Chunk]:
        """The chunks of an issue that may have deliveries in one of these states, in order."""
        some = " OR ".join(f"{state} > 0" for state in states if state in STATES) or "1 = 0"
        return self._selected(f"issue = :issue AND (owner <> '' OR {some})", {"issue": issue})

    def owned(self, issue: int) -> list[Chunk]:
        """The chunks of an issue that a sender owns."""
        return self._selected("issue = :issue AND owner <> ''", {"issue": issue})

    def owned_by(self, owner: str) -> list[Chunk]:
        """The chunks that a sender owns."""
        return self._selected("owner <> '' AND owner = :owner", {"owner": owner})

    def of(self, issue: int, subscribers: Iterable[int]) -> list[Chunk]:
        """The chunks that deliveries to these subscribers are in, each once."""
        found: list[Chunk] = []
        for subscriber in sorted(subscribers):
            if not found or subscriber > found[-1].last:
                found += self._selected(
                    "issue = :issue AND :s BETWEEN first_subscriber AND last_subscriber",
                    {"issue": issue, "s": subscriber},
                )
        return found

    def last_subscriber(self, issue: int) -> int:
        """The last subscriber of the last chunk; 0 without any."""
        query = "SELECT coalesce(max(last_subscriber), 0) FROM delivery_chunks WHERE issue = :i"
        return int(self._rows(query, {"i": issue})[0][0])

    # -- writing ---------------------------------------------------------------------------

    def add(self, issue: int) -> None:
        """Add chunks for the deliveries that follow the last chunk."""
        ((number, last),) = self._rows(
            "SELECT coalesce(max(number), 0), coalesce(max(last_subscriber), 0) "
            "FROM delivery_chunks WHERE issue = :i",
            {"i": issue},
        )
        self._database.run(
            f"INSERT INTO delivery_chunks ({COLUMNS}, pending, suppressed) "
            "SELECT :issue, :number + n, coalesce(lag(upto) OVER (ORDER BY n), :after) + 1, upto, "
            "pending, suppressed FROM ("
            "SELECT n, max(subscriber) AS upto, "
            "sum(CASE state WHEN 'pending' THEN 1 ELSE 0 END) AS pending, "
            "sum(CASE state WHEN 'suppressed' THEN 1 ELSE 0 END) AS suppressed FROM ("
            "SELECT subscriber, state, "
            f"(row_number() OVER (ORDER BY subscriber) + {CHUNK_SIZE - 1}) / {CHUNK_SIZE} AS n "
            "FROM deliveries WHERE issue = :issue AND subscriber > :after) AS numbered "
            "GROUP BY n) AS grouped",
            {"issue": issue, "number": int(number), "after": int(last)},
        )

    def claim(self, issue: int, owner: str, now: str, latest: str) -> Chunk | None:
        """Claim the next chunk with something to send: due retries first.

        `latest` is the latest moment for which a retry can be planned now: a later one was planned
        while the clock was ahead, and is due now.
        """
        due = "retry > 0 AND (next_try <= :now OR next_try > :latest)"
        rows = self._rows(
            "UPDATE delivery_chunks SET owner = :owner WHERE issue = :issue AND number = ("
            "SELECT number FROM delivery_chunks "
            f"WHERE issue = :issue AND owner = '' AND (pending > 0 OR ({due})) "
            f"ORDER BY CASE WHEN {due} THEN 0 ELSE 1 END, number LIMIT 1) RETURNING {COLUMNS}",
            {"issue": issue, "owner": owner, "now": now, "latest": latest},
        )
        return Chunk._make(map(int, rows[0])) if rows else None

    def release(self, chunks: Iterable[Chunk]) -> None:
        """Count the deliveries of chunks, and give them up if they are owned."""
        for chunk in chunks:
            self.recount(chunk)
            self._database.run(
                "UPDATE delivery_chunks SET owner = '' WHERE issue = :issue AND number = :number",
                {"issue": chunk.issue, "number": chunk.number},
            )

    def recount(self, chunk: Chunk) -> None:
        """Count the deliveries of a chunk again."""
        rows = self._rows(
            f"SELECT state, count(*), min(next_try) FROM deliveries WHERE {RANGE} GROUP BY state",
            bounds(chunk),
        )
        counts = dict.fromkeys(STATES, 0) | {state: count for state, count, _ in rows}
        next_try = {state: earliest for state, _, earliest in rows}.get("retry", "")
        assignments = ", ".join(f"{state} = :{state}" for state in STATES)
        self._database.run(
            f"UPDATE delivery_chunks SET {assignments}, next_try = :next_try "
            "WHERE issue = :issue AND number = :number",
            {state: counts[state] for state in STATES}
            | {"issue": chunk.issue, "number": chunk.number, "next_try": next_try},
        )

    # -- both ------------------------------------------------------------------------------

    def _count(self, chunk: Chunk) -> dict[str, int]:
        query = f"SELECT state, count(*) FROM deliveries WHERE {RANGE} GROUP BY state"
        return {str(state): int(count) for state, count in self._rows(query, bounds(chunk))}

    def _selected(self, where: str, values: Mapping[str, object]) -> list[Chunk]:
        query = f"SELECT {COLUMNS} FROM delivery_chunks WHERE {where} ORDER BY issue, number"
        return [Chunk._make(map(int, row)) for row in self._rows(query, values)]


def bounds(chunk: Chunk) -> dict[str, object]:
    """The values of RANGE."""
    return {"issue": chunk.issue, "first": chunk.first, "last": chunk.last}
