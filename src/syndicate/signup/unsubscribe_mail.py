"""Handles unsubscribe requests by email, whichever mailbox they arrive in.

Senders can be forged, so only proof unsubscribes at once: a signed token, or the id of a message
that only its reader knows. A request without proof is answered by an email with a link, to the
subscriber's own address, as list servers do (Mailman, ezmlm).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote

from syndicate.bounces.handle import BounceResult
from syndicate.bounces.mailboxes import MessageHandler, message_handler, unreadable
from syndicate.errors import UnreadableEmailError
from syndicate.signup.subscriptions import BusyError, SubscriptionService
from syndicate.signup.written_email import read_email
from syndicate.signup.written_requests import WrittenRequest
from syndicate.site import Site
from syndicate.store.requests import RequestKind
from syndicate.store.subscribers import Subscriber
from syndicate.subscribers.tokens import Purpose, TokenError

SUBJECT = re.compile(
    r"\bunsubscribe[^\w-]+([A-Za-z0-9-]{1,100})[^\w-](?:[^\w-]|3D)*"
    r"([\w-](?: ?[\w-]){39})(?![\w-])",
    re.A | re.I,
)
SOFT_BREAK = re.compile(r"=\s+|=$")
SPACE = re.compile(r"=(?:20|09)")
"""Remains of quoted-printable (RFC 2045, section 6.7) in a subject."""


class UnsubscribeRequest(NamedTuple):
    """The newsletter to unsubscribe from, and the token that identifies the subscriber."""

    newsletter: str
    token: str


class UnsubscribedByMail(NamedTuple):
    """The address, the newsletter, and whether the subscription was active."""

    address: str
    newsletter: str
    was_active: bool


class LinkRequested(NamedTuple):
    """A request without proof: the subscriber gets an email with a link."""

    address: str


def unsubscribe_request(subject: str) -> UnsubscribeRequest | None:
    """The token in the decoded subject of a message; None if there is none.

    The subject may be that of a reply (`Re:`), percent-encoded, or folded within the token; there
    may be brackets, quotes or a dot around the token.
    """
    match = SUBJECT.search(SPACE.sub(" ", SOFT_BREAK.sub("", _unquoted(subject[:1_000]))))
    return UnsubscribeRequest(match[1].lower(), match[2].replace(" ", "")) if match else None


def unsubscribe(
    site: Site, message: bytes, now: datetime
) -> UnsubscribedByMail | LinkRequested | None:
    """Process an email; None if it does not ask to unsubscribe.

    Raises TokenError if its token is invalid or expired and there is no other proof, and
    UnreadableEmailError.
    """
    email = read_email(message)
    service, request = SubscriptionService(site, now), unsubscribe_request(email.subject)
    invalid: TokenError | None = None
    if request:
        try:
            subscriber = service.person(request.token, Purpose.UNSUBSCRIBE, request.newsletter)
            return _unsubscribed(service, subscriber, request.newsletter)
        except TokenError as error:
            invalid = error
    done = _in_words(site, service, WrittenRequest(site, service, email, now))
    if done is None and invalid:
        raise invalid
    return done


def _in_words(
    site: Site, service: SubscriptionService, request: WrittenRequest
) -> UnsubscribedByMail | LinkRequested | None:
    """Process a request in words; None if it is not one, or from a stranger."""
    if not request.asks():
        return None
    if proven := request.proven():
        return _unsubscribed(service, *proven)
    sender = request.sender
    if sender is None:
        return None
    if not any(each.active for each in service.subscriptions(sender)):
        return UnsubscribedByMail(sender.address, "", was_active=False)
    if not site.config.subscribers.signup_pages:
        return None  # there is nothing to link to
    try:
        service.request(RequestKind.PREFERENCES, sender.address, {}, "")
    except BusyError:
        return None
    return LinkRequested(sender.address)


def acting_on_mail(site: Site, now: datetime) -> MessageHandler:
    """The handler of emails in the bounce mailbox: bounce reports, and emails of readers."""
    on_notice: Callable[[bytes], BounceResult] = message_handler(site.database, now)

    def on(data: bytes) -> BounceResult:
        try:
            done = unsubscribe(site, data, now)
        except TokenError:
            return on_notice(data)
        except UnreadableEmailError as error:
            result = on_notice(data)
            return unreadable(error) if result is BounceResult.OTHER else result
        if done is None:
            return on_notice(data)
        return (
            BounceResult.UNSUBSCRIBED
            if isinstance(done, UnsubscribedByMail)
            else BounceResult.LINK_SENT
        )

    return on


def _unquoted(text: str) -> str:
    """A text without percent-encoding, even if encoded twice."""
    return unquote(unquote(text))


def _unsubscribed(
    service: SubscriptionService, subscriber: Subscriber, newsletter: str
) -> UnsubscribedByMail:
    return UnsubscribedByMail(
        subscriber.address, newsletter, bool(service.unsubscribe(subscriber, newsletter, "mail"))
    )
