"""Workers: threads with one connection each that send the messages of deliveries, in two steps.

They do not touch the store: each event goes to the dispatcher, which records it, and a worker
waits for its permission before the first byte of a message.
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
    """A server waits for the message of a delivery. The dispatcher answers whether to send it."""

    task: Task
    relay: Relay
    answer: SimpleQueue[bool]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A server took the message of a delivery, and said so."""

    task: Task
    relay: Relay
    reply: str


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The message of a delivery may not have been taken after all: later replies do not fit."""

    task: Task
    relay: Relay
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message was refused, or its outcome is unknown. `begun` if it was permitted to go.

    The dispatcher puts None into `counted`, where it is given, once the refusal is recorded.
    """

    task: Task
    relay: Relay
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
    relays: Sequence[Relay], queue: DeliveryQueue, events: WorkerEvents
) -> Iterator[Callable[[], bool]]:
    """Run the workers of every relay; yields a function: whether any still works.

    At the end each finishes its message; messages that wait for permission do not go.
    """
    threads = [
        Thread(target=Worker(relay, queue, events).run, name=f"{relay.name}-{number}")
        for relay in relays
        for number in range(relay.server.connections)
    ]
    for thread in threads:
        thread.daemon = True  # a deadline of the service is not to wait for a server
        thread.start()
    try:
        yield lambda: any(thread.is_alive() for thread in threads)
    finally:
        queue.close()
        for thread in threads:
            thread.join()


class Worker:
    """One connection of a relay, opened again whenever it ends."""

    def __init__(self, relay: Relay, queue: DeliveryQueue, events: WorkerEvents) -> None:
        self._relay = relay
        self._queue = queue
        self._events = events
        self._answer: SimpleQueue[bool] = SimpleQueue()
        self._counted: SimpleQueue[None] = SimpleQueue()
        self._taken: Task | None = None  # whose message the session took last

    def run(self) -> None:
        """Work until the queue is closed, or the relay is not to be used again."""
        try:
            mine = self._next(None)
            while mine:
                mine = self._connected(*mine) or self._next(None)
        except BaseException as error:  # noqa: BLE001  the dispatcher ends the run
            self._events.put(Crashed(error))

    def _connected(self, task: Task, written: Written) -> tuple[Task, Written] | None:
        """Open a session and work in it; what is in hand when it is over."""
        opened, self._taken = False, None
        try:
            with self._relay.transport.session() as session:
                opened = True
                in_hand = self._work(session, task, written)
            if session.doubt and self._taken:
                self._events.put(OutcomeUnknown(self._taken, self._relay, session.doubt))
            return in_hand
        except DeliveryError as error:
            if opened:
                raise
            self._queue.requeue(task, self._relay)
            self._relay.mark_failed(error, time.monotonic())
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
                self._relay.mark_healthy()
                self._events.put(Accepted(task, self._relay, reply))
            following = following or self._next(IDLE)
            if following is None:
                return None
            task, written = following

    def _is_over(self, task: Task, error: DeliveryError, *, took: bool) -> bool:
        """Tell that a message was not begun; whether the session is over."""
        for_now = not error.for_good and task.lost < MAX_LOST_CONNECTIONS
        if error.what is RejectedStage.SERVER and (error.for_good or for_now):
            task.lost += 1  # the server has no use for us: that says nothing of the delivery
            self._queue.requeue(task, self._relay)
        else:
            self._decline(task, error)
        if error.what is RejectedStage.SERVER and not took:
            self._relay.mark_failed(error, time.monotonic())
        return error.lost

    def _decline(self, task: Task, error: DeliveryError) -> None:
        """Report a refusal and wait until it is recorded.

        Otherwise a fast server could refuse a whole issue before a slow store pauses it.
        """
        self._events.put(Rejected(task, self._relay, error, begun=False, counted=self._counted))
        while not self._queue.closed:
            with suppress(Empty):
                self._counted.get(timeout=LOOK)
                return

    def _not_taken(self, task: Task, error: DeliveryError) -> None:
        """Report the outcome of a message that had begun; the relay itself may be at fault."""
        if error.what is RejectedStage.SERVER and not error.uncertain:
            self._relay.not_written(error)
        self._events.put(Rejected(task, self._relay, error, begun=True))

    def _await_permission(self, task: Task) -> bool:
        self._events.put(ReadyToSend(task, self._relay, self._answer))
        while True:
            closed = self._queue.closed  # looked at first: what was answered before counts
            with suppress(Empty):
                return self._answer.get(timeout=0 if closed else LOOK)
            if closed:
                return False  # the dispatcher is gone

    def _next(self, patience: float | None) -> tuple[Task, Written] | None:
        """The next delivery of which a message can be written."""
        while task := self._queue.get(self._relay, patience):
            try:
                return task, task.mail.write(task.claimed)
            except MessageError as error:
                self._queue.release(self._relay)
                self._events.put(RenderFailed(task, error))
        return None
