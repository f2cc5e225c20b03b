"""Who gets an issue: the SQL that plans a delivery for each subscriber."""

from __future__ import annotations

from collections.abc import Sequence

from syndicate.store.chunks import Chunks
from syndicate.store.database import Database
from syndicate.store.deliveries import UNSUBSCRIBED, Deliveries, numbers
from syndicate.store.issue_sends import IssueSend, IssueSends

SUPPRESSED_NOW = "SELECT p.id FROM suppressions x JOIN subscribers p ON p.hash = x.hash"


MAX_ID = 2**62
"""More than the id of any subscriber."""

SUPPRESSED_AT_ONCE = 1_000
"""Suppressed people whose deliveries one statement looks for."""


class Recipients:
    """The subscribers an issue goes to: those who chose no tags, or one of its."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows
        self._sends = IssueSends(database)

    def count(
        self, newsletter: str, tags: Sequence[str], after: int = 0, last: int = MAX_ID
    ) -> int:
        """How many subscribers with ids above `after`, up to `last`, an issue would go to."""
        chosen, values = _chose_one_of(tags)
        ((number,),) = self._rows(
            "SELECT count(*) FROM subscriptions "
            f"WHERE newsletter = :newsletter AND state = 'active' AND ({chosen}) "
            "AND subscriber > :after AND subscriber <= :last "
            f"AND subscriber NOT IN ({SUPPRESSED_NOW})",
            {**values, "newsletter": newsletter, "after": after, "last": last},
        )
        return int(number)

    def tags_of(self, articles: Sequence[str]) -> list[str]:
        """The tags of articles, by their ids, as subscribers choose them."""
        tags: set[str] = set()
        for article in articles:
            rows = self._rows(
                "SELECT t.tag FROM article_tags t JOIN articles a ON a.sequence = t.sequence "
                "WHERE a.id = :a",
                {"a": article},
            )
            tags.update(str(tag) for (tag,) in rows)
        return sorted(tags)

    # -- writing, inside a transaction -----------------------------------------------------

    def begin(self, sending: IssueSend) -> None:
        """Begin to send an issue to subscribers up to the highest id now; nothing if it has begun.

        `plan_next` plans for those of them who are active at its step.
        """
        if not self._sends.get(sending.issue):
            ((last,),) = self._rows(
                "SELECT coalesce(max(subscriber), 0) FROM subscriptions WHERE newsletter = :n",
                {"n": sending.newsletter},
            )
            self._sends.add(sending._replace(last_recipient=int(last)))

    def plan_next(self, sending: IssueSend, tags: Sequence[str], limit: int, now: str) -> int:
        """Plan deliveries for the next recipients of an issue, at most `limit`; how many."""
        after = sending.planned_to
        last = min(self._last_of(sending, tags, after, limit), sending.last_recipient)
        added = self._add_missing(sending, tags, after, last, now)
        self._sends.set_planned_to(sending.issue, last)
        return added

    def plan_missed(
        self, sending: IssueSend, tags: Sequence[str], after: int, limit: int, now: str
    ) -> tuple[int, int]:
        """Plan an issue also for subscribers who did not get it, among `limit` of the present ones.

        `after` is the id before theirs. Returns the id of the last, MAX_ID if no more follow, and
        how many deliveries were planned.
        """
        last = self._last_of(sending, tags, after, limit)
        added = self._add_missing(sending, tags, after, last, now)
        return last, added + Deliveries(self._database).retry_missed(sending, after, last, now)

    def _last_of(self, sending: IssueSend, tags: Sequence[str], after: int, limit: int) -> int:
        """The last of `limit` recipients after one; MAX_ID if there are fewer."""
        chosen, values = _chose_one_of(tags)
        rows = self._rows(
            "SELECT subscriber FROM subscriptions "
            f"WHERE newsletter = :newsletter AND state = 'active' AND ({chosen}) "
            f"AND subscriber > :after ORDER BY subscriber LIMIT 1 OFFSET {limit - 1}",
            {**values, "newsletter": sending.newsletter, "after": after},
        )
        return int(rows[0][0]) if rows else MAX_ID

    def _add_missing(
        self, sending: IssueSend, tags: Sequence[str], after: int, last: int, now: str
    ) -> int:
        """Plan for recipients without a delivery, above id `after`, up to `last`; how many."""
        chunks = Chunks(self._database)
        covered = min(max(after, chunks.last_subscriber(sending.issue)), last)
        joined = self._join(sending, tags, after, covered) if after < covered else []
        self._append(sending, tags, covered, last)
        suppressed = self._suppress(sending.issue, after, last, now)
        changed = {*joined, *(subscriber for subscriber in suppressed if subscriber <= covered)}
        for chunk in chunks.of(sending.issue, changed):
            chunks.recount(chunk)
        added = len(joined) + chunks.add(sending.issue)
        self._sends.add_planned(sending.issue, added)
        return added

    def _join(self, sending: IssueSend, tags: Sequence[str], after: int, last: int) -> list[int]:
        """Plan for recipients without a delivery in existing chunks; their ids."""
        chosen, values = _chose_one_of(tags)
        added = self._rows(
            f"{_planned(chosen)} ON CONFLICT (issue, subscriber) DO NOTHING RETURNING subscriber",
            {**values, **_between(sending, after, last)},
        )
        return [int(subscriber) for (subscriber,) in added]

    def _append(self, sending: IssueSend, tags: Sequence[str], after: int, last: int) -> None:
        """Plan for recipients after the last chunk: none of them has a delivery."""
        chosen, values = _chose_one_of(tags)
        self._database.run(_planned(chosen), {**values, **_between(sending, after, last)})

    def _suppress(self, issue: int, after: int, last: int, now: str) -> list[int]:
        """Suppress pending deliveries to people who are suppressed; their ids."""
        people = self._rows(
            f"{SUPPRESSED_NOW} WHERE p.id > :after AND p.id <= :last",
            {"after": after, "last": last},
        )
        return [
            int(subscriber)
            for begin in range(0, len(people), SUPPRESSED_AT_ONCE)
            for (subscriber,) in self._rows(
                "UPDATE deliveries SET state = 'suppressed', changed_at = :now, reply = :reply "
                "WHERE issue = :issue AND state = 'pending' AND subscriber IN "
                f"({numbers(each for (each,) in people[begin : begin + SUPPRESSED_AT_ONCE])}) "
                "RETURNING subscriber",
                {"issue": issue, "now": now, "reply": UNSUBSCRIBED},
            )
        ]


def _planned(chosen: str) -> str:
    """The SQL that plans deliveries for those who `chose` so; its values are `_between`."""
    return (
        "INSERT INTO deliveries (issue, subscriber, state) "
        "SELECT :issue, subscriber, 'pending' FROM subscriptions "
        f"WHERE newsletter = :newsletter AND state = 'active' AND ({chosen}) "
        "AND subscriber > :after AND subscriber <= :last ORDER BY subscriber"
    )


def _between(sending: IssueSend, after: int, last: int) -> dict[str, object]:
    return {
        "issue": sending.issue,
        "newsletter": sending.newsletter,
        "after": after,
        "last": last,
    }


def _chose_one_of(tags: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The SQL condition that a subscription chose one of `tags`, or none; and its values."""
    patterns = {f"tag{number}": f"%\n{_escaped(tag)}\n%" for number, tag in enumerate(tags)}
    likes = [f"(:break || tags || :break) LIKE :{name} ESCAPE '!'" for name in patterns]
    return " OR ".join(["tags = ''", *likes]), {**patterns, "break": "\n"} if tags else {}


def _escaped(text: str) -> str:
    """Text for LIKE without wildcards."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
