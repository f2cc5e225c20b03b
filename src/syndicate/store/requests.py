"""Tables of signup requests, and of the keys that sign links. All their SQL is here."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from syndicate.store.confirmed_time import confirmed_time
from syndicate.store.database import Database
from syndicate.timestamps import format_timestamp

MAX_ID = 2**62
"""Ids are random, so that they do not reveal how many requests there are."""

KEY_BYTES = 32


class RequestKind(StrEnum):
    """The kinds of signup requests."""

    SUBSCRIBE = "subscribe"
    PREFERENCES = "preferences"


class RequestState(StrEnum):
    """The states of a request and of the email that answers it."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"
    ANSWERED = "answered"


class SignupRequest(NamedTuple):
    """A signup request, a row. Times are UTC text.

    `newsletters` is JSON, each name with its chosen tags; `client` the hash of the network address;
    `consent_text` what confirming agrees to, `reply` the outcome of the email, `base_url` the URL
    of the site as used for the request, if it was on this machine, else "".
    """

    id: int
    kind: str
    address: str
    hash: str
    newsletters: str
    requested_at: str
    client: str
    consent_text: str
    state: str = RequestState.WAITING
    attempts: int = 0
    next_try: str = ""
    reply: str = ""
    base_url: str = ""

    @property
    def requested(self) -> dict[str, list[str]]:
        """The requested newsletters, each with its chosen tags; none for all."""
        return dict(json.loads(self.newsletters))


class SigningKey(NamedTuple):
    """A key, in hex. Its links are valid until `expires_at` (UTC text), "" while it signs."""

    id: int
    key: str
    created_at: str
    expires_at: str


class SignupRequests:
    """The signup requests."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._columns = ", ".join(SignupRequest._fields)

    def find(self, number: int) -> SignupRequest | None:
        """The request of this number."""
        requests = self._select("id = :id", {"id": number})
        return requests[0] if requests else None

    def due(self, now: str, latest: str, limit: int) -> list[SignupRequest]:
        """Requests whose email is to be sent now, the oldest first.

        `latest` is the latest time for which a retry can be planned now: a later one was planned
        while the clock was ahead, and is due.
        """
        where = (
            "state = 'waiting' AND (next_try <= :now OR next_try > :latest) "
            "ORDER BY requested_at, id LIMIT :limit"
        )
        return self._select(where, {"now": now, "latest": latest, "limit": limit})

    def of(self, hashed: str) -> list[SignupRequest]:
        """The requests for an address, the oldest first."""
        return self._select("hash = :h ORDER BY requested_at, id", {"h": hashed})

    def count(self, since: str, now: str) -> int:
        """The number of requests between two times, for any address."""
        query = "SELECT count(*) FROM signup_requests WHERE requested_at BETWEEN :since AND :now"
        ((count,),) = self._database.rows(query, {"since": since, "now": now})
        return int(count)

    # -- writing, inside a transaction -----------------------------------------------------

    def add(self, request: SignupRequest, limit: int, since: str) -> None:
        """Add a request, unless there are `limit` of any kind for its address since a time."""
        query = (
            "SELECT count(*) FROM signup_requests WHERE hash = :h "
            "AND requested_at BETWEEN :since AND :now"  # later ones are from a clock that was ahead
        )
        values = {"h": request.hash, "since": since, "now": request.requested_at}
        ((number,),) = self._database.rows(query, values)
        if number < limit:
            self.update(request._replace(id=secrets.randbelow(MAX_ID)))

    def update(self, request: SignupRequest) -> None:
        """Store the new state of a request."""
        self._database.upsert("signup_requests", SignupRequest._fields, [request])

    def erase(self, hashed: str) -> None:
        """Delete the requests for an address."""
        self._database.run("DELETE FROM signup_requests WHERE hash = :h", {"h": hashed})

    def delete_old(self, now: datetime, after: timedelta) -> None:
        """Delete requests that are older than `after`, in any state.

        One later than `now` is from a clock that was ahead: its time starts now.
        """
        moment = confirmed_time(self._database, "requests", now)
        if moment is None:
            return
        values = {"before": format_timestamp(moment - after)}
        self._database.run("DELETE FROM signup_requests WHERE requested_at < :before", values)
        values = {"now": format_timestamp(now)}
        self._database.run(
            "UPDATE signup_requests SET requested_at = :now WHERE requested_at > :now", values
        )

    def drop_waiting(self, reason: str) -> int:
        """Send no email for waiting requests; how many."""
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
    """The keys that sign links."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def valid(self, now: str) -> list[SigningKey]:
        """The keys whose links are valid at a time, the signing one first."""
        query = (
            "SELECT id, key, created_at, expires_at FROM signing_keys "
            "WHERE expires_at = '' OR expires_at > :now "
            "ORDER BY id DESC"
        )
        return [SigningKey._make(row) for row in self._database.rows(query, {"now": now})]

    def signing(self, now: str) -> SigningKey:
        """The key that signs; created when first used. Inside a transaction."""
        newest = next(iter(self.valid(now)), None)
        return newest if newest and not newest.expires_at else self._make(now)

    def rotate(self, until: str, now: str) -> None:
        """Sign with a new key from now on; links of earlier ones are valid until a time."""
        self._database.run(
            "UPDATE signing_keys SET expires_at = :u WHERE expires_at = ''", {"u": until}
        )
        self._database.run(
            "DELETE FROM signing_keys WHERE expires_at <> '' AND expires_at <= :n", {"n": now}
        )
        self._make(now)

    def _make(self, now: str) -> SigningKey:
        values = {"name": "last-signing-key"}
        rows = self._database.rows("SELECT value FROM meta WHERE key = :name", values)
        number = int(rows[0][0]) + 1 if rows else 1
        key = SigningKey(number, secrets.token_hex(KEY_BYTES), now, "")
        self._database.upsert("meta", ("key", "value"), [("last-signing-key", str(number))])
        self._database.upsert("signing_keys", SigningKey._fields, [key])
        return key
