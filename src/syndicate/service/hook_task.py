"""Task: call hooks and the WebSub hub. A run without new events opens no database."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from syndicate.findings import Finding, Level
from syndicate.hooks import HUB, Failure, call_hooks
from syndicate.issues.archive import Shown, is_written
from syndicate.service.build_state import BuildState
from syndicate.service.jobs import TaskResult
from syndicate.site import Setup, no_progress, open_site

log = logging.getLogger(__name__)

RETRY = timedelta(seconds=10)
"""Between two calls of the hooks after one of them failed."""


class HookTask:
    """Calls hooks for new events; runs in the background."""

    name = "hooks"

    def __init__(self, setup: Setup, served: BuildState, shown: Shown = is_written) -> None:
        self._setup = setup
        self._shown = shown
        self._served = served

    @property
    def has_work(self) -> Callable[[], bool]:
        """Whether there may be events for which no hook was called yet."""
        return self._served.happened.is_set

    def run(self, now: datetime) -> TaskResult:
        """Call the hooks, and report those that failed."""
        self._served.happened.clear()
        with open_site(self._setup, no_progress) as site:
            failures = call_hooks(site, now, self._shown)
        findings = list(self._findings(failures))
        return TaskResult(findings, reschedule={self.name: now + RETRY} if failures else {})

    def _findings(self, failures: Sequence[Failure]) -> Iterator[Finding]:
        for failure in failures:
            name = "the WebSub hub" if failure.hook == HUB else f"the hook {failure.hook}"
            if failure.given_up:
                facts = {"hook": failure.hook, "subject": failure.given_up, "why": failure.reason}
                log.error("given up after a day", extra={"facts": facts})
            yield Finding(
                Level.WARNING,
                "hook-not-heard",
                f"{name} failed: {failure.reason}",
                self._setup.config_file,
                hint="it is retried for a day; check its url or command",
            )
