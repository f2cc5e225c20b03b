"""Task: report whether anything may be sent from the store. Does nothing else.

Sending and making issues check for themselves right before they act.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from syndicate.service.jobs import TaskResult
from syndicate.site import Setup, no_progress, open_site
from syndicate.store.incarnation import Incarnation

RECHECK_INTERVAL = timedelta(seconds=2)
"""Between two checks while nothing may be sent."""


class StoreTask:
    """Reports a store that was moved, restored or copied, until the operator states which."""

    name = "store"

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def run(self, now: datetime) -> TaskResult:
        """Check the store."""
        with open_site(self._setup, no_progress) as site:
            findings = Incarnation(site.database, site.sent_record).findings(site.config_file)
        return TaskResult(
            findings, reschedule={self.name: now + RECHECK_INTERVAL} if findings else {}
        )
