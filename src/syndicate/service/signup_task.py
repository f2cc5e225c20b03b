"""The sign-up pages and their emails: a thread and a store for each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from syndicate.catalogue.urls import SIGNUP_PATHS, base_url
from syndicate.documents.site_documents import current_documents
from syndicate.findings import Finding, Level
from syndicate.schedule.words import duration
from syndicate.service.jobs import TaskResult
from syndicate.service.threaded_handler import AnswerFunction, ThreadedHandler
from syndicate.site import Setup, Site, no_progress, open_site
from syndicate.store.requests import SignupRequests
from syndicate.timestamps import format_timestamp
from syndicate.web.http_messages import Request, Response
from syndicate.web.rate_limit import Clients, Limit, Network

if TYPE_CHECKING:
    import jinja2

    from syndicate.documents.pages import Frame

ASKING = Limit(per_second=1 / 60, burst=20)
"""How often a client may request emails."""


def frame_of(site: Site, now: datetime) -> tuple[jinja2.Environment, Frame]:
    """What the pages and emails of a site are rendered with."""
    documents = current_documents(site, now)
    return documents.env, documents.frame([])


class SignupEndpoint(ThreadedHandler):
    """Answers requests for sign-up pages: a handler of `web.responder`."""

    name = "sign-up pages"
    largest = 64 * 1024

    def __init__(self, setup: Setup, proxies: tuple[Network, ...], email_requested: Event) -> None:
        """`email_requested` is set whenever there may be an email to send."""
        super().__init__(setup, rf"(?:{'|'.join(SIGNUP_PATHS)})(?:[/?]|\Z)".encode())
        self._email_requested = email_requested
        self._clients = Clients(ASKING, proxies)

    def begin(self, site: Site) -> AnswerFunction:
        """Make ready to answer; in the thread."""
        from syndicate.signup import handlers
        from syndicate.signup.pages import Pages

        pages = Pages(*frame_of(site, datetime.now(UTC)))
        answering = handlers.SignupHandlers(pages, base_url(self.setup.config.site))

        def answered(request: Request, body: bytes, client: str) -> Response:
            posted = request.method == b"POST"
            if posted and _asks(request.target):
                seconds = self._clients.seconds_to_wait(request, monotonic())
                if seconds:
                    return answering.wait(seconds)
            given = answering(site, datetime.now(UTC), client, request, body)
            if posted:
                self._email_requested.set()
            return given

        return answered


def _asks(target: bytes) -> bool:
    """Whether an email is requested: no token is in the path."""
    path = target.partition(b"?")[0]
    return path.endswith((b"/subscribe/", b"/subscribe/embed/", b"/preferences/"))


class SignupMailTask:
    """Sends the transactional emails that people asked for; runs in the background."""

    name = "transactional email"

    def __init__(self, setup: Setup, email_requested: Event) -> None:
        """`email_requested` is set whenever there may be an email to send."""
        self._setup = setup
        self._email_requested = email_requested
        self._made: tuple[jinja2.Environment, Frame] | None = None

    @property
    def wanted(self) -> Callable[[], bool]:
        """Whether there may be an email to send."""
        return self._email_requested.is_set

    def turn(self, now: datetime) -> TaskResult:
        """Send what is due, and report what could not be sent."""
        self._email_requested.clear()
        now = max(now, datetime.now(UTC))  # a long tick began before the request: it is due too
        hint = "it is retried; check the outbox folder, or sending.servers"
        return TaskResult(
            [
                Finding(Level.WARNING, "letter-not-sent", each, self._setup.config_file, None, hint)
                for each in dict.fromkeys(self._send(now))
            ]
        )

    def _send(self, now: datetime) -> list[str]:
        """Send them. Gives why some could not be sent."""
        settings = self._setup.config.subscribers
        with open_site(self._setup, no_progress) as site:
            requests = SignupRequests(site.database)
            with site.database.transaction():
                requests.forget(now, duration(settings.confirm_within))
            from syndicate.delivery.relays import FailoverTransport, transports
            from syndicate.signup.mailer import BACKOFF, SignupMailer

            latest = format_timestamp(now + BACKOFF.longest)
            if not (settings.signup_pages and requests.due(format_timestamp(now), latest, 1)):
                return []

            self._made = self._made or frame_of(site, now)
            outbox = self._setup.outbox
            ways = transports(self._setup.config.sending, outbox, site.host).values()
            return SignupMailer(site, *self._made, FailoverTransport(ways)).run_once(now)
