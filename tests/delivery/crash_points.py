"""Run the program and crash it at a named point: for tests of recovery.

    python crash_points.py before|after STEP COMMAND...
    python crash_points.py within nothing|half COMMAND...
    python crash_points.py before|within|after record COMMAND...

STEP is a method of one of the `STORE_CLASSES`: the program crashes right before or after the commit
of the first transaction in which the method changed something. Or it crashes when nothing or half
of a message was passed to the system. Or it crashes at the second write of the sent record, with
`within` in the middle of it.
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

STORE_CLASSES = (Recipients, Claims, IssueSends)
BLANK_LINE = b"\r\n\r\n"
"""The end of the headers of a message; no SMTP command contains it."""


def crash() -> None:
    """Kill this process, like a power failure."""
    os.kill(os.getpid(), signal.SIGKILL)


def crash_at_commit(when: str, step: str) -> None:
    """Crash before or after the commit of a step."""
    done: list[bool] = []
    table = next(each for each in STORE_CLASSES if hasattr(each, step))
    real = getattr(table, step)

    @wraps(real)
    def recorded(self: object, *arguments: Any) -> Any:
        result = real(self, *arguments)
        is_planning = step in ("begin", "plan_next")
        has_work = step in ("apply_transitions", "release") and arguments[0]
        if result or is_planning or has_work:
            done.append(True)
        return result

    setattr(table, step, recorded)
    Sqlite.transaction = crashing(Sqlite.transaction, done, when)  # type: ignore
    PostgreSQL.transaction = crashing(PostgreSQL.transaction, done, when)  # type: ignore


def crashing(
    transaction: Callable[[Any], Any], done: list[bool], when: str
) -> Callable[[Any], Any]:
    """A transaction that crashes if the step was done in it."""

    @contextmanager
    def crashing_transaction(self: object) -> Iterator[None]:
        with transaction(self):
            yield
            if done and when == "before":
                crash()
        if done:
            crash()

    return crashing_transaction


def crash_within_message(share: float) -> None:
    """Crash when a share of a message was passed to the system."""
    real = SmtpConnection.send

    def send(self: SmtpConnection, data: bytes, seconds: float) -> None:
        if BLANK_LINE in data:
            real(self, data[: int(len(data) * share)], seconds)
            crash()
        real(self, data, seconds)

    SmtpConnection.send = send  # type: ignore[method-assign]


def crash_at_sent_record(when: str) -> None:
    """Crash when the sent record is written for the first message."""
    real, write = SentRecord.write, sent_record._write_at

    def write_half(file: int, at: int, data: bytes) -> None:
        write(file, at, data[: len(data) // 2])
        crash()

    @wraps(real)
    def written(self: SentRecord, incarnation: str, counter: int) -> None:
        previous = self.read()
        if previous is None or counter <= previous.counter or not any(MARKED_SENDING):
            real(self, incarnation, counter)
            return
        if when == "before":
            crash()
        if when == "within":
            sent_record._write_at = write_half
        real(self, incarnation, counter)
        crash()

    real_mark_sending = Claims.mark_sending

    @wraps(real_mark_sending)
    def mark_sending(self: Claims, *arguments: Any) -> Any:
        result = real_mark_sending(self, *arguments)
        MARKED_SENDING.append(bool(result))
        return result

    Claims.mark_sending = mark_sending  # type: ignore[method-assign,assignment]
    SentRecord.write = written  # type: ignore[method-assign]


MARKED_SENDING: list[bool] = []


if __name__ == "__main__":
    moment, what, *sys.argv[1:] = sys.argv[1:]
    if what == "record":
        crash_at_sent_record(moment)
    elif moment == "within":
        crash_within_message({"nothing": 0, "half": 0.5}[what])
    else:
        crash_at_commit(moment, what)
    run()
