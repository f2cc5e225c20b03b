"""What people can do about their subscriptions, each in one transaction. Knows no HTTP.

Whoever asks for something is told nothing of what is known here: a request is kept, the same for
everybody, and what becomes of it is decided when its letter is due.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.catalogue.urls import base_url
from syndicate.config.model import Newsletter
from syndicate.errors import AddressError
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

MAX_LETTERS = 3
MAX_LETTERS_IN = timedelta(days=1)
"""How many letters an address is sent, and in what time."""

MAX_EMAILS = 300
MAX_EMAILS_IN = timedelta(hours=1)
"""How many confirmation and preferences emails are sent in all, and in what time."""

MAX_TAGS = 60


class BusyError(Exception):
    """So many emails were asked for that no more are sent for now."""


class LinkUsedError(TokenError):
    """A link that was used already, and works once."""


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """What somebody gets of a newsletter. `tags` are chosen ones; none: everything."""

    newsletter: Newsletter
    active: bool
    tags: tuple[str, ...] = ()


class SubscriptionService:
    """Of one site, at one moment, for a client with the address `client` ("" if unknown).

    `base` is the site's address as a browser on this machine has it (`LocalView.base`), else "".
    """

    def __init__(self, site: Site, now: datetime, client: str = "", base: str = "") -> None:
        self._site = site
        self._now = now
        self._at = format_timestamp(now)
        self._client = client
        self._base = base
        self._database = site.database
        self._known = Subscribers(site.database)
        self._requests = SignupRequests(site.database)
        self.newsletters: Mapping[str, Newsletter] = site.config.newsletters

    @property
    def lasts(self) -> timedelta:
        """How long a request waits for its confirmation."""
        return duration(self._site.config.subscribers.confirm_within)

    def links(self, base: str = "") -> Links:
        """Links signed with today's secret, below the site's address, or below `base`."""
        secrets = SigningKeys(self._database)
        secret = next(iter(secrets.good(self._at)), None)
        if secret is None or secret.until:
            with self._database.transaction():
                secret = secrets.signing(self._at)
        config = self._site.config
        return Links(base or base_url(config.site), secret, mailbox_read(config.bounces))

    # -- asking ------------------------------------------------------------------------------

    def request(
        self, kind: RequestKind, text: str, wanted: Mapping[str, Sequence[str]], agreed: str
    ) -> None:
        """Keep that somebody asked for a letter to an address.

        `wanted` are newsletters, each with chosen tags (none: everything), `agreed` the sentence
        that confirming agrees to. Raises AddressError, also where only few servers could deliver,
        and BusyError.
        """
        given = address(text)
        if not given.mail.rpartition("@")[0].isascii():
            raise AddressError("not every server takes letters other than a to z before the @")
        since = format_timestamp(self._now - MAX_LETTERS_IN)
        with self._database.transaction():
            salt = self._known.salt()
            asked = SignupRequest(
                0,
                kind,
                given.mail,
                given.hashed(salt),
                json.dumps({name: list(tags) for name, tags in wanted.items()}),
                self._at,
                self._hashed_client(salt),
                agreed,
                next_try=self._at,
                base=self._base,
            )
            if (
                self._requests.count(format_timestamp(self._now - MAX_EMAILS_IN), self._at)
                >= MAX_EMAILS
            ):
                raise BusyError
            self._requests.ask(asked, MAX_LETTERS, since)

    def pending_request(self, token: str) -> SignupRequest:
        """What somebody is about to confirm. Raises TokenError, ExpiredError, UsedError."""
        request = self._requests.find(self._number(token, Purpose.CONFIRM))
        if request is None or parse_timestamp(request.asked) + self.lasts <= self._now:
            raise ExpiredError("forgotten")
        if request.state == RequestState.ANSWERED:
            raise LinkUsedError("used")
        if not self._got_by(request):
            raise ExpiredError("they left since, or there is none of it any more")
        return request

    def confirm(self, token: str) -> tuple[Subscriber, list[Newsletter]]:
        """Have somebody get what they asked for, and keep the evidence. Raises as `asked`."""
        with self._database.transaction():
            request = self.pending_request(token)
            client = self._hashed_client(self._known.salt())
            evidence = [
                Consent(0, "", request.asked, "requested", "", request.client),
                Consent(0, "", self._at, "confirmed", request.agreed, client),
            ]
            names = self._got_by(request)
            self._requests.settle(request._replace(state=RequestState.ANSWERED))
            who = self._known.confirm(request.address, request.hash, names, evidence, self._at)
            if who is None:
                raise TokenError("suppressed since")
            for each in self._known.subscriptions(who.id):
                if each.newsletter in names and request.wanted[each.newsletter]:
                    self._known.choose(each, request.wanted[each.newsletter])
        return who, [self.newsletters[name] for name in names]

    def _got_by(self, request: SignupRequest) -> list[str]:
        """What confirming a request brings: nothing that somebody left after they asked for it."""
        who = self._known.find(request.hash)
        left = {
            each.newsletter
            for each in (self._known.subscriptions(who.id) if who else ())
            if each.state == SubscriptionState.UNSUBSCRIBED
            and request.asked < each.since <= self._at  # later: the clock was ahead when they left
        }
        return [name for name in request.wanted if name in self.newsletters and name not in left]

    # -- choosing and leaving ------------------------------------------------------------------

    def person(self, token: str, purpose: Purpose, newsletter: str = "") -> Subscriber:
        """Whom a token was signed for. Raises TokenError."""
        who = self._known.by_id(self._number(token, purpose, newsletter))
        if who is None:
            raise TokenError("erased")
        return who

    def subscriptions(self, who: Subscriber) -> list[SubscriptionView]:
        """What somebody gets, newsletter by newsletter, in the order of the configuration."""
        known = {each.newsletter: each for each in self._known.subscriptions(who.id)}
        found = []
        for name, newsletter in self.newsletters.items():
            has = known.get(name)
            active = has is not None and has.state == SubscriptionState.ACTIVE
            tags = tuple(has.tags.split("\n")) if has and active and has.tags else ()
            found.append(SubscriptionView(newsletter, active, tags))
        return found

    def tags(self, newsletter: Newsletter, own: Sequence[str]) -> list[tuple[str, str]]:
        """Tags one can choose from in a newsletter: as in addresses, and as written.

        Those somebody has chosen already (`own`) are always among them.
        """
        found = Articles(self._database).tags()
        wanted = set(map(str.lower, newsletter.include))
        unwanted = set(map(str.lower, newsletter.exclude))
        offered = [
            (count, tag, label)
            for tag, label, count in found
            if (not wanted or label.lower() in wanted) and label.lower() not in unwanted
        ]
        most = sorted(offered, key=lambda one: (-one[0], one[1]))[:MAX_TAGS]
        labels = {tag: label for tag, label, _ in found}
        labels = {tag: labels.get(tag, tag) for tag in own} | {t: label for _, t, label in most}
        return sorted(labels.items(), key=lambda one: one[1].lower())

    def choose(self, who: Subscriber, wanted: Mapping[str, Sequence[str]], agreed: str) -> bool:
        """Have somebody get these newsletters alone, each with its chosen tags; none: everything.

        What they did not get before is only asked for: True if so, and a letter will come.
        """
        active = {each.newsletter.name for each in self.subscriptions(who) if each.active}
        with self._database.transaction():
            self._leave(who, [name for name in active if name not in wanted], "preferences")
            for each in self._known.subscriptions(who.id):
                if each.newsletter in wanted and each.newsletter in active:
                    self._known.choose(each, wanted[each.newsletter])
        new = [name for name in wanted if name not in active and name in self.newsletters]
        if new:
            asked = {name: wanted[name] for name in new}
            self.request(RequestKind.SUBSCRIBE, who.address, asked, agreed)
        return bool(new)

    def unsubscribe(self, who: Subscriber, newsletter: str, how: str) -> list[Newsletter]:
        """Have somebody leave a newsletter, or ("") all; give those they got until now."""
        everything = (each.newsletter for each in self._known.subscriptions(who.id))
        names = [newsletter] if newsletter else list(everything)
        with self._database.transaction():
            left = self._leave(who, names, how)
        return [self.newsletters[name] for name in left if name in self.newsletters]

    # -- helpers -------------------------------------------------------------------------------

    def _leave(self, who: Subscriber, names: Sequence[str], how: str) -> list[str]:
        client = self._hashed_client(self._known.salt())
        return self._known.unsubscribe(who.id, names, how, self._at, client)

    def _number(self, token: str, purpose: Purpose, newsletter: str = "") -> int:
        good = SigningKeys(self._database).good(self._at)
        return read(token, purpose, good, self._now, newsletter)

    def _hashed_client(self, salt: str) -> str:
        return hashed(self._client, salt) if self._client else ""
