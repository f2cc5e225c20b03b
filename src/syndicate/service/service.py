"""The service of one site: composition, signals, shutdown.

The main thread waits for signals and watches the clock; jobs run in another thread.
"""

from __future__ import annotations

import logging
import os
import queue
import resource
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

from syndicate import __version__
from syndicate.errors import Location, StoreError, SyndicateError
from syndicate.service.build_state import BuildState
from syndicate.service.clock import Clock
from syndicate.service.config_watch import ConfigWatch
from syndicate.service.delivery_task import DeliveryTask
from syndicate.service.http_server import HttpServer
from syndicate.service.issue_pages import IssuePages
from syndicate.service.job_table import mail_jobs, publish_jobs, server_jobs, site_jobs
from syndicate.service.jobs import IntervalTrigger, Job
from syndicate.service.problems import as_findings
from syndicate.service.scheduler import Scheduler
from syndicate.service.single_instance import DatabaseLock
from syndicate.service.status_reporter import StatusReporter
from syndicate.service.systemd import ALIVE, READY, STOPPING, Systemd
from syndicate.service_state.lock import lock_file, single_instance
from syndicate.service_state.status import status_file
from syndicate.site import Setup, no_progress, open_site, set_up
from syndicate.store.successor import StoreNotInUseError

log = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
REPEAT_SECONDS = 1.0
"""Seconds in which a repeated signal is ignored: `timeout` signals a process and its group, and
programs that start others pass on signals that their group got already."""

CONFIGURATION = "configuration"
TAKEN_OVER = 2
"""The exit code when another service took over the database."""

TIMED_OUT = 1
"""The exit code when work did not end within `service.shutdown_timeout`."""


def _max_silence(setup: Setup) -> float:
    """Seconds without a pass after which the scheduler counts as dead."""
    return max(60.0, 10 * setup.config.service.poll_interval)


def _controlling_terminal() -> int | None:
    """The descriptor by which this process is attached to a terminal, if it is.

    A process that ignores SIGHUP (nohup) is not: it is meant to outlive its terminal.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return None
    return next((each for each in (0, 1, 2) if os.isatty(each)), None)


def _require_in_use(setup: Setup) -> None:
    """Raise StoreNotInUseError if it was moved elsewhere; jobs report other problems, and retry."""
    try:
        with open_site(setup, no_progress):
            pass
    except StoreNotInUseError:
        raise
    except StoreError as error:
        log.debug("the store cannot be opened: %s", error.message)


def _raise_file_limit() -> None:
    """Allow as many open files as the system lets this process have: each connection is one."""
    _, maximum = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # the old limit remains
        resource.setrlimit(resource.RLIMIT_NOFILE, (maximum, maximum))


class Service:
    """Watches and publishes a site until a signal ends it."""

    def __init__(
        self,
        config_file: Path,
        environment: Mapping[str, str],
        *,
        host: str | None = None,
        port: int | None = None,
    ) -> None:
        """`host` and `port` replace those of the configuration."""
        self._config_file = config_file
        self._environment = environment
        self._configuration = ConfigWatch(config_file)
        self._setup = set_up(config_file, environment)
        self._terminal = _controlling_terminal()
        self._systemd = Systemd(environment)
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._reload_requested = threading.Event()
        self._scheduler = Scheduler([])
        self._email_requested = threading.Event()
        config = self._setup.config.service
        self._server = HttpServer(
            self._setup,
            self._scheduler,
            config.host if host is None else host,
            config.port if port is None else port,
            _max_silence(self._setup),
            self._email_requested,
        )
        self._exit_code = 0
        self._stopping_since = 0.0
        self._database_lock = DatabaseLock(self._setup, self._end_taken_over)
        self._delivery_task = self._schedule_jobs()
        self._clock = Clock(self._run_due_jobs, self._scheduler.next_runs)
        self._reporter = StatusReporter(status_file(self._setup), os.getpid())

    def run(self) -> int:
        """Run until SIGTERM, SIGINT or the end of its terminal; returns the exit code.

        Raises SyndicateError when it cannot start.
        """
        with single_instance(lock_file(self._setup), os.getpid()):
            self._database_lock.begin()
            _require_in_use(self._setup)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, self._on_signal)
            _raise_file_limit()
            self._server.listen()
            facts = {"version": __version__, "content": str(self._setup.places.content)}
            line = f"syndicate {__version__} publishes {facts['content']}"
            log.info("running", extra={"facts": facts, "line": line})
            self._server.start()
            self._clock.start()
            self._systemd.notify(READY)
            self._watch()
            self._systemd.notify(STOPPING)
            self._delivery_task.stop()
            self._clock.stop()
            self._delivery_task.stop()  # a reload may have replaced it meanwhile
            self._scheduler.close(self._delivery_task.send_job)
            self._server.stop()
            self._database_lock.close()
            log.info("stopped")
        return self._exit_code

    def _end_taken_over(self) -> None:
        """End, because another service uses the database."""
        self._exit_code = TAKEN_OVER
        self._signals.put(signal.SIGTERM)

    def _schedule_jobs(self) -> DeliveryTask:
        """Schedule the jobs of the current configuration. Returns the task that sends."""
        served = BuildState()
        pages = IssuePages(self._server, served)
        delivery_task = DeliveryTask(self._setup, self._server.sent, pages)
        poll = IntervalTrigger(timedelta(seconds=self._setup.config.service.poll_interval))
        self._scheduler.replace(
            [
                *self._database_lock.jobs(poll),
                *site_jobs(self._setup, served),
                *server_jobs(self._setup, served, self._server),
                *publish_jobs(self._setup, served, self._server.published),
                *mail_jobs(self._setup, served, pages, self._email_requested, delivery_task),
                Job(self._configuration.name, poll, self._configuration.run),
            ]
        )
        return delivery_task

    # -- the main thread ---------------------------------------------------------------------

    def _watch(self) -> None:
        """Handle signals, check the clock and notify the watchdog, until a signal ends it."""
        while True:
            try:
                number = self._signals.get(timeout=1)
            except queue.Empty:
                number = 0
            if number in STOP_SIGNALS:
                facts = {"signal": signal.Signals(number).name}
                log.info("stopping", extra={"facts": facts, "words": "stopping"})
                return
            if number == signal.SIGHUP:
                self._systemd.reloading()
                self._reload_requested.set()
                self._clock.run_now()
            self._clock.check_for_jump()
            if self._systemd.has_watchdog and self._scheduler.is_alive(_max_silence(self._setup)):
                self._systemd.notify(ALIVE)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGHUP and self._terminal is not None and not os.isatty(self._terminal):
            number = signal.SIGTERM  # its terminal was closed
        if number != signal.SIGHUP:
            if self._scheduler.stopping:
                if time.monotonic() - self._stopping_since >= REPEAT_SECONDS:
                    os._exit(128 + number)  # the exit code of shells; the next start recovers
                return
            self._stopping_since = time.monotonic()
            self._scheduler.stopping = True
            deadline = self._setup.config.service.shutdown_timeout
            timer = threading.Timer(deadline, self._time_out, [deadline])
            timer.daemon = True
            timer.start()
        self._signals.put(number)

    def _time_out(self, deadline: int) -> None:
        log.error("shutdown timed out", extra={"facts": {"seconds": deadline}})
        os._exit(TIMED_OUT)

    # -- the thread of the clock -------------------------------------------------------------

    def _run_due_jobs(self, now: datetime) -> None:
        if self._reload_requested.is_set():
            self._reload_requested.clear()
            self._reload(now)
            self._systemd.notify(READY)
        self._scheduler.run_due(now)
        self._scheduler.report("status", self._reporter.report(self._scheduler, now), now)

    def _reload(self, now: datetime) -> None:
        """Read the configuration again; an invalid one changes nothing."""
        self._configuration.was_read()
        try:
            setup = set_up(self._config_file, self._environment)
            if setup.state != self._setup.state:
                raise SyndicateError(
                    "store.url names another store than before",
                    place=Location(str(self._config_file)),
                    hint="restart the service to change to it",
                )
        except (SyndicateError, OSError) as error:
            self._scheduler.report(CONFIGURATION, as_findings("configuration", error), now)
            log.error("the configuration cannot be used; the previous one stays in force")
            return
        self._scheduler.report(CONFIGURATION, [], now)
        self._setup = setup
        self._server.reconfigure(setup)
        self._delivery_task.stop()
        self._delivery_task = self._schedule_jobs()
        log.info("configuration reloaded")
