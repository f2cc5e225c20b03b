"""Tables of issues and of the articles in them. All their SQL is here.

Only the state of an issue, its reason and its approval times change. `FOLLOWS` defines the
transitions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from syndicate.store.database import Database
from syndicate.store.incarnation import count_up


class IssueState(StrEnum):
    """The states of an issue."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


FOLLOWS = {
    IssueState.DRAFT: (IssueState.APPROVED, IssueState.CANCELLED),
    IssueState.APPROVED: (IssueState.SENDING, IssueState.CANCELLED),
    IssueState.SENDING: (IssueState.SENT, IssueState.CANCELLED),
    IssueState.SENT: (IssueState.SENDING,),
    IssueState.SKIPPED: (),
    IssueState.CANCELLED: (),
}
"""The states that may follow each state."""


class Carried(NamedTuple):
    """An article as an issue carries it; `updated` is when it had last changed."""

    id: str
    title: str
    url: str
    updated: str


class Issue(NamedTuple):
    """An issue, a row. Times are UTC text; `slot` is local wall time.

    `planned` is 1 for a slot of the schedule, 0 for an issue made by hand.

    `reason` is why it was skipped or cancelled. `page` is the email as a web page, `message` the
    whole message (RFC 5322, all ASCII), `articles` JSON. A skipped issue has no texts. `sequence`
    is set when it is stored. `personal` is what is sent to subscribers, "" if nothing is.

    `draft_key` is the random part of a draft's URL. A draft with `approve_at` is approved at that
    time; `approved_at` is when an issue was approved, "" before.
    """

    newsletter: str
    slot: str
    due: str
    planned: int
    state: str
    created_at: str
    reason: str = ""
    subject: str = ""
    html: str = ""
    text: str = ""
    page: str = ""
    message: str = ""
    articles: str = "[]"
    sequence: int = 0
    personal: str = ""
    draft_key: str = ""
    approve_at: str = ""
    approved_at: str = ""

    @property
    def name(self) -> str:
        """Its name in commands and messages."""
        return f"{self.newsletter}/{self.slot}"

    @property
    def is_shown(self) -> bool:
        """Whether it was made, and not cancelled."""
        return self.state not in (IssueState.SKIPPED, IssueState.CANCELLED)

    @property
    def is_public(self) -> bool:
        """Whether readers may see it: it was approved, and not cancelled."""
        return self.is_shown and self.state != IssueState.DRAFT

    @property
    def carried(self) -> tuple[Carried, ...]:
        """The articles it carries, in their order."""
        return tuple(Carried(*each) for each in json.loads(self.articles))


FLOOR = "last-issue"
"""The key in `meta` of a number that new issues exceed: a lost store may have given lower ones."""

NEVER = "9999"
"""Text that sorts after every time."""

COLUMNS = ", ".join(Issue._fields)
SHOWN = COLUMNS.replace("personal", "''")
LISTED = SHOWN.replace("html, text, page, message", "'', '', '', ''")
PLACES = ", ".join(f":{name}" for name in Issue._fields)
MADE = "state NOT IN ('skipped', 'cancelled')"
PUBLIC = "state NOT IN ('draft', 'skipped', 'cancelled')"


def slot_name(slot: str) -> str:
    """A slot as the name of a folder: without the colon, which some systems do not allow."""
    return slot.replace("T", "-").replace(":", "")


class Issues:
    """The issues of all newsletters."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    # -- reading ---------------------------------------------------------------------------

    def get(self, newsletter: str, slot: str) -> Issue | None:
        """The issue of a slot."""
        where = "newsletter = :newsletter AND slot = :slot"
        issues = self._select(where, {"newsletter": newsletter, "slot": slot})
        return issues[0] if issues else None

    def of(self, newsletter: str, limit: int = 1_000_000) -> list[Issue]:
        """The issues of a newsletter that were made and not cancelled, the newest first.

        Without `personal`, which only the sender needs.
        """
        return self._newest(MADE, newsletter, limit)

    def public(self, newsletter: str, limit: int = 1_000_000) -> list[Issue]:
        """As `of`, without drafts: the issues that readers may see."""
        return self._newest(PUBLIC, newsletter, limit)

    def all(self, newsletter: str | None, limit: int, now: str = NEVER) -> list[Issue]:
        """The newest issues in any state, of one newsletter or all, without their texts.

        Slots that were skipped before they are due, as of `now`, are omitted: the clock was ahead.
        """
        where = "WHERE (state <> 'skipped' OR due <= :now) "
        where += "" if newsletter is None else "AND newsletter = :newsletter "
        rows = self._rows(
            f"SELECT {LISTED} FROM issues {where}ORDER BY due DESC, newsletter LIMIT :limit",
            {"limit": limit, "now": now}
            | ({} if newsletter is None else {"newsletter": newsletter}),
        )
        return [Issue._make(row) for row in rows]

    def approved(self, newsletter: str) -> list[str]:
        """The slots of approved issues that are to be sent to subscribers."""
        rows = self._rows(
            "SELECT slot FROM issues WHERE newsletter = :n AND state = 'approved' "
            "AND personal <> '' ORDER BY sequence",
            {"n": newsletter},
        )
        return [str(slot) for (slot,) in rows]

    def scheduled(self) -> list[Issue]:
        """The drafts with a time of approval, the earliest first; without texts."""
        rows = self._rows(
            f"SELECT {LISTED} FROM issues WHERE state = 'draft' AND approve_at <> '' "
            "ORDER BY approve_at, sequence"
        )
        return [Issue._make(row) for row in rows]

    def were_drafts(self, newsletters: Iterable[str]) -> list[tuple[str, str, str]]:
        """Newsletter, slot and draft key of every public issue that was a draft."""
        rows = self._rows(
            f"SELECT newsletter, slot, draft_key FROM issues WHERE draft_key <> '' AND {PUBLIC}"
        )
        configured = frozenset(newsletters)
        return [(str(n), str(slot), str(key)) for n, slot, key in rows if n in configured]

    def in_state(self, state: IssueState) -> list[tuple[str, str]]:
        """Newsletter and slot of every issue in a state, in the order they were made."""
        query = "SELECT newsletter, slot FROM issues WHERE state = :state ORDER BY sequence"
        rows = self._rows(query, {"state": state.value})
        return [(str(newsletter), str(slot)) for newsletter, slot in rows]

    def last(self, newsletter: str, now: str) -> str:
        """The latest slot of the schedule that was made or skipped by now, "" before the first.

        One made later than now was made while the clock was ahead, and does not count.
        """
        rows = self._rows(
            "SELECT coalesce(max(slot), '') FROM issues "
            "WHERE newsletter = :n AND planned = 1 AND created_at <= :now",
            {"n": newsletter, "now": now},
        )
        return str(rows[0][0])

    def made_after(self, newsletter: str, slot: str) -> frozenset[str]:
        """The slots after `slot` that have an issue."""
        rows = self._rows(
            "SELECT slot FROM issues WHERE newsletter = :n AND slot > :slot AND state <> 'skipped'",
            {"n": newsletter, "slot": slot},
        )
        return frozenset(str(each) for (each,) in rows)

    def kept(self, newsletter: str, slot: str, now: str) -> Issue | None:
        """The issue of a slot; None also if it was skipped by a clock that was ahead."""
        issue = self.get(newsletter, slot)
        return None if issue and _was_ahead(issue, now) else issue

    def last_sequence(self) -> int:
        """The highest sequence ever given, 0 for none."""
        query = (
            "SELECT coalesce(max(n), 0) FROM (SELECT max(sequence) AS n FROM issues UNION ALL "
            f"SELECT CAST(value AS BIGINT) FROM meta WHERE key = '{FLOOR}') numbers"
        )
        return int(self._rows(query)[0][0])

    def taken(self, newsletter: str) -> frozenset[str]:
        """The ids of articles that issues of this newsletter carry."""
        rows = self._rows(
            "SELECT article FROM issue_articles WHERE newsletter = :n", {"n": newsletter}
        )
        return frozenset(str(article) for (article,) in rows)

    def carrying(self, articles: Iterable[str]) -> list[tuple[str, str]]:
        """Newsletter and slot of every issue that carries one of these articles."""
        issues: set[tuple[str, str]] = set()
        for article in articles:
            rows = self._rows(
                "SELECT newsletter, slot FROM issue_articles WHERE article = :a", {"a": article}
            )
            issues.update((str(newsletter), str(slot)) for newsletter, slot in rows)
        return sorted(issues)

    # -- writing (inside a transaction) ----------------------------------------------------

    def add(self, issue: Issue) -> bool:
        """Store an issue with its articles; False if its slot has one already.

        A slot that was skipped while the clock was ahead has none.
        """
        which = {"newsletter": issue.newsletter, "slot": issue.slot}
        if self.kept(issue.newsletter, issue.slot, issue.created_at):
            return False
        self._database.run(
            "DELETE FROM issues WHERE newsletter = :newsletter AND slot = :slot", which
        )
        issue = issue._replace(sequence=self.last_sequence() + 1)
        count_up(self._database)
        self._database.run(
            f"INSERT INTO issues ({COLUMNS}) VALUES ({PLACES})",
            dict(zip(Issue._fields, issue, strict=True)),
        )
        self._database.run_many(
            "INSERT INTO issue_articles (newsletter, article, slot, updated) "
            "VALUES (:newsletter, :article, :slot, :updated)",
            [
                {
                    "newsletter": issue.newsletter,
                    "article": each.id,
                    "slot": issue.slot,
                    "updated": each.updated,
                }
                for each in issue.carried
            ],
        )
        return True

    def add_lost(self, issue: Issue, articles: Sequence[str]) -> None:
        """Store an issue of a lost store under its own number, with the ids of its articles.

        Articles that another issue carries meanwhile stay with that.
        """
        self._database.run(
            f"INSERT INTO issues ({COLUMNS}) VALUES ({PLACES})",
            dict(zip(Issue._fields, issue, strict=True)),
        )
        self._database.run_many(
            "INSERT INTO issue_articles (newsletter, article, slot, updated) "
            "VALUES (:newsletter, :article, :slot, :updated) "
            "ON CONFLICT (newsletter, article) DO NOTHING",
            [
                {"newsletter": issue.newsletter, "article": a, "slot": issue.slot, "updated": ""}
                for a in articles
            ],
        )

    def approve(self, newsletter: str, slot: str, moment: str) -> bool:
        """Approve a draft as of a time (UTC text); False if it is not a draft."""
        return self._move(newsletter, slot, IssueState.APPROVED, {"approved_at": moment})

    def move(self, newsletter: str, slot: str, to: IssueState, reason: str = "") -> bool:
        """Change the state of an issue; False if its present state does not allow that.

        Articles of a cancelled issue are free again. To approve one, see `approve`.
        """
        moved = self._move(newsletter, slot, to, {"reason": reason})
        if moved and to is IssueState.CANCELLED:
            self._database.run(
                "DELETE FROM issue_articles WHERE newsletter = :newsletter AND slot = :slot",
                {"newsletter": newsletter, "slot": slot},
            )
        return moved

    def _move(self, newsletter: str, slot: str, to: IssueState, values: dict[str, str]) -> bool:
        issue = self.get(newsletter, slot)
        if issue is None or to not in FOLLOWS[IssueState(issue.state)]:
            return False
        changes = ", ".join(f"{name} = :{name}" for name in values)
        count_up(self._database)
        self._database.run(
            f"UPDATE issues SET state = :to, approve_at = '', {changes} "
            "WHERE newsletter = :newsletter AND slot = :slot",
            {"newsletter": newsletter, "slot": slot, "to": to.value, **values},
        )
        return True

    def unschedule(self) -> list[Issue]:
        """Remove all times of approval; the drafts that had one."""
        scheduled = self.scheduled()
        self._database.run("UPDATE issues SET approve_at = '' WHERE approve_at <> ''")
        return scheduled

    def schedule(self, newsletter: str, slot: str, moment: str) -> bool:
        """Set the time of approval of a draft (UTC text); False if it is not a draft."""
        rows = self._rows(
            "UPDATE issues SET approve_at = :moment WHERE newsletter = :newsletter "
            "AND slot = :slot AND state = 'draft' RETURNING slot",
            {"newsletter": newsletter, "slot": slot, "moment": moment},
        )
        return bool(rows)

    # -- helpers -----------------------------------------------------------------------------

    def _newest(self, which: str, newsletter: str, limit: int) -> list[Issue]:
        where = f"newsletter = :newsletter AND {which} ORDER BY due DESC, slot DESC LIMIT :limit"
        return self._select(where, {"newsletter": newsletter, "limit": limit}, SHOWN)

    def _select(self, where: str, values: dict[str, object], columns: str = COLUMNS) -> list[Issue]:
        query = f"SELECT {columns} FROM issues WHERE {where}"
        return [Issue._make(row) for row in self._rows(query, values)]


def _was_ahead(issue: Issue, now: str) -> bool:
    """Whether a slot was skipped by a clock that was ahead."""
    return issue.state == IssueState.SKIPPED and issue.created_at > now


def articles_json(carried: Sequence[Carried]) -> str:
    """Carried articles as JSON."""
    return json.dumps(carried, ensure_ascii=False)
