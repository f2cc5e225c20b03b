"""Task: call hooks and the WebSub hub. A turn without new events opens no database."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Lock

from syndicate.findings import Finding, Level
from syndicate.hooks import HUB, Failure, tell_hooks
from syndicate.issues.archive import Shown, is_written
from syndicate.service.build_state import BuildState, no_progress
from syndicate.service.scheduler import TaskResult
from syndicate.site import Setup, open_site

log = logging.getLogger(__name__)

ANYWAY = timedelta(minutes=1)
"""From one look to the next when nothing seems to have happened: commands make issues too."""

SOON = 0.5
"""Seconds until a look at what came of it."""

WAITING = timedelta(seconds=10)
"""The same while somebody did not hear."""


ONE_AT_A_TIME = Lock()
"""With a new configuration comes a new part; what the one before still tells is not told twice."""


class HookTask:
    """Tells those who are to be told, in a thread of its own: who is slow holds up no other part.

    What came of it is said in a later turn.
    """

    name = "hooks"

    def __init__(self, setup: Setup, served: BuildState, shown: Shown = is_written) -> None:
        self._setup = setup
        self._shown = shown
        self._served = served
        self._told: datetime | None = None
        self._failing = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hooks")
        self._telling: Future[list[Failure]] | None = None

    def turn(self, now: datetime) -> TaskResult:
        """Say what came of the last telling, if it has ended, and tell what was not told yet."""
        config = self._setup.config
        if not (config.hooks or config.feeds.hub):
            return TaskResult()
        if self._telling and not self._telling.done():
            return TaskResult(next_in=SOON)
        findings = self._ended()
        if self._is_due(now):
            self._served.happened.clear()
            self._told = now
            self._telling = self._thread.submit(self._tell, now)
        return TaskResult(findings, SOON if self._telling else None)

    def _tell(self, now: datetime) -> list[Failure]:
        with ONE_AT_A_TIME, open_site(self._setup, no_progress) as site:
            return tell_hooks(site, now, self._shown)

    def _ended(self) -> list[Finding] | None:
        """What came of the last telling; None without a new one. Raises what it raised."""
        if self._telling is None:
            return None
        ended, self._telling = self._telling, None
        failures = ended.result()
        self._failing = bool(failures)
        return list(self._findings(failures))

    def _is_due(self, now: datetime) -> bool:
        if self._told is None or self._served.happened.is_set() or now < self._told:
            return True
        return now >= self._told + (WAITING if self._failing else ANYWAY)

    def _findings(self, failures: Sequence[Failure]) -> Iterator[Finding]:
        for failure in failures:
            who = "the WebSub hub" if failure.hook == HUB else f"the hook {failure.hook}"
            if failure.given_up:
                facts = {"hook": failure.hook, "subject": failure.given_up, "why": failure.reason}
                log.error("given up after a day", extra={"facts": facts})
            yield Finding(
                Level.WARNING,
                "hook-not-heard",
                f"{who} did not hear: {failure.reason}",
                self._setup.config_file,
                hint="it is tried again for a day; see that its address or program is right",
            )
