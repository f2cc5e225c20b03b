"""Tables of subscribers, subscriptions, consents and suppressions. All their SQL is here.

Addresses are found by their salted hash, so that an erased person stays suppressed without a row.
Adding never subscribes people again who unsubscribed or are suppressed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from syndicate.store.database import Database
from syndicate.store.withdrawals import LIFTED, SUBSCRIBED, UNSUBSCRIBED, Withdrawals

SALT, LAST = "address-salt", "last-subscriber"
"""Keys in `meta`: the salt of hashed addresses, and the highest id that was ever given."""


class SubscriptionState(StrEnum):
    """The states of a subscription."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"


class Outcome(StrEnum):
    """The result of adding a subscriber to a newsletter."""

    ADDED = "added"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"


class SuppressionReason(StrEnum):
    """Why an address is never to be mailed again."""

    REQUEST = "request"
    ERASED = "erased"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"


STRONGEST_LAST = (
    SuppressionReason.BOUNCE,
    SuppressionReason.COMPLAINT,
    SuppressionReason.REQUEST,
    SuppressionReason.ERASED,
)
"""A stronger reason replaces a weaker one, and stays when the cause of that is lifted."""


def _strength(column: str) -> str:
    """The SQL for the strength of a reason."""
    cases = (f"WHEN '{reason}' THEN {rank}" for rank, reason in enumerate(STRONGEST_LAST))
    return f"CASE {column} {' '.join(cases)} ELSE 0 END"


class Subscriber(NamedTuple):
    """A person, a row. `created_at` is UTC text."""

    id: int
    address: str
    hash: str
    name: str
    created_at: str


class Subscription(NamedTuple):
    """A present or former subscription, a row. `since` is UTC text.

    `tags` are the chosen ones, as in the URLs of their feeds, one a line; "" for all.
    """

    newsletter: str
    subscriber: int
    state: str
    since: str
    tags: str = ""


class Consent(NamedTuple):
    """The evidence of a consent or of its withdrawal, a row; never changed."""

    subscriber: int
    newsletter: str
    occurred_at: str
    event: str
    detail: str
    client: str = ""


class Suppression(NamedTuple):
    """An address, by its hash, that is never to be mailed again."""

    hash: str
    reason: str
    detail: str
    since: str


class Listed(NamedTuple):
    """A subscription with its person. `state` is that of the subscription, or `suppressed`."""

    subscriber: int
    address: str
    name: str
    newsletter: str
    state: str
    since: str
    tags: str


LISTED = (
    "SELECT s.subscriber, p.address, p.name, s.newsletter, "
    "CASE WHEN x.hash IS NULL THEN s.state ELSE 'suppressed' END AS state, s.since, s.tags "
    "FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber "
    "LEFT JOIN suppressions x ON x.hash = p.hash"
)
PAGE = 5_000
"""Rows that are read at one time."""

TO_SUBSCRIBER = "issue IN (SELECT issue FROM issue_sends) AND subscriber = :s"
"""The SQL condition that a row is about a delivery to a person, found by its key in each issue."""


class Subscribers:
    """The subscribers, their subscriptions and consents, and the suppressions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows
        self._withdrawals = Withdrawals(database)

    # -- reading ---------------------------------------------------------------------------

    def find(self, hashed: str) -> Subscriber | None:
        """The person whose address has this hash."""
        rows = self._rows(
            "SELECT id, address, hash, name, created_at FROM subscribers WHERE hash = :h",
            {"h": hashed},
        )
        return Subscriber._make(rows[0]) if rows else None

    def by_id(self, number: int) -> Subscriber | None:
        """The person of this number."""
        rows = self._rows(
            "SELECT id, address, hash, name, created_at FROM subscribers WHERE id = :i",
            {"i": number},
        )
        return Subscriber._make(rows[0]) if rows else None

    def subscriptions(self, subscriber: int) -> list[Subscription]:
        """The present and former subscriptions of a person."""
        rows = self._rows(
            "SELECT newsletter, subscriber, state, since, tags FROM subscriptions "
            "WHERE subscriber = :s ORDER BY newsletter",
            {"s": subscriber},
        )
        return [Subscription._make(row) for row in rows]

    def consents(self, subscriber: int) -> list[Consent]:
        """The evidence, the oldest first."""
        rows = self._rows(
            "SELECT subscriber, newsletter, occurred_at, event, detail, client FROM consents "
            "WHERE subscriber = :s ORDER BY occurred_at, newsletter, event",
            {"s": subscriber},
        )
        return [Consent._make(row) for row in rows]

    def suppression(self, hashed: str) -> Suppression | None:
        """The suppression of the address with this hash; None if it may be mailed."""
        rows = self._rows(
            "SELECT hash, reason, detail, since FROM suppressions WHERE hash = :h", {"h": hashed}
        )
        return Suppression._make(rows[0]) if rows else None

    def listed(self, newsletter: str | None, state: str | None) -> Iterator[Listed]:
        """Subscriptions to this newsletter, or any, in this state, or any; the oldest first.

        Read in pages; those added meanwhile may be included or not.
        """
        filters = {"newsletter": newsletter, "state": state}
        values: dict[str, object] = {name: value for name, value in filters.items() if value}
        where = " AND ".join(
            ["(subscriber, newsletter) > (:s, :n)", *(f"{k} = :{k}" for k in values)]
        )
        query = f"SELECT * FROM ({LISTED}) AS l WHERE {where} ORDER BY subscriber, newsletter"
        last: tuple[int, str] = (0, "")
        while rows := self._rows(f"{query} LIMIT {PAGE}", {**values, "s": last[0], "n": last[1]}):
            yield from map(Listed._make, rows)
            last = rows[-1][0], rows[-1][3]

    # -- writing, inside a transaction -----------------------------------------------------

    def salt(self) -> str:
        """The salt of hashed addresses; created when it is first used."""
        self._database.run(
            "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING",
            {"key": SALT, "value": secrets.token_hex(16)},
        )
        return self._meta(SALT)

    def reserve(self, number: int) -> int:
        """Reserve ids for new people; the id before the first of them."""
        last = int(self._meta(LAST) or 0)
        self._database.upsert("meta", ("key", "value"), [(LAST, str(last + number))])
        return last

    def subscribe(
        self, address: str, hashed: str, name: str, newsletter: str, detail: str, now: str
    ) -> Outcome:
        """Subscribe the person with an address, unless they unsubscribed or are suppressed.

        The name of a known person stays.
        """
        if self.suppression(hashed):
            return Outcome.SUPPRESSED
        subscriber = self.find(hashed) or self._add(address, hashed, name, now)
        which = {"n": newsletter, "s": subscriber.id}
        query = "SELECT state FROM subscriptions WHERE newsletter = :n AND subscriber = :s"
        if states := self._rows(query, which):
            return Outcome(states[0][0])
        active = Subscription(newsletter, subscriber.id, SubscriptionState.ACTIVE, now)
        self._database.upsert("subscriptions", Subscription._fields, [active])
        self._record_consent(Consent(subscriber.id, newsletter, now, "added", detail))
        return Outcome.ADDED

    def confirm(
        self,
        address: str,
        hashed: str,
        newsletters: Sequence[str],
        evidence: Sequence[Consent],
        now: str,
    ) -> Subscriber | None:
        """Subscribe a person who confirmed, also to newsletters they had unsubscribed from.

        `evidence` is stored for each newsletter, with person and newsletter replaced. None, and
        nothing is stored, if the address is suppressed.
        """
        if self.suppression(hashed):
            return None
        subscriber = self.find(hashed) or self._add(address, hashed, "", now)
        existing = {each.newsletter: each for each in self.subscriptions(subscriber.id)}
        for newsletter in newsletters:
            before = existing.get(newsletter)
            if before is None or before.state != SubscriptionState.ACTIVE:
                active = Subscription(newsletter, subscriber.id, SubscriptionState.ACTIVE, now)
                self._database.upsert("subscriptions", Subscription._fields, [active])
            if before and before.state != SubscriptionState.ACTIVE:
                self._withdrawals.add(hashed, newsletter, SUBSCRIBED, now)
            for each in evidence:
                self._record_consent(each._replace(subscriber=subscriber.id, newsletter=newsletter))
        return subscriber

    def choose(self, subscription: Subscription, tags: Sequence[str]) -> None:
        """Change the tags of a subscription; none for everything."""
        chosen = subscription._replace(tags="\n".join(tags))
        self._database.upsert("subscriptions", Subscription._fields, [chosen])

    def unsubscribe(
        self,
        subscriber: int,
        newsletters: Sequence[str],
        detail: str,
        now: str,
        client: str = "",
    ) -> list[str]:
        """Unsubscribe a person from these newsletters; those they were subscribed to."""
        active = SubscriptionState.ACTIVE
        ended = [
            each
            for each in self.subscriptions(subscriber)
            if each.newsletter in newsletters and each.state == active
        ]
        row = self.by_id(subscriber)
        for each in ended:
            if row:
                self._withdrawals.add(row.hash, each.newsletter, UNSUBSCRIBED, now)
            gone = each._replace(state=SubscriptionState.UNSUBSCRIBED, since=now)
            self._database.upsert("subscriptions", Subscription._fields, [gone])
            self._record_consent(
                Consent(subscriber, each.newsletter, now, "unsubscribed", detail, client)
            )
        return [each.newsletter for each in ended]

    def suppress(self, hashed: str, reason: SuppressionReason, detail: str, now: str) -> bool:
        """Suppress an address; False if nothing changes.

        An earlier suppression stays, unless this reason is stronger.
        """
        changed = self._rows(
            "INSERT INTO suppressions (hash, reason, detail, since) VALUES (:h, :r, :d, :now) "
            "ON CONFLICT (hash) DO UPDATE SET reason = excluded.reason, "
            "detail = excluded.detail, since = excluded.since "
            f"WHERE {_strength('excluded.reason')} > {_strength('suppressions.reason')} "
            "RETURNING hash",
            {"h": hashed, "r": reason.value, "d": detail, "now": now},
        )
        if changed:
            self._withdrawals.add(hashed, "", reason.value, now)
        return bool(changed)

    def unsuppress(self, hashed: str, now: str) -> bool:
        """Lift a suppression; False if there is none, or the person was erased."""
        suppression = self.suppression(hashed)
        if suppression is None or suppression.reason == SuppressionReason.ERASED:
            return False
        self._database.run("DELETE FROM suppressions WHERE hash = :h", {"h": hashed})
        self._withdrawals.add(hashed, "", LIFTED, now)
        return True

    def erase(self, subscriber: Subscriber) -> None:
        """Delete a person and all their data."""
        which = {"s": subscriber.id}
        for table in ("consents", "subscriptions"):
            self._database.run(f"DELETE FROM {table} WHERE subscriber = :s", which)
        self._database.run("DELETE FROM subscribers WHERE id = :s", which)
        # Replies of servers contain the address.
        self._database.run("UPDATE bounces SET detail = '' WHERE subscriber = :s", which)
        for assignment in ("delivery_events SET detail = ''", "deliveries SET reply = ''"):
            self._database.run(f"UPDATE {assignment} WHERE {TO_SUBSCRIBER}", which)
        # The detail of a suppression may contain it.
        self._database.run(
            "UPDATE suppressions SET detail = '' WHERE hash = :h", {"h": subscriber.hash}
        )

    # -- helpers -----------------------------------------------------------------------------

    def _add(self, address: str, hashed: str, name: str, now: str) -> Subscriber:
        person = Subscriber(self.reserve(1) + 1, address, hashed, name, now)
        self._database.upsert("subscribers", Subscriber._fields, [person])
        return person

    def _meta(self, key: str) -> str:
        rows = self._rows("SELECT value FROM meta WHERE key = :key", {"key": key})
        return str(rows[0][0]) if rows else ""

    def _record_consent(self, consent: Consent) -> None:
        self._database.upsert("consents", Consent._fields, [consent])
