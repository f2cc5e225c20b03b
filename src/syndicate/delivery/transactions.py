"""Transactions of the sender: retried while the database fails, refused without its lock."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from syndicate.errors import StoreError, SyndicateError
from syndicate.store.database import Database

T = TypeVar("T")
log = logging.getLogger(__name__)

MAX_TRIES = 5
"""How often a failing transaction is tried; each try may wait for a lock of the database."""

RETRY_SECONDS = 0.2
"""Seconds before the second try; the wait grows by as much with each further one."""


def commit(database: Database, write: Callable[[], T]) -> T:
    """Run `write` in a transaction; its result.

    Raises StoreError, and SyndicateError when another program may be sending.
    """

    def transaction() -> T:
        with database.transaction():
            if not database.holds_sending():
                raise SyndicateError(
                    "the connection to the database broke, and another program may send now",
                    hint="what is left goes out with the next run",
                )
            return write()

    return with_retries(transaction)


def with_retries(act: Callable[[], T]) -> T:
    """Call `act`, again when it raises StoreError; raises the last one."""
    for number in range(1, MAX_TRIES):
        try:
            return act()
        except StoreError as error:
            log.warning("retrying: %s", error.message)
            time.sleep(number * RETRY_SECONDS)
    return act()
