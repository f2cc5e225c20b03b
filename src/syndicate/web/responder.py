"""A request -> its response, in the order of RFC 9110, section 13.2.2.

Uses neither disk nor network; takes documents from the current snapshot of the cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from math import ceil
from time import monotonic
from typing import Final, Protocol
from urllib.parse import quote, unquote_to_bytes

from syndicate.web.http_messages import HttpHeader, Request, Response, response, text
from syndicate.web.local import LocalView
from syndicate.web.media_types import FEED_SECONDS
from syndicate.web.metrics import Traffic
from syndicate.web.negotiation import (
    MAX_LENGTH,
    UNSATISFIABLE,
    codings,
    http_date,
    is_browser,
    matches,
    matches_strongly,
    span,
    tags,
    wants_delta,
)
from syndicate.web.rate_limit import Clients
from syndicate.web.representations import DIGEST, Document, Representation
from syndicate.web.site_in_memory import ServedDocuments, SiteCache

MAX_TARGET_LENGTH: Final = 4_096
"""Bytes of path and query; more is answered with 414."""

NOT_FOUND_PAGE: Final = "404.html"

BUILDING_SECONDS: Final = b"1"
"""After how many seconds to ask again for a page of a site that is being built."""

_BUILDING_PAGE: Final = (
    b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="%b">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Building the site</title>
<body style="max-width: 34rem; margin: 4rem auto; padding: 0 1rem; font: 1.1rem/1.5 sans-serif">
<h1>Building the site</h1>
<p>This is the first build. This page reloads until it is done.
<p>If it takes long: the terminal where <code>syndicate run</code> was started shows why,
and so does <code>syndicate status</code>.
"""
    % BUILDING_SECONDS
)

_WELL_FORMED: Final = re.compile(
    rb"/(?:[\x21-\x24\x26-\x3e\x40-\x7e\x80-\xff]|%[0-9A-Fa-f]{2})*+(?:\?|\Z)"
)
_KEPT: Final = b"max-age=%d" % FEED_SECONDS
_IN_ADDRESSES: Final = "%/:?#[]@!$&'()*+,;=~"


class HealthSource(Protocol):
    """Health and metrics of the service. Health is a list of problems; empty means healthy.

    It is called between requests, so it must return stored values and never wait.
    """

    def livez(self) -> Sequence[str]:
        """Problems for which the process should be restarted."""

    def readyz(self) -> Sequence[str]:
        """Problems of any part of the service."""

    def metrics(self) -> bytes:
        """All metrics, in Prometheus's text format, version 0.0.4."""


class Handler(Protocol):
    """Answers requests for which there is no document; it may use the store, so it may be slow.

    `name` is its label in metrics, `max_body_bytes` is the largest body that it accepts.
    """

    name: str
    max_body_bytes: int

    def takes(self, target: bytes) -> bool:
        """Whether it answers requests for this path."""

    async def answer(self, request: Request, body: bytes, client: str) -> Response:
        """The response to GET, HEAD or POST. `client` is the client's address, "" if unknown.

        Never raises.
        """


@dataclass(frozen=True, slots=True)
class Redirects:
    """Redirects and removed documents, by path below the site, without a leading slash.

    `aliases` lead to a URL or path; `gone` are feeds that existed and will not exist again.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    gone: Set[str] = frozenset()


class Responder:
    """Answers requests. `redirects`, `clients` and `is_built` may be replaced at any time.

    Before the site `is_built`, a missing document may still be built: the response is 503, not 404.
    Without `monitor`, there are no health checks and metrics. `local` rewrites responses for a
    browser on this machine.
    """

    def __init__(
        self,
        cache: SiteCache,
        clients: Clients,
        traffic: Traffic,
        monitor: HealthSource | None = None,
    ) -> None:
        self.redirects = Redirects()
        self.is_built = True
        self.handlers: Sequence[Handler] = ()
        self.cache = cache
        self.local = LocalView(cache.address.url)
        self.clients = clients
        self._traffic = traffic
        self._pages: dict[bytes, Callable[[], Response]] = {}
        if monitor:
            self._pages[b"/livez"] = lambda: _health(monitor.livez())
            self._pages[b"/readyz"] = lambda: _health(monitor.readyz())
            self._pages[b"/metrics"] = lambda: _metrics(monitor.metrics())

    def __call__(self, request: Request) -> Response:
        """The response; the same for HEAD as for GET: the caller omits the body."""
        snapshot = self.cache.snapshot
        return self._counted(request, snapshot, _find(snapshot, request.target))

    def handler_for(self, request: Request) -> Handler | None:
        """The handler for a request, if there is one. Handlers may be replaced at any time."""
        return next((handler for handler in self.handlers if handler.takes(request.target)), None)

    def refused_by_handler(self, handler: Handler, request: Request) -> Response | None:
        """The response to a request that its handler must not get; None if it may."""
        response = self._refusal(request, (b"GET", b"HEAD", b"POST"))
        if response:
            self._traffic.count(handler.name, response.status)
        return response

    async def handle(self, handler: Handler, request: Request, body: bytes) -> Response:
        """The response of a handler to a request."""
        response = await handler.answer(request, body, self.clients.client(request) or "")
        self._traffic.count(handler.name, response.status)
        return self.local.rewritten_response(response) if self.local.applies(request) else response

    def from_memory(self, request: Request) -> Response | None:
        """The response, unless it has to be read from disk or comes from a handler."""
        if self.handler_for(request):
            return None
        snapshot = self.cache.snapshot
        document = _find(snapshot, request.target)
        if document and document.body is None:
            return None
        return self._counted(request, snapshot, document)

    def _counted(
        self, request: Request, snapshot: ServedDocuments, document: Document | None
    ) -> Response:
        response = self._refusal(request)
        if response is None:
            if request.target in self._pages:
                response = self._pages[request.target]()
            elif document is None:
                response = self._without_document(request.target, snapshot)
                response = (
                    self.local.rewritten_response(response)
                    if self.local.applies(request)
                    else response
                )
            else:
                response = self._of_document(document, request, snapshot)
        self._traffic.count(document.kind.format if document else "none", response.status)
        return response

    def _refusal(
        self, request: Request, methods: Sequence[bytes] = (b"GET", b"HEAD")
    ) -> Response | None:
        """The response to a request that is refused: by method, rate limit or length of its URL."""
        if request.method not in methods:
            allowed = b", ".join(methods)
            words = f"Method not allowed. Use {allowed.decode()}."
            return text(405, words, (b"allow", allowed))
        seconds = self.clients.seconds_to_wait(request, monotonic())
        if seconds:
            wait = b"%d" % ceil(seconds)
            return text(429, "Too many requests. Please try again later.", (b"retry-after", wait))
        if len(request.target) > MAX_TARGET_LENGTH:
            return text(414, "The URL is too long.")
        return None

    def _without_document(self, target: bytes, snapshot: ServedDocuments) -> Response:
        """The response for a path without a document: a redirect, 410, 503 or 404."""
        if not _WELL_FORMED.match(target):
            return text(400, "The URL is malformed.")
        path, mark, query = target.partition(b"?")
        decoded = unquote_to_bytes(path)
        if decoded + b"/" in snapshot.paths:
            return _redirect(quote(decoded + b"/").encode() + mark + query)
        name = decoded.removeprefix(self.cache.address.prefix).decode("utf-8", "replace")
        if alias := self.redirects.aliases.get(name):
            return _redirect(quote(alias, safe=_IN_ADDRESSES).encode())
        if name in self.redirects.gone:
            return text(410, "This feed no longer exists. Please unsubscribe from it.", cache=_KEPT)
        if not self.is_built:
            return _building()
        page = snapshot.files.get(NOT_FOUND_PAGE)
        if page is None or page.body is None:
            return text(404, "Not found.")
        unwanted = (b"cache-control", b"content-type", b"content-length")
        shown = [one for one in page.kind.headers if one[0] not in unwanted]
        own: list[HttpHeader] = [
            (b"content-type", page.kind.media_type),
            (b"content-length", b"%d" % len(page.body)),
            (b"cache-control", b"no-store"),
        ]
        return response(404, own + shown, page.body)

    def _of_document(
        self, document: Document, request: Request, snapshot: ServedDocuments
    ) -> Response:
        kind, headers = document.kind, request.headers
        if kind.is_feed and (user_agent := headers.get(b"user-agent")):
            self._traffic.count_readers(document.path, user_agent)
        accepted = codings(headers.get(b"accept-encoding", b"")[:MAX_LENGTH])
        browser = kind.has_entries and is_browser(headers.get(b"accept", b"")[:MAX_LENGTH])
        local = (browser or kind.has_links) and self.local.applies(request)
        representation = document.representation(
            accepted, browser=browser, local=self.local if local else None
        )
        if _precondition_failed(document, representation, headers):
            return text(412, "Precondition failed: the document has changed.")
        etags = headers.get(b"if-none-match")
        if etags is not None:
            if matches(etags, representation.tag):
                return representation.unchanged
            if kind.has_entries and wants_delta(headers.get(b"a-im", b"")[:MAX_LENGTH]):
                return _delta(document, etags, accepted, snapshot) or representation.whole
        elif (since := headers.get(b"if-modified-since")) and _unchanged(document, since):
            return representation.unchanged
        if b"range" in headers and request.method == b"GET":
            return _part(representation, headers)
        return representation.whole


def _find(snapshot: ServedDocuments, target: bytes) -> Document | None:
    """The document at a URL, whether or not its path is percent-encoded."""
    path = target.partition(b"?")[0]
    document = snapshot.paths.get(path)
    return document if document or b"%" not in path else snapshot.paths.get(unquote_to_bytes(path))


def _precondition_failed(
    document: Document, representation: Representation, headers: Mapping[bytes, bytes]
) -> bool:
    """Whether a condition of the request (If-Match, If-Unmodified-Since) does not hold."""
    if (tag := headers.get(b"if-match")) is not None:
        return not matches_strongly(tag, representation.tag)
    if (since := headers.get(b"if-unmodified-since")) is not None:
        return not _unchanged(document, since)
    return False


def _unchanged(document: Document, since: bytes) -> bool:
    """Whether the document is not newer than an HTTP date; an invalid date is ignored."""
    seconds = http_date(since[:MAX_LENGTH])
    return seconds is not None and document.modified <= seconds


def _delta(
    document: Document,
    known_fingerprints: bytes,
    accepted: tuple[bytes, ...],
    snapshot: ServedDocuments,
) -> Response | None:
    """The response with new entries only, since a version that the client has; None if unknown."""
    for tag in tags(known_fingerprints):
        digest = tag[:DIGEST].decode("latin-1")
        fingerprints = snapshot.versions.known(document.path, digest)
        if fingerprints is not None and digest != document.digest:
            return document.delta(accepted, digest, fingerprints)
    return None


def _part(representation: Representation, headers: Mapping[bytes, bytes]) -> Response:
    """A range of a document (RFC 9110, section 14), or the whole document if it does not apply."""
    full_response = representation.whole
    condition = headers.get(b"if-range", representation.tag)
    own = dict(full_response.headers)
    length = int(own[b"content-length"])
    part = span(headers[b"range"], length)
    if part is None or condition not in (representation.tag, own[b"last-modified"]):
        return full_response
    if part == UNSATISFIABLE:
        return text(
            416, "The requested range is not available.", (b"content-range", b"bytes */%d" % length)
        )
    own[b"content-length"] = b"%d" % (part.stop - part.start)
    own[b"content-range"] = b"bytes %d-%d/%d" % (part.start, part.stop - 1, length)
    file = replace(full_response.file, span=part) if full_response.file else None
    return response(206, own.items(), full_response.body[part.start : part.stop], file)


def _building() -> Response:
    length = b"%d" % len(_BUILDING_PAGE)
    return response(
        503,
        (
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", length),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"retry-after", BUILDING_SECONDS),
        ),
        _BUILDING_PAGE,
    )


def _redirect(location: bytes) -> Response:
    return text(301, "Moved permanently.", (b"location", location), cache=_KEPT)


def _health(faults: Sequence[str]) -> Response:
    return text(503, "\n".join(faults)) if faults else text(200, "ok")


def _metrics(numbers: bytes) -> Response:
    plain = text(200, "")
    headers = {
        **dict(plain.headers),
        b"content-type": b"text/plain; version=0.0.4; charset=utf-8",
        b"content-length": b"%d" % len(numbers),
    }
    return response(200, headers.items(), numbers)
