"""Tasks for bounces: read mailboxes, answer webhooks of providers.

Each has its own thread and store: a slow mailbox or a busy provider delays nothing else.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from syndicate.catalogue.urls import base_url, path_sent
from syndicate.findings import Finding, Level
from syndicate.service.jobs import TaskResult
from syndicate.service.threaded_handler import RequestHandler, ThreadedHandler
from syndicate.site import Setup, Site, no_progress, open_site
from syndicate.web.http_messages import Request, Response

if TYPE_CHECKING:
    from syndicate.bounces.mailboxes import Tally

log = logging.getLogger(__name__)

REPORT_PERIOD = timedelta(days=1)
"""How long unreadable messages are reported."""


class BounceTask:
    """Reads the mailboxes of bounce reports; runs in the background."""

    name = "bounces"

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._settings = setup.config.bounces
        self._unreadable = 0
        self._unreadable_at: datetime | None = None

    def run(self, now: datetime) -> TaskResult:
        """Read and handle new messages, and report problems."""
        if tally := self._read(now):
            self._record(tally, now)
        return TaskResult([*self._missing(), *self._flagged(now)])

    def _read(self, now: datetime) -> Tally | None:
        if not (self._settings.maildir or self._settings.imap.host):
            return None
        from syndicate.bounces.mailboxes import read_mailboxes
        from syndicate.signup.unsubscribe_mail import acting_on_mail

        with open_site(self._setup, no_progress) as site:
            return read_mailboxes(self._settings, self._setup.base, acting_on_mail(site, now))

    def _record(self, tally: Tally, now: datetime) -> None:
        from syndicate.bounces.handle import BounceResult

        facts = {outcome.value: str(count) for outcome, count in tally.items()}
        log.info("bounce reports read", extra={"facts": facts})
        if flagged := tally[BounceResult.UNREADABLE]:
            self._unreadable, self._unreadable_at = self._unreadable + flagged, now

    def _flagged(self, now: datetime) -> list[Finding]:
        """The messages of the last day that could not be parsed."""
        if not self._unreadable_at or now >= self._unreadable_at + REPORT_PERIOD:
            self._unreadable = 0
            return []
        message = f"unreadable messages in the bounce mailbox: {self._unreadable}"
        hint = "they are flagged as important: read them with an email program"
        file = self._setup.config_file
        return [Finding(Level.NOTICE, "email-unreadable", message, file, None, hint)]

    def _missing(self) -> list[Finding]:
        """Whether packages that the configured webhooks need are missing."""
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
    max_body_bytes = 1_000_000

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup, rb"bounces/")
        self._webhooks = setup.config.bounces.webhooks
        self._folder = f"{path_sent(base_url(setup.config.site))}bounces/"

    def begin(self, site: Site) -> RequestHandler:
        """Prepare to answer requests; in the thread."""
        from syndicate.bounces.webhooks import WebhookHandler, providers

        handle = WebhookHandler(providers(self._webhooks), site.database)

        def answer(request: Request, body: bytes, client: str) -> Response:  # noqa: ARG001
            path = request.target.decode("latin-1").partition("?")[0]
            return handle(path.removeprefix(self._folder), request, body, datetime.now(UTC))

        return answer
