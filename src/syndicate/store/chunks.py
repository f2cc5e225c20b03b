"""Table of chunks of deliveries: consecutive ones of an issue, which one worker owns at a time.

A chunk counts its deliveries by state while no sender owns it; those of an owned chunk change all
the time, so they are counted when asked for. All SQL; writing runs inside a transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from syndicate.store.database import Database

RETRY_CHUNKS = 32
"""Chunks with due retries that are claimed at one time: most have few such retries."""

CHUNK_SIZE = 500
"""Deliveries of a chunk as it is planned; subscribers who come later may join it."""

STATES = ("pending", "retry", "sent", "failed", "held", "suppressed")
"""The states that a chunk counts: only in a chunk that has an owner is a delivery being sent."""


class Chunk(NamedTuple):
    """The deliveries of an issue to the subscribers from `first` to `last`, both included."""

    issue: int
    number: int
    first: int
    last: int


COLUMNS = "issue, number, first_subscriber, last_subscriber"
RANGE = "issue = :issue AND subscriber BETWEEN :first AND :last"
"""The SQL condition that a delivery is in a chunk."""


IN_OWNED = (
    "FROM delivery_chunks c JOIN deliveries d ON d.issue = c.issue "
    "AND d.subscriber BETWEEN c.first_subscriber AND c.last_subscriber WHERE c.owner <> ''"
)
"""SQL that selects the deliveries `d` in owned chunks `c`."""


class Chunks:
    """The chunks of all issues."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    # -- reading ---------------------------------------------------------------------------

    def counts(self, issue: int) -> dict[str, int]:
        """How many deliveries of an issue are in which state; without states that none is in."""
        return self.planned_and_counts(issue)[1]

    def planned_and_counts(self, issue: int) -> tuple[int, dict[str, int]]:
        """How many deliveries of an issue were planned, and how many are in which state.

        Both of the same moment: one statement, because chunks are claimed and given up meanwhile.
        """
        sums = ", ".join(f"coalesce(sum({state}), 0)" for state in STATES)
        none = ", ".join("0" for _ in STATES)
        rows = self._rows(
            f"SELECT 'planned', planned, {none} FROM issue_sends WHERE issue = :issue "
            f"UNION ALL SELECT '', 0, {sums} FROM delivery_chunks "
            "WHERE issue = :issue AND owner = '' "
            f"UNION ALL SELECT d.state, count(*), {none} {IN_OWNED} AND +c.issue = :issue "
            "GROUP BY d.state",
            {"issue": issue},
        )
        counts: Counter[str] = Counter()
        for name, count, *of_free in rows:
            counts[str(name)] += int(count)
            counts.update(dict(zip(STATES, map(int, of_free), strict=True)))
        planned = counts.pop("planned", 0)
        return planned, {state: count for state, count in counts.items() if count}

    def held(self) -> dict[int, int]:
        """The number of held deliveries, by issue."""
        rows = self._rows(
            "SELECT issue, sum(held) FROM delivery_chunks WHERE held > 0 AND owner = '' "
            f"GROUP BY issue UNION ALL SELECT c.issue, count(*) {IN_OWNED} AND d.state = 'held' "
            "GROUP BY c.issue"
        )
        held: Counter[int] = Counter()
        for issue, count in rows:
            held[int(issue)] += int(count)
        return dict(sorted(held.items()))

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

    def owners(self, issue: int = 0) -> list[str]:
        """All owners of chunks, of an issue or of any."""
        of_issue = "AND issue = :issue" if issue else ""
        query = f"SELECT DISTINCT owner FROM delivery_chunks WHERE owner <> '' {of_issue}"
        return sorted(
            str(owner) for (owner,) in self._rows(query, {"issue": issue} if issue else {})
        )

    def of(self, issue: int, subscribers: Iterable[int]) -> list[Chunk]:
        """The chunks that deliveries to these subscribers are in, each once."""
        found: list[Chunk] = []
        query = (
            f"SELECT {COLUMNS} FROM delivery_chunks WHERE issue = :issue "
            "AND last_subscriber >= :s ORDER BY last_subscriber LIMIT 1"
        )
        for subscriber in sorted(subscribers):
            if not found or subscriber > found[-1].last:
                rows = self._rows(query, {"issue": issue, "s": subscriber})
                found += [Chunk._make(map(int, row)) for row in rows]
        return found

    def last_subscriber(self, issue: int) -> int:
        """The last subscriber of the last chunk; 0 without any."""
        query = "SELECT coalesce(max(last_subscriber), 0) FROM delivery_chunks WHERE issue = :i"
        return int(self._rows(query, {"i": issue})[0][0])

    # -- writing ---------------------------------------------------------------------------

    def add(self, issue: int) -> int:
        """Add chunks for the deliveries that follow the last chunk; how many those are."""
        ((number, last),) = self._rows(
            "SELECT coalesce(max(number), 0), coalesce(max(last_subscriber), 0) "
            "FROM delivery_chunks WHERE issue = :i",
            {"i": issue},
        )
        added = self._rows(
            f"INSERT INTO delivery_chunks ({COLUMNS}, pending, suppressed) "
            "SELECT :issue, :number + n, coalesce(lag(upto) OVER (ORDER BY n), :after) + 1, upto, "
            "pending, suppressed FROM ("
            "SELECT n, max(subscriber) AS upto, "
            "sum(CASE state WHEN 'pending' THEN 1 ELSE 0 END) AS pending, "
            "sum(CASE state WHEN 'suppressed' THEN 1 ELSE 0 END) AS suppressed FROM ("
            "SELECT subscriber, state, "
            f"(row_number() OVER (ORDER BY subscriber) + {CHUNK_SIZE - 1}) / {CHUNK_SIZE} AS n "
            "FROM deliveries WHERE issue = :issue AND subscriber > :after) AS numbered "
            "GROUP BY n) AS grouped RETURNING pending, suppressed",
            {"issue": issue, "number": int(number), "after": int(last)},
        )
        return sum(int(pending) + int(suppressed) for pending, suppressed in added)

    def claim(self, issue: int, owner: str, now: str, latest: str) -> list[Chunk]:
        """Claim the chunks with due retries, up to RETRY_CHUNKS, or else the next pending ones.

        `latest` is the latest moment for which a retry can be planned now: a later one was planned
        while the clock was ahead, and is due now.
        """
        due = "(next_try <= :now OR next_try > :latest)"
        values = {"issue": issue, "owner": owner, "now": now, "latest": latest}
        retries = self._claim(f"{due} AND {free('retry')}", RETRY_CHUNKS, values)
        return retries or self._claim(free("pending"), 1, {"issue": issue, "owner": owner})

    def release(self, chunks: Iterable[Chunk]) -> None:
        """Count the deliveries of chunks, and give them up if they are owned."""
        for chunk in chunks:
            self._set(chunk, "owner = '', ")

    def recount(self, chunk: Chunk) -> None:
        """Count the deliveries of a chunk again."""
        self._set(chunk)

    def _set(self, chunk: Chunk, others: str = "") -> None:
        """Set the counts of a chunk, and its other columns as in `others`."""
        rows = self._rows(
            f"SELECT state, count(*), min(next_try) FROM deliveries WHERE {RANGE} GROUP BY state",
            bounds(chunk),
        )
        counts = dict.fromkeys(STATES, 0) | {state: count for state, count, _ in rows}
        next_try = {state: earliest for state, _, earliest in rows}.get("retry", "")
        counted = ", ".join(f"{state} = :{state}" for state in STATES)
        self._database.run(
            f"UPDATE delivery_chunks SET {others}{counted}, next_try = :next_try "
            "WHERE issue = :issue AND number = :number",
            {state: counts[state] for state in STATES}
            | {"issue": chunk.issue, "number": chunk.number, "next_try": next_try},
        )

    # -- both ------------------------------------------------------------------------------

    def _claim(self, where: str, limit: int, values: Mapping[str, object]) -> list[Chunk]:
        rows = self._rows(
            "UPDATE delivery_chunks SET owner = :owner WHERE issue = :issue AND number IN ("
            f"SELECT number FROM delivery_chunks WHERE {where} LIMIT {limit}) RETURNING {COLUMNS}",
            values,
        )
        return sorted(Chunk._make(map(int, row)) for row in rows)

    def _selected(self, where: str, values: Mapping[str, object]) -> list[Chunk]:
        query = f"SELECT {COLUMNS} FROM delivery_chunks WHERE {where} ORDER BY issue, number"
        return [Chunk._make(map(int, row)) for row in self._rows(query, values)]


def free(state: str) -> str:
    """The end of SQL that selects chunks of an issue without owner and with deliveries in a state.

    In order, from the index of the state: the plus keeps SQLite from reading all chunks instead.
    """
    return f"+issue = :issue AND owner = '' AND {state} > 0 ORDER BY number"


def bounds(chunk: Chunk) -> dict[str, object]:
    """The values of RANGE."""
    return {"issue": chunk.issue, "first": chunk.first, "last": chunk.last}
