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

from syndicate.bounces.classify import AT_ONCE, MEMORY, BounceKind, soft_limit_reached
from syndicate.bounces.failure_budget import is_mostly_refused
from syndicate.bounces.report import BounceReport, Matching
from syndicate.errors import AddressError
from syndicate.store.bounces import Bounce, Bounces, identity
from syndicate.store.database import Database
from syndicate.store.requests import SigningKey, SigningKeys
from syndicate.store.subscribers import Subscriber, Subscribers, SuppressionReason
from syndicate.subscribers.addresses import address
from syndicate.subscribers.tokens import Purpose, TokenError
from syndicate.subscribers.tokens import read as read_token
from syndicate.timestamps import format_timestamp, parse_timestamp

HEARD_FOR = timedelta(days=30)
"""How long events of providers are remembered."""

SKEW = timedelta(minutes=5)
"""How far a provider's clock may be behind ours."""


class BounceResult(StrEnum):
    """What a notice came to."""

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
    database: Database, report: BounceReport, matching: Matching, now: datetime
) -> BounceResult:
    """Do what follows from a notice, in one transaction."""
    with database.transaction():
        if report.event and not _is_new(database, report.event, now):
            return BounceResult.KNOWN
        found = _delivery(database, report, matching, now)
        if found is None:
            return BounceResult.UNMATCHED
        if report.kind is None:
            return BounceResult.NOTHING
        issue, who = found
        return record_bounce(database, issue, who, report.kind, report.status, report.detail, now)


def record_bounce(
    database: Database,
    issue: int,
    who: Subscriber,
    kind: BounceKind,
    status: str,
    detail: str,
    now: datetime,
    *,
    waits: bool = False,
) -> BounceResult:
    """Keep that a delivery was refused or not wanted, with all that follows.

    Inside a transaction. `detail` is what the server said. While an issue goes out, a hard refusal
    `waits` for `settle_refusals`. Of an issue that mostly comes back nothing follows either: what
    followed from its first notices is taken back.
    """
    bounces, moment = Bounces(database), format_timestamp(now)
    mark = identity(issue, who.id, kind)
    bounce = Bounce(mark, issue, who.id, kind, status, detail, moment)
    if bounces.known(bounce):
        return BounceResult.KNOWN
    complained = kind == BounceKind.COMPLAINT
    is_first = bounces.keep(bounce, "complained" if complained else "bounced")
    if not complained and _mostly_came_back(bounces, issue):
        is_turn = is_first and not _mostly_came_back(bounces, issue, without=1)
        if is_turn or not waits:
            _take_back(database, issue, now, None if is_turn else who.id)
        if not waits:
            return BounceResult.KEPT
    if not (kind in AT_ONCE or (kind == BounceKind.SOFT and _is_worn_out(bounces, bounce, now))):
        return BounceResult.KEPT
    if kind == BounceKind.HARD and waits:
        return BounceResult.KEPT
    said = detail if complained else f"{kind}: {_with(status, detail)}"
    why = SuppressionReason.COMPLAINT if complained else SuppressionReason.BOUNCE
    Subscribers(database).suppress(who.hash, why, said, moment)
    if not complained:
        bounces.followed(issue, who.id, moment)
    return BounceResult.SUPPRESSED


def settle_refusals(database: Database, issue: int, now: str) -> None:
    """Suppress addresses that servers refused as unknown while an issue went out, once.

    Inside a transaction, when the issue is through and was not refused too much.
    """
    bounces = Bounces(database)
    for each in bounces.refused(issue):
        said = f"{BounceKind.HARD}: {_with(each.status, each.detail)}"
        Subscribers(database).suppress(each.hash, SuppressionReason.BOUNCE, said, now)
        bounces.followed(issue, each.subscriber, now)


def _mostly_came_back(bounces: Bounces, issue: int, without: int = 0) -> bool:
    """Whether most of an issue was refused or came back: then it says nothing of any address.

    `without` is how many of those that came back not to count.
    """
    returned, planned = bounces.returned(issue)
    returned -= without
    return is_mostly_refused(planned - returned, returned, 0)


def _take_back(database: Database, issue: int, now: datetime, subscriber: int | None) -> None:
    """Lift what only the bounces of an issue caused, of which most came back.

    For all subscribers as soon as most of it came back, then for the one of each further notice.

    A soft bounce of it may have been one of several: the others are counted again.
    """
    bounces = Bounces(database)
    for cause, each in bounces.causes(issue, subscriber):
        if cause != issue and _is_still_worn_out(bounces, cause, each, now):
            continue
        if hashed := bounces.only_cause(cause, each):
            Subscribers(database).unsuppress(hashed, format_timestamp(now))
        bounces.taken_back(cause, each)


def _is_still_worn_out(bounces: Bounces, issue: int, subscriber: int, now: datetime) -> bool:
    soft = (b for b in bounces.of(subscriber) if (b.issue, b.kind) == (issue, BounceKind.SOFT))
    return any(_is_worn_out(bounces, bounce, now) for bounce in soft)


def _with(status: str, detail: str) -> str:
    return detail if status in detail else f"{status} {detail}"


def _is_new(database: Database, event: str, now: datetime) -> bool:
    return Bounces(database).hear(event, now, HEARD_FOR)


def _is_worn_out(bounces: Bounces, bounce: Bounce, now: datetime) -> bool:
    """Whether an address came back softly too often, by issues that did not mostly come back."""
    found = bounces.soft_bounces_since(bounce.subscriber, format_timestamp(now - MEMORY))
    # What is later than now was heard while the clock was ahead: not later than now, in truth.
    softly = {i: min(parse_timestamp(at), now) for i, at in found.items() if i <= bounce.issue}
    arrived = bounces.arrived(bounce.subscriber, min(softly), bounce.issue)
    if not soft_limit_reached(softly, arrived):
        return False
    counted = {i: at for i, at in softly.items() if not _mostly_came_back(bounces, i)}
    return soft_limit_reached(counted, arrived)


def _delivery(
    database: Database, report: BounceReport, matching: Matching, now: datetime
) -> tuple[int, Subscriber] | None:
    """The delivery a notice is of: by our own return path or link, else by who it was for.

    Without a return path, it is of the last issue that was sent before the event.
    """
    known = Subscribers(database)
    for each in report.sent_to:
        if found := matching(each):
            who = known.by_id(found[1])
            return (found[0], who) if who else None
    who, newsletter = _by_link(database, report, now) or (_by_address(known, report), "")
    until = format_timestamp(min(report.at, now - SKEW) + SKEW if report.at else now)
    issue = (
        Bounces(database).latest(who.id, until, format_timestamp(now), newsletter) if who else None
    )
    return (issue, who) if who and issue is not None else None


def _by_link(
    database: Database, report: BounceReport, now: datetime
) -> tuple[Subscriber, str] | None:
    """Whose link to unsubscribe from which newsletter a returned message carries."""
    secrets = SigningKeys(database).good(format_timestamp(now)) if report.links else ()
    for newsletter, token in report.links:
        with suppress(TokenError):
            number = read_token(token, Purpose.UNSUBSCRIBE, secrets, now, newsletter)
            if who := Subscribers(database).by_id(number):
                return who, newsletter
    return None


def _by_address(known: Subscribers, report: BounceReport) -> Subscriber | None:
    try:
        return known.find(address(report.recipient).hashed(known.salt()))
    except AddressError:
        return None


def return_path_reader(secrets: Sequence[SigningKey]) -> Matching:
    """Reads the return paths that were made with these secrets."""
    from syndicate.bounces.return_path import read

    return lambda text: read(text, secrets)
