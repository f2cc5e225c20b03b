"""Handle a bounce report: record it, and suppress the address if it must not be mailed again.

Idempotent, however often and late a report arrives: a delivery has one report of each kind, a
provider's event is accepted once and counts for the issue that was sent before it. A report that
belongs to none of our deliveries has no effect: anyone can write one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from syndicate.bounces.classify import MEMORY, SUPPRESS_IMMEDIATELY, BounceKind, soft_limit_reached
from syndicate.bounces.failure_budget import is_mostly_refused
from syndicate.bounces.report import BounceReport, ReturnPathReader
from syndicate.errors import AddressError
from syndicate.store.bounces import Bounce, Bounces, new_bounce
from syndicate.store.database import Database
from syndicate.store.requests import SigningKey, SigningKeys
from syndicate.store.subscribers import Subscriber, Subscribers, SuppressionReason
from syndicate.subscribers.addresses import address
from syndicate.subscribers.tokens import Purpose, TokenError
from syndicate.subscribers.tokens import read as read_token
from syndicate.timestamps import format_timestamp, parse_timestamp

REMEMBER_EVENTS = timedelta(days=30)
"""How long ids of provider events are kept."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far a provider's clock may be behind ours."""


class BounceResult(StrEnum):
    """The result of handling a message."""

    UNSUBSCRIBED = "unsubscribed"
    LINK_SENT = "asked for a link to unsubscribe"
    SUPPRESSED = "suppressed"
    KEPT = "kept"
    KNOWN = "known"
    NOTHING = "nothing"
    UNMATCHED = "unmatched"
    OTHER = "no notice"
    UNREADABLE = "unreadable"


def handle(
    database: Database, report: BounceReport, matching: ReturnPathReader, now: datetime
) -> BounceResult:
    """Handle a report in one transaction."""
    with database.transaction():
        if report.event and not _is_new(database, report.event, now):
            return BounceResult.KNOWN
        delivery = _delivery(database, report, matching, now)
        if delivery is None:
            return BounceResult.UNMATCHED
        if report.kind is None:
            return BounceResult.NOTHING
        issue, subscriber = delivery
        bounce = new_bounce(
            issue, subscriber.id, report.kind, now, status=report.status, detail=report.detail
        )
        return record_bounce(database, bounce, subscriber, now)


def record_bounce(
    database: Database,
    bounce: Bounce,
    subscriber: Subscriber,
    now: datetime,
    *,
    is_being_sent: bool = False,
) -> BounceResult:
    """Record a bounce or complaint, and suppress the address if it must not be mailed again.

    Inside a transaction. While an issue `is_being_sent`, a hard refusal suppresses only in
    `settle_refusals`, after its end. If most of an issue bounces, no address is suppressed, and
    suppressions from its first reports are lifted.
    """
    bounces, issue = Bounces(database), bounce.issue
    if bounces.is_stored(bounce):
        return BounceResult.KNOWN
    complained = bounce.kind == BounceKind.COMPLAINT
    is_first = bounces.add(bounce, "complained" if complained else "bounced")
    if not complained and _mostly_bounced(bounces, issue):
        is_turning_point = is_first and not _mostly_bounced(bounces, issue, without=1)
        if is_turning_point:
            _lift_suppressions(database, issue, now)
        elif not is_being_sent:
            _lift_suppressions(database, issue, now, subscriber.id)
        if not is_being_sent:
            return BounceResult.KEPT
    waits = is_being_sent and bounce.kind == BounceKind.HARD
    if waits or not _must_suppress(bounces, bounce, now):
        return BounceResult.KEPT
    _suppress(database, bounce, subscriber.hash)
    return BounceResult.SUPPRESSED


def _must_suppress(bounces: Bounces, bounce: Bounce, now: datetime) -> bool:
    """Whether a bounce suppresses its address: the first of some kinds, too many soft ones."""
    if bounce.kind in SUPPRESS_IMMEDIATELY:
        return True
    return bounce.kind == BounceKind.SOFT and _soft_limit_reached(bounces, bounce, now)


def _suppress(database: Database, bounce: Bounce, hashed: str) -> None:
    subscribers = Subscribers(database)
    if bounce.kind == BounceKind.COMPLAINT:
        subscribers.suppress(hashed, SuppressionReason.COMPLAINT, bounce.detail, bounce.received_at)
        return
    detail = f"{bounce.kind}: {_with_status(bounce.status, bounce.detail)}"
    subscribers.suppress(hashed, SuppressionReason.BOUNCE, detail, bounce.received_at)
    Bounces(database).mark_suppressed(bounce.issue, bounce.subscriber, bounce.received_at)


def settle_refusals(database: Database, issue: int, now: str) -> None:
    """Suppress addresses that servers refused as unknown while an issue was sent.

    Inside a transaction, when the issue ends without too many refusals. Once for each delivery.
    """
    bounces = Bounces(database)
    for each in bounces.refused(issue):
        detail = f"{BounceKind.HARD}: {_with_status(each.status, each.detail)}"
        Subscribers(database).suppress(each.hash, SuppressionReason.BOUNCE, detail, now)
        bounces.mark_suppressed(issue, each.subscriber, now)


def _mostly_bounced(bounces: Bounces, issue: int, without: int = 0) -> bool:
    """Whether most of an issue was refused or bounced: then it is no evidence against addresses.

    `without` is the number of bounces not to count.
    """
    returned, planned = bounces.returned(issue)
    returned -= without
    return is_mostly_refused(planned - returned, returned, 0)


def _lift_suppressions(
    database: Database, issue: int, now: datetime, subscriber: int | None = None
) -> None:
    """Lift suppressions that only the bounces of an issue caused; of one subscriber, if given.

    One may have been the last of several soft bounces: the others are counted again.
    """
    bounces = Bounces(database)
    for cause, each in bounces.causes(issue, subscriber):
        if cause != issue and _still_reaches_limit(bounces, cause, each, now):
            continue
        if hashed := bounces.only_cause(cause, each):
            Subscribers(database).unsuppress(hashed, format_timestamp(now))
        bounces.mark_lifted(cause, each)


def _still_reaches_limit(bounces: Bounces, issue: int, subscriber: int, now: datetime) -> bool:
    soft = (b for b in bounces.of(subscriber) if (b.issue, b.kind) == (issue, BounceKind.SOFT))
    return any(_soft_limit_reached(bounces, bounce, now) for bounce in soft)


def _with_status(status: str, detail: str) -> str:
    return detail if status in detail else f"{status} {detail}"


def _is_new(database: Database, event: str, now: datetime) -> bool:
    return Bounces(database).add_event(event, now, REMEMBER_EVENTS)


def _soft_limit_reached(bounces: Bounces, bounce: Bounce, now: datetime) -> bool:
    """Whether an address has too many soft bounces, of issues that did not mostly bounce."""
    times = bounces.soft_bounces_since(bounce.subscriber, format_timestamp(now - MEMORY))
    # A time later than now is from a clock that was ahead.
    soft_bounces = {
        i: min(parse_timestamp(at), now) for i, at in times.items() if i <= bounce.issue
    }
    arrived = bounces.arrived(bounce.subscriber, min(soft_bounces), bounce.issue)
    if not soft_limit_reached(soft_bounces, arrived):
        return False
    counted = {i: at for i, at in soft_bounces.items() if not _mostly_bounced(bounces, i)}
    return soft_limit_reached(counted, arrived)


def _delivery(
    database: Database, report: BounceReport, matching: ReturnPathReader, now: datetime
) -> tuple[int, Subscriber] | None:
    """The delivery of a report: by our return path or link, else by the recipient.

    Without a return path, it is that of the last issue sent before the event.
    """
    subscribers = Subscribers(database)
    for each in report.sent_to:
        if matched := matching(each):
            subscriber = subscribers.by_id(matched[1])
            return (matched[0], subscriber) if subscriber else None
    subscriber, newsletter = _by_link(database, report, now) or (
        _by_address(subscribers, report),
        "",
    )
    until = format_timestamp(min(report.at, now - CLOCK_SKEW) + CLOCK_SKEW if report.at else now)
    issue = (
        Bounces(database).latest(subscriber.id, until, format_timestamp(now), newsletter)
        if subscriber
        else None
    )
    return (issue, subscriber) if subscriber and issue is not None else None


def _by_link(
    database: Database, report: BounceReport, now: datetime
) -> tuple[Subscriber, str] | None:
    """Subscriber and newsletter of the unsubscribe link in a returned message."""
    keys = SigningKeys(database).valid(format_timestamp(now)) if report.links else ()
    for newsletter, token in report.links:
        with suppress(TokenError):
            number = read_token(token, Purpose.UNSUBSCRIBE, keys, now, newsletter)
            if subscriber := Subscribers(database).by_id(number):
                return subscriber, newsletter
    return None


def _by_address(subscribers: Subscribers, report: BounceReport) -> Subscriber | None:
    try:
        return subscribers.find(address(report.recipient).hashed(subscribers.salt()))
    except AddressError:
        return None


def return_path_reader(keys: Sequence[SigningKey]) -> ReturnPathReader:
    """A function that reads return paths made with these keys."""
    from syndicate.bounces.return_path import read

    return lambda text: read(text, keys)
