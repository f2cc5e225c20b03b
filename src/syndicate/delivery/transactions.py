"""Transactions of a worker: retried while the database fails, refused without its session."""

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

    Raises StoreError, and SyndicateError when the session of this worker has ended.
    """

    def transaction() -> T:
        with database.transaction():
            if not database.has_session():
                raise SyndicateError(
                    "the connection to the database broke, so others may send now",
                    hint="the next run continues",
                )
            return write()

    return with_retries(transaction)


def with_retries(act: Callable[[], T], seconds: float = 0.0) -> T:
    """Call `act`, again when it raises StoreError: MAX_TRIES times, or longer for `seconds`.

    Raises the last StoreError.
    """
    end = time.monotonic() + seconds
    number = 1
    while number < MAX_TRIES or time.monotonic() < end:
        try:
            return act()
        except StoreError as error:
            log.warning("retrying: %s", error.message)
            time.sleep(min(number, MAX_TRIES) * RETRY_SECONDS)
            number += 1
    return act()
