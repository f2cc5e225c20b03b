"""Who gets an issue: the SQL that plans a delivery for each subscriber."""

from __future__ import annotations

from collections.abc import Sequence

from syndicate.store.chunks import Chunks
from syndicate.store.database import Database
from syndicate.store.deliveries import UNSUBSCRIBED, Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends

SUPPRESSED_NOW = "SELECT p.id FROM suppressions x JOIN subscribers p ON p.hash = x.hash"


MAX_ID = 2**62
"""More than the id of any subscriber."""

PLANNING_STEP = 50_000
"""Deliveries that are planned in one step: other writers wait for its transaction.

Store recovery and sending to those who missed an issue take all steps in one transaction.
"""


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

    def plan_next(self, sending: IssueSend, tags: Sequence[str], now: str) -> None:
        """Plan deliveries for the next PLANNING_STEP recipients of an issue."""
        last = min(self._end_of_step(sending, tags, sending.planned_to), sending.last_recipient)
        self._add_missing(sending, tags, sending.planned_to, last, now)
        self._sends.set_planned_to(sending.issue, last)

    def plan(self, sending: IssueSend, tags: Sequence[str]) -> None:
        """Begin to send an issue if it has not begun, and plan all its deliveries."""
        self.begin(sending)
        while (current := self._sends.get(sending.issue)) and not current.is_planned:
            self.plan_next(current, tags, sending.started_at)

    def plan_missed(self, sending: IssueSend, tags: Sequence[str], now: str) -> int:
        """Plan an issue also for present subscribers who did not get it; returns how many."""
        added = after = 0
        while after < MAX_ID:
            last = self._end_of_step(sending, tags, after)
            added += self._add_missing(sending, tags, after, last, now)
            after = last
        return added + Deliveries(self._database).retry_missed(sending, now)

    def _end_of_step(self, sending: IssueSend, tags: Sequence[str], after: int) -> int:
        """The last of PLANNING_STEP recipients after one; MAX_ID if there are fewer."""
        chosen, values = _chose_one_of(tags)
        rows = self._rows(
            "SELECT subscriber FROM subscriptions "
            f"WHERE newsletter = :newsletter AND state = 'active' AND ({chosen}) "
            f"AND subscriber > :after ORDER BY subscriber LIMIT 1 OFFSET {PLANNING_STEP - 1}",
            {**values, "newsletter": sending.newsletter, "after": after},
        )
        return int(rows[0][0]) if rows else MAX_ID

    def _add_missing(
        self, sending: IssueSend, tags: Sequence[str], after: int, last: int, now: str
    ) -> int:
        """Plan for recipients without a delivery, above id `after`, up to `last`; how many."""
        chosen, values = _chose_one_of(tags)
        some: dict[str, object] = {"issue": sending.issue, "after": after, "last": last}
        between = "subscriber > :after AND subscriber <= :last"
        added = self._rows(
            "INSERT INTO deliveries (issue, subscriber, state) "
            "SELECT :issue, subscriber, 'pending' FROM subscriptions "
            f"WHERE newsletter = :newsletter AND state = 'active' AND ({chosen}) AND {between} "
            "ORDER BY subscriber ON CONFLICT (issue, subscriber) DO NOTHING RETURNING subscriber",
            {**values, **some, "newsletter": sending.newsletter},
        )
        suppressed = self._rows(
            "UPDATE deliveries SET state = 'suppressed', changed_at = :now, reply = :reply "
            f"WHERE issue = :issue AND state = 'pending' AND {between} "
            f"AND subscriber IN ({SUPPRESSED_NOW} WHERE p.id > :after AND p.id <= :last) "
            "RETURNING subscriber",
            {**some, "now": now, "reply": UNSUBSCRIBED},
        )
        chunks = Chunks(self._database)
        covered = chunks.last_subscriber(sending.issue)
        changed = {int(who) for (who,) in (*added, *suppressed) if int(who) <= covered}
        for chunk in chunks.of(sending.issue, changed):
            chunks.recount(chunk)
        chunks.add(sending.issue)
        self._sends.add_planned(sending.issue, len(added))
        return len(added)


def _chose_one_of(tags: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The SQL condition that a subscription chose one of `tags`, or none; and its values."""
    patterns = {f"tag{number}": f"%\n{_escaped(tag)}\n%" for number, tag in enumerate(tags)}
    likes = [f"(:break || tags || :break) LIKE :{name} ESCAPE '!'" for name in patterns]
    return " OR ".join(["tags = ''", *likes]), {**patterns, "break": "\n"} if tags else {}


def _escaped(text: str) -> str:
    """Text for LIKE without wildcards."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
