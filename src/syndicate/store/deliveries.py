"""Tables of issues being sent, their deliveries and events. All their SQL is here.

Each transition is conditional on the state before it, so nothing is done twice and the second of
two writers changes nothing. `delivery.states` defines the transitions; these tables contain no
addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from syndicate.store.database import Database


class IssueSend(NamedTuple):
    """An issue on its way, a row. `planned` is how many deliveries it was given, counted then.

    `paused` says why it goes no further, `confirmed` when the operator said that its refusals are
    right; moments are UTC text.
    """

    issue: int
    newsletter: str
    slot: str
    began: str
    planned: int = 0
    paused: str = ""
    ended: str = ""
    confirmed: str = ""

    @property
    def name(self) -> str:
        """The issue, as people call it."""
        return f"{self.newsletter}/{self.slot}"


class Delivery(NamedTuple):
    """One issue to one subscriber, a row."""

    issue: int
    subscriber: int
    state: str
    attempts: int
    next_try: str
    at: str
    server: str
    reply: str


class ClaimedDelivery(NamedTuple):
    """A delivery to be made now, and to whom."""

    issue: int
    subscriber: int
    attempts: int
    address: str
    name: str


class Transition(NamedTuple):
    """A delivery that comes into a state. `event` and `detail` are remembered, if there is one."""

    issue: int
    subscriber: int
    before: str
    state: str
    attempts: int = 0
    next_try: str = ""
    server: str = ""
    reply: str = ""
    event: str = ""


class DeliveryWithRecipient(NamedTuple):
    """A delivery with whom it is for; `address` is "" for somebody who was erased."""

    subscriber: int
    address: str
    state: str
    at: str
    server: str
    reply: str


class Event(NamedTuple):
    """Something that happened to a delivery."""

    issue: int
    subscriber: int
    at: str
    event: str
    detail: str


DELIVERY = ", ".join(Delivery._fields)
PAGE = 5_000

STILL_SUBSCRIBED = (
    "EXISTS (SELECT 1 FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber "
    "WHERE s.newsletter = :newsletter AND s.subscriber = deliveries.subscriber "
    "AND s.state = 'active' "
    "AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.hash = p.hash))"
)
"""That somebody still gets the newsletter, now."""

SENDING_ACTIVE = (
    "EXISTS (SELECT 1 FROM issue_sends WHERE issue = :issue AND paused = '' AND ended = '')"
)

SUPPRESSED_NOW = "SELECT p.id FROM suppressions x JOIN subscribers p ON p.hash = x.hash"


class Deliveries:
    """What the database knows about deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows
        self._run = database.run

    # -- reading ---------------------------------------------------------------------------

    def sending(self, issue: int) -> IssueSend | None:
        """How an issue's sending stands; None if it never began."""
        rows = self._rows(f"SELECT {SENDING} FROM issue_sends WHERE issue = :i", {"i": issue})
        return IssueSend._make(rows[0]) if rows else None

    def open(self) -> list[IssueSend]:
        """The issues being sent, paused ones too, the oldest first."""
        rows = self._rows(f"SELECT {SENDING} FROM issue_sends WHERE ended = '' ORDER BY issue")
        return [IssueSend._make(row) for row in rows]

    def stopping_issues(self) -> list[int]:
        """Issues that were stopped, of which something was in a server's hands then."""
        rows = self._rows(
            "SELECT s.issue FROM issue_sends s JOIN issues i ON i.sequence = s.issue "
            "WHERE s.ended = '' AND i.state = 'sent'"
        )
        return [int(issue) for (issue,) in rows]

    def counts(self, issue: int) -> dict[str, int]:
        """How many deliveries of an issue are in which state."""
        query = "SELECT state, count(*) FROM deliveries WHERE issue = :i GROUP BY state"
        return {str(state): int(count) for state, count in self._rows(query, {"i": issue})}

    def is_any(self, issue: int, state: str) -> bool:
        """Whether a delivery of an issue is in this state."""
        query = "SELECT 1 FROM deliveries WHERE issue = :i AND state = :s LIMIT 1"
        return bool(self._rows(query, {"i": issue, "s": state}))

    def count_readers(self, newsletter: str, tags: Sequence[str]) -> int:
        """How many people an issue with these tags would go to if it were sent now."""
        chosen, values = _who_chose(tags)
        ((many,),) = self._rows(
            "SELECT count(*) FROM subscriptions "
            f"WHERE newsletter = :newsletter AND state = 'active' AND ({chosen}) "
            f"AND subscriber NOT IN ({SUPPRESSED_NOW})",
            {**values, "newsletter": newsletter},
        )
        return int(many)

    def find(self, issue: int, subscriber: int) -> Delivery | None:
        """One delivery."""
        query = f"SELECT {DELIVERY} FROM deliveries WHERE issue = :i AND subscriber = :s"
        rows = self._rows(query, {"i": issue, "s": subscriber})
        return Delivery._make(rows[0]) if rows else None

    def with_recipients(self, issue: int, states: Sequence[str]) -> Iterator[DeliveryWithRecipient]:
        """The deliveries of an issue in these states, by subscriber, a page at a time."""
        query = (
            "SELECT d.subscriber, coalesce(p.address, ''), d.state, d.at, d.server, d.reply "
            "FROM deliveries d LEFT JOIN subscribers p ON p.id = d.subscriber "
            f"WHERE d.issue = :i AND d.subscriber > :last AND d.state IN ({_texts(states)}) "
            f"ORDER BY d.subscriber LIMIT {PAGE}"
        )
        last = 0
        while rows := self._rows(query, {"i": issue, "last": last}):
            yield from map(DeliveryWithRecipient._make, rows)
            last = int(rows[-1][0])

    def for_subscriber(self, subscriber: int) -> list[tuple[IssueSend, Delivery]]:
        """What somebody was or is to be sent, the newest first."""
        sendings = self._rows(f"SELECT {SENDING} FROM issue_sends ORDER BY issue DESC")
        found = ((IssueSend._make(row), self.find(int(row[0]), subscriber)) for row in sendings)
        return [(sending, delivery) for sending, delivery in found if delivery]

    def events(self, issue: int, subscriber: int) -> list[Event]:
        """What happened to a delivery, the oldest first."""
        rows = self._rows(
            "SELECT issue, subscriber, at, event, detail FROM delivery_events "
            "WHERE issue = :i AND subscriber = :s ORDER BY at, event",
            {"i": issue, "s": subscriber},
        )
        return [Event._make(row) for row in rows]

    def held(self) -> dict[str, int]:
        """Of how many deliveries nobody knows the fate, by the name of their issue."""
        rows = self._rows(
            "SELECT s.newsletter || '/' || s.slot, count(*) FROM deliveries d "
            "JOIN issue_sends s ON s.issue = d.issue WHERE d.state = 'held' "
            "GROUP BY s.issue, s.newsletter, s.slot ORDER BY s.issue"
        )
        return {str(name): int(count) for name, count in rows}

    def next_try(self, now: str, latest: str) -> str:
        """When the next delivery that waits is due, of an issue that goes on; "" for none.

        `latest` is the latest moment until which anything waits: what waits longer was put off
        while the clock was ahead, and is due now.
        """
        rows = self._rows(
            "SELECT coalesce(min("
            "CASE WHEN d.next_try > :latest THEN :now ELSE d.next_try END), '') "
            "FROM deliveries d JOIN issue_sends s ON s.issue = d.issue "
            "WHERE d.state = 'retry' AND s.ended = '' AND s.paused = ''",
            {"now": now, "latest": latest},
        )
        return str(rows[0][0])

    def tags(self, articles: Sequence[str]) -> list[str]:
        """The tags of articles, by their ids, as subscribers choose them."""
        found: set[str] = set()
        for article in articles:
            rows = self._rows(
                "SELECT t.tag FROM article_tags t JOIN articles a ON a.sequence = t.sequence "
                "WHERE a.id = :a",
                {"a": article},
            )
            found.update(str(tag) for (tag,) in rows)
        return sorted(found)

    # -- writing, inside a transaction -----------------------------------------------------

    def plan(self, sending: IssueSend, tags: Sequence[str]) -> None:
        """Begin to send an issue: a delivery for everybody who gets the newsletter.

        Of those who chose tags, for those who chose one of `tags`. Nothing is done for an issue
        that was planned before.
        """
        if self.sending(sending.issue):
            return
        self._database.upsert("issue_sends", IssueSend._fields, [sending])
        self._add_missing(sending, tags, sending.began)

    def plan_missed(self, sending: IssueSend, tags: Sequence[str], now: str) -> int:
        """Plan an issue also for those who get the newsletter and did not get the issue."""
        added = self._add_missing(sending, tags, now)
        where = f"issue = :issue AND state IN ('failed', 'suppressed') AND {STILL_SUBSCRIBED}"
        which = {"issue": sending.issue, "newsletter": sending.newsletter}
        return added + self._changed_where(where, which, RESET, now, "resend", "missed")

    def retry(self, issue: int, state: str, now: str, subscribers: Sequence[int] = ()) -> int:
        """Have deliveries that came to an end in `state` made again: all, or some."""
        where = f"issue = :issue AND state = :state{_among(subscribers)}"
        which: dict[str, object] = {"issue": issue, "state": state}
        return self._changed_where(where, which, RESET, now, "resend", f"was {state}")

    def mark_sent(self, issue: int, now: str, subscribers: Sequence[int] = ()) -> int:
        """Take held deliveries for sent, because a person knows it: all, or some."""
        where = f"issue = :issue AND state = 'held'{_among(subscribers)}"
        change = "state = 'sent', at = :now"
        said = "sent, says the operator"
        return self._changed_where(where, {"issue": issue}, change, now, "resolved", said)

    def pause(self, issue: int, reason: str) -> bool:
        """Let an issue go no further; False if it is not on its way, or paused already."""
        return self._changed(
            "UPDATE issue_sends SET paused = :reason "
            "WHERE issue = :issue AND ended = '' AND paused = '' RETURNING issue",
            {"issue": issue, "reason": reason},
        )

    def resume(self, issue: int, confirmed: str = "") -> bool:
        """Let an issue go on; False if it is not paused.

        `confirmed` is the moment at which the operator confirms its refusals, if they do.
        """
        return self._changed(
            "UPDATE issue_sends SET paused = '', confirmed = CASE :confirmed WHEN '' "
            "THEN confirmed ELSE :confirmed END "
            "WHERE issue = :issue AND ended = '' AND paused <> '' RETURNING issue",
            {"issue": issue, "confirmed": confirmed},
        )

    def reopen(self, issue: int) -> None:
        """Have the sender look at an issue again that had come to its end."""
        self._run("UPDATE issue_sends SET ended = '', paused = '' WHERE issue = :i", {"i": issue})

    def stop(self, issue: int, now: str, reason: str) -> int:
        """Send what is still to be sent to nobody; how many that are.

        What is in a server's hands just now comes to its own end.
        """
        waiting = "issue = :issue AND state IN ('pending', 'claimed', 'retry')"
        ((many,),) = self._rows(
            f"SELECT count(*) FROM deliveries WHERE {waiting}", {"issue": issue}
        )
        self._run(
            "UPDATE deliveries SET state = 'suppressed', at = :now, reply = :reason, owner = '' "
            f"WHERE {waiting}",
            {"issue": issue, "now": now, "reason": reason},
        )
        return int(many)

    def close(self, issue: int, state: str, now: str, reason: str) -> int:
        """Have what is still to be sent, or being sent, be in `state`; how many those are.

        Only while no program sends.
        """
        rows = self._rows(
            f"UPDATE deliveries SET state = '{state}', at = :now, reply = :reason, owner = '' "
            "WHERE issue = :issue AND state IN ('pending', 'claimed', 'sending', 'retry') "
            "RETURNING subscriber",
            {"issue": issue, "now": now, "reason": reason},
        )
        self._note(issue, [int(number) for (number,) in rows], now, state, reason)
        return len(rows)

    def end(self, issue: int, now: str) -> bool:
        """Note that an issue came to its end, if it did: nothing is left to do by itself."""
        return self._changed(
            "UPDATE issue_sends SET ended = :now WHERE issue = :issue AND ended = '' "
            "AND NOT EXISTS (SELECT 1 FROM deliveries WHERE issue = :issue "
            "AND state IN ('pending', 'claimed', 'sending', 'retry')) RETURNING issue",
            {"issue": issue, "now": now},
        )

    def recover(self, issue: int, now: str, *, resend: bool) -> int:
        """Put right what a sender left that is no more; how many may have gone out unknown.

        What it had claimed is to be done; what may have gone out is held, or sent again if
        `resend`. Only for whoever holds the lock of senders.
        """
        which = {"issue": issue, "now": now}
        self._run(
            "UPDATE deliveries SET state = 'pending', owner = '' "
            "WHERE issue = :issue AND state = 'claimed'",
            {"issue": issue},
        )
        state = "pending" if resend else "held"
        rows = self._rows(
            f"UPDATE deliveries SET state = '{state}', at = :now, owner = '', reply = :reply "
            "WHERE issue = :issue AND state = 'sending' RETURNING subscriber",
            which | {"reply": UNKNOWN},
        )
        self._note(issue, [int(number) for (number,) in rows], now, state, UNKNOWN)
        return len(rows)

    def claim(self, sending: IssueSend, after: int, most: int, owner: str) -> list[ClaimedDelivery]:
        """Claim the next pending deliveries of an issue behind a subscriber, in their order."""
        query = (
            "SELECT subscriber FROM deliveries WHERE issue = :issue AND subscriber > :after "
            "AND state = 'pending' ORDER BY subscriber LIMIT :most"
        )
        which: dict[str, object] = {"issue": sending.issue, "after": after, "most": most}
        return self._claimed(sending, query, which, "pending", owner)

    def claim_retries(
        self, sending: IssueSend, now: str, latest: str, most: int, owner: str
    ) -> list[ClaimedDelivery]:
        """Claim deliveries of an issue whose next try is due; `latest` as in `next_try`."""
        query = (
            "SELECT subscriber FROM deliveries WHERE issue = :issue AND state = 'retry' "
            "AND (next_try <= :now OR next_try > :latest) "
            "ORDER BY next_try, subscriber LIMIT :most"
        )
        which: dict[str, object] = {"issue": sending.issue, "now": now, "most": most}
        which["latest"] = latest
        return self._claimed(sending, query, which, "retry", owner)

    def mark_sending(
        self, sending: IssueSend, subscribers: Sequence[int], owner: str, server: str, now: str
    ) -> frozenset[int]:
        """Note that messages are about to be handed over: those that may be, and only those.

        A message may not if its recipient left, or the issue was paused or stopped.
        """
        rows = self._rows(
            "UPDATE deliveries SET state = 'sending', at = :now, server = :server "
            f"WHERE issue = :issue AND subscriber IN ({_numbers(subscribers)}) "
            f"AND state = 'claimed' AND owner = :owner AND {SENDING_ACTIVE} AND {STILL_SUBSCRIBED} "
            "RETURNING subscriber",
            {
                "issue": sending.issue,
                "newsletter": sending.newsletter,
                "owner": owner,
                "server": server,
                "now": now,
            },
        )
        return frozenset(int(subscriber) for (subscriber,) in rows)

    def suppress_unsubscribed(
        self, sending: IssueSend, subscribers: Sequence[int], owner: str, now: str
    ) -> int:
        """Of claimed deliveries: those of people who left are suppressed, others are pending.

        How many left.
        """
        if not subscribers:
            return 0
        which = {"issue": sending.issue, "owner": owner}
        mine = (
            f"issue = :issue AND subscriber IN ({_numbers(subscribers)}) "
            "AND state = 'claimed' AND owner = :owner"
        )
        left = self._rows(
            "UPDATE deliveries SET state = 'suppressed', at = :now, reply = :reply, owner = '' "
            f"WHERE {mine} AND NOT {STILL_SUBSCRIBED} RETURNING subscriber",
            which | {"newsletter": sending.newsletter, "now": now, "reply": UNSUBSCRIBED},
        )
        self._run(f"UPDATE deliveries SET state = 'pending', owner = '' WHERE {mine}", which)
        return len(left)

    def apply_transitions(self, moves: Sequence[Transition], owner: str, now: str) -> None:
        """Let claimed or sending deliveries of this owner come into another state."""
        self._database.run_many(
            "UPDATE deliveries SET state = :state, attempts = :attempts, next_try = :next_try, "
            "at = :now, server = :server, reply = :reply, owner = '' "
            "WHERE issue = :issue AND subscriber = :subscriber "
            "AND state = :before AND owner = :owner",
            [
                {name: value for name, value in move._asdict().items() if name != "event"}
                | {"owner": owner, "now": now}
                for move in moves
            ],
        )
        events = [
            Event(move.issue, move.subscriber, now, move.event, _said(move))
            for move in moves
            if move.event
        ]
        self._database.upsert("delivery_events", Event._fields, events)

    def doubt(self, issue: int, subscriber: int, reason: str, now: str) -> None:
        """Hold a sent delivery: whether its message was accepted is unknown after all."""
        which: dict[str, object] = {"issue": issue, "subscriber": subscriber}
        self._run(
            "UPDATE deliveries SET state = 'held', at = :now, reply = :reason "
            "WHERE issue = :issue AND subscriber = :subscriber AND state = 'sent'",
            which | {"now": now, "reason": reason},
        )
        event = Event(issue, subscriber, now, "held", reason)
        self._database.upsert("delivery_events", Event._fields, [event])

    # -- helpers -----------------------------------------------------------------------------

    def _add_missing(self, sending: IssueSend, tags: Sequence[str], now: str) -> int:
        """Plan for whoever is not planned for yet; how many that are."""
        count = "SELECT count(*) FROM deliveries WHERE issue = :issue"
        chosen, values = _who_chose(tags)
        values |= {"issue": sending.issue, "newsletter": sending.newsletter}
        self._run(
            "INSERT INTO deliveries (issue, subscriber, state) "
            "SELECT :issue, subscriber, 'pending' FROM subscriptions "
            f"WHERE newsletter = :newsletter AND state = 'active' AND ({chosen}) "
            "ORDER BY subscriber ON CONFLICT (issue, subscriber) DO NOTHING",
            values,
        )
        self._run(
            "UPDATE deliveries SET state = 'suppressed', at = :now, reply = :reply "
            f"WHERE issue = :issue AND state = 'pending' AND subscriber IN ({SUPPRESSED_NOW})",
            {"issue": sending.issue, "now": now, "reply": UNSUBSCRIBED},
        )
        ((planned,),) = self._rows(count, {"issue": sending.issue})
        self._run(
            "UPDATE issue_sends SET planned = :planned WHERE issue = :issue",
            {"issue": sending.issue, "planned": planned},
        )
        return int(planned) - sending.planned

    def _claimed(
        self, sending: IssueSend, query: str, which: dict[str, object], before: str, owner: str
    ) -> list[ClaimedDelivery]:
        numbers = [int(subscriber) for (subscriber,) in self._rows(query, which)]
        if not numbers:
            return []
        self._run(
            "UPDATE deliveries SET state = 'claimed', owner = :owner WHERE issue = :issue "
            f"AND subscriber IN ({_numbers(numbers)}) AND state = :before",
            {"issue": sending.issue, "owner": owner, "before": before},
        )
        rows = self._rows(
            "SELECT d.issue, d.subscriber, d.attempts, coalesce(p.address, ''), "
            "coalesce(p.name, '') "
            "FROM deliveries d LEFT JOIN subscribers p ON p.id = d.subscriber "
            f"WHERE d.issue = :issue AND d.subscriber IN ({_numbers(numbers)}) "
            "AND d.state = 'claimed' AND d.owner = :owner ORDER BY d.subscriber",
            {"issue": sending.issue, "owner": owner},
        )
        return [ClaimedDelivery._make(row) for row in rows]

    def _changed_where(
        self,
        where: str,
        which: Mapping[str, object],
        change: str,
        now: str,
        event: str,
        detail: str,
    ) -> int:
        """Change deliveries, however many, and remember it of each; how many they are."""
        query = f"SELECT count(*) FROM deliveries WHERE {where}"
        ((many,),) = self._rows(query, which)
        self._run(
            "INSERT INTO delivery_events (issue, subscriber, at, event, detail) "
            f"SELECT issue, subscriber, :now, :event, :detail FROM deliveries WHERE {where} "
            "ON CONFLICT (issue, subscriber, at, event) DO UPDATE SET detail = excluded.detail",
            {**which, "now": now, "event": event, "detail": detail},
        )
        self._run(f"UPDATE deliveries SET {change} WHERE {where}", {**which, "now": now})
        return int(many)

    def _changed(self, statement: str, values: dict[str, object]) -> bool:
        return bool(self._rows(statement, values))

    def _note(
        self, issue: int, subscribers: Sequence[int], at: str, event: str, detail: str
    ) -> None:
        rows = [Event(issue, subscriber, at, event, detail) for subscriber in subscribers]
        self._database.upsert("delivery_events", Event._fields, rows)


SENDING = ", ".join(IssueSend._fields)
RESET = "state = 'pending', attempts = 0, next_try = '', at = :now, server = '', reply = ''"
UNKNOWN = "the program ended before the server's answer was known"
UNSUBSCRIBED = "gets the newsletter no more"


def _who_chose(tags: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The condition that a subscription wants one of `tags`, or chose none; and its values."""
    patterns = {f"tag{at}": f"%\n{_literal(tag)}\n%" for at, tag in enumerate(tags)}
    likes = [f"(:break || tags || :break) LIKE :{name} ESCAPE '!'" for name in patterns]
    return " OR ".join(["tags = ''", *likes]), {**patterns, "break": "\n"} if tags else {}


def _said(move: Transition) -> str:
    return f"{move.server}: {move.reply}" if move.server else move.reply


def _among(subscribers: Sequence[int]) -> str:
    return f" AND subscriber IN ({_numbers(subscribers)})" if subscribers else ""


def _numbers(numbers: Iterable[int]) -> str:
    return ", ".join(str(int(number)) for number in numbers)


def _texts(texts: Iterable[str]) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)


def _literal(text: str) -> str:
    """A text as LIKE takes it for itself."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
