"""Task: send issues to subscribers.

A run lasts until nothing is due; the next begins when something is. A look only checks, and reports
the progress of a run.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from syndicate.delivery.operations.pausing import resume_hint
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

LOOK = timedelta(seconds=5)
"""From one look at the store to the next while a run goes on."""

ANYWAY = timedelta(minutes=1)
"""From one run to the next while issues are on their way of which nothing seems left to do."""

SOON = 0.5
"""Seconds until the next report of the progress of a run, or look for a page to be served."""


class SentMetrics:
    """What was sent since the service began: a collector of prometheus_client."""

    def __init__(self) -> None:
        self.done: Counter[tuple[str, str]] = Counter()
        self.left: dict[str, int] = {}

    def collect(self) -> Iterator[Metric]:
        """What prometheus_client asks for."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        done = CounterMetricFamily(
            "syndicate_deliveries", "Deliveries that came to an end.", labels=("issue", "state")
        )
        for labels, number in sorted(self.done.items()):
            done.add_metric(labels, number)
        yield done
        left = GaugeMetricFamily(
            "syndicate_deliveries_left", "Deliveries still to be made.", labels=("issue",)
        )
        for issue, number in sorted(self.left.items()):
            left.add_metric((issue,), number)
        yield left


class DeliveryTask:
    """Sends what is approved: one job looks what is to be done, another does it in the background.

    `looking` and `sending` are the names of the two.
    """

    looking, sending = "sending", "delivery"

    def __init__(self, setup: Setup, sent: SentMetrics, shown: Shown) -> None:
        self._setup = setup
        self._shown = shown
        self._sent = sent
        self._stopping = Event()
        self._is_needed = Event()
        self._at_work = Event()
        self._has_changed = Event()
        self._has_ended = False
        self._looked: datetime | None = None
        self._ended: datetime | None = None
        self._left: frozenset[int] = frozenset()
        self._report: SendReport | None = None
        self._relay_errors: Sequence[RelayError] = ()
        self._activity = "nothing"
        self._is_used = any(each.deliver for each in setup.config.newsletters.values())

    def stop(self) -> None:
        """Finish the messages in hand, and begin no more."""
        self._stopping.set()

    @property
    def is_needed(self) -> Callable[[], bool]:
        """Whether a run is needed."""
        return self._is_needed.is_set

    @property
    def has_changed(self) -> Callable[[], bool]:
        """Whether a run has begun or ended since the last look."""
        return self._has_changed.is_set

    def look(self, now: datetime) -> TaskResult:
        """Report the status, and whether a run is needed."""
        self._has_changed.clear()
        at_work = self._at_work.is_set()
        if self._has_ended and not at_work:
            self._has_ended, self._ended, self._looked = False, now, None
        if self._looked and (not self._is_used or (at_work and self._has_looked(now))):
            return TaskResult(None, SOON, {"sending": self._activity}) if at_work else TaskResult()
        self._looked = now
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
            SOON if at_work or status.waiting else None,
            self._facts(status) if self._is_used else {},
        )

    def _has_looked(self, now: datetime) -> bool:
        return self._looked is not None and self._looked <= now < self._looked + LOOK

    def _facts(self, status: SendingStatus) -> dict[str, str]:
        return {"sending": self._activity, "waiting for their pages": ", ".join(status.waiting)}

    def _is_due(self, active: frozenset[int], now: datetime) -> bool:
        """Whether something is on its way that was not left so by the last run."""
        report = self._report
        if not active:
            return False
        if report is None or self._ended is None or now < self._ended:  # the clock was set back
            return True
        if report.quiet_until and now < report.quiet_until:
            return False
        if active != self._left:
            return True
        if report.next_try and now >= report.next_try:
            return True
        return now >= self._ended + ANYWAY

    # -- in the background ---------------------------------------------------------------------

    def send(self, _: datetime) -> TaskResult:
        """Send until nothing is due."""
        self._is_needed.clear()
        self._at_work.set()
        self._has_changed.set()
        self._report, self._activity = None, "interrupted"
        try:
            self._record(self._send())
        finally:
            self._has_ended = True
            self._at_work.clear()
            self._has_changed.set()
        return TaskResult([])

    def _send(self) -> SendReport:
        from syndicate.delivery.sender import send

        progress = _Progress(self._sent)

        def on_progress(in_progress: Sequence[IssueProgress], errors: Sequence[RelayError]) -> None:
            self._activity = progress.note(in_progress)
            self._relay_errors = errors

        with open_site(self._setup, no_progress) as site:
            report = send(site, self._setup.outbox, self._stopping.is_set, on_progress, self._shown)
            self._left = sending_status(site, self._shown).active
        return report

    def _record(self, report: SendReport) -> None:
        """Keep and log the result of a run."""
        self._report = report
        self._activity, self._relay_errors = _result(report), report.relay_errors
        self._sent.left = {**dict.fromkeys(self._sent.left, 0), **report.remaining}
        if report.sent or report.failed or report.held:
            facts = {"sent": report.sent, "failed": report.failed, "held": report.held}
            words = (
                f"emails: {report.sent:,} sent, {report.failed:,} failed, {report.held:,} on hold"
            )
            log.info("sent", extra={"facts": facts, "words": words})

    # -- in a look -----------------------------------------------------------------------------

    def _findings(self, status: SendingStatus) -> Iterator[Finding]:
        """What is wrong now, whether or not there was a run since."""

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


def _result(report: SendReport) -> str:
    if report.quiet_until:
        return f"quiet until {format_timestamp(report.quiet_until)}"
    if report.next_try:
        return f"what was not taken is tried again at {format_timestamp(report.next_try)}"
    if report.paused:
        return f"paused: {', '.join(each.name for each in report.paused)}"
    return "nothing"


class _Progress:
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
                self._sent.done[issue, state] += number - self._before[issue, state]
                self._before[issue, state] = number
            self._sent.left[issue] = each.planned - each.done
            parts.append(f"{issue}: {each.done:,} of {each.planned:,}")
        self._pace.record(monotonic(), sum(each.done for each in in_progress))
        return (
            ", ".join(parts) + f" ({self._pace.per_second:,.0f} a second)" if parts else "nothing"
        )
