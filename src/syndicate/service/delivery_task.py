"""Task: send issues to subscribers.

A run lasts until nothing is due; the next starts when something is. A check decides whether a run
is needed, and reports the progress of the current one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from syndicate.delivery.pauses import resume_hint
from syndicate.delivery.relays import RelayError
from syndicate.delivery.sending_status import SendingStatus, sending_status
from syndicate.findings import Finding, Level
from syndicate.issues.archive import Shown
from syndicate.service.jobs import TaskResult
from syndicate.site import Setup, no_progress, open_site
from syndicate.store.incarnation import Incarnation
from syndicate.timestamps import format_timestamp

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from syndicate.delivery.progress import IssueProgress
    from syndicate.delivery.sender import SendReport

log = logging.getLogger(__name__)

CHECK_INTERVAL = timedelta(seconds=5)
"""Between two checks of the store during a run."""

PROGRESS_SECONDS = 0.5
"""Seconds between two reports of progress, or two checks whether a page is served."""


class SentMetrics:
    """What was sent since the service started: a collector of prometheus_client."""

    def __init__(self) -> None:
        self.finished: Counter[tuple[str, str]] = Counter()
        self.remaining: dict[str, int] = {}

    def collect(self) -> Iterator[Metric]:
        """The metrics, for prometheus_client."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        done = CounterMetricFamily(
            "syndicate_deliveries", "Deliveries that have ended.", labels=("issue", "state")
        )
        for labels, number in sorted(self.finished.items()):
            done.add_metric(labels, number)
        yield done
        left = GaugeMetricFamily(
            "syndicate_deliveries_left", "Deliveries still to be made.", labels=("issue",)
        )
        for issue, number in sorted(self.remaining.items()):
            left.add_metric((issue,), number)
        yield left


class DeliveryTask:
    """Sends approved issues: one job checks what is due, another sends in the background.

    `check_job` and `send_job` are the names of the two.
    """

    check_job, send_job = "sending", "delivery"

    def __init__(self, setup: Setup, sent: SentMetrics, shown: Shown) -> None:
        self._setup = setup
        self._shown = shown
        self._sent = sent
        self._stopping = Event()
        self._is_needed = Event()
        self._is_sending = Event()
        self._has_changed = Event()
        self._has_ended = False
        self._checked_at: datetime | None = None
        self._ended: datetime | None = None
        self._remaining: frozenset[int] = frozenset()
        self._report: SendReport | None = None
        self._relay_errors: Sequence[RelayError] = ()
        self._activity = "nothing"
        self._is_used = any(each.deliver for each in setup.config.newsletters.values())

    def stop(self) -> None:
        """Finish the messages that are being sent, and start no more."""
        self._stopping.set()

    @property
    def is_needed(self) -> Callable[[], bool]:
        """Whether a run is needed."""
        return self._is_needed.is_set

    @property
    def has_changed(self) -> Callable[[], bool]:
        """Whether a run has started or ended since the last check."""
        return self._has_changed.is_set

    def check(self, now: datetime) -> TaskResult:
        """Report the status, and whether a run is needed."""
        self._has_changed.clear()
        at_work = self._is_sending.is_set()
        if self._has_ended and not at_work:
            self._has_ended, self._ended, self._checked_at = False, now, None
        if self._checked_at and (not self._is_used or (at_work and self._was_checked(now))):
            return (
                TaskResult(None, PROGRESS_SECONDS, {"sending": self._activity})
                if at_work
                else TaskResult()
            )
        self._checked_at = now
        with open_site(self._setup, no_progress) as site:
            status = sending_status(site, self._shown)
            doubt = Incarnation(site.database, site.sent_record).doubt()
        self._is_used = self._is_used or status.needs_attention
        if doubt:  # the task of the store reports it
            return TaskResult([], None, {"sending": "nothing until the store is resumed"})
        if not (at_work or self._stopping.is_set()) and self._is_due(status.active, now):
            self._is_needed.set()
        return TaskResult(
            list(self._findings(status)),
            PROGRESS_SECONDS if at_work or status.waiting else None,
            self._facts(status) if self._is_used else {},
        )

    def _was_checked(self, now: datetime) -> bool:
        return (
            self._checked_at is not None
            and self._checked_at <= now < self._checked_at + CHECK_INTERVAL
        )

    def _facts(self, status: SendingStatus) -> dict[str, str]:
        return {"sending": self._activity, "waiting for their pages": ", ".join(status.waiting)}

    def _is_due(self, active: frozenset[int], now: datetime) -> bool:
        from syndicate.delivery.next_run import LastRun, needs_run

        last = self._report and self._ended and LastRun(self._report, self._ended, self._remaining)
        return needs_run(last or None, active, now)

    # -- in the background ---------------------------------------------------------------------

    def send(self, _: datetime) -> TaskResult:
        """Send until nothing is due."""
        self._is_needed.clear()
        self._is_sending.set()
        self._has_changed.set()
        self._report, self._activity = None, "interrupted"
        try:
            self._record(self._send())
        finally:
            self._has_ended = True
            self._is_sending.clear()
            self._has_changed.set()
        return TaskResult([])

    def _send(self) -> SendReport:
        from syndicate.delivery.sender import send

        progress = ProgressMeter(self._sent)

        def on_progress(in_progress: Sequence[IssueProgress], errors: Sequence[RelayError]) -> None:
            self._activity = progress.note(in_progress)
            self._relay_errors = errors

        with open_site(self._setup, no_progress) as site:
            report = send(site, self._setup.outbox, self._stopping.is_set, on_progress, self._shown)
            self._remaining = sending_status(site, self._shown).active
        return report

    def _record(self, report: SendReport) -> None:
        """Store and log the result of a run."""
        self._report = report
        self._activity, self._relay_errors = _result(report), report.relay_errors
        self._sent.remaining = {**dict.fromkeys(self._sent.remaining, 0), **report.remaining}
        log_report(report)

    # -- in a check ----------------------------------------------------------------------------

    def _findings(self, status: SendingStatus) -> Iterator[Finding]:
        """Current problems, with or without a run since."""

        def finding(rule: str, message: str, hint: str) -> Finding:
            return Finding(Level.WARNING, rule, message, self._setup.config_file, None, hint)

        for each in status.paused:
            message = f"{each.name} goes no further: {each.pause_reason}"
            yield finding("issue-paused", message, resume_hint(each))
        for issue, held in status.held_by_issue.items():
            yield finding(
                "deliveries-held",
                f"{held} messages of {issue} have an unknown outcome",
                f"syndicate deliveries held {issue}",
            )
        for error in {each.text: each for each in self._relay_errors}.values():
            hint = "it is not tried again before the issues are resumed"
            if not error.is_disabled:
                hint = "it is retried; check sending in config.yaml"
            yield finding("mail-server", error.text, hint)


def log_report(report: SendReport) -> None:
    """Log what a run sent, if anything."""
    if report.sent or report.failed or report.held:
        facts = {"sent": report.sent, "failed": report.failed, "held": report.held}
        words = f"emails: {report.sent:,} sent, {report.failed:,} failed, {report.held:,} on hold"
        log.info("sent", extra={"facts": facts, "words": words})


def _result(report: SendReport) -> str:
    if report.quiet_until:
        return f"quiet until {format_timestamp(report.quiet_until)}"
    if report.next_try:
        return f"what was not taken is tried again at {format_timestamp(report.next_try)}"
    if report.paused:
        return f"paused: {', '.join(each.name for each in report.paused)}"
    return "nothing"


class ProgressMeter:
    """The progress of a run, in words and in numbers."""

    def __init__(self, sent: SentMetrics) -> None:
        from syndicate.delivery.throughput import ThroughputMeter

        self._sent = sent
        self._pace = ThroughputMeter()
        self._before: Counter[tuple[str, str]] = Counter()

    def note(self, in_progress: Sequence[IssueProgress]) -> str:
        parts = []
        for each in in_progress:
            issue = each.sending.name
            for state in ("sent", "failed", "held"):
                number = getattr(each, state)
                self._sent.finished[issue, state] += number - self._before[issue, state]
                self._before[issue, state] = number
            self._sent.remaining[issue] = each.planned - each.done
            parts.append(f"{issue}: {each.done:,} of {each.planned:,}")
        self._pace.record(monotonic(), sum(each.done for each in in_progress))
        return (
            ", ".join(parts) + f" ({self._pace.per_second:,.0f} a second)" if parts else "nothing"
        )
