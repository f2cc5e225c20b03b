"""Task: report whether anything may be sent from the store. Does nothing else.

Sending and making issues check for themselves right before they act.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from syndicate.service.jobs import TaskResult
from syndicate.site import Setup, no_progress, open_site
from syndicate.store.incarnation import Incarnation

LOOK_AGAIN = timedelta(seconds=2)
"""From one look to the next while nothing may be sent."""


class StoreTask:
    """Reports a store that was moved, restored or copied, until the operator states which."""

    name = "store"

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def turn(self, now: datetime) -> TaskResult:
        """Look."""
        with open_site(self._setup, no_progress) as site:
            findings = Incarnation(site.database, site.sent_record).findings(site.config_file)
        return TaskResult(findings, arm={self.name: now + LOOK_AGAIN} if findings else {})
