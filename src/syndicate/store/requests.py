"""Tables of signup requests, and of the keys that sign links. All their SQL is here."""

from __future__ import annotations

import json
import secrets as lots
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from syndicate.store.database import Database
from syndicate.store.passed import passed
from syndicate.timestamps import format_timestamp

MAX_BYTES = 2**62
KEY_BYTES = 32


class RequestKind(StrEnum):
    """What somebody asked for."""

    SUBSCRIBE = "subscribe"
    PREFERENCES = "preferences"


class RequestState(StrEnum):
    """What became of a request, and of the letter that answers it."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"
    ANSWERED = "answered"


class SignupRequest(NamedTuple):
    """What somebody asked for: a row. Moments are UTC text.

    `newsletters` is JSON, each name with its chosen tags; `client` the hash of whence they asked;
    `agreed` the sentence that confirming agrees to; `reply` what became of the letter; `base` the
    address of the site where they asked, if that was on this machine, else "".
    """

    id: int
    kind: str
    address: str
    hash: str
    newsletters: str
    asked: str
    client: str
    agreed: str
    state: str = RequestState.WAITING
    attempts: int = 0
    next_try: str = ""
    reply: str = ""
    base: str = ""

    @property
    def wanted(self) -> dict[str, list[str]]:
        """The newsletters they want, each with its chosen tags; none: everything."""
        return dict(json.loads(self.newsletters))


class SigningKey(NamedTuple):
    """A key, in hex. `until` is UTC text: until when its links are good; "" while it signs."""

    id: int
    key: str
    made: str
    until: str


class SignupRequests:
    """What the database knows of requests."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._columns = ", ".join(SignupRequest._fields)

    def find(self, number: int) -> SignupRequest | None:
        """The request of this number."""
        found = self._select("id = :id", {"id": number})
        return found[0] if found else None

    def due(self, now: str, latest: str, limit: int) -> list[SignupRequest]:
        """Requests whose email is to be sent now, the oldest first.

        `latest` is the latest moment until which anything waits: what waits longer was put off
        while the clock was ahead, and is due.
        """
        where = (
            "state = 'waiting' AND (next_try <= :now OR next_try > :latest) "
            "ORDER BY asked, id LIMIT :limit"
        )
        return self._select(where, {"now": now, "latest": latest, "limit": limit})

    def of(self, hashed: str) -> list[SignupRequest]:
        """What was asked for an address, the oldest first."""
        return self._select("hash = :h ORDER BY asked, id", {"h": hashed})

    def count(self, since: str, now: str) -> int:
        """How many were asked for between two moments, for any address."""
        query = "SELECT count(*) FROM signup_requests WHERE asked BETWEEN :since AND :now"
        ((many,),) = self._database.rows(query, {"since": since, "now": now})
        return int(many)

    # -- writing, inside a transaction -----------------------------------------------------

    def ask(self, request: SignupRequest, most: int, since: str) -> None:
        """Keep a request, unless there are `most` of any kind for its address since a moment."""
        query = (
            "SELECT count(*) FROM signup_requests WHERE hash = :h "
            "AND asked BETWEEN :since AND :now"  # what lies ahead was asked of a clock that was
        )
        values = {"h": request.hash, "since": since, "now": request.asked}
        ((many,),) = self._database.rows(query, values)
        if many < most:
            self.settle(request._replace(id=lots.randbelow(MAX_BYTES)))

    def settle(self, request: SignupRequest) -> None:
        """Keep what became of a request."""
        self._database.upsert("signup_requests", SignupRequest._fields, [request])

    def erase(self, hashed: str) -> None:
        """Forget what was asked for an address."""
        self._database.run("DELETE FROM signup_requests WHERE hash = :h", {"h": hashed})

    def forget(self, now: datetime, after: timedelta) -> None:
        """Forget what was asked so long ago, answered or not.

        What is later than `now` was asked of a clock that was ahead: its time begins now.
        """
        moment = passed(self._database, "requests", now)
        if moment is None:
            return
        values = {"before": format_timestamp(moment - after)}
        self._database.run("DELETE FROM signup_requests WHERE asked < :before", values)
        values = {"now": format_timestamp(now)}
        self._database.run("UPDATE signup_requests SET asked = :now WHERE asked > :now", values)

    def drop_waiting(self, reason: str) -> int:
        """Send no email for what was asked until now; how many requests those were."""
        rows = self._database.rows(
            "UPDATE signup_requests SET state = 'dropped', reply = :reason WHERE state = 'waiting' "
            "RETURNING id",
            {"reason": reason},
        )
        return len(rows)

    def _select(self, where: str, values: dict[str, object]) -> list[SignupRequest]:
        query = f"SELECT {self._columns} FROM signup_requests WHERE {where}"
        return [SignupRequest._make(row) for row in self._database.rows(query, values)]


class SigningKeys:
    """What links are signed with."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def good(self, now: str) -> list[SigningKey]:
        """Those whose links are good at a moment, the one that signs first."""
        query = (
            "SELECT id, key, made, until FROM signing_keys WHERE until = '' OR until > :now "
            "ORDER BY id DESC"
        )
        return [SigningKey._make(row) for row in self._database.rows(query, {"now": now})]

    def signing(self, now: str) -> SigningKey:
        """The one that signs; the first to ask makes it. Inside a transaction."""
        newest = next(iter(self.good(now)), None)
        return newest if newest and not newest.until else self._make(now)

    def rotate(self, until: str, now: str) -> None:
        """Sign with a new secret from now on; links of those before are good until a moment."""
        self._database.run("UPDATE signing_keys SET until = :u WHERE until = ''", {"u": until})
        self._database.run("DELETE FROM signing_keys WHERE until <> '' AND until <= :n", {"n": now})
        self._make(now)

    def _make(self, now: str) -> SigningKey:
        values = {"name": "last-secret"}
        rows = self._database.rows("SELECT value FROM meta WHERE key = :name", values)
        number = int(rows[0][0]) + 1 if rows else 1
        made = SigningKey(number, lots.token_hex(KEY_BYTES), now, "")
        self._database.upsert("meta", ("key", "value"), [("last-secret", str(number))])
        self._database.upsert("signing_keys", SigningKey._fields, [made])
        return made
