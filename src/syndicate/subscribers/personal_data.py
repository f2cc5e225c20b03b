"""All data about one person: read it, export it, erase it (GDPR, articles 15 and 17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.store.bounces import Bounce, Bounces
from syndicate.store.database import Database
from syndicate.store.erasing import erase_from_texts, texts_with
from syndicate.store.requests import SignupRequest, SignupRequests
from syndicate.store.subscribers import (
    Consent,
    Subscribers,
    Subscription,
    Suppression,
    SuppressionReason,
)
from syndicate.subscribers.lookup import (
    HashedAddress,
    hashed_address,
    no_subscriber,
    parse_address,
)
from syndicate.timestamps import format_timestamp


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What the store knows of a person. `since` and `name` are "" for one who is no subscriber."""

    address: str
    name: str
    since: str
    subscriptions: Sequence[Subscription]
    consents: Sequence[Consent]
    requests: Sequence[SignupRequest]
    bounces: Sequence[Bounce]
    suppression: Suppression | None


@dataclass(frozen=True, slots=True)
class Erased:
    """An erased address. `is_purged`: no file of the database contains it any more."""

    address: str
    is_purged: bool


def personal_data(database: Database, text: str) -> PersonalData:
    """All data about the person with an address.

    Raises SyndicateError if the address is not in the store, and AddressError.
    """
    subscribers = Subscribers(database)
    with database.transaction():
        hashed = hashed_address(database, text)
    subscriber = subscribers.find(hashed.hash)
    requests = SignupRequests(database).of(hashed.hash)
    suppression = subscribers.suppression(hashed.hash)
    if not (subscriber or requests or suppression):
        raise no_subscriber(hashed.address)
    if subscriber is None:
        return PersonalData(hashed.address.mail, "", "", (), (), requests, (), suppression)
    return PersonalData(
        address=subscriber.address,
        name=subscriber.name,
        since=subscriber.created_at,
        subscriptions=subscribers.subscriptions(subscriber.id),
        consents=subscribers.consents(subscriber.id),
        requests=requests,
        bounces=Bounces(database).of(subscriber.id),
        suppression=suppression,
    )


def export_document(database: Database, text: str) -> dict[str, object]:
    """All data about the person with an address, for JSON.

    Raises SyndicateError if the person is not a subscriber and has no requests: of an address that
    is only suppressed, the store has just the hash. Raises AddressError.
    """
    data = personal_data(database, text)
    if not (data.since or data.requests):
        raise no_subscriber(parse_address(text))
    suppression = data.suppression
    return {
        "address": data.address,
        "name": data.name,
        "since": data.since,
        "subscriptions": [
            {"newsletter": s.newsletter, "state": s.state, "since": s.since}
            | {"tags": s.tags.splitlines()}
            for s in data.subscriptions
        ],
        "consents": [
            {"newsletter": c.newsletter, "at": c.occurred_at, "event": c.event}
            | {"detail": c.detail, "client": c.client}
            for c in data.consents
        ],
        "requests": [
            {"kind": r.kind, "newsletters": r.requested, "asked": r.requested_at}
            | {"client": r.client, "agreed": r.consent_text, "state": r.state}
            for r in data.requests
        ],
        "bounces": [
            {"issue": b.issue, "kind": b.kind, "status": b.status}
            | {"detail": b.detail, "at": b.received_at}
            for b in data.bounces
        ],
        "suppressed": suppression and {"reason": suppression.reason, "since": suppression.since},
    }


def erase(database: Database, text: str, now: datetime) -> Erased:
    """Erase all data about a person; a hash of the address stays suppressed.

    For an address that was erased before, texts that came since are erased. Raises SyndicateError
    if the address was never in the store, and AddressError.
    """
    with database.transaction():
        wanted = hashed_address(database, text)
        spellings = [wanted.address.mail, wanted.address.key, *_erase_rows(database, wanted, now)]
    places = texts_with(database, spellings)  # all texts are read: others can write meanwhile
    with database.transaction():
        erase_from_texts(database, places, spellings)
    return Erased(wanted.address.mail, database.purge())


def _erase_rows(database: Database, wanted: HashedAddress, now: datetime) -> list[str]:
    """Erase what is only about a person; the address as they wrote it, if they have a record."""
    subscribers, requests = Subscribers(database), SignupRequests(database)
    subscriber, suppression = subscribers.find(wanted.hash), subscribers.suppression(wanted.hash)
    was_erased = suppression is not None and suppression.reason == SuppressionReason.ERASED
    if not (subscriber or was_erased or requests.of(wanted.hash)):
        raise no_subscriber(wanted.address)
    if subscriber:
        subscribers.erase(subscriber)
    requests.erase(wanted.hash)
    subscribers.suppress(wanted.hash, SuppressionReason.ERASED, "", format_timestamp(now))
    return [subscriber.address] if subscriber else []
