"""Notice -> its consequence: what is kept of it, and whether the address is mailed again.

Acting twice on a notice is acting once. Nothing follows from a notice that is of none of our
deliveries: anybody can write one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from syndicate.bounces.notice import Matching, Notice
from syndicate.bounces.rule import AT_ONCE, MEMORY, Kind, worn_out
from syndicate.errors import AddressError
from syndicate.moments import from_text, to_text
from syndicate.store.bounces import Bounce, Bounces, identity
from syndicate.store.database import Database
from syndicate.store.requests import Secret
from syndicate.store.subscribers import Subscriber, Subscribers, Why
from syndicate.subscribers.addresses import address


class Came(StrEnum):
    """What a notice came to."""

    SUPPRESSED = "suppressed"
    KEPT = "kept"
    KNOWN = "known"
    NOTHING = "nothing"
    UNMATCHED = "unmatched"
    OTHER = "no notice"


def act(database: Database, notice: Notice, matching: Matching, now: datetime) -> Came:
    """Do what follows from a notice, in one transaction."""
    with database.transaction():
        found = _delivery(database, notice, matching)
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
) -> Came:
    """Keep that a delivery was refused or not wanted, with all that follows.

    Inside a transaction. `detail` is what the server said.
    """
    bounces, moment = Bounces(database), to_text(now)
    mark = identity(issue, who.id, kind)
    bounce = Bounce(mark, issue, who.id, kind, status, detail, moment)
    if bounces.known(bounce):
        return Came.KNOWN
    complained = kind == Kind.COMPLAINT
    bounces.keep(bounce, "complained" if complained else "bounced")
    if not (kind in AT_ONCE or (kind == Kind.SOFT and _is_worn_out(bounces, bounce, now))):
        return Came.KEPT
    said = f"{kind}: {detail if status in detail else f'{status} {detail}'}"
    why = Why.COMPLAINT if complained else Why.BOUNCE
    Subscribers(database).suppress(who.hash, why, said, moment)
    return Came.SUPPRESSED


def _is_worn_out(bounces: Bounces, bounce: Bounce, now: datetime) -> bool:
    found = bounces.softly(bounce.subscriber, to_text(now - MEMORY))
    softly = {issue: from_text(at) for issue, at in found.items() if issue <= bounce.issue}
    return worn_out(softly, bounces.arrived(bounce.subscriber, min(softly), bounce.issue))


def _delivery(
    database: Database, notice: Notice, matching: Matching
) -> tuple[int, Subscriber] | None:
    """The delivery a notice is of: by our own return path, else by who it was for."""
    known = Subscribers(database)
    for each in notice.sent_to:
        if found := matching(each):
            who = known.by_id(found[1])
            return (found[0], who) if who else None
    if not notice.recipient:
        return None
    try:
        who = known.find(address(notice.recipient).hashed(known.salt()))
    except AddressError:
        return None
    issue = Bounces(database).latest(who.id) if who else None
    return (issue, who) if who and issue is not None else None


def matching(secrets: Sequence[Secret]) -> Matching:
    """Reads the return paths that were made with these secrets."""
    from syndicate.delivery.verp import read

    return lambda text: read(text, secrets)
