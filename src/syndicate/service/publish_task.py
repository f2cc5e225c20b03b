"""Task: publish documents to the targets of the configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from syndicate.findings import Finding, Level
from syndicate.publishing.publisher import PublishOutcome, publish
from syndicate.service.build_state import BuildState
from syndicate.service.jobs import TaskResult
from syndicate.site import Setup, no_progress, open_site
from syndicate.store.published import PublishedDocuments
from syndicate.timestamps import parse_timestamp

if TYPE_CHECKING:
    from prometheus_client.core import Metric

RETRY = timedelta(seconds=10)
"""From one run to the next while a target fails; each target waits for its own next try."""


class PublishMetrics:
    """What was published since the service began: a collector of prometheus_client."""

    def __init__(self) -> None:
        self.done: Counter[tuple[str, str]] = Counter()
        self.failing: dict[str, bool] = {}
        self.last: dict[str, datetime] = {}

    def collect(self) -> Iterator[Metric]:
        """The metrics of each target."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        done = CounterMetricFamily(
            "syndicate_published_documents",
            "Documents written to targets, or removed.",
            labels=("target", "action"),
        )
        for labels, number in sorted(self.done.items()):
            done.add_metric(labels, number)
        yield done
        failing = GaugeMetricFamily(
            "syndicate_publish_failing",
            "1 while a target cannot be published to.",
            labels=("target",),
        )
        for name, value in sorted(self.failing.items()):
            failing.add_metric((name,), int(value))
        yield failing
        last = GaugeMetricFamily(
            "syndicate_last_publish_timestamp_seconds",
            "When a target last had all documents.",
            labels=("target",),
        )
        for name, moment in sorted(self.last.items()):
            last.add_metric((name,), moment.timestamp())
        yield last


class PublishTask:
    """Publishes after each build; runs in the background."""

    name = "publish"

    def __init__(self, setup: Setup, served: BuildState, metrics: PublishMetrics) -> None:
        self._setup = setup
        self._served = served
        self._metrics = metrics

    @property
    def has_work(self) -> Callable[[], bool]:
        """Whether documents may have changed."""
        return self._served.publish_due.is_set

    def run(self, now: datetime) -> TaskResult:
        """Publish to targets that are due, and report those that are incomplete."""
        self._served.publish_due.clear()
        with open_site(self._setup, no_progress) as site:
            outcomes = publish(site, now)
            states = PublishedDocuments(site.database).states()
        self._count(outcomes)
        for name, state in states.items():
            if state.published_at:
                self._metrics.last[name] = parse_timestamp(state.published_at)
        if any(each.written or each.removed for each in outcomes):
            self._served.happened.set()  # there may be events for hooks
        findings = [f for each in outcomes for f in publish_findings(each, self._setup.config_file)]
        published = {
            f"published to {name}": state.published_at or "not yet"
            for name, state in sorted(states.items())
        }
        failing = any(each.failure for each in outcomes)
        return TaskResult(
            findings, status=published, reschedule={self.name: now + RETRY} if failing else {}
        )

    def _count(self, outcomes: Sequence[PublishOutcome]) -> None:
        for each in outcomes:
            self._metrics.done[each.target, "written"] += each.written
            self._metrics.done[each.target, "removed"] += each.removed
            self._metrics.failing[each.target] = bool(each.failure)


def publish_findings(outcome: PublishOutcome, config_file: str) -> Iterator[Finding]:
    """What keeps a target from being complete."""
    if outcome.failure:
        message = f"publishing to {outcome.target} failed: {outcome.failure}"
        hint = f"it is retried; check publish.{outcome.target}, or run syndicate publish"
        yield Finding(Level.ERROR, "publish-incomplete", message, config_file, hint=hint)
    if outcome.unconfirmed:
        message = f"{outcome.unconfirmed:,} documents are not removed from {outcome.target}"
        hint = "if they are to be removed, confirm it: syndicate publish --yes"
        yield Finding(Level.ERROR, "publish-unconfirmed", message, config_file, hint=hint)
