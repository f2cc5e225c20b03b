"""A subscriber to whom issues were sent, and bounce reports about them."""

from __future__ import annotations

import bounce_reports
from syndicate.bounces.return_path import return_path
from syndicate.store.database import Database
from syndicate.store.issue_sends import IssueSend
from syndicate.store.requests import SigningKeys
from syndicate.store.subscribers import Subscriber, Subscribers
from syndicate.subscribers.addresses import address

ADA = "ada@example.net"


def subscriber(database: Database, mail: str = ADA, *, now: str) -> Subscriber:
    """A subscriber of the newsletter."""
    known = Subscribers(database)
    with database.transaction():
        hashed = address(mail).hashed(known.salt())
        known.subscribe(mail, hashed, "", "weekly", "in the shop", now)
    who = known.find(hashed)
    assert who is not None
    return who


def send(
    database: Database,
    issue: int,
    who: Subscriber,
    state: str = "sent",
    at: str = "",
    planned: int = 10,
) -> None:
    """Store an issue and its delivery to a subscriber."""
    slot = f"2026-11-{issue:02}T08:00"
    sending = IssueSend(issue, "weekly", slot, f"{slot}:00Z", planned=planned)
    row = (issue, who.id, state, at)
    with database.transaction():
        database.upsert("issue_sends", IssueSend._fields, [sending])
        database.upsert("deliveries", ("issue", "subscriber", "state", "changed_at"), [row])


def path_of(database: Database, issue: int, who: Subscriber, now: str) -> str:
    """The return path of a delivery."""
    with database.transaction():
        secret = SigningKeys(database).signing(now)
    return return_path("bounces@example.org", secret, issue, who.id)


def to(path: str, notice: bytes = bounce_reports.POSTFIX) -> bytes:
    """A bounce report to a return path."""
    return notice.replace(bounce_reports.TOKEN.encode(), path.encode())
