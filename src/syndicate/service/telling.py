"""Hooks and the WebSub hub hear of what happened. A turn with nothing to tell opens no database."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from syndicate.app import Setup, open_site
from syndicate.findings import Finding, Level
from syndicate.hooks import HUB, Failure, tell_hooks
from syndicate.service.served import Served, silently
from syndicate.service.tick import Turn

log = logging.getLogger(__name__)

ANYWAY = timedelta(minutes=1)
"""From one look to the next when nothing seems to have happened: commands make issues too."""

WAITING = timedelta(seconds=10)
"""The same while somebody did not hear."""


class Telling:
    """Tells those who are to be told."""

    name = "hooks"

    def __init__(self, setup: Setup, served: Served) -> None:
        self._setup = setup
        self._served = served
        self._told: datetime | None = None
        self._failing = False

    def turn(self, now: datetime) -> Turn:
        """Tell what was not told yet."""
        config = self._setup.config
        if not (config.hooks or config.feeds.hub) or not self._is_due(now):
            return Turn()
        self._served.happened.clear()
        self._told = now
        with open_site(self._setup, silently) as site:
            failures = tell_hooks(site, now)
        self._failing = bool(failures)
        return Turn(list(self._findings(failures)))

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
                way_out="it is tried again for a day; see that its address or program is right",
            )
