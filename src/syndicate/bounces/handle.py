"""Notice -> its consequence: what is kept of it, and whether the address is mailed again.

Acting twice on a notice is acting once, however often and late it comes again: a delivery has one
notice of each kind, an event of a provider is heard once, and counts for the issue that was sent
before it. Nothing follows from a notice that is of none of our deliveries: anyone can write one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from syndicate.bounces.classify import AT_ONCE, MEMORY, Kind, worn_out
from syndicate.bounces.failure_budget import is_mostly_refused
from syndicate.bounces.report import Matching, Notice
from syndicate.errors import AddressError
from syndicate.store.bounces import Bounce, Bounces, identity
from syndicate.store.database import Database
from syndicate.store.requests import Secret, Secrets
from syndicate.store.subscribers import Subscriber, Subscribers, Why
from syndicate.subscribers.addresses import address
from syndicate.subscribers.tokens import Purpose, TokenError
from syndicate.subscribers.tokens import read as read_token
from syndicate.timestamps import from_text, to_text

HEARD_FOR = timedelta(days=30)
"""How long events of providers are remembered."""

SKEW = timedelta(minutes=5)
"""How far a provider's clock may be behind ours."""


class Came(StrEnum):
    """What a notice came to."""

    UNSUBSCRIBED = "unsubscribed"
    LINK_SENT = "asked for a link to unsubscribe"
    SUPPRESSED = "suppressed"
    KEPT = "kept"
    KNOWN = "known"
    NOTHING = "nothing"
    UNMATCHED = "unmatched"
    OTHER = "no notice"


def act(database: Database, notice: Notice, matching: Matching, now: datetime) -> Came:
    """Do what follows from a notice, in one transaction."""
    with database.transaction():
        if notice.event and not _is_new(database, notice.event, now):
            return Came.KNOWN
        found = _delivery(database, notice, matching, now)
        if found is None:
            return Came.UNMATCHED
        if notice.kind is None:
            return Came.NOTHING
        issue, who = found
        return note(database, issue, who, notice.kind, notice.status, notice.detail, now)


def note(
    database: Database,
    issue: int,
    who: Subscriber,
    kind: Kind,
    status: str,
    detail: str,
    now: datetime,
    *,
    waits: bool = False,
) -> Came:
    """Keep that a delivery was refused or not wanted, with all that follows.

    Inside a transaction. `detail` is what the server said. While an issue goes out, a hard refusal
    `waits` for `settle_refusals`. Of an issue that mostly comes back nothing follows either: what
    followed from its first notices is taken back.
    """
    bounces, moment = Bounces(database), to_text(now)
    mark = identity(issue, who.id, kind)
    bounce = Bounce(mark, issue, who.id, kind, status, detail, moment)
    if bounces.known(bounce):
        return Came.KNOWN
    complained = kind == Kind.COMPLAINT
    bounces.keep(bounce, "complained" if complained else "bounced")
    if not (complained or waits) and _mostly_came_back(bounces, issue):
        _take_back(database, issue)
        return Came.KEPT
    if not (kind in AT_ONCE or (kind == Kind.SOFT and _is_worn_out(bounces, bounce, now))):
        return Came.KEPT
    if kind == Kind.HARD and waits:
        return Came.KEPT
    said = detail if complained else f"{kind}: {_with(status, detail)}"
    why = Why.COMPLAINT if complained else Why.BOUNCE
    Subscribers(database).suppress(who.hash, why, said, moment)
    if kind == Kind.HARD:
        bounces.followed(issue, who.id, moment)
    return Came.SUPPRESSED


def settle_refusals(database: Database, issue: int, now: str) -> None:
    """Suppress addresses that servers refused as unknown while an issue went out, once.

    Inside a transaction, when the issue is through and was not refused too much.
    """
    bounces = Bounces(database)
    for each in bounces.refused(issue):
        said = f"{Kind.HARD}: {_with(each.status, each.detail)}"
        Subscribers(database).suppress(each.hash, Why.BOUNCE, said, now)
        bounces.followed(issue, each.subscriber, now)


def _mostly_came_back(bounces: Bounces, issue: int) -> bool:
    """Whether most of an issue was refused or came back: then it says nothing of any address."""
    returned, planned = bounces.returned(issue)
    return is_mostly_refused(planned - returned, returned, 0)


def _take_back(database: Database, issue: int) -> None:
    """Lift what followed from the first notices of an issue that mostly came back."""
    for hashed in Bounces(database).suppressed_by(issue):
        Subscribers(database).lift(hashed)


def _with(status: str, detail: str) -> str:
    return detail if status in detail else f"{status} {detail}"


def _is_new(database: Database, event: str, now: datetime) -> bool:
    return Bounces(database).hear(event, now, HEARD_FOR)


def _is_worn_out(bounces: Bounces, bounce: Bounce, now: datetime) -> bool:
    """Whether an address came back softly too often, by issues that did not mostly come back."""
    found = bounces.softly(bounce.subscriber, to_text(now - MEMORY))
    # What is later than now was heard while the clock was ahead: not later than now, in truth.
    softly = {i: min(from_text(at), now) for i, at in found.items() if i <= bounce.issue}
    arrived = bounces.arrived(bounce.subscriber, min(softly), bounce.issue)
    if not worn_out(softly, arrived):
        return False
    counted = {i: at for i, at in softly.items() if not _mostly_came_back(bounces, i)}
    return worn_out(counted, arrived)


def _delivery(
    database: Database, notice: Notice, matching: Matching, now: datetime
) -> tuple[int, Subscriber] | None:
    """The delivery a notice is of: by our own return path or link, else by who it was for.

    Without a return path, it is of the last issue that was sent before the event.
    """
    known = Subscribers(database)
    for each in notice.sent_to:
        if found := matching(each):
            who = known.by_id(found[1])
            return (found[0], who) if who else None
    who, newsletter = _by_link(database, notice, now) or (_by_address(known, notice), "")
    until = to_text(min(notice.at, now - SKEW) + SKEW if notice.at else now)
    issue = Bounces(database).latest(who.id, until, to_text(now), newsletter) if who else None
    return (issue, who) if who and issue is not None else None


def _by_link(database: Database, notice: Notice, now: datetime) -> tuple[Subscriber, str] | None:
    """Whose link to unsubscribe from which newsletter a returned message carries."""
    secrets = Secrets(database).good(to_text(now)) if notice.links else ()
    for newsletter, token in notice.links:
        with suppress(TokenError):
            number = read_token(token, Purpose.UNSUBSCRIBE, secrets, now, newsletter)
            if who := Subscribers(database).by_id(number):
                return who, newsletter
    return None


def _by_address(known: Subscribers, notice: Notice) -> Subscriber | None:
    try:
        return known.find(address(notice.recipient).hashed(known.salt()))
    except AddressError:
        return None


def matching(secrets: Sequence[Secret]) -> Matching:
    """Reads the return paths that were made with these secrets."""
    from syndicate.bounces.return_path import read

    return lambda text: read(text, secrets)
