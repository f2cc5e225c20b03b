"""A request -> its answer: what is decided for each, in the order of RFC 9110, 13.2.2.

Uses neither disk nor network; takes documents from the cache's current snapshot.
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
    """What the service knows of itself. Health is a list of what is wrong: empty, all is well.

    It is asked between requests, so it answers from what was noted before and waits for nothing.
    """

    def livez(self) -> Sequence[str]:
        """Whether the process works at all; if not, it should be restarted."""

    def readyz(self) -> Sequence[str]:
        """Whether it does all it should."""

    def metrics(self) -> bytes:
        """All numbers, in Prometheus's text format, version 0.0.4."""


class Handler(Protocol):
    """Answers what no document does: it may read and change what is kept, and so takes its time.

    `name` is what its answers are counted as, `largest` the bytes of the largest body it hears.
    """

    name: str
    largest: int

    def takes(self, target: bytes) -> bool:
        """Whether a path is for it."""

    async def answer(self, request: Request, body: bytes, client: str) -> Response:
        """The answer to GET, HEAD or POST. `client` is the address of who asks, "" if unknown.

        Never raises.
        """


@dataclass(frozen=True, slots=True)
class Redirects:
    """What was once served and is not any more, by path below the site, without a slash in front.

    `aliases` lead to an address, absolute or a path; `gone` are feeds that were and will not be
    again.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    gone: Set[str] = frozenset()


class Responder:
    """Answers requests. `moves`, `clients` and `is_built` may be replaced at any time.

    While `is_built` is false, what is not there may still come: it is answered with 503, not 404.
    Without `monitor` there are no pages of it.
    `local` decides which requests come from a browser on this machine, and what they get.
    """

    def __init__(
        self,
        cache: SiteCache,
        clients: Clients,
        traffic: Traffic,
        monitor: HealthSource | None = None,
    ) -> None:
        self.moves = Redirects()
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
        return self._counted(request, snapshot, _found(snapshot, request.target))

    def handler_for(self, request: Request) -> Handler | None:
        """The handler for a request, if there is one. Handlers may be replaced at any time."""
        return next((handler for handler in self.handlers if handler.takes(request.target)), None)

    def refused_by_handler(self, handler: Handler, request: Request) -> Response | None:
        """The response to a request that its handler must not get."""
        given = self._refusal(request, (b"GET", b"HEAD", b"POST"))
        if given:
            self._traffic.count(handler.name, given.status)
        return given

    async def answer_by(self, handler: Handler, request: Request, body: bytes) -> Response:
        """The response of a handler to a request."""
        given = await handler.answer(request, body, self.clients.client(request) or "")
        self._traffic.count(handler.name, given.status)
        return self.local.answer(given) if self.local.applies(request) else given

    def from_memory(self, request: Request) -> Response | None:
        """The answer, unless it has to be read from disk or is for a handler."""
        if self.handler_for(request):
            return None
        snapshot = self.cache.snapshot
        document = _found(snapshot, request.target)
        if document and document.body is None:
            return None
        return self._counted(request, snapshot, document)

    def _counted(
        self, request: Request, snapshot: ServedDocuments, document: Document | None
    ) -> Response:
        given = self._refusal(request)
        if given is None:
            if request.target in self._pages:
                given = self._pages[request.target]()
            elif document is None:
                given = self._elsewhere(request.target, snapshot)
                given = self.local.answer(given) if self.local.applies(request) else given
            else:
                given = self._of_document(document, request, snapshot)
        self._traffic.count(document.kind.format if document else "none", given.status)
        return given

    def _refusal(
        self, request: Request, methods: Sequence[bytes] = (b"GET", b"HEAD")
    ) -> Response | None:
        """What keeps a request from being looked at."""
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

    def _elsewhere(self, target: bytes, snapshot: ServedDocuments) -> Response:
        """What to say where there is no document: it moved, it is gone, or never was."""
        if not _WELL_FORMED.match(target):
            return text(400, "The URL is malformed.")
        path, mark, query = target.partition(b"?")
        decoded = unquote_to_bytes(path)
        if decoded + b"/" in snapshot.paths:
            return _moved(quote(decoded + b"/").encode() + mark + query)
        name = decoded.removeprefix(self.cache.address.prefix).decode("utf-8", "replace")
        if alias := self.moves.aliases.get(name):
            return _moved(quote(alias, safe=_IN_ADDRESSES).encode())
        if name in self.moves.gone:
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
            self._traffic.hear(document.path, user_agent)
        wanted = codings(headers.get(b"accept-encoding", b"")[:MAX_LENGTH])
        browser = kind.has_entries and is_browser(headers.get(b"accept", b"")[:MAX_LENGTH])
        local = (browser or kind.has_links) and self.local.applies(request)
        form = document.form(wanted, browser=browser, local=self.local if local else None)
        if _fails(document, form, headers):
            return text(412, "Precondition failed: the document has changed.")
        known = headers.get(b"if-none-match")
        if known is not None:
            if matches(known, form.tag):
                return form.unchanged
            if kind.has_entries and wants_delta(headers.get(b"a-im", b"")[:MAX_LENGTH]):
                return _delta(document, known, wanted, snapshot) or form.whole
        elif (since := headers.get(b"if-modified-since")) and _unchanged(document, since):
            return form.unchanged
        if b"range" in headers and request.method == b"GET":
            return _part(form, headers)
        return form.whole


def _found(snapshot: ServedDocuments, target: bytes) -> Document | None:
    """The document at an address, however it is written."""
    path = target.partition(b"?")[0]
    document = snapshot.paths.get(path)
    return document if document or b"%" not in path else snapshot.paths.get(unquote_to_bytes(path))


def _fails(document: Document, form: Representation, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a condition under which alone a client wants an answer does not hold."""
    if (tag := headers.get(b"if-match")) is not None:
        return not matches_strongly(tag, form.tag)
    if (since := headers.get(b"if-unmodified-since")) is not None:
        return not _unchanged(document, since)
    return False


def _unchanged(document: Document, since: bytes) -> bool:
    """Whether the document is not newer than an HTTP date; an invalid date is ignored."""
    seconds = http_date(since[:MAX_LENGTH])
    return seconds is not None and document.modified <= seconds


def _delta(
    document: Document, known: bytes, wanted: tuple[bytes, ...], snapshot: ServedDocuments
) -> Response | None:
    """The entries newer than any version the client has; None where we know of none of them."""
    for tag in tags(known):
        digest = tag[:DIGEST].decode("latin-1")
        marks = snapshot.versions.known(document.path, digest)
        if marks is not None and digest != document.digest:
            return document.delta(wanted, digest, marks)
    return None


def _part(form: Representation, headers: Mapping[bytes, bytes]) -> Response:
    """One range of a document (RFC 9110, 14), or all of it where the range does not apply."""
    whole = form.whole
    condition = headers.get(b"if-range", form.tag)
    own = dict(whole.headers)
    length = int(own[b"content-length"])
    found = span(headers[b"range"], length)
    if found is None or condition not in (form.tag, own[b"last-modified"]):
        return whole
    if found == UNSATISFIABLE:
        return text(
            416, "The requested range is not available.", (b"content-range", b"bytes */%d" % length)
        )
    own[b"content-length"] = b"%d" % (found.stop - found.start)
    own[b"content-range"] = b"bytes %d-%d/%d" % (found.start, found.stop - 1, length)
    file = replace(whole.file, span=found) if whole.file else None
    return response(206, own.items(), whole.body[found.start : found.stop], file)


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


def _moved(location: bytes) -> Response:
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
