"""The process of `syndicate worker`: sends what is approved, and neither builds nor serves.

It needs a configuration and the store. Issues begin to be sent by a service or `syndicate send`,
which see their pages; from then on, any worker sends their messages.
"""

from __future__ import annotations

import logging
import queue
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from syndicate import __version__
from syndicate.catalogue.urls import base_url
from syndicate.delivery.next_run import LastRun, needs_run
from syndicate.delivery.sender import Sender
from syndicate.delivery.sending_status import sending_status
from syndicate.delivery.worker_session import worker_session
from syndicate.errors import SyndicateError
from syndicate.service.delivery_task import ProgressMeter, SentMetrics, log_report
from syndicate.service.http_server import STOPPING_SECONDS, bound
from syndicate.service.systemd import READY, STOPPING, Systemd
from syndicate.site import Setup, Site, no_progress, open_site
from syndicate.store.incarnation import Doubt, Incarnation
from syndicate.web.fast_path import server_config
from syndicate.web.metrics import Traffic
from syndicate.web.rate_limit import Clients, Limit
from syndicate.web.responder import Responder
from syndicate.web.site_in_memory import ServedAddress, SiteCache

if TYPE_CHECKING:
    from syndicate.delivery.progress import IssueProgress
    from syndicate.delivery.relays import RelayError
    from syndicate.store.issues import Issue

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""Seconds between looks for something to send."""

RETRY_SECONDS = 2.0
"""Seconds before it joins the other workers again, when that failed or its session ended."""

MAX_SILENCE = 60.0
"""Seconds without a look after which the process hangs."""


class WorkerHealth:
    """What `/livez`, `/readyz` and `/metrics` report; a collector of prometheus_client."""

    def __init__(self) -> None:
        self.problem = "starting"
        """Why it does not send; "" if it does."""
        self.sent = SentMetrics()
        self._looked_at = time.monotonic()
        self._registry = CollectorRegistry()
        self._registry.register(self.sent)
        self._registry.register(self)

    def note(self, problem: str) -> None:
        """Note a look, and a problem if there is one."""
        self._looked_at = time.monotonic()
        if problem and problem != self.problem:
            log.warning("standing by: %s", problem)
        self.problem = problem

    def livez(self) -> Sequence[str]:
        """Why the process should be restarted; empty if it works."""
        silent = time.monotonic() - self._looked_at > MAX_SILENCE
        return ["no look at the store for too long"] if silent else []

    def readyz(self) -> Sequence[str]:
        """Why it does not send; empty if it does."""
        return [*self.livez(), *([self.problem] if self.problem else [])]

    def metrics(self) -> bytes:
        """All metrics, in Prometheus's text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Whether this worker can send."""
        meaning = "Whether this worker has a session with the store."
        yield GaugeMetricFamily("syndicate_worker_ready", meaning, int(not self.readyz()))


class WorkerProcess:
    """A worker until a signal or `workers drain` ends it."""

    def __init__(self, setup: Setup, name: str, host: str, port: int) -> None:
        """`name` is what `syndicate workers` lists it as; `host` and `port` serve its health."""
        self._setup = setup
        self._name = name
        self._health = WorkerHealth()
        self._stopping = threading.Event()
        self._sockets = [bound(host, port)]
        self._server = uvicorn.Server(
            server_config(
                self._responder(),
                host=host,
                port=port,
                log_config=None,
                timeout_graceful_shutdown=STOPPING_SECONDS,
            )
        )

    def _responder(self) -> Responder:
        """Answers the addresses of its health, and no others."""
        address = ServedAddress(base_url(self._setup.config.site), "")
        nothing = SiteCache(self._setup.places.output, address)
        return Responder(nothing, Clients(Limit(), ()), Traffic(), self._health)

    def run(self, systemd: Systemd) -> int:
        """Work; the exit code."""
        signals: queue.SimpleQueue[int] = queue.SimpleQueue()

        def stop(number: int, _: FrameType | None) -> None:
            self._stopping.set()
            signals.put(number)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        web = threading.Thread(
            target=self._server.run, kwargs={"sockets": self._sockets}, name="web", daemon=True
        )
        web.start()
        _, port = self._sockets[0].getsockname()[:2]
        facts = {"version": __version__, "name": self._name, "port": port}
        line = f"Worker {self._name} sends - press Ctrl-C to stop"
        log.info("working", extra={"facts": facts, "line": line})
        systemd.notify(READY)
        while not self._stopping.is_set():
            self._join()
        systemd.notify(STOPPING)
        self._server.should_exit = True
        web.join(STOPPING_SECONDS + 1)
        log.info("stopped")
        return 0

    def _join(self) -> None:
        """Join the workers of the store and send, until the session ends or is to end."""
        try:
            with (
                open_site(self._setup, no_progress) as site,
                worker_session(site.database, site.config, self._name) as session,
            ):
                _require_known_store(site)
                sender = Sender(site, session, self._setup.outbox, _planned_by_others)
                session.recover()
                last: LastRun | None = None
                while not self._stopping.is_set():
                    session.look()
                    if session.is_draining:
                        log.info("drained")
                        self._stopping.set()
                    self._health.note("")
                    last = self._send_if_needed(site, sender, last)
                    self._stopping.wait(POLL_SECONDS)
        except (SyndicateError, OSError) as error:  # no disk space for the record, for example
            self._health.note(error.message if isinstance(error, SyndicateError) else str(error))
            self._stopping.wait(RETRY_SECONDS)

    def _send_if_needed(self, site: Site, sender: Sender, last: LastRun | None) -> LastRun | None:
        active = sending_status(site, _planned_by_others).active
        if self._stopping.is_set() or not needs_run(last, active, datetime.now(UTC)):
            return last
        _require_known_store(site)  # it may have been restored meanwhile
        progress = ProgressMeter(self._health.sent)

        def on_progress(in_progress: Sequence[IssueProgress], _: Sequence[RelayError]) -> None:
            progress.note(in_progress)
            self._health.note("")

        report = sender.run_once(self._stopping.is_set, on_progress)
        log_report(report)
        active = sending_status(site, _planned_by_others).active
        return LastRun(report, datetime.now(UTC), active)


def _require_known_store(site: Site) -> None:
    """Raise SyndicateError when nothing may be sent from this store.

    A new host has no record of what was sent. While a service is connected, which has one, the
    host takes it over from the store.
    """
    incarnation = Incarnation(site.database, site.sent_record)
    if incarnation.doubt() is not Doubt.UNRECORDED or not site.database.has_service():
        incarnation.require()
    incarnation.synchronise()


def _planned_by_others(_: Site, __: Issue) -> bool:
    """Whether an issue may begin to be sent: here it may not, a service sees its page first."""
    return False
