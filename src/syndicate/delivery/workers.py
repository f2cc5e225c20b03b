"""Workers: threads with one connection each that send the messages of deliveries, in two steps.

They do not touch the store: each event goes to the dispatcher, which records it, and a worker
waits for its permission before the first byte of a message.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

from syndicate.delivery.messages import PersonalMessage
from syndicate.delivery.queue import POLL_SECONDS, DeliveryQueue, Task
from syndicate.delivery.relays import Relay
from syndicate.errors import DeliveryError, MessageError, RejectedStage
from syndicate.mail.transport import Session

IDLE_SECONDS = 5.0
"""How long a connection waits for its next message before it is closed."""

MAX_LOST_CONNECTIONS = 3
"""Connections that may end before the message of one delivery; then it is retried later."""

MAX_PERMISSION_AGE = 5.0
"""Seconds after which a permitted message does not go: the process was stopped meanwhile, and
another worker may have taken over. That needs longer (`worker_session.MAX_SILENT_LOOKS`)."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a message may go, as of a moment of the monotonic clock."""

    is_granted: bool
    at: float

    def is_valid(self, now: float) -> bool:
        """Whether it was granted, and this process has not been stopped for long since."""
        return self.is_granted and now - self.at < MAX_PERMISSION_AGE


@dataclass(frozen=True, slots=True)
class ReadyToSend:
    """A server waits for the message of a delivery; the dispatcher answers whether to send it."""

    task: Task
    relay: Relay
    permission: SimpleQueue[Permission]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A server accepted the message of a delivery."""

    task: Task
    relay: Relay
    reply: str


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """An accepted message may have been rejected after all: later replies do not fit."""

    task: Task
    relay: Relay
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message was rejected, or its outcome is unknown; `was_permitted`: it was permitted to go.

    The worker waits for `recorded`, if there is one, until the rejection is recorded.
    """

    task: Task
    relay: Relay
    error: DeliveryError
    was_permitted: bool
    recorded: SimpleQueue[None] | None = None


@dataclass(frozen=True, slots=True)
class RenderFailed:
    """No message can be written for a delivery."""

    task: Task
    error: MessageError


@dataclass(frozen=True, slots=True)
class Crashed:
    """An error in this program ended the thread of a worker."""

    error: BaseException


WorkerEvent = ReadyToSend | Accepted | OutcomeUnknown | Rejected | RenderFailed | Crashed
WorkerEvents = SimpleQueue[WorkerEvent]


@dataclass(frozen=True, slots=True)
class WorkerPool:
    """The workers of some relays; they take deliveries from `queue` and report `events`."""

    relays: Sequence[Relay]
    queue: DeliveryQueue
    events: WorkerEvents
    threads: Sequence[Thread]

    @property
    def is_running(self) -> bool:
        """Whether any worker still runs."""
        return any(thread.is_alive() for thread in self.threads)


@contextmanager
def worker_pool(relays: Sequence[Relay]) -> Iterator[WorkerPool]:
    """Run a worker for each connection of each relay.

    At the end each finishes its message; messages that wait for permission do not go.
    """
    events: WorkerEvents = SimpleQueue()
    queue = DeliveryQueue(relays)
    threads = [
        Thread(target=Worker(relay, number, queue, events).run, name=f"{relay.name}-{number}")
        for relay in relays
        for number in range(relay.server.connections)
    ]
    for thread in threads:
        thread.daemon = True  # the shutdown timeout of the service does not wait for a server
        thread.start()
    try:
        yield WorkerPool(relays, queue, events, threads)
    finally:
        queue.close()
        for thread in threads:
            thread.join()


@dataclass(frozen=True, slots=True)
class _Job:
    """A delivery with its message."""

    task: Task
    message: PersonalMessage


class Worker:
    """A thread with one connection to a relay, which is opened again after it ended."""

    def __init__(
        self, relay: Relay, number: int, queue: DeliveryQueue, events: WorkerEvents
    ) -> None:
        """`number` is that of the connection, from 0."""
        self._relay = relay
        self._number = number
        self._queue = queue
        self._events = events
        self._permission: SimpleQueue[Permission] = SimpleQueue()
        self._recorded: SimpleQueue[None] = SimpleQueue()
        self._last_accepted: Task | None = None  # in the present session

    def run(self) -> None:
        """Work until the queue is closed, or the relay is disabled."""
        try:
            while self._is_needed():
                if self._relay.quota.slots.enter(self._number, POLL_SECONDS):
                    self._work_in_slot()
        except BaseException as error:  # noqa: BLE001  the dispatcher ends the run
            self._events.put(Crashed(error))

    def _is_needed(self) -> bool:
        return not self._queue.closed and self._relay.disabled_by is None

    def _work_in_slot(self) -> None:
        """Work as long as this worker may have a connection."""
        try:
            job = self._wait_for_job()
            while job:
                job = self._connect(job) or self._wait_for_job()
        finally:
            self._relay.quota.slots.leave(self._number)

    def _connect(self, job: _Job) -> _Job | None:
        """Open a session and work in it; the job that is left when it ends."""
        opened, self._last_accepted = False, None
        try:
            with self._relay.transport.session() as session:
                opened = True
                left = self._work(session, job)
            if session.doubt and self._last_accepted:
                event = OutcomeUnknown(self._last_accepted, self._relay, session.doubt)
                self._events.put(event)
            return left
        except DeliveryError as error:
            if opened:
                raise
            self._relay.quota.put_back()
            self._queue.requeue(job.task)
            self._relay.mark_failed(error, time.monotonic())
        return None

    def _work(self, session: Session, first: _Job) -> _Job | None:
        """Send one message after another until the session ends or is idle; the job left then."""
        job: _Job | None = first
        while job:
            try:
                session.begin(job.message.envelope)
            except DeliveryError as error:
                self._report_refusal(job.task, error)
                if error.connection_lost or self._relay.disabled_by:
                    return None
                job = self._next_job(IDLE_SECONDS)
                continue
            permission = self._await_permission(job.task)
            if not permission.is_granted:
                return None
            following = self._next_job(0)
            if not permission.is_valid(time.monotonic()):
                self._report_overdue(job.task)
                return following
            if not self._finish(session, job, following):
                return following
            job = following or self._next_job(IDLE_SECONDS)
        return None

    def _finish(self, session: Session, job: _Job, following: _Job | None) -> bool:
        """Send an announced message, announce the next; returns whether the session continues."""
        envelope = following.message.envelope if following else None
        try:
            reply = session.finish(job.message.content, envelope)
        except DeliveryError as error:
            if error.stage is RejectedStage.SERVER and not error.outcome_unknown:
                self._relay.last_error = error
            self._events.put(Rejected(job.task, self._relay, error, was_permitted=True))
            return not error.connection_lost
        self._last_accepted = job.task
        self._relay.mark_healthy()
        self._events.put(Accepted(job.task, self._relay, reply))
        return True

    def _report_refusal(self, task: Task, error: DeliveryError) -> None:
        """A message was refused before it was sent: by the server, or for sender or recipient."""
        about_server = error.stage is RejectedStage.SERVER
        if about_server and (error.permanent or task.lost_connections < MAX_LOST_CONNECTIONS):
            task.lost_connections += 1
            self._relay.quota.finish()  # the server may have counted it
            self._queue.requeue(task)
        else:
            self._report_rejection(task, error)
        if about_server and (error.permanent or not self._last_accepted):
            self._relay.mark_failed(error, time.monotonic())

    def _report_rejection(self, task: Task, error: DeliveryError) -> None:
        """Report a rejection and wait until it is recorded.

        Otherwise a fast server could reject a whole issue before a slow store pauses it.
        """
        event = Rejected(task, self._relay, error, was_permitted=False, recorded=self._recorded)
        self._events.put(event)
        while not self._queue.closed:
            with suppress(Empty):
                self._recorded.get(timeout=POLL_SECONDS)
                return

    def _await_permission(self, task: Task) -> Permission:
        """Ask the dispatcher whether a message may go; it may not if the dispatcher has ended."""
        self._events.put(ReadyToSend(task, self._relay, self._permission))
        while True:
            closed = self._queue.closed  # read first: an answer given before it closed counts
            with suppress(Empty):
                return self._permission.get(timeout=0 if closed else POLL_SECONDS)
            if closed:
                return Permission(is_granted=False, at=0.0)

    def _report_overdue(self, task: Task) -> None:
        """Report a permitted message that does not go: the permission is too old."""
        error = DeliveryError("not sent: this program was stopped meanwhile", permanent=False)
        self._events.put(Rejected(task, self._relay, error, was_permitted=True))

    def _wait_for_job(self) -> _Job | None:
        """The next job, however long it takes; None when this worker gets none."""
        while self._is_needed() and self._relay.quota.slots.is_allowed(self._number):
            if job := self._next_job(IDLE_SECONDS):
                return job
        return None

    def _next_job(self, seconds: float) -> _Job | None:
        """The next delivery of which a message can be written; None if there is none in time."""
        slots = self._relay.quota.slots
        while slots.is_allowed(self._number) and (task := self._queue.get(self._relay, seconds)):
            try:
                return _Job(task, task.messages.write(task.claimed))
            except MessageError as error:
                self._relay.quota.put_back()
                self._events.put(RenderFailed(task, error))
        return None
