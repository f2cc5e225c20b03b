"""Who gets an issue: the SQL that plans a delivery for each subscriber."""

from __future__ import annotations

from collections.abc import Sequence

from syndicate.store.database import Database
from syndicate.store.deliveries import UNSUBSCRIBED, Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends

SUPPRESSED_NOW = "SELECT p.id FROM suppressions x JOIN subscribers p ON p.hash = x.hash"


class Recipients:
    """The subscribers an issue goes to: those who chose no tags, or one of its."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows
        self._sends = IssueSends(database)

    def count(self, newsletter: str, tags: Sequence[str]) -> int:
        """How many subscribers an issue with these tags would go to now."""
        chosen, values = _chose_one_of(tags)
        ((number,),) = self._rows(
            "SELECT count(*) FROM subscriptions "
            f"WHERE newsletter = :newsletter AND state = 'active' AND ({chosen}) "
            f"AND subscriber NOT IN ({SUPPRESSED_NOW})",
            {**values, "newsletter": newsletter},
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

    def plan(self, sending: IssueSend, tags: Sequence[str]) -> None:
        """Begin to send an issue: plan a delivery for each recipient; nothing if it has begun."""
        if not self._sends.get(sending.issue):
            self._sends.add(sending)
            self._add_missing(sending, tags, sending.started_at)

    def plan_missed(self, sending: IssueSend, tags: Sequence[str], now: str) -> int:
        """Plan an issue also for subscribers of today who did not get it; how many these are."""
        added = self._add_missing(sending, tags, now)
        return added + Deliveries(self._database).retry_missed(sending, now)

    def _add_missing(self, sending: IssueSend, tags: Sequence[str], now: str) -> int:
        """Plan for recipients without a delivery; how many these are."""
        chosen, values = _chose_one_of(tags)
        self._database.run(
            "INSERT INTO deliveries (issue, subscriber, state) "
            "SELECT :issue, subscriber, 'pending' FROM subscriptions "
            f"WHERE newsletter = :newsletter AND state = 'active' AND ({chosen}) "
            "ORDER BY subscriber ON CONFLICT (issue, subscriber) DO NOTHING",
            {**values, "issue": sending.issue, "newsletter": sending.newsletter},
        )
        self._database.run(
            "UPDATE deliveries SET state = 'suppressed', changed_at = :now, reply = :reply "
            f"WHERE issue = :issue AND state = 'pending' AND subscriber IN ({SUPPRESSED_NOW})",
            {"issue": sending.issue, "now": now, "reply": UNSUBSCRIBED},
        )
        planned = sum(Deliveries(self._database).counts(sending.issue).values())
        self._sends.set_planned(sending.issue, planned)
        return planned - sending.planned


def _chose_one_of(tags: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The SQL condition that a subscription chose one of `tags`, or none; and its values."""
    patterns = {f"tag{number}": f"%\n{_escaped(tag)}\n%" for number, tag in enumerate(tags)}
    likes = [f"(:break || tags || :break) LIKE :{name} ESCAPE '!'" for name in patterns]
    return " OR ".join(["tags = ''", *likes]), {**patterns, "break": "\n"} if tags else {}


def _escaped(text: str) -> str:
    """Text for LIKE without wildcards."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
