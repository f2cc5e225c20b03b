"""Reapply to a restored store the withdrawals that were made after its backup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.store.database import Database
from syndicate.store.erasing import erase_from_texts, texts_with
from syndicate.store.requests import SignupRequests
from syndicate.store.subscribers import Subscribers, SuppressionReason
from syndicate.store.withdrawals import LIFTED, SUBSCRIBED, UNSUBSCRIBED, Withdrawal, Withdrawals
from syndicate.subscribers.addresses import address
from syndicate.timestamps import format_timestamp

AFTER_BACKUP = "after the backup that was restored"


@dataclass(frozen=True, slots=True)
class Reapplied:
    """The numbers of ended subscriptions, suppressed addresses and erased people."""

    unsubscribed: int
    suppressed: int
    erased: int


def reapply(database: Database, recorded: Sequence[Withdrawal], now: datetime) -> Reapplied:
    """Apply the recorded withdrawals that a restored store lacks; inside a transaction.

    One that a later subscription revoked is not applied; an erasure always is.
    """
    table = Withdrawals(database)
    applied = table.after(0)
    missing = _without(recorded, applied)
    table.add_lost(missing)
    erased = [each for each in missing if each.event == SuppressionReason.ERASED]
    in_order = sorted([*applied, *missing], key=lambda each: (each.occurred_at, each.id))
    latest = _without({each.scope: each for each in in_order}.values(), applied)
    for each in erased:
        _erase(database, each.hash, format_timestamp(now))
    return Reapplied(
        sum(_unsubscribe(database, each) for each in latest if each.event == UNSUBSCRIBED),
        sum(_suppress(database, each) for each in latest if each.event not in NO_SUPPRESSION),
        len({each.hash for each in erased}),
    )


def _without(some: Iterable[Withdrawal], others: Iterable[Withdrawal]) -> list[Withdrawal]:
    """Those that are not among the others, ignoring ids."""
    without = {each[1:] for each in others}
    return [each for each in some if each[1:] not in without]


NO_SUPPRESSION = (UNSUBSCRIBED, SUBSCRIBED, LIFTED, SuppressionReason.ERASED)


def _unsubscribe(database: Database, withdrawal: Withdrawal) -> bool:
    subscribers = Subscribers(database)
    subscriber = subscribers.find(withdrawal.hash)
    newsletters = [withdrawal.newsletter]
    return bool(
        subscriber
        and subscribers.unsubscribe(
            subscriber.id, newsletters, AFTER_BACKUP, withdrawal.occurred_at
        )
    )


def _suppress(database: Database, withdrawal: Withdrawal) -> bool:
    reason = SuppressionReason(withdrawal.event)
    return Subscribers(database).suppress(
        withdrawal.hash, reason, AFTER_BACKUP, withdrawal.occurred_at
    )


def _erase(database: Database, hashed: str, now: str) -> None:
    subscribers = Subscribers(database)
    if subscriber := subscribers.find(hashed):
        spelled = address(subscriber.address)
        subscribers.erase(subscriber)
        spellings = [subscriber.address, spelled.mail, spelled.key]
        erase_from_texts(database, texts_with(database, spellings), spellings)
    SignupRequests(database).erase(hashed)
    subscribers.suppress(hashed, SuppressionReason.ERASED, "", now)
