"""Find a subscriber by an email address that an operator typed."""

from __future__ import annotations

from typing import NamedTuple

from syndicate.errors import AddressError, SyndicateError
from syndicate.store.database import Database
from syndicate.store.subscribers import Subscriber, Subscribers
from syndicate.subscribers.addresses import EmailAddress, address


class HashedAddress(NamedTuple):
    """An address and its hash in one store."""

    address: EmailAddress
    hash: str


def parse_address(text: str) -> EmailAddress:
    """An address. Raises AddressError with the text and a hint."""
    try:
        return address(text)
    except AddressError as error:
        message = f"{text!r} is not a valid email address: {error.message}"
        raise AddressError(message, hint="write it like name@example.org") from None


def hashed_address(database: Database, text: str) -> HashedAddress:
    """An address with its hash, within a transaction: the first one creates the salt.

    Raises AddressError.
    """
    parsed = parse_address(text)
    return HashedAddress(parsed, parsed.hashed(Subscribers(database).salt()))


def subscriber_at(database: Database, text: str) -> Subscriber:
    """The subscriber with an address, within a transaction.

    Raises SyndicateError if there is none, and AddressError.
    """
    hashed = hashed_address(database, text)
    subscriber = Subscribers(database).find(hashed.hash)
    if subscriber is None:
        raise no_subscriber(hashed.address)
    return subscriber


def no_subscriber(email_address: EmailAddress) -> SyndicateError:
    """The error for an address that no subscriber has."""
    hint = "list subscribers: syndicate subscribers list"
    return SyndicateError(f"no subscriber with the address {email_address.mail}", hint=hint)
