"""Send transactional emails for signup requests that are due; their content is decided then.

An email that may have been sent before a crash is sent again: a duplicate is harmless, a lost one
is not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import jinja2

from syndicate.backoff import Backoff
from syndicate.documents.pages import Frame
from syndicate.errors import DeliveryError, MessageError
from syndicate.mail.message import BasicHeaders, domain, mailbox, transactional_message
from syndicate.mail.transport import Envelope, Session, Transport
from syndicate.newsletters.issue import Rendered
from syndicate.signup import emails
from syndicate.signup.links import Links
from syndicate.signup.subscriptions import SubscriptionService
from syndicate.site import Site
from syndicate.store.requests import RequestState, SignupRequest, SignupRequests
from syndicate.store.subscribers import Subscribers
from syndicate.timestamps import format_timestamp, parse_timestamp

AT_ONCE = 100
BACKOFF = Backoff(timedelta(minutes=1), timedelta(hours=6))


@dataclass(frozen=True, slots=True)
class OutgoingEmail:
    """The email for a request."""

    request: SignupRequest
    sender: str
    rendered: Rendered


class SignupMailer:
    """Sends the transactional emails of one site."""

    def __init__(
        self, site: Site, env: jinja2.Environment, frame: Frame, transport: Transport
    ) -> None:
        self._site = site
        self._env = env
        self._frame = frame
        self._transport = transport
        self._requests = SignupRequests(site.database)
        self._last_accepted: SignupRequest | None = None  # whose email the session accepted last

    def run_once(self, now: datetime) -> list[str]:
        """Send what is due; return the problems."""
        due = self._requests.due(
            format_timestamp(now), format_timestamp(now + BACKOFF.longest), AT_ONCE
        )
        if not due:
            return []
        service = SubscriptionService(self._site, now)
        self._last_accepted = None
        try:
            with self._transport.session() as session:
                problems = [self._sent(session, service, request, now) for request in due]
            problems.append(self._retry_doubtful(session.doubt, now))
        except DeliveryError as error:  # no session at all: each is retried
            problems = [self._failed(request, error, now) for request in due]
        return [problem for problem in problems if problem]

    def _sent(
        self, session: Session, service: SubscriptionService, request: SignupRequest, now: datetime
    ) -> str:
        """Render and send the email for a request; return the problem, or ""."""
        now_known = self._requests.find(request.id)
        if now_known is None or now_known.state != RequestState.WAITING:
            return ""  # erased or answered while others were sent
        written = self._written(service, request)
        return self._send(session, written, now) if written else ""

    # -- writing -----------------------------------------------------------------------------

    def _written(
        self, service: SubscriptionService, request: SignupRequest
    ) -> OutgoingEmail | None:
        """The email for a request; None if there is none to send, and the request is dropped."""
        rendered = self._rendered(service, request)
        if rendered is None:
            self._update(request._replace(state=RequestState.DROPPED))
            return None
        newsletters = self._site.config.newsletters
        first = next((newsletters[name] for name in request.requested if name in newsletters), None)
        sender = (first or next(iter(newsletters.values()))).sender
        return OutgoingEmail(request, sender, rendered)

    def _rendered(self, service: SubscriptionService, request: SignupRequest) -> Rendered | None:
        subscribers, newsletters = Subscribers(self._site.database), self._site.config.newsletters
        if not newsletters or subscribers.suppression(request.hash):
            return None
        subscriber = subscribers.find(request.hash)
        active = (
            {h.newsletter.name for h in service.subscriptions(subscriber) if h.active}
            if subscriber
            else set()
        )
        requested = [newsletters[name] for name in request.requested if name in newsletters]
        if any(each.name not in active for each in requested):
            titles = [each.title for each in requested]
            until = parse_timestamp(request.requested_at) + service.confirm_within
            link = self._links(service, request).confirm(request.id, until)
            return emails.confirmation(
                self._env, self._frame, titles, request.consent_text, link, until
            )
        if subscriber is None:
            return None  # not a subscriber: strangers get no email
        titles = [newsletters[name].title for name in newsletters if name in active]
        link = self._links(service, request).preferences(subscriber.id)
        return emails.preferences_email(self._env, self._frame, titles, link)

    def _links(self, service: SubscriptionService, request: SignupRequest) -> Links:
        """The links: to this machine for a request from it, while email goes to the outbox."""
        stays = self._site.config.sending.transport == "outbox"
        return service.links(request.base_url if stays else "")

    # -- sending -----------------------------------------------------------------------------

    def _send(self, session: Session, each: OutgoingEmail, now: datetime) -> str:
        """Send one email; return the problem, or ""."""
        request = each.request
        try:
            headers = BasicHeaders(each.sender, request.address, now, _message_id(each))
            message = transactional_message(each.rendered, headers)
            session.begin(Envelope(mailbox(each.sender), mailbox(request.address)))
            reply = session.finish(message)
        except (DeliveryError, MessageError) as error:
            return self._failed(request, error, now)
        self._last_accepted = request._replace(state=RequestState.SENT, reply=reply)
        self._update(self._last_accepted)
        return ""

    def _retry_doubtful(self, doubt: str, now: datetime) -> str:
        """Retry the last email if it may not have been accepted; return the problem."""
        if not (doubt and self._last_accepted):
            return ""
        return self._failed(self._last_accepted, DeliveryError(doubt), now)

    def _failed(
        self, request: SignupRequest, error: DeliveryError | MessageError, now: datetime
    ) -> str:
        permanent = isinstance(error, MessageError) or error.permanent
        attempts = request.attempts + 1
        wait = BACKOFF.delay(request.attempts)
        self._update(
            request._replace(
                state=RequestState.FAILED if permanent else RequestState.WAITING,
                attempts=attempts,
                next_try=format_timestamp(now + wait),
                reply=error.message,
            ),
            before=request.state,
        )
        # Addresses do not belong in a log.
        return (
            "an email for a signup request cannot be composed"
            if isinstance(error, MessageError)
            else error.message
        )

    def _update(self, request: SignupRequest, before: str = RequestState.WAITING) -> None:
        """Store the result, unless the request was answered or deleted meanwhile."""
        with self._site.database.transaction():
            now = self._requests.find(request.id)
            if now and now.state == before:
                self._requests.update(request)


def _message_id(each: OutgoingEmail) -> str:
    """The Message-ID, the same at each retry."""
    digest = hashlib.sha256(f"{each.request.id}\0{each.request.requested_at}".encode()).hexdigest()[
        :32
    ]
    return f"{digest}@{domain(each.sender)}"
