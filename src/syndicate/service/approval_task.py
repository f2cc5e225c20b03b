"""Task: approve drafts at the time set for them."""

from __future__ import annotations

import logging
from datetime import datetime

from syndicate.build.builder import build
from syndicate.issues.transitions import approve_due
from syndicate.service.build_state import BuildState
from syndicate.service.jobs import TaskResult
from syndicate.site import Setup, Site, no_progress, open_site
from syndicate.store.issues import Issues

log = logging.getLogger(__name__)


class ApprovalTask:
    """Approves drafts on time, and publishes them. Their times are in the store."""

    name = "approvals"

    def __init__(self, setup: Setup, served: BuildState) -> None:
        self._setup = setup
        self._served = served
        self._has_run = False

    def has_work(self) -> bool:
        """Whether the first build has ended: nothing is approved before that."""
        return self._served.is_built and not self._has_run

    def run(self, now: datetime) -> TaskResult:
        """Approve drafts that are due."""
        if not self._served.is_built:
            return TaskResult()
        with open_site(self._setup, no_progress) as site:
            for issue in approve_due(site, now):
                log.info("issue approved", extra={"facts": {"issue": issue.name}})
                self._served.built(build(site, now))
            facts = {"to be approved": _scheduled(site)}
        self._has_run = True
        return TaskResult(None, None, facts)


def _scheduled(site: Site) -> str:
    return ", ".join(f"{i.name} at {i.approve_at}" for i in Issues(site.database).scheduled())
