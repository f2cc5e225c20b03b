"""Tasks for bounces: read mailboxes, answer webhooks of providers.

Each has its own thread and store: a slow mailbox or a busy provider delays nothing else.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING

from syndicate.catalogue.urls import base_url, path_sent
from syndicate.findings import Finding, Level
from syndicate.service.build_state import no_progress
from syndicate.service.scheduler import TaskResult
from syndicate.service.threaded_handler import Answering, ThreadedHandler
from syndicate.site import Setup, Site, open_site
from syndicate.web.http_messages import Request, Response

if TYPE_CHECKING:
    from syndicate.bounces.mailboxes import Tally

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
"""From one look into the mailboxes to the next."""

SHOWN = timedelta(days=1)
"""How long unreadable messages are reported."""

SOON = 0.5
"""Seconds until a look at what came of it."""

ONE_AT_A_TIME = Lock()
"""With a new configuration comes a new part; the one before finishes first."""


class BounceTask:
    """Reads the mailboxes of notices: a part of the service. What came of it a later turn says."""

    name = "bounces"

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._settings = setup.config.bounces
        self._looked: datetime | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bounces")
        self._round: Future[Tally] | None = None
        self._unreadable = 0
        self._unreadable_at: datetime | None = None

    def turn(self, now: datetime) -> TaskResult:
        """Say what came of the last round, if it has ended, and begin one when it is due."""
        if self._round and not self._round.done():
            return TaskResult(next_in=SOON)
        self._ended(now)
        due = not self._looked or not self._looked <= now < self._looked + EVERY
        if due and (self._settings.maildir or self._settings.imap.host):
            self._looked = now
            self._round = self._thread.submit(self._read, now)
        findings = [*self._missing(), *self._flagged(now)]
        return TaskResult(findings, SOON if self._round else None)

    def _read(self, now: datetime) -> Tally:
        from syndicate.bounces.mailboxes import read_mailboxes
        from syndicate.signup.unsubscribe_mail import acting_on_mail

        with ONE_AT_A_TIME, open_site(self._setup, no_progress) as site:
            return read_mailboxes(self._settings, self._setup.base, acting_on_mail(site, now))

    def _ended(self, now: datetime) -> None:
        """Log what came of the last round. Raises what it raised."""
        if self._round is None:
            return
        ended, self._round = self._round, None
        if tally := ended.result():
            from syndicate.bounces.handle import BounceResult

            facts = {came.value: str(many) for came, many in tally.items()}
            log.info("notices were read", extra={"facts": facts})
            if flagged := tally[BounceResult.UNREADABLE]:
                self._unreadable, self._unreadable_at = self._unreadable + flagged, now

    def _flagged(self, now: datetime) -> list[Finding]:
        """The messages of the last day that could not be parsed."""
        if not self._unreadable_at or now >= self._unreadable_at + SHOWN:
            self._unreadable = 0
            return []
        message = f"unreadable messages in the bounce mailbox: {self._unreadable}"
        hint = "they are flagged as important: read them with an email program"
        file = self._setup.config_file
        return [Finding(Level.NOTICE, "email-unreadable", message, file, None, hint)]

    def _missing(self) -> list[Finding]:
        """Whether what the configured webhooks need is installed."""
        if find_spec("cryptography"):
            return []
        from syndicate.bounces.webhooks import needs_cryptography

        if not needs_cryptography(self._settings.webhooks):
            return []
        message = "signatures of SES and SendGrid cannot be checked: cryptography is not installed"
        hint = "pip install cryptography"
        file = self._setup.config_file
        return [Finding(Level.ERROR, "webhooks-unchecked", message, file, None, hint)]


class WebhookEndpoint(ThreadedHandler):
    """Answers webhooks of mail providers: a handler of `web.responder`."""

    name = "bounces"
    largest = 1_000_000

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup, rb"bounces/")
        self._webhooks = setup.config.bounces.webhooks
        self._folder = f"{path_sent(base_url(setup.config.site))}bounces/"

    def begin(self, site: Site) -> Answering:
        """Make ready to answer; in the thread."""
        from syndicate.bounces.webhooks import WebhookHandler, providers

        hearing = WebhookHandler(providers(self._webhooks), site.database)

        def answered(request: Request, body: bytes, client: str) -> Response:  # noqa: ARG001
            path = request.target.decode("latin-1").partition("?")[0]
            return hearing(path.removeprefix(self._folder), request, body, datetime.now(UTC))

        return answered
