"""The parts of the service, with the time passed in: what one process would do, without one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from site_folder import SiteFolder
from syndicate.service.build_state import BuildState
from syndicate.service.hook_task import HookTask
from syndicate.service.job_table import publish_jobs, site_jobs
from syndicate.service.jobs import IntervalTrigger, Job
from syndicate.service.publish_task import PublishMetrics
from syndicate.service.scheduler import Scheduler
from syndicate.site import set_up
from syndicate.store.issues import Issue, Issues

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def newsletter_settings(**more: object) -> dict[str, object]:
    """A newsletter that can be made."""
    required = {"title": "Weekly", "sender": "a@example.net", "postal_address": "Here"}
    return {**required, "every": "monday at 08:00", **more}


def settle(scheduler: Scheduler, now: datetime) -> None:
    """Run what is due at a moment, and what is due less than a second later or in the background.

    As each poll comes a second after the one before, that is what follows from these runs.
    """
    end = now + SECOND
    while now < end:
        scheduler.run_due(now)
        if scheduler.running:
            time.sleep(0.001)
            continue
        now = min((due for due in scheduler.next_runs(now).values() if due), default=end)


class Life:
    """A service of a site, and its restarts."""

    def __init__(self, site: SiteFolder, now: datetime) -> None:
        self.site = site
        self.now = now
        self.start()

    def start(self) -> None:
        """Start, or start again: nothing is remembered but what is on disk."""
        setup, served = set_up(self.site.config_file, {}), BuildState()
        self.served, self.jobs = served, [*site_jobs(setup, served)]
        if setup.config.hooks:
            hooks = HookTask(setup, served)
            self.jobs.append(
                Job(
                    hooks.name,
                    IntervalTrigger(MINUTE),
                    hooks.run,
                    background=True,
                    has_work=hooks.has_work,
                )
            )
        self.jobs += publish_jobs(setup, served, PublishMetrics())
        self.scheduler = Scheduler(self.jobs)

    def at(self, now: datetime) -> None:
        """Run what is due at a moment, until nothing waits for a second look."""
        self.now = now
        settle(self.scheduler, now)

    @property
    def faults(self) -> list[str]:
        return [f"{part}: {finding.message}" for part, finding, _ in self.scheduler.problems]

    def issues(self, newsletter: str | None = "weekly") -> list[Issue]:
        """All issues, the first slot first."""
        with self.site.opened() as opened:
            return Issues(opened.database).all(newsletter, 10_000)[::-1]

    def states(self, newsletter: str = "weekly") -> list[tuple[str, str]]:
        return [(issue.slot, issue.state) for issue in self.issues(newsletter)]

    def titles(self) -> list[Sequence[str]]:
        """What each issue carries."""
        return [[each.title for each in issue.carried] for issue in self.issues()]
