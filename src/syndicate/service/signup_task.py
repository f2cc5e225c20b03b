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
from syndicate.service.threaded_handler import RequestHandler, ThreadedHandler
from syndicate.site import Setup, Site, no_progress, open_site
from syndicate.store.requests import SignupRequests
from syndicate.timestamps import format_timestamp
from syndicate.web.http_messages import Request, Response
from syndicate.web.rate_limit import Clients, Limit, Network

if TYPE_CHECKING:
    import jinja2

    from syndicate.documents.pages import Frame

EMAIL_LIMIT = Limit(per_second=1 / 60, burst=20)
"""How often a client may request emails."""


def frame_of(site: Site, now: datetime) -> tuple[jinja2.Environment, Frame]:
    """The environment and frame with which pages and emails of a site are rendered."""
    documents = current_documents(site, now)
    return documents.env, documents.frame([])


class SignupEndpoint(ThreadedHandler):
    """Answers requests for sign-up pages: a handler of `web.responder`."""

    name = "sign-up pages"
    max_body_bytes = 64 * 1024

    def __init__(self, setup: Setup, proxies: tuple[Network, ...], email_requested: Event) -> None:
        """`email_requested` is set whenever there may be an email to send."""
        super().__init__(setup, rf"(?:{'|'.join(SIGNUP_PATHS)})(?:[/?]|\Z)".encode())
        self._email_requested = email_requested
        self._clients = Clients(EMAIL_LIMIT, proxies)

    def begin(self, site: Site) -> RequestHandler:
        """Prepare to answer requests; in the thread."""
        from syndicate.signup import handlers
        from syndicate.signup.pages import Pages

        pages = Pages(*frame_of(site, datetime.now(UTC)))
        handle = handlers.SignupHandlers(pages, base_url(self.setup.config.site))

        def answer(request: Request, body: bytes, client: str) -> Response:
            posted = request.method == b"POST"
            if posted and _requests_email(request.target):
                seconds = self._clients.seconds_to_wait(request, monotonic())
                if seconds:
                    return handle.too_many_requests(seconds)
            response = handle(site, datetime.now(UTC), client, request, body)
            if posted:
                self._email_requested.set()
            return response

        return answer


def _requests_email(target: bytes) -> bool:
    """Whether an email is requested: no token is in the path."""
    path = target.partition(b"?")[0]
    return path.endswith((b"/subscribe/", b"/subscribe/embed/", b"/preferences/"))


class SignupMailTask:
    """Sends requested transactional emails; runs in the background."""

    name = "transactional email"

    def __init__(self, setup: Setup, email_requested: Event) -> None:
        """`email_requested` is set whenever there may be an email to send."""
        self._setup = setup
        self._email_requested = email_requested
        self._templates: tuple[jinja2.Environment, Frame] | None = None

    @property
    def has_work(self) -> Callable[[], bool]:
        """Whether there may be an email to send."""
        return self._email_requested.is_set

    def run(self, now: datetime) -> TaskResult:
        """Send what is due, and report what could not be sent."""
        self._email_requested.clear()
        now = max(now, datetime.now(UTC))  # a long pass may have begun before the request
        hint = "it is retried; check the outbox folder, or sending.servers"
        return TaskResult(
            [
                Finding(Level.WARNING, "letter-not-sent", each, self._setup.config_file, None, hint)
                for each in dict.fromkeys(self._send(now))
            ]
        )

    def _send(self, now: datetime) -> list[str]:
        """Send them. Returns why some could not be sent."""
        settings = self._setup.config.subscribers
        with open_site(self._setup, no_progress) as site:
            requests = SignupRequests(site.database)
            with site.database.transaction():
                requests.delete_old(now, duration(settings.confirm_within))
            from syndicate.delivery.relays import FailoverTransport, transports
            from syndicate.signup.mailer import BACKOFF, SignupMailer

            latest = format_timestamp(now + BACKOFF.longest)
            if not (settings.signup_pages and requests.due(format_timestamp(now), latest, 1)):
                return []

            self._templates = self._templates or frame_of(site, now)
            outbox = self._setup.outbox
            relays = transports(self._setup.config.sending, outbox, site.host).values()
            return SignupMailer(site, *self._templates, FailoverTransport(relays)).run_once(now)
