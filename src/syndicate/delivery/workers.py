"""Connections at work: threads that take deliveries and hand their messages over, two steps each.

None of them touches the store. What happens is told to the clerk, who writes it down; and before a
message's first byte goes out, the clerk's word is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

from syndicate.delivery.messages import Written
from syndicate.delivery.queue import LOOK, DeliveryQueue, Task
from syndicate.delivery.relays import Relay
from syndicate.errors import DeliveryError, MessageError, RejectedStage
from syndicate.mail.transport import Session

IDLE = 5.0
"""Seconds a connection waits for its next message before it is closed."""

MAX_LOST_CONNECTIONS = 3
"""Connections that may end before the message of one delivery; then it waits as others do."""


@dataclass(frozen=True, slots=True)
class ReadyToSend:
    """A server waits for the message of a delivery. The clerk answers whether it may have it."""

    task: Task
    outlet: Relay
    answer: SimpleQueue[bool]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A server took the message of a delivery, and said so."""

    task: Task
    outlet: Relay
    reply: str


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The message of a delivery may not have been taken after all: later replies do not fit."""

    task: Task
    outlet: Relay
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The message of a delivery was not taken, or nobody knows. `begun` if the clerk let it go.

    The dispatcher puts None into `counted`, where it is given, once the refusal is recorded.
    """

    task: Task
    outlet: Relay
    error: DeliveryError
    begun: bool
    counted: SimpleQueue[None] | None = None


@dataclass(frozen=True, slots=True)
class RenderFailed:
    """No message can be written for a delivery."""

    task: Task
    error: MessageError


@dataclass(frozen=True, slots=True)
class Crashed:
    """A fault in this program ended a connection's thread."""

    error: BaseException


WorkerEvent = ReadyToSend | Accepted | OutcomeUnknown | Rejected | RenderFailed | Crashed
WorkerEvents = SimpleQueue[WorkerEvent]


@contextmanager
def worker_pool(
    outlets: Sequence[Relay], feed: DeliveryQueue, notes: WorkerEvents
) -> Iterator[Callable[[], bool]]:
    """Have every outlet's connections work; gives what says whether any still does.

    At the end each finishes what is in its hands; what waits for the clerk's word may not go.
    """
    threads = [
        Thread(target=Worker(outlet, feed, notes).run, name=f"{outlet.name}-{number}")
        for outlet in outlets
        for number in range(outlet.server.connections)
    ]
    for thread in threads:
        thread.daemon = True  # a deadline of the service is not to wait for a server
        thread.start()
    try:
        yield lambda: any(thread.is_alive() for thread in threads)
    finally:
        feed.close()
        for thread in threads:
            thread.join()


class Worker:
    """One connection of an outlet, made anew whenever it is over."""

    def __init__(self, outlet: Relay, feed: DeliveryQueue, notes: WorkerEvents) -> None:
        self._outlet = outlet
        self._feed = feed
        self._notes = notes
        self._answer: SimpleQueue[bool] = SimpleQueue()
        self._counted: SimpleQueue[None] = SimpleQueue()
        self._taken: Task | None = None  # whose message the session took last

    def run(self) -> None:
        """Work until the feed is closed, or the outlet is not to be used again."""
        try:
            mine = self._next(None)
            while mine:
                mine = self._connected(*mine) or self._next(None)
        except BaseException as error:  # noqa: BLE001  told to the clerk, who ends the round
            self._notes.put(Crashed(error))

    def _connected(self, task: Task, written: Written) -> tuple[Task, Written] | None:
        """Open a session and work in it; what is in hand when it is over."""
        opened, self._taken = False, None
        try:
            with self._outlet.transport.session() as session:
                opened = True
                in_hand = self._work(session, task, written)
            if session.doubt and self._taken:
                self._notes.put(OutcomeUnknown(self._taken, self._outlet, session.doubt))
            return in_hand
        except DeliveryError as error:
            if opened:
                raise
            self._feed.requeue(task, self._outlet)
            self._outlet.mark_failed(error, time.monotonic())
        return None

    def _work(self, session: Session, task: Task, written: Written) -> tuple[Task, Written] | None:
        """Hand messages over one by one, until the session is over or idle."""
        took = False
        while True:
            try:
                session.begin(written.envelope)
            except DeliveryError as error:
                if not self._is_over(task, error, took=took):
                    following = self._next(IDLE)
                    if following is None:
                        return None
                    task, written = following
                    continue
                return None
            if not self._await_permission(task):
                return None
            following = self._next(0)
            try:
                reply = session.finish(
                    written.message, following[1].envelope if following else None
                )
            except DeliveryError as error:
                self._not_taken(task, error)
                if error.lost:
                    return following
            else:
                took, self._taken = True, task
                self._outlet.mark_healthy()
                self._notes.put(Accepted(task, self._outlet, reply))
            following = following or self._next(IDLE)
            if following is None:
                return None
            task, written = following

    def _is_over(self, task: Task, error: DeliveryError, *, took: bool) -> bool:
        """Tell that a message was not begun; whether the session is over."""
        for_now = not error.for_good and task.lost < MAX_LOST_CONNECTIONS
        if error.what is RejectedStage.SERVER and (error.for_good or for_now):
            task.lost += 1  # the server has no use for us: that says nothing of the delivery
            self._feed.requeue(task, self._outlet)
        else:
            self._decline(task, error)
        if error.what is RejectedStage.SERVER and not took:
            self._outlet.mark_failed(error, time.monotonic())
        return error.lost

    def _decline(self, task: Task, error: DeliveryError) -> None:
        """Report a refusal and wait until it is recorded.

        Otherwise a fast server could refuse a whole issue before a slow store pauses it.
        """
        self._notes.put(Rejected(task, self._outlet, error, begun=False, counted=self._counted))
        while not self._feed.closed:
            with suppress(Empty):
                self._counted.get(timeout=LOOK)
                return

    def _not_taken(self, task: Task, error: DeliveryError) -> None:
        """Tell what became of a message that had begun; what is wrong may be the outlet itself."""
        if error.what is RejectedStage.SERVER and not error.uncertain:
            self._outlet.not_written(error)
        self._notes.put(Rejected(task, self._outlet, error, begun=True))

    def _await_permission(self, task: Task) -> bool:
        self._notes.put(ReadyToSend(task, self._outlet, self._answer))
        while True:
            closed = self._feed.closed  # looked at first: what was answered before counts
            with suppress(Empty):
                return self._answer.get(timeout=0 if closed else LOOK)
            if closed:
                return False  # the clerk is gone

    def _next(self, patience: float | None) -> tuple[Task, Written] | None:
        """The next delivery of which a message can be written."""
        while task := self._feed.get(self._outlet, patience):
            try:
                return task, task.mail.write(task.claimed)
            except MessageError as error:
                self._feed.release(self._outlet)
                self._notes.put(RenderFailed(task, error))
        return None
