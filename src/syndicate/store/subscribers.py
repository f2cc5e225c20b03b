"""Tables of subscribers, subscriptions, consents and suppressions. All their SQL is here.

Addresses are found by their salted hash, so that an erased person stays suppressed without being
known. Adding never brings back people who unsubscribed or are suppressed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from syndicate.store.database import Database
from syndicate.store.withdrawals import LIFTED, SUBSCRIBED, UNSUBSCRIBED, Withdrawals

SALT, LAST = "address-salt", "last-subscriber"
"""Names in `meta`: what addresses are hashed with, and the highest id that was ever given."""


class SubscriptionState(StrEnum):
    """Whether somebody gets a newsletter."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"


class Outcome(StrEnum):
    """What became of somebody who was to get a newsletter."""

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
"""A stronger reason replaces a weaker one: it is not lifted with that one's cause."""


def _strength(column: str) -> str:
    """The SQL of how strong a reason is."""
    cases = (f"WHEN '{reason}' THEN {rank}" for rank, reason in enumerate(STRONGEST_LAST))
    return f"CASE {column} {' '.join(cases)} ELSE 0 END"


class Subscriber(NamedTuple):
    """A person, a row. `made` is UTC text."""

    id: int
    address: str
    hash: str
    name: str
    made: str


class Subscription(NamedTuple):
    """That somebody gets a newsletter, or did: a row. `since` is UTC text.

    `tags` are chosen ones, as in the addresses of their feeds, one a line; "" for all.
    """

    newsletter: str
    subscriber: int
    state: str
    since: str
    tags: str = ""


class Consent(NamedTuple):
    """What somebody agreed to, or took back, and how that came about: a row, kept for ever."""

    subscriber: int
    newsletter: str
    at: str
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
    """Who gets, or got, which newsletter. `state` is that of the subscription, or `suppressed`."""

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
"""Rows of a list that are read at one time."""


class Subscribers:
    """What the database knows about subscribers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows
        self._withdrawals = Withdrawals(database)

    # -- reading ---------------------------------------------------------------------------

    def find(self, hashed: str) -> Subscriber | None:
        """The person whose address has this hash."""
        rows = self._rows(
            "SELECT id, address, hash, name, made FROM subscribers WHERE hash = :h", {"h": hashed}
        )
        return Subscriber._make(rows[0]) if rows else None

    def by_id(self, number: int) -> Subscriber | None:
        """The person of this number."""
        rows = self._rows(
            "SELECT id, address, hash, name, made FROM subscribers WHERE id = :i", {"i": number}
        )
        return Subscriber._make(rows[0]) if rows else None

    def subscriptions(self, subscriber: int) -> list[Subscription]:
        """What somebody gets or got."""
        rows = self._rows(
            "SELECT newsletter, subscriber, state, since, tags FROM subscriptions "
            "WHERE subscriber = :s ORDER BY newsletter",
            {"s": subscriber},
        )
        return [Subscription._make(row) for row in rows]

    def consents(self, subscriber: int) -> list[Consent]:
        """The evidence, the oldest first."""
        rows = self._rows(
            "SELECT subscriber, newsletter, at, event, detail, client FROM consents "
            "WHERE subscriber = :s ORDER BY at, newsletter, event",
            {"s": subscriber},
        )
        return [Consent._make(row) for row in rows]

    def suppression(self, hashed: str) -> Suppression | None:
        """Why the address with this hash is not to be mailed; None if it may be."""
        rows = self._rows(
            "SELECT hash, reason, detail, since FROM suppressions WHERE hash = :h", {"h": hashed}
        )
        return Suppression._make(rows[0]) if rows else None

    def listed(self, newsletter: str | None, state: str | None) -> Iterator[Listed]:
        """Who gets or got this newsletter, or any, in this state, or any: the oldest first.

        Read a page at a time; who comes meanwhile may be in it or not.
        """
        wanted = {"newsletter": newsletter, "state": state}
        values: dict[str, object] = {name: value for name, value in wanted.items() if value}
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
        """What addresses are hashed with; the first to ask makes it, and it stays."""
        self._database.run(
            "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING",
            {"key": SALT, "value": secrets.token_hex(16)},
        )
        return self._noted(SALT)

    def reserve(self, many: int) -> int:
        """Keep ids for new people, which nobody else is given; give the one before the first."""
        last = int(self._noted(LAST) or 0)
        self._database.upsert("meta", ("key", "value"), [(LAST, str(last + many))])
        return last

    def subscribe(
        self, address: str, hashed: str, name: str, newsletter: str, detail: str, now: str
    ) -> Outcome:
        """Have the person with an address get a newsletter, unless they left or are suppressed.

        The name of a person who is known already stays.
        """
        if self.suppression(hashed):
            return Outcome.SUPPRESSED
        who = self.find(hashed) or self._add(address, hashed, name, now)
        which = {"n": newsletter, "s": who.id}
        query = "SELECT state FROM subscriptions WHERE newsletter = :n AND subscriber = :s"
        if known := self._rows(query, which):
            return Outcome(known[0][0])
        active = Subscription(newsletter, who.id, SubscriptionState.ACTIVE, now)
        self._database.upsert("subscriptions", Subscription._fields, [active])
        self._record_consent(Consent(who.id, newsletter, now, "added", detail))
        return Outcome.ADDED

    def confirm(
        self,
        address: str,
        hashed: str,
        newsletters: Sequence[str],
        evidence: Sequence[Consent],
        now: str,
    ) -> Subscriber | None:
        """Have somebody who confirmed it get these newsletters, also those they left before.

        `evidence` is kept for each newsletter, whatever person and newsletter it names. None,
        and nothing is kept, if the address is suppressed.
        """
        if self.suppression(hashed):
            return None
        who = self.find(hashed) or self._add(address, hashed, "", now)
        known = {each.newsletter: each for each in self.subscriptions(who.id)}
        for newsletter in newsletters:
            before = known.get(newsletter)
            if before is None or before.state != SubscriptionState.ACTIVE:
                active = Subscription(newsletter, who.id, SubscriptionState.ACTIVE, now)
                self._database.upsert("subscriptions", Subscription._fields, [active])
            if before and before.state != SubscriptionState.ACTIVE:
                self._withdrawals.add(hashed, newsletter, SUBSCRIBED, now)
            for each in evidence:
                self._record_consent(each._replace(subscriber=who.id, newsletter=newsletter))
        return who

    def choose(self, subscription: Subscription, tags: Sequence[str]) -> None:
        """Have somebody get only what has one of these tags; none: everything."""
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
        """Have somebody get these newsletters no more; give those that they got until now."""
        active = SubscriptionState.ACTIVE
        left = [
            each
            for each in self.subscriptions(subscriber)
            if each.newsletter in newsletters and each.state == active
        ]
        who = self.by_id(subscriber)
        for each in left:
            if who:
                self._withdrawals.add(who.hash, each.newsletter, UNSUBSCRIBED, now)
            gone = each._replace(state=SubscriptionState.UNSUBSCRIBED, since=now)
            self._database.upsert("subscriptions", Subscription._fields, [gone])
            self._record_consent(
                Consent(subscriber, each.newsletter, now, "unsubscribed", detail, client)
            )
        return [each.newsletter for each in left]

    def suppress(self, hashed: str, reason: SuppressionReason, detail: str, now: str) -> bool:
        """Never have an address mailed again; False if nothing changes.

        One that is suppressed already stays as it is, unless this reason is a stronger one.
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
        """An address may be mailed again; False if it was not suppressed, or was erased."""
        known = self.suppression(hashed)
        if known is None or known.reason == SuppressionReason.ERASED:
            return False
        self._database.run("DELETE FROM suppressions WHERE hash = :h", {"h": hashed})
        self._withdrawals.add(hashed, "", LIFTED, now)
        return True

    def erase(self, subscriber: Subscriber) -> None:
        """Forget a person, and all that is known of them."""
        which = {"s": subscriber.id}
        for table in ("consents", "subscriptions"):
            self._database.run(f"DELETE FROM {table} WHERE subscriber = :s", which)
        self._database.run("DELETE FROM subscribers WHERE id = :s", which)
        # What servers said of their address names it.
        for table in ("bounces", "delivery_events"):
            self._database.run(f"UPDATE {table} SET detail = '' WHERE subscriber = :s", which)
        self._database.run("UPDATE deliveries SET reply = '' WHERE subscriber = :s", which)
        # What was written down when they were suppressed may name them.
        self._database.run(
            "UPDATE suppressions SET detail = '' WHERE hash = :h", {"h": subscriber.hash}
        )

    # -- helpers -----------------------------------------------------------------------------

    def _add(self, address: str, hashed: str, name: str, now: str) -> Subscriber:
        person = Subscriber(self.reserve(1) + 1, address, hashed, name, now)
        self._database.upsert("subscribers", Subscriber._fields, [person])
        return person

    def _noted(self, key: str) -> str:
        rows = self._rows("SELECT value FROM meta WHERE key = :key", {"key": key})
        return str(rows[0][0]) if rows else ""

    def _record_consent(self, consent: Consent) -> None:
        self._database.upsert("consents", Consent._fields, [consent])
