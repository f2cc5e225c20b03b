"""What an operator does to subscriptions: add, unsubscribe, suppress. Each in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from syndicate.errors import SyndicateError
from syndicate.store.database import Database
from syndicate.store.subscribers import Outcome, Subscribers, SuppressionReason
from syndicate.subscribers.addresses import EmailAddress, named
from syndicate.subscribers.import_csv import Agreement
from syndicate.subscribers.lookup import hashed_address, subscriber_at
from syndicate.timestamps import format_timestamp


class Unsubscribed(NamedTuple):
    """A subscriber's address, and the newsletters that they no longer get."""

    address: str
    newsletters: tuple[str, ...]


def add(
    database: Database, texts: Iterable[str], agreement: Agreement, name: str
) -> list[tuple[str, Outcome]]:
    """Subscribe addresses, which may have a name: `Ada <ada@example.org>`.

    `name` is the name of a subscriber whose address has none. Returns each address with its
    outcome. Raises AddressError; then none is added.
    """
    with database.transaction():
        return [_add(database, text, agreement, name) for text in texts]


def _add(database: Database, text: str, agreement: Agreement, name: str) -> tuple[str, Outcome]:
    written_name, written_address = named(text)
    hashed = hashed_address(database, written_address)
    mail = hashed.address.mail
    outcome = Subscribers(database).subscribe(
        mail,
        hashed.hash,
        name or written_name,
        agreement.newsletter,
        agreement.detail,
        agreement.now,
    )
    return mail, outcome


def unsubscribe(
    database: Database, text: str, newsletter: str, reason: str, now: datetime
) -> Unsubscribed:
    """Unsubscribe an address from a newsletter; from all if `newsletter` is "".

    Raises SyndicateError if there is no such subscriber.
    """
    with database.transaction():
        subscribers, subscriber = Subscribers(database), subscriber_at(database, text)
        subscriptions = subscribers.subscriptions(subscriber.id)
        names = [newsletter] if newsletter else [each.newsletter for each in subscriptions]
        ended = subscribers.unsubscribe(subscriber.id, names, reason, format_timestamp(now))
    return Unsubscribed(subscriber.address, tuple(ended))


def suppress(database: Database, text: str, reason: str, now: datetime) -> EmailAddress:
    """Suppress an address, of a subscriber or not. Raises AddressError."""
    with database.transaction():
        hashed = hashed_address(database, text)
        Subscribers(database).suppress(
            hashed.hash, SuppressionReason.REQUEST, reason, format_timestamp(now)
        )
    return hashed.address


def lift_suppression(database: Database, text: str, now: datetime) -> EmailAddress:
    """Lift a suppression. Raises SyndicateError if there is none, or if the address was erased."""
    with database.transaction():
        hashed = hashed_address(database, text)
        if not Subscribers(database).unsuppress(hashed.hash, format_timestamp(now)):
            raise SyndicateError(
                f"{hashed.address.mail} is not suppressed, or was erased",
                hint="an erased address cannot be added again",
            )
    return hashed.address
