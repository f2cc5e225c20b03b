"""Withdrawals: who unsubscribed, was suppressed or erased, in order. All the SQL for it is here.

A backup lacks the withdrawals after it, so a restored store would mail these people again. Hence
they are recorded outside the store too (`store.withdrawal_record`). The table has hashes of
addresses, as `suppressions`, and no addresses. A row is never changed or deleted.
"""

from __future__ import annotations

import time
from typing import Final, NamedTuple

from syndicate.store.database import Database

UNSUBSCRIBED: Final = "unsubscribed"
SUBSCRIBED: Final = "subscribed"
LIFTED: Final = "lifted"
"""Events besides the reasons of suppressions. The last two end an earlier withdrawal."""


class Withdrawal(NamedTuple):
    """A row. `event` is one of those above, or the reason of a suppression.

    `newsletter` is "" for what concerns the address itself; `occurred_at` is UTC text.
    """

    id: int
    hash: str
    newsletter: str
    event: str
    occurred_at: str

    @property
    def scope(self) -> tuple[str, str]:
        """A later event of the same scope replaces this one."""
        return self.hash, self.newsletter


COLUMNS = ", ".join(Withdrawal._fields)


class Withdrawals:
    """All withdrawals, in order."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last(self) -> int:
        """The highest id, 0 for none."""
        ((last,),) = self._database.rows("SELECT coalesce(max(id), 0) FROM withdrawals")
        return int(last)

    def after(self, last: int) -> list[Withdrawal]:
        """The rows after an id, in order."""
        query = f"SELECT {COLUMNS} FROM withdrawals WHERE id > :last ORDER BY id"
        return [Withdrawal._make(row) for row in self._database.rows(query, {"last": last})]

    def next_id(self) -> int:
        """An id higher than all before, including those that a lost store may have given.

        So it is the time in milliseconds, unless the clock was ahead.
        """
        return max(self.last() + 1, time.time_ns() // 1_000_000)

    def add(self, hashed: str, newsletter: str, event: str, now: str) -> None:
        """Add a withdrawal, or an event that ends one; inside a transaction."""
        row = Withdrawal(self.next_id(), hashed, newsletter, event, now)
        self._database.load("withdrawals", Withdrawal._fields, [row])

    def add_lost(self, withdrawals: list[Withdrawal]) -> None:
        """Add withdrawals of a lost store under new ids; inside a transaction."""
        first = self.next_id()
        rows = [each._replace(id=first + number) for number, each in enumerate(withdrawals)]
        self._database.load("withdrawals", Withdrawal._fields, rows)
