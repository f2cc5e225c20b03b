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
    rest: str
    query: str
    fields: FormFields

    def one(self, name: str) -> str:
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
            return _see(f"{section}/")
        try:
            posted = request.method == b"POST"
            read = _unsubscribe_fields if section == "unsubscribe" else _fields
            fields = read(request, body) if posted else {}
            tidy = _tidied(rest)
            if tidy != rest and not posted:
                return _see(f"{self._prefix}{section}/{tidy}")
            service = SubscriptionService(site, now, client, self._local.base(request))
            form = FormRequest(service, posted, tidy, query, fields)
            return self._sections[section](form)
        except RefusedError as refused:
            return self.refused(refused.status, refused.refusal)
        except BusyError:
            return self.wait(MAX_EMAILS_IN.total_seconds(), Refusal.BUSY)
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

    def wait(self, seconds: float, refusal: Refusal = Refusal.TOO_MANY) -> Response:
        """The error page for a request to repeat after some seconds."""
        return self.refused(429, refusal, (b"retry-after", b"%d" % ceil(seconds)))

    # -- subscribing -------------------------------------------------------------------------

    def _subscribe(self, form: FormRequest) -> Response:
        match form.rest.split("/"):
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
        known = form.service.newsletters
        wanted = [name for name in form.fields.get("newsletter", ()) if name in known]
        if len(known) == 1 and "newsletter" not in form.fields:
            wanted = list(known)  # several are never preselected: that would not be consent
        text = form.one("address")
        problem = None
        if form.posted:
            problem = None if wanted else FormProblem.NO_NEWSLETTER
            problem = problem or self._store_request(form, RequestKind.SUBSCRIBE, text, wanted)
            if problem is None:
                return _see("../sent/" if embedded else "sent/")
        choices = [_choice(each, chosen=name in wanted) for name, each in known.items()]
        page = self._pages.subscribe(
            choices, address=text[:MAX_LENGTH], problem=problem, embedded=embedded
        )
        return self._page(page, 422 if problem else 200, framed=embedded)

    def _store_request(
        self, form: FormRequest, kind: RequestKind, text: str, wanted: Sequence[str]
    ) -> FormProblem | None:
        """Store the request; return what is wrong with it, if anything."""
        if not text.strip():
            return FormProblem.NO_ADDRESS
        if form.one("website"):
            return None  # the honeypot was filled in: a bot
        agreed = self._consent_text([form.service.newsletters[name] for name in wanted])
        try:
            form.service.request(kind, text, dict.fromkeys(wanted, ()), agreed if wanted else "")
        except AddressError:
            return FormProblem.BAD_ADDRESS
        return None

    def _confirm(self, form: FormRequest, token: str) -> Response:
        request = form.service.pending_request(token)
        known = form.service.newsletters
        if not form.posted:
            wanted = [known[name] for name in request.wanted if name in known]
            choices = [_choice(each, chosen=True) for each in wanted]
            return self._page(self._pages.confirm(choices, request.consent_text))
        who, got = form.service.confirm(token)
        preferences = form.service.links().preferences(who.id)
        choices = [_choice(each, chosen=True) for each in got]
        return self._page(self._pages.confirmed(choices, preferences))

    def _consent_text(self, newsletters: Sequence[Newsletter]) -> str:
        return self._pages.agreed([each.title for each in newsletters])

    # -- choosing ----------------------------------------------------------------------------

    def _preferences(self, form: FormRequest) -> Response:
        token = form.rest
        if not token:
            return self._ask_for_link(form)
        who = form.service.person(token, Purpose.PREFERENCES)
        if not form.posted:
            return self._choices_of(form, who, saved=form.query == "saved")
        what = form.one("what")
        if what not in ("save", "leave"):  # an incomplete form must not unsubscribe
            raise RefusedError(400, Refusal.MALFORMED)
        if what == "leave":
            ended = form.service.unsubscribe(who, "", "preferences")
            return self._unsubscribed(ended or list(form.service.newsletters.values()))
        wanted = self._chosen_newsletters(form, who)
        had = {each.newsletter.name for each in form.service.subscriptions(who) if each.active}
        agreed = self._consent_text(
            [form.service.newsletters[name] for name in wanted if name not in had]
        )
        new = form.service.choose(who, wanted, agreed)
        return _see("../subscribe/sent/" if new else f"{token}?saved")

    def _ask_for_link(self, form: FormRequest) -> Response:
        problem = None
        if form.posted:
            problem = self._store_request(form, RequestKind.PREFERENCES, form.one("address"), ())
            if problem is None:
                return _see("../subscribe/sent/")
        return self._page(self._pages.ask_for_link(problem=problem), 422 if problem else 200)

    def _choices_of(self, form: FormRequest, who: Subscriber, *, saved: bool) -> Response:
        choices = [
            _held(each, form.service.tags(each.newsletter, each.tags))
            for each in form.service.subscriptions(who)
        ]
        return self._page(self._pages.preferences(masked(who.address), choices, saved=saved))

    def _chosen_newsletters(self, form: FormRequest, who: Subscriber) -> dict[str, list[str]]:
        """The chosen newsletters, each with those of its chosen tags that are offered."""
        found: dict[str, list[str]] = {}
        own = {each.newsletter.name: each.tags for each in form.service.subscriptions(who)}
        for name in dict.fromkeys(form.fields.get("newsletter", ())):
            if newsletter := form.service.newsletters.get(name):
                offered = {tag for tag, _ in form.service.tags(newsletter, own.get(name, ()))}
                chosen = dict.fromkeys(form.fields.get(f"tag-{name}", ()))
                found[name] = [tag for tag in chosen if tag in offered]
        return found

    # -- unsubscribing -----------------------------------------------------------------------

    def _unsubscribe(self, form: FormRequest) -> Response:
        match form.rest.split("/"):
            case [""] if not form.posted:
                return _see("../preferences/")
            case [name, token]:
                who = form.service.person(token, Purpose.UNSUBSCRIBE, name)
                return self._confirm_unsubscribe(form, who, name)
        raise RefusedError(404, Refusal.UNKNOWN)

    def _confirm_unsubscribe(self, form: FormRequest, who: Subscriber, name: str) -> Response:
        """Any POST unsubscribes: RFC 8058 defines a body, and unsubscribing must always work."""
        newsletter = form.service.newsletters.get(name)
        if form.posted:
            everything = form.one("what") == "all"
            one_click = "List-Unsubscribe" in form.fields
            ended = form.service.unsubscribe(
                who, "" if everything else name, "one click" if one_click else "page"
            )
            return self._unsubscribed(ended or [newsletter]) if newsletter else self._gone(name)
        others = any(
            each.active and each.newsletter.name != name for each in form.service.subscriptions(who)
        )
        shown = _choice(newsletter, chosen=True) if newsletter else Choice(name, name, "", True)
        by_mail = ""
        if newsletter:
            by_mail = form.service.links().unsubscribe_by_mail(newsletter, who.id)
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
    found = TOKEN_PATH.match(unquote(rest))
    token = tidied(found[2]) if found else ""
    return f"{found[1]}{token}" if found and SHAPE.fullmatch(token) else rest


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


def _held(holding: SubscriptionView, tags: Sequence[tuple[str, str]]) -> Choice:
    newsletter = holding.newsletter
    offered = tuple(TagChoice(tag, label, tag in holding.tags) for tag, label in tags)
    return Choice(
        newsletter.name, newsletter.title, newsletter.description, holding.active, offered
    )


def _see(location: str) -> Response:
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
