"""Health checks and Prometheus metrics of the service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from syndicate.service.delivery_task import SentMetrics
from syndicate.service.jobs import IMMEDIATELY
from syndicate.service.problems import is_failure
from syndicate.service.publish_task import PublishMetrics
from syndicate.service.scheduler import Scheduler
from syndicate.web.metrics import Traffic


class Health:
    """What `/livez`, `/readyz` and `/metrics` report; a collector of prometheus_client."""

    def __init__(
        self,
        scheduler: Scheduler,
        max_idle: float,
        traffic: Traffic,
        sent: SentMetrics,
        published: PublishMetrics,
    ) -> None:
        """`max_idle`: seconds without a pass after which the service counts as stuck."""
        self._scheduler = scheduler
        self._max_idle = max_idle
        self.articles = self.issues = self.documents = self.feeds = 0
        self.is_built = False
        self._registry = CollectorRegistry()
        self._registry.register(traffic)
        self._registry.register(sent)
        self._registry.register(published)
        self._registry.register(self)

    def livez(self) -> Sequence[str]:
        """Why the service should be restarted; empty if it works."""
        return [] if self._scheduler.is_alive(self._max_idle) else ["no tick for too long"]

    def readyz(self) -> Sequence[str]:
        """Which parts of the service do not work; empty if all do."""
        if self._scheduler.last_pass is None:
            return ["starting"]
        building = [] if self.is_built else ["the first build is not done"]
        faults = tuple(self._scheduler.problems)
        failures = (f"{part}: {f.message}" for part, f, _ in faults if is_failure(f))
        return [*self.livez(), *building, *failures]

    def metrics(self) -> bytes:
        """All metrics, in Prometheus's text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The metrics of the service."""
        scheduler, last = self._scheduler, self._scheduler.last_pass
        yield CounterMetricFamily("syndicate_ticks", "Passes of the scheduler.", scheduler.passes)
        numbers = {
            "last_tick_timestamp_seconds": ("Time of the last pass.", last and last.timestamp()),
            "articles": ("Published articles.", self.articles),
            "issues": ("Issues, including skipped ones.", self.issues),
            "feeds": ("Served feeds, each format counted.", self.feeds),
            "documents": ("Served documents.", self.documents),
            "faults": ("Current problems.", len(tuple(scheduler.problems))),
        }
        for name, (meaning, value) in numbers.items():
            yield GaugeMetricFamily(f"syndicate_{name}", meaning, value or 0)
        yield from self._job_times()

    def _job_times(self) -> Iterator[Metric]:
        """When each job ran last and runs next; a job without such a time has no sample."""
        ran = GaugeMetricFamily(
            "syndicate_job_last_run_timestamp_seconds", "Time of the last run.", labels=["job"]
        )
        due = GaugeMetricFamily(
            "syndicate_job_next_run_timestamp_seconds", "Time of the next run.", labels=["job"]
        )
        for name, state in self._scheduler.states.items():
            if state.ran:
                ran.add_metric([name], state.ran.timestamp())
            if state.next_run and state.next_run != IMMEDIATELY:
                due.add_metric([name], state.next_run.timestamp())
        yield ran
        yield due
