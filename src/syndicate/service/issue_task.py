"""Task: make a newsletter's issues at their slots.

A run before a slot opens no database. No issue is made before the first build: until then the
store has the state of the last service, or is empty. Issues and schedules that other programs
change are found when the next slot is due.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from syndicate.build.builder import build
from syndicate.config.model import Newsletter
from syndicate.issues.due_slots import schedule_of, upcoming
from syndicate.issues.freeze import make_due
from syndicate.schedule.slots import Schedule
from syndicate.service.build_state import BuildState
from syndicate.service.jobs import TaskResult
from syndicate.site import Setup, Site, no_progress, open_site
from syndicate.store.incarnation import Incarnation
from syndicate.store.issues import Issue, IssueState
from syndicate.timestamps import format_timestamp

log = logging.getLogger(__name__)

RECHECK_INTERVAL = timedelta(seconds=5)
"""Between two runs while no issue may be made from the store."""


class IssueTask:
    """Makes the issues of one newsletter, so that it fails alone."""

    def __init__(self, setup: Setup, newsletter: Newsletter, served: BuildState) -> None:
        self._setup = setup
        self._newsletter = newsletter
        self._served = served
        self._has_run = False

    @property
    def name(self) -> str:
        """Its name in logs and in the status."""
        return f"newsletter {self._newsletter.name}"

    @property
    def schedule(self) -> Schedule | None:
        """When its issues are due; None without a schedule."""
        return schedule_of(self._setup.config, self._newsletter)

    def has_work(self) -> bool:
        """Whether the first build has ended: no issue is made before that."""
        return self._served.is_built and not self._has_run

    def run(self, now: datetime) -> TaskResult:
        """Make the issues that are due."""
        if not self._served.is_built:
            return TaskResult()
        self._has_run = True
        with open_site(self._setup, no_progress) as site:
            if Incarnation(site.database, site.sent_record).doubt():  # `StoreTask` reports it
                return TaskResult([], reschedule={self.name: now + RECHECK_INTERVAL})
            if self.schedule is not None:
                self._make(site, now)
            slot = next(upcoming(site, self._newsletter, now), None)
        due = f"{slot.local} ({format_timestamp(slot.due)})" if slot else "has no times of its own"
        return TaskResult([], None, {f"next issue of {self._newsletter.name}": due})

    def _make(self, site: Site, now: datetime) -> None:
        """Make the due issues from the folder as it is now, and publish them."""
        site.database.lock()
        issues = make_due(site, self._newsletter, now)
        for issue in issues:
            _log(issue)
        if issues:
            self._served.built(build(site, now))


def _log(issue: Issue) -> None:
    name = f"{issue.newsletter}/{issue.slot}"
    if issue.state == IssueState.SKIPPED:
        words = f"no issue {name}: {issue.reason}"
        log.info("no issue", extra={"facts": {"issue": name, "why": issue.reason}, "words": words})
    else:
        facts = {"issue": name, "subject": issue.subject, "state": issue.state}
        words = f"issue {name} made ({issue.state}): {issue.subject}"
        log.info("issue made", extra={"facts": facts, "words": words})
