"""The program, which dies at a named moment: for tests of the state afterwards.

    python dying.py before|after STEP COMMAND...
    python dying.py within nothing|half COMMAND...
    python dying.py before|within|after record COMMAND...

It dies right before or after the commit of the first transaction in which the ledger did a step
that changed something (a method of one of the classes `LEDGER`); when nothing or half of a
message was handed to the system; or at the second writing of the record of what was sent, half of
it for `within`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from syndicate.cli import run
from syndicate.mail.smtp.connection import SmtpConnection
from syndicate.store import sent_record
from syndicate.store.claims import Claims
from syndicate.store.issue_sends import IssueSends
from syndicate.store.postgresql import PostgreSQL
from syndicate.store.recipients import Recipients
from syndicate.store.sent_record import SentRecord
from syndicate.store.sqlite import Sqlite

LEDGER = (Recipients, Claims, IssueSends)
BLANK_LINE = b"\r\n\r\n"
"""Below the headers of a message; no command holds one."""


def die() -> None:
    """As if the power were cut."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_commit(when: str, step: str) -> None:
    """Die at the commit of that step."""
    done: list[bool] = []
    table = next(each for each in LEDGER if hasattr(each, step))
    real = getattr(table, step)

    @wraps(real)
    def noted(self: object, *arguments: Any) -> Any:
        became = real(self, *arguments)
        is_planning = step in ("begin", "plan_next")
        has_work = step in ("apply_transitions", "release") and arguments[0]
        if became or is_planning or has_work:
            done.append(True)
        return became

    setattr(table, step, noted)
    Sqlite.transaction = watched(Sqlite.transaction, done, when)  # type: ignore
    PostgreSQL.transaction = watched(PostgreSQL.transaction, done, when)  # type: ignore


def watched(transaction: Callable[[Any], Any], done: list[bool], when: str) -> Callable[[Any], Any]:
    """Transactions that die when something was done in them."""

    @contextmanager
    def dying(self: object) -> Iterator[None]:
        with transaction(self):
            yield
            if done and when == "before":
                die()
        if done:
            die()

    return dying


def within(share: float) -> None:
    """Die when that share of a message was handed to the system."""
    real = SmtpConnection.send

    def send(self: SmtpConnection, data: bytes, seconds: float) -> None:
        if BLANK_LINE in data:
            real(self, data[: int(len(data) * share)], seconds)
            die()
        real(self, data, seconds)

    SmtpConnection.send = send  # type: ignore[method-assign]


def at_record(when: str) -> None:
    """Die when the record beside the store is written: at the first that a message waits for."""
    real, write = SentRecord.write, sent_record._write_at

    def torn(file: int, at: int, data: bytes) -> None:
        write(file, at, data[: len(data) // 2])
        die()

    @wraps(real)
    def written(self: SentRecord, incarnation: str, counter: int) -> None:
        known = self.read()
        if known is None or counter <= known.counter or not any(DID):
            real(self, incarnation, counter)
            return
        if when == "before":
            die()
        if when == "within":
            sent_record._write_at = torn
        real(self, incarnation, counter)
        die()

    real_begin = Claims.mark_sending

    @wraps(real_begin)
    def begun(self: Claims, *arguments: Any) -> Any:
        became = real_begin(self, *arguments)
        DID.append(bool(became))
        return became

    Claims.mark_sending = begun  # type: ignore[method-assign,assignment]
    SentRecord.write = written  # type: ignore[method-assign]


DID: list[bool] = []


if __name__ == "__main__":
    moment, what, *sys.argv[1:] = sys.argv[1:]
    if what == "record":
        at_record(moment)
    elif moment == "within":
        within({"nothing": 0, "half": 0.5}[what])
    else:
        at_commit(moment, what)
    run()
