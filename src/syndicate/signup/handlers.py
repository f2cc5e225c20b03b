"""Requests for the subscriber pages -> responses. GET shows, POST acts; there are no cookies.

The token in the path of a link is the only proof of identity, so pages of other sites cannot act
for a subscriber, and no page here sends its address to others (Referrer-Policy). Redirects are
relative, so that no request header can send readers to another site.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from syndicate.catalogue.urls import path_sent
from syndicate.config.model import Newsletter
from syndicate.errors import AddressError
from syndicate.signup.pages import Choice, FormProblem, Pages, Refusal, TagChoice
from syndicate.signup.subscriptions import (
    MAX_EMAILS_IN,
    BusyError,
    LinkUsedError,
    SubscriptionService,
    SubscriptionView,
)
from syndicate.site import Site
from syndicate.store.requests import RequestKind
from syndicate.store.subscribers import Subscriber
from syndicate.subscribers.addresses import MAX_LENGTH, masked
from syndicate.subscribers.tokens import SHAPE, ExpiredError, Purpose, TokenError, tidied
from syndicate.uris import uri
from syndicate.web.http_messages import HttpHeader, Request, Response, response
from syndicate.web.local import LocalView

MAX_FIELDS: Final = 1_000
FORM: Final = b"application/x-www-form-urlencoded"

TOKEN_PATH: Final = re.compile(r"((?:[A-Za-z0-9-]{1,39}/|[A-Za-z0-9-]{41,100}/)?)(.+)", re.DOTALL)

FormFields = Mapping[str, Sequence[str]]
FormHandler = Callable[["FormRequest"], Response]

HEADERS: Final[tuple[HttpHeader, ...]] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


class RefusedError(Exception):
    """A request that is answered with an error page."""

    def __init__(self, status: int, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.status = status
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class FormRequest:
    """One request for a subscriber page. `rest` is the path below the first folder."""

    service: SubscriptionService
    posted: bool
    path_rest: str
    query: str
    fields: FormFields

    def first_value(self, name: str) -> str:
        """The first value of a field, or ""."""
        return next(iter(self.fields.get(name, ())), "")


class SignupHandlers:
    """The subscriber pages of one site."""

    def __init__(self, pages: Pages, base: str) -> None:
        """`base` is the site's address, with a slash at the end."""
        self._pages = pages
        self._base = base
        parts = urlsplit(uri(base))
        self._prefix = path_sent(base)
        self._local = LocalView(base)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._sections: Mapping[str, FormHandler] = {
            "subscribe": self._subscribe,
            "preferences": self._preferences,
            "unsubscribe": self._unsubscribe,
        }

    def __call__(
        self, site: Site, now: datetime, client: str, request: Request, body: bytes
    ) -> Response:
        """Answer a GET, HEAD or POST request for a path below one of the page folders."""
        path, _, query = request.target.decode("latin-1").partition("?")
        section, slash, rest = path.removeprefix(self._prefix).partition("/")
        if not slash:
            return _redirect(f"{section}/")
        try:
            posted = request.method == b"POST"
            read = _unsubscribe_fields if section == "unsubscribe" else _fields
            fields = read(request, body) if posted else {}
            tidy = _tidied(rest)
            if tidy != rest and not posted:
                return _redirect(f"{self._prefix}{section}/{tidy}")
            service = SubscriptionService(site, now, client, self._local.base(request))
            form = FormRequest(service, posted, tidy, query, fields)
            return self._sections[section](form)
        except RefusedError as refused:
            return self.refused(refused.status, refused.refusal)
        except BusyError:
            return self.too_many_requests(MAX_EMAILS_IN.total_seconds(), Refusal.BUSY)
        except LinkUsedError:
            return self.refused(410, Refusal.USED)
        except ExpiredError:
            return self.refused(410, Refusal.EXPIRED)
        except TokenError:
            return self.refused(404, Refusal.UNKNOWN)

    def refused(self, status: int, refusal: Refusal, *headers: HttpHeader) -> Response:
        """An error page."""
        page = self._pages.refused(refusal, f"{self._base}subscribe/")
        return self._page(page, status, *headers)

    def too_many_requests(self, seconds: float, refusal: Refusal = Refusal.TOO_MANY) -> Response:
        """The error page for a request to repeat after some seconds."""
        return self.refused(429, refusal, (b"retry-after", b"%d" % ceil(seconds)))

    # -- subscribing -------------------------------------------------------------------------

    def _subscribe(self, form: FormRequest) -> Response:
        match form.path_rest.split("/"):
            case [""]:
                return self._ask_to_subscribe(form, embedded=False)
            case ["embed", ""]:
                return self._ask_to_subscribe(form, embedded=True)
            case ["sent", ""] if not form.posted:
                return self._page(self._pages.check_mail())
            case ["confirm", token]:
                return self._confirm(form, token)
        raise RefusedError(404, Refusal.UNKNOWN)

    def _ask_to_subscribe(self, form: FormRequest, *, embedded: bool) -> Response:
        newsletters = form.service.newsletters
        selected = [name for name in form.fields.get("newsletter", ()) if name in newsletters]
        if len(newsletters) == 1 and "newsletter" not in form.fields:
            selected = list(newsletters)  # several are never preselected: that would not be consent
        text = form.first_value("address")
        problem = None
        if form.posted:
            problem = None if selected else FormProblem.NO_NEWSLETTER
            problem = problem or self._store_request(form, RequestKind.SUBSCRIBE, text, selected)
            if problem is None:
                return _redirect("../sent/" if embedded else "sent/")
        choices = [_choice(each, chosen=name in selected) for name, each in newsletters.items()]
        page = self._pages.subscribe(
            choices, address=text[:MAX_LENGTH], problem=problem, embedded=embedded
        )
        return self._page(page, 422 if problem else 200, framed=embedded)

    def _store_request(
        self, form: FormRequest, kind: RequestKind, text: str, newsletters: Sequence[str]
    ) -> FormProblem | None:
        """Store the request; return what is wrong with it, if anything."""
        if not text.strip():
            return FormProblem.NO_ADDRESS
        if form.first_value("website"):
            return None  # the honeypot was filled in: a bot
        agreed = self._consent_text([form.service.newsletters[name] for name in newsletters])
        try:
            form.service.request(
                kind, text, dict.fromkeys(newsletters, ()), agreed if newsletters else ""
            )
        except AddressError:
            return FormProblem.BAD_ADDRESS
        return None

    def _confirm(self, form: FormRequest, token: str) -> Response:
        request = form.service.pending_request(token)
        newsletters = form.service.newsletters
        if not form.posted:
            requested = [newsletters[name] for name in request.requested if name in newsletters]
            choices = [_choice(each, chosen=True) for each in requested]
            return self._page(self._pages.confirm(choices, request.consent_text))
        subscriber, confirmed = form.service.confirm(token)
        preferences = form.service.links().preferences(subscriber.id)
        choices = [_choice(each, chosen=True) for each in confirmed]
        return self._page(self._pages.confirmed(choices, preferences))

    def _consent_text(self, newsletters: Sequence[Newsletter]) -> str:
        return self._pages.agreed([each.title for each in newsletters])

    # -- choosing ----------------------------------------------------------------------------

    def _preferences(self, form: FormRequest) -> Response:
        token = form.path_rest
        if not token:
            return self._ask_for_link(form)
        subscriber = form.service.person(token, Purpose.PREFERENCES)
        if not form.posted:
            return self._choices_of(form, subscriber, saved=form.query == "saved")
        what = form.first_value("what")
        if what not in ("save", "leave"):  # an incomplete form must not unsubscribe
            raise RefusedError(400, Refusal.MALFORMED)
        if what == "leave":
            ended = form.service.unsubscribe(subscriber, "", "preferences")
            return self._unsubscribed(ended or list(form.service.newsletters.values()))
        selected = self._chosen_newsletters(form, subscriber)
        had = {
            each.newsletter.name for each in form.service.subscriptions(subscriber) if each.active
        }
        agreed = self._consent_text(
            [form.service.newsletters[name] for name in selected if name not in had]
        )
        new = form.service.choose(subscriber, selected, agreed)
        return _redirect("../subscribe/sent/" if new else f"{token}?saved")

    def _ask_for_link(self, form: FormRequest) -> Response:
        problem = None
        if form.posted:
            problem = self._store_request(
                form, RequestKind.PREFERENCES, form.first_value("address"), ()
            )
            if problem is None:
                return _redirect("../subscribe/sent/")
        return self._page(self._pages.ask_for_link(problem=problem), 422 if problem else 200)

    def _choices_of(self, form: FormRequest, subscriber: Subscriber, *, saved: bool) -> Response:
        choices = [
            _subscription_choice(each, form.service.tags(each.newsletter, each.tags))
            for each in form.service.subscriptions(subscriber)
        ]
        return self._page(self._pages.preferences(masked(subscriber.address), choices, saved=saved))

    def _chosen_newsletters(
        self, form: FormRequest, subscriber: Subscriber
    ) -> dict[str, list[str]]:
        """The chosen newsletters, each with those of its chosen tags that are offered."""
        choices: dict[str, list[str]] = {}
        own = {each.newsletter.name: each.tags for each in form.service.subscriptions(subscriber)}
        for name in dict.fromkeys(form.fields.get("newsletter", ())):
            if newsletter := form.service.newsletters.get(name):
                offered = {tag for tag, _ in form.service.tags(newsletter, own.get(name, ()))}
                chosen = dict.fromkeys(form.fields.get(f"tag-{name}", ()))
                choices[name] = [tag for tag in chosen if tag in offered]
        return choices

    # -- unsubscribing -----------------------------------------------------------------------

    def _unsubscribe(self, form: FormRequest) -> Response:
        match form.path_rest.split("/"):
            case [""] if not form.posted:
                return _redirect("../preferences/")
            case [name, token]:
                subscriber = form.service.person(token, Purpose.UNSUBSCRIBE, name)
                return self._confirm_unsubscribe(form, subscriber, name)
        raise RefusedError(404, Refusal.UNKNOWN)

    def _confirm_unsubscribe(
        self, form: FormRequest, subscriber: Subscriber, name: str
    ) -> Response:
        """Any POST unsubscribes: RFC 8058 defines a body, and unsubscribing must always work."""
        newsletter = form.service.newsletters.get(name)
        if form.posted:
            everything = form.first_value("what") == "all"
            one_click = "List-Unsubscribe" in form.fields
            ended = form.service.unsubscribe(
                subscriber, "" if everything else name, "one click" if one_click else "page"
            )
            return self._unsubscribed(ended or [newsletter]) if newsletter else self._gone(name)
        others = any(
            each.active and each.newsletter.name != name
            for each in form.service.subscriptions(subscriber)
        )
        shown = _choice(newsletter, chosen=True) if newsletter else Choice(name, name, "", True)
        by_mail = ""
        if newsletter:
            by_mail = form.service.links().unsubscribe_by_mail(newsletter, subscriber.id)
        return self._page(self._pages.unsubscribe(shown, others, by_mail))

    def _gone(self, name: str) -> Response:
        """After unsubscribing from a newsletter that no longer exists."""
        choices = [Choice(name, name, "", chosen=False)]
        return self._page(self._pages.unsubscribed(choices, f"{self._base}subscribe/"))

    def _unsubscribed(self, newsletters: Sequence[Newsletter]) -> Response:
        choices = [_choice(each, chosen=False) for each in newsletters]
        return self._page(self._pages.unsubscribed(choices, f"{self._base}subscribe/"))

    # -- requests and answers ------------------------------------------------------------------

    def _page(
        self, page: bytes, status: int = 200, *headers: HttpHeader, framed: bool = False
    ) -> Response:
        frames = "*" if framed else "'none'"
        policy = (
            f"default-src 'none'; style-src 'self' {self._origin}; img-src 'self' {self._origin}; "
            f"form-action 'self' {self._origin}; base-uri 'none'; frame-ancestors {frames}"
        )
        own = (
            (b"content-length", b"%d" % len(page)),
            (b"content-security-policy", policy.encode("ascii")),
            *(() if framed else ((b"x-frame-options", b"DENY"),)),
        )
        return response(status, (*HEADERS, *own, *headers), page)


def _tidied(rest: str) -> str:
    """The rest of a path with a token, without what email clients add around the token."""
    match = TOKEN_PATH.match(unquote(rest))
    token = tidied(match[2]) if match else ""
    return f"{match[1]}{token}" if match and SHAPE.fullmatch(token) else rest


def _unsubscribe_fields(request: Request, body: bytes) -> FormFields:
    """The fields of a request to unsubscribe; a malformed one unsubscribes as well."""
    try:
        return _fields(request, body)
    except RefusedError:
        return {"List-Unsubscribe": ()} if b"List-Unsubscribe" in body else {}


def _fields(request: Request, body: bytes) -> FormFields:
    """The fields of a form. Raises RefusedError for anything else."""
    kind = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if not body:
        return {}
    if kind != FORM:
        raise RefusedError(415, Refusal.MALFORMED)
    try:
        return parse_qs(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is one
        raise RefusedError(400, Refusal.MALFORMED) from None


def _choice(newsletter: Newsletter, *, chosen: bool) -> Choice:
    return Choice(newsletter.name, newsletter.title, newsletter.description, chosen)


def _subscription_choice(holding: SubscriptionView, tags: Sequence[tuple[str, str]]) -> Choice:
    newsletter = holding.newsletter
    offered = tuple(TagChoice(tag, label, tag in holding.tags) for tag, label in tags)
    return Choice(
        newsletter.name, newsletter.title, newsletter.description, holding.active, offered
    )


def _redirect(location: str) -> Response:
    """Redirect to a page by GET; relative, so that it stays on this site."""
    return response(
        303,
        (
            (b"location", location.encode("ascii")),
            (b"content-length", b"0"),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
        ),
    )
