"""Sends issues to subscribers, in a thread of its own: a part of the service.

A round goes on until nothing is left to do by now, and the next begins when something is. A turn
only looks; while a round is at work it says how far that is.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event, Lock
from time import monotonic
from typing import TYPE_CHECKING

from syndicate.app import Setup, open_site
from syndicate.findings import Finding, Level
from syndicate.moments import to_text
from syndicate.service.served import silently
from syndicate.service.tick import Turn

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from syndicate.sending.clerk import Way
    from syndicate.sending.sender import Report

log = logging.getLogger(__name__)

LOOK = timedelta(seconds=5)
"""From one look whether something is to be sent to the next."""

ANYWAY = timedelta(minutes=1)
"""From one round to the next while issues are on their way of which nothing seems left to do."""

SOON = 0.5

ONE_AT_A_TIME = Lock()
"""With a new configuration comes a new part; the round of the one before ends first."""


class Sent:
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


class Delivering:
    """Sends what is approved, one round after the other."""

    name = "sending"

    def __init__(self, setup: Setup, sent: Sent) -> None:
        self._setup = setup
        self._sent = sent
        self._stopping = Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sending")
        self._round: Future[Report] | None = None
        self._looked: datetime | None = None
        self._ended: datetime | None = None
        self._left: frozenset[int] = frozenset()
        self._again: datetime | None = None
        self._said = "nothing"
        self._wanted = any(each.deliver for each in setup.config.newsletters.values())

    def stop(self) -> None:
        """Finish the messages in hand, and begin no more."""
        self._stopping.set()

    def close(self) -> None:
        """Wait for the end of the round."""
        self._thread.shutdown()

    def turn(self, now: datetime) -> Turn:
        """Say what came of the last round, if it has ended, and begin one when there is need."""
        if not self._wanted and self._looked:
            return Turn()
        if self._round and not self._round.done():
            return Turn(None, SOON, {"sending": self._said})
        findings = self._over(now)
        if not self._stopping.is_set() and self._is_due(now):
            self._round = self._thread.submit(self._send)
        return Turn(findings, SOON if self._round else None, {"sending": self._said})

    def _is_due(self, now: datetime) -> bool:
        """Whether something is on its way that was not left so by the last round."""
        if self._looked and self._looked <= now < self._looked + LOOK:
            return False
        self._looked = now
        if self._again and now < self._again and self._said.startswith("quiet"):
            return False
        from syndicate.sending.sender import going_on

        with open_site(self._setup, silently) as site:
            there = going_on(site)
        if not there:
            return False
        self._wanted = True  # something is on its way, whatever the configuration says now
        if there != self._left or self._ended is None or (self._again and now >= self._again):
            return True
        return not self._ended <= now < self._ended + ANYWAY

    # -- in the thread -------------------------------------------------------------------------

    def _send(self) -> Report:
        from syndicate.sending.sender import going_on, send

        progress = _Progress(self._sent)

        def told(ways: Iterable[Way]) -> None:
            self._said = progress.note(ways)

        outbox = self._setup.base / self._setup.config.outbox
        with ONE_AT_A_TIME, open_site(self._setup, silently) as site:
            report = send(site, outbox, self._stopping.is_set, told)
            self._left = going_on(site)
        return report

    # -- what came of it -----------------------------------------------------------------------

    def _over(self, now: datetime) -> list[Finding] | None:
        """What is to be told of the last round; None without a new one. Raises what it raised."""
        if self._round is None:
            return None
        ended, self._round, self._ended = self._round, None, now
        self._said = "interrupted"
        report = ended.result()
        self._again = report.quiet or report.next_try
        self._said = _said(report)
        if report.sent or report.failed or report.held:
            facts = {"sent": report.sent, "failed": report.failed, "held": report.held}
            log.info("sent", extra={"facts": facts})
        return list(self._findings(report))

    def _findings(self, report: Report) -> Iterator[Finding]:
        def finding(rule: str, message: str, way_out: str) -> Finding:
            return Finding(Level.WARNING, rule, message, self._setup.config_file, None, way_out)

        for each in report.paused:
            way_out = f"mend it, then: syndicate issues resume {each.name}"
            yield finding("issue-paused", f"{each.name} goes no further: {each.paused}", way_out)
        for issue, held in report.held_of.items():
            yield finding(
                "deliveries-held",
                f"of {held} messages of {issue} nobody knows whether they went out",
                f"syndicate deliveries held {issue}",
            )
        for trouble in dict.fromkeys(report.troubles):
            yield finding("mail-server", trouble, "it is tried again; see sending.servers")


def _said(report: Report) -> str:
    if report.quiet:
        return f"quiet until {to_text(report.quiet)}"
    if report.next_try:
        return f"what was not taken is tried again at {to_text(report.next_try)}"
    if report.paused:
        return f"paused: {', '.join(each.name for each in report.paused)}"
    return "nothing"


class _Progress:
    """How far a round is, in words and in numbers."""

    def __init__(self, sent: Sent) -> None:
        from syndicate.sending.pace import Pace

        self._sent = sent
        self._pace = Pace()
        self._before: Counter[tuple[str, str]] = Counter()

    def note(self, ways: Iterable[Way]) -> str:
        parts = []
        ways = list(ways)
        for way in ways:
            issue = way.sending.name
            for state in ("sent", "failed", "held"):
                number = getattr(way, state)
                self._sent.done[issue, state] += number - self._before[issue, state]
                self._before[issue, state] = number
            self._sent.left[issue] = way.planned - way.done
            parts.append(f"{issue}: {way.done:,} of {way.planned:,}")
        self._pace.note(monotonic(), sum(way.done for way in ways))
        return (
            ", ".join(parts) + f" ({self._pace.per_second:,.0f} a second)" if parts else "nothing"
        )
