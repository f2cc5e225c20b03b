"""The actions of subscribers on their subscriptions, each in one transaction. Knows no HTTP.

Responses never reveal whether an address is known: every request is stored alike, and what to send
is decided when its email is due.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.catalogue.urls import base_url
from syndicate.config.model import Newsletter
from syndicate.errors import AddressError, Location, SyndicateError
from syndicate.schedule.words import duration
from syndicate.signup.links import Links, mailbox_read
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.requests import (
    RequestKind,
    RequestState,
    SigningKeys,
    SignupRequest,
    SignupRequests,
)
from syndicate.store.subscribers import (
    Consent,
    Subscriber,
    Subscribers,
    SubscriptionState,
)
from syndicate.subscribers.addresses import address, hashed
from syndicate.subscribers.tokens import ExpiredError, Purpose, TokenError, read
from syndicate.timestamps import format_timestamp, parse_timestamp

MAX_EMAILS_PER_ADDRESS = 3
MAX_EMAILS_PER_ADDRESS_IN = timedelta(days=1)
"""How many emails an address is sent, in what time."""

MAX_EMAILS = 300
MAX_EMAILS_IN = timedelta(hours=1)
"""How many transactional emails are sent in total, in what time."""

MAX_TAGS = 60


class BusyError(Exception):
    """Too many emails were requested; none are sent for now."""


class LinkUsedError(TokenError):
    """A single-use link that was already used."""


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """A subscription to a newsletter. `tags` are the chosen ones; none: all articles."""

    newsletter: Newsletter
    active: bool
    tags: tuple[str, ...] = ()


class SubscriptionService:
    """Of one site, at one moment, for a client with the address `client` ("" if unknown).

    `base` is the site's address for a browser on this machine (`LocalView.base`), else "".
    """

    def __init__(self, site: Site, now: datetime, client: str = "", base: str = "") -> None:
        self._site = site
        self._now = now
        self._timestamp = format_timestamp(now)
        self._client = client
        self._base = base
        self._database = site.database
        self._subscribers = Subscribers(site.database)
        self._requests = SignupRequests(site.database)
        self.newsletters: Mapping[str, Newsletter] = site.config.newsletters

    @property
    def confirm_within(self) -> timedelta:
        """How long a request can be confirmed."""
        return duration(self._site.config.subscribers.confirm_within)

    def links(self, base: str = "") -> Links:
        """Links signed with today's secret, below the site's address, or below `base`."""
        secrets = SigningKeys(self._database)
        secret = next(iter(secrets.valid(self._timestamp)), None)
        if secret is None or secret.expires_at:
            with self._database.transaction():
                secret = secrets.signing(self._timestamp)
        config = self._site.config
        return Links(base or base_url(config.site), secret, mailbox_read(config.bounces))

    # -- requests ----------------------------------------------------------------------------

    def request(
        self, kind: RequestKind, text: str, choices: Mapping[str, Sequence[str]], agreed: str
    ) -> None:
        """Store a request for an email to an address.

        `choices` maps newsletters to chosen tags (none: all articles), `agreed` is the consent
        text. Raises AddressError, also for addresses that few servers can deliver to, and
        BusyError.
        """
        email_address = address(text)
        if not email_address.mail.rpartition("@")[0].isascii():
            raise AddressError("few servers accept characters outside ASCII before the @")
        since = format_timestamp(self._now - MAX_EMAILS_PER_ADDRESS_IN)
        with self._database.transaction():
            salt = self._subscribers.salt()
            request = SignupRequest(
                0,
                kind,
                email_address.mail,
                email_address.hashed(salt),
                json.dumps({name: list(tags) for name, tags in choices.items()}),
                self._timestamp,
                self._hashed_client(salt),
                agreed,
                next_try=self._timestamp,
                base_url=self._base,
            )
            if (
                self._requests.count(format_timestamp(self._now - MAX_EMAILS_IN), self._timestamp)
                >= MAX_EMAILS
            ):
                raise BusyError
            self._requests.add(request, MAX_EMAILS_PER_ADDRESS, since)

    def pending_request(self, token: str) -> SignupRequest:
        """The request of a confirmation link. Raises TokenError, ExpiredError, LinkUsedError."""
        request = self._requests.find(self._number(token, Purpose.CONFIRM))
        if (
            request is None
            or parse_timestamp(request.requested_at) + self.confirm_within <= self._now
        ):
            raise ExpiredError("the request was deleted or has expired")
        if request.state == RequestState.ANSWERED:
            raise LinkUsedError("the link was already used")
        if not self._granted_by(request):
            raise ExpiredError("unsubscribed since, or the newsletter no longer exists")
        return request

    def confirm(self, token: str) -> tuple[Subscriber, list[Newsletter]]:
        """Subscribe as requested, and store the consent. Raises as `pending_request`."""
        with self._database.transaction():
            request = self.pending_request(token)
            client = self._hashed_client(self._subscribers.salt())
            evidence = [
                Consent(0, "", request.requested_at, "requested", "", request.client),
                Consent(0, "", self._timestamp, "confirmed", request.consent_text, client),
            ]
            names = self._granted_by(request)
            self._requests.update(request._replace(state=RequestState.ANSWERED))
            subscriber = self._subscribers.confirm(
                request.address, request.hash, names, evidence, self._timestamp
            )
            if subscriber is None:
                raise TokenError("the address was suppressed since")
            for each in self._subscribers.subscriptions(subscriber.id):
                if each.newsletter in names and request.requested[each.newsletter]:
                    self._subscribers.choose(each, request.requested[each.newsletter])
        return subscriber, [self.newsletters[name] for name in names]

    def _granted_by(self, request: SignupRequest) -> list[str]:
        """The newsletters that confirming subscribes to, without those unsubscribed from since."""
        subscriber = self._subscribers.find(request.hash)
        unsubscribed = {
            each.newsletter
            for each in (self._subscribers.subscriptions(subscriber.id) if subscriber else ())
            if each.state == SubscriptionState.UNSUBSCRIBED
            and request.requested_at
            < each.since
            <= self._timestamp  # later: the clock was ahead then
        }
        return [
            name
            for name in request.requested
            if name in self.newsletters and name not in unsubscribed
        ]

    # -- preferences and unsubscribing ---------------------------------------------------------

    def person(self, token: str, purpose: Purpose, newsletter: str = "") -> Subscriber:
        """The subscriber a token was signed for. Raises TokenError."""
        subscriber = self._subscribers.by_id(self._number(token, purpose, newsletter))
        if subscriber is None:
            raise TokenError("the subscriber was erased")
        return subscriber

    def subscriptions(self, subscriber: Subscriber) -> list[SubscriptionView]:
        """The subscriptions to all newsletters, in the order of the configuration."""
        existing = {
            each.newsletter: each for each in self._subscribers.subscriptions(subscriber.id)
        }
        views = []
        for name, newsletter in self.newsletters.items():
            has = existing.get(name)
            active = has is not None and has.state == SubscriptionState.ACTIVE
            tags = tuple(has.tags.split("\n")) if has and active and has.tags else ()
            views.append(SubscriptionView(newsletter, active, tags))
        return views

    def tags(self, newsletter: Newsletter, own: Sequence[str]) -> list[tuple[str, str]]:
        """The tags to choose from in a newsletter: as in addresses, and as displayed.

        Tags already chosen (`own`) are always included.
        """
        all_tags = Articles(self._database).tags()
        included = set(map(str.lower, newsletter.include))
        unwanted = set(map(str.lower, newsletter.exclude))
        offered = [
            (count, tag, label)
            for tag, label, count in all_tags
            if (not included or label.lower() in included) and label.lower() not in unwanted
        ]
        most_used = sorted(offered, key=lambda one: (-one[0], one[1]))[:MAX_TAGS]
        labels = {tag: label for tag, label, _ in all_tags}
        labels = {tag: labels.get(tag, tag) for tag in own} | {
            t: label for _, t, label in most_used
        }
        return sorted(labels.items(), key=lambda one: one[1].lower())

    def choose(
        self, subscriber: Subscriber, choices: Mapping[str, Sequence[str]], agreed: str
    ) -> bool:
        """Set the subscriptions to exactly these newsletters and tags (none: all articles).

        New ones are only requested: then returns True, and a confirmation email follows.
        """
        active = {each.newsletter.name for each in self.subscriptions(subscriber) if each.active}
        with self._database.transaction():
            self._end_subscriptions(
                subscriber, [name for name in active if name not in choices], "preferences"
            )
            for each in self._subscribers.subscriptions(subscriber.id):
                if each.newsletter in choices and each.newsletter in active:
                    self._subscribers.choose(each, choices[each.newsletter])
        new = [name for name in choices if name not in active and name in self.newsletters]
        if new:
            added = {name: choices[name] for name in new}
            self.request(RequestKind.SUBSCRIBE, subscriber.address, added, agreed)
        return bool(new)

    def unsubscribe(self, subscriber: Subscriber, newsletter: str, how: str) -> list[Newsletter]:
        """Unsubscribe from a newsletter, or all (""); return those that were active."""
        everything = (each.newsletter for each in self._subscribers.subscriptions(subscriber.id))
        names = [newsletter] if newsletter else list(everything)
        with self._database.transaction():
            ended = self._end_subscriptions(subscriber, names, how)
        return [self.newsletters[name] for name in ended if name in self.newsletters]

    # -- helpers -------------------------------------------------------------------------------

    def _end_subscriptions(
        self, subscriber: Subscriber, names: Sequence[str], how: str
    ) -> list[str]:
        client = self._hashed_client(self._subscribers.salt())
        return self._subscribers.unsubscribe(subscriber.id, names, how, self._timestamp, client)

    def _number(self, token: str, purpose: Purpose, newsletter: str = "") -> int:
        keys = SigningKeys(self._database).valid(self._timestamp)
        return read(token, purpose, keys, self._now, newsletter)

    def _hashed_client(self, salt: str) -> str:
        return hashed(self._client, salt) if self._client else ""


def subscriber_links(site: Site, now: datetime) -> Links:
    """Links to the pages of subscribers. Raises SyndicateError when there are no pages."""
    if not site.config.subscribers.signup_pages:
        raise SyndicateError(
            "there are no pages for subscribers to link to",
            place=Location(site.config_file),
            hint="turn them on with subscribers: {signup_pages: true}",
        )
    return SubscriptionService(site, now).links()
