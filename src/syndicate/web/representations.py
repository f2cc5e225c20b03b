"""One document of the output folder as it is served: its bytes, in each form, with its headers.

A form is what a client can ask for: a content coding, for feeds whether a person looks at it in a
browser, and for what has links whether that is on this machine (`local`). Each is made once, when
first asked for, and has an entity tag of its own. A document never changes: a file that did is
another document.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from types import MappingProxyType
from typing import Final, NamedTuple

from syndicate.web.deltas import NO_ENTRIES, EntryIndex, newer
from syndicate.web.http_messages import FilePart, HttpHeader, Response, response
from syndicate.web.local import NO_CACHE, LocalView
from syndicate.web.media_types import MediaType

DIGEST: Final = 32
"""Characters of the digest an entity tag begins with: 128 bits of SHA-256."""

BROWSER_TYPE: Final = (b"content-type", b"application/xml; charset=utf-8")
"""How feeds are sent to browsers: Chromium styles no application/rss+xml or atom+xml."""

_SHORT: Final = {b"gzip": b"gz", b"br": b"br", b"zstd": b"zst"}


class Representation(NamedTuple):
    """One form of a document: its entity tag and the answers that carry it, or say it is known."""

    tag: bytes
    whole: Response
    unchanged: Response


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it was when it was read; `path` is that in the folder.

    `modified` is in whole seconds since 1970. `body` is None for a file that is too large to be
    held: it is sent from disk. `links` are headers that go with it.
    """

    path: str
    kind: MediaType
    digest: str
    modified: int
    body: bytes | None
    file: FilePart
    links: tuple[HttpHeader, ...] = ()
    entries: EntryIndex = NO_ENTRIES
    _forms: dict[tuple[object, ...], Representation] = field(
        default_factory=dict, repr=False, compare=False
    )
    _packed: dict[bytes, bytes] = field(default_factory=dict, repr=False, compare=False)

    def form(
        self,
        codings: tuple[bytes, ...],
        *,
        browser: bool = False,
        local: LocalView | None = None,
    ) -> Representation:
        """The document in the first of `codings` that makes it smaller, else as it is.

        With `local`, as a browser on this machine needs it, where that makes a difference.
        """
        key = (codings, browser, local)
        found = self._forms.get(key)
        if found is None:
            found = self._forms[key] = self._form(codings, browser, local)
        return found

    def delta(self, codings: tuple[bytes, ...], digest: str, known: bytes) -> Response | None:
        """The entries alone that are not `known`, in which version `digest` is; 226 (RFC 3229).

        None when all are new. The entity tag is that of the whole document in the same coding.
        """
        key = (codings, digest)
        if key not in self._forms:
            body = newer(self.body or b"", self.entries, known)
            if body is None:
                return None
            form = self.form(codings)
            made = self._delta(body, form)
            self._forms[key] = form._replace(whole=made)
        return self._forms[key].whole

    def _form(
        self, codings: tuple[bytes, ...], browser: bool, local: LocalView | None
    ) -> Representation:
        variant = b"-xml" * browser
        body = self.body
        if local and body is not None:
            variant += b"-local"
            body = _localised(self.kind, body, local)
        coding, body = self._smallest(codings, body, variant)
        tag = b'"%s%s%s"' % (self.digest.encode(), variant, _suffix(coding))
        cache = self._cache_headers(tag)
        if local:
            cache = [NO_CACHE if name == NO_CACHE[0] else (name, value) for name, value in cache]
        own = dict(self.kind.headers)
        size = self.file.size if body is None else len(body)
        whole = response(
            200,
            [
                BROWSER_TYPE if browser else (b"content-type", self.kind.media_type),
                *_coding(coding),
                (b"content-length", b"%d" % size),
                *cache,
                (b"accept-ranges", b"bytes"),
                *((name, own[name]) for name in own if name not in _ELSEWHERE),
                *self.links,
            ],
            body or b"",
            self.file if body is None else None,
        )
        return Representation(tag, whole, response(304, cache))

    def _cache_headers(self, tag: bytes) -> list[HttpHeader]:
        """What a 200 and a 304 have in common (RFC 9110, 15.4.5)."""
        vary = [b"Accept-Encoding"] if self.compressible else []
        vary += [b"Accept"] if self.kind.has_entries else []
        return [
            (b"etag", tag),
            (b"last-modified", formatdate(self.modified, usegmt=True).encode()),
            (b"cache-control", dict(self.kind.headers)[b"cache-control"]),
            *([(b"vary", b", ".join(vary))] if vary else []),
        ]

    def _delta(self, body: bytes, form: Representation) -> Response:
        known = dict(form.whole.headers)
        coding = known.get(b"content-encoding")
        packed = PACKERS[coding](body) if coding else body
        changed = {
            b"content-length": b"%d" % len(packed),
            # Kept only by caches that know what a delta is (RFC 3229, 10.8); readers may still
            # see how long they need not ask again.
            b"cache-control": b"no-store, im, " + known[b"cache-control"],
            b"vary": known[b"vary"] + b", A-IM, If-None-Match",
        }
        kept = [(n, changed.get(n, v)) for n, v in form.whole.headers if n != b"accept-ranges"]
        return response(226, [*kept, (b"im", b"feed")], packed)

    @property
    def compressible(self) -> bool:
        """Whether it is offered in content codings."""
        return self.kind.text and self.body is not None

    def _smallest(
        self, codings: tuple[bytes, ...], body: bytes | None, variant: bytes
    ) -> tuple[bytes, bytes | None]:
        """The coding that makes a body smaller, and the packed body. `variant` is what it is of."""
        if body is None or not self.compressible:
            return b"", body
        same = b"" if body is self.body else variant
        for coding in codings:
            key = same + coding
            if key not in self._packed:
                self._packed[key] = PACKERS[coding](body)
            if len(self._packed[key]) < len(body):
                return coding, self._packed[key]
        return b"", body


def _localised(kind: MediaType, body: bytes, local: LocalView) -> bytes:
    if kind.format == "page":
        return local.page(body)
    return local.feed(body) if kind.has_entries else local.style_sheet(body)


_ELSEWHERE: Final = (b"content-type", b"cache-control")


def _suffix(coding: bytes) -> bytes:
    return b"-" + _SHORT[coding] if coding else b""


def _coding(coding: bytes) -> Iterable[HttpHeader]:
    return ((b"content-encoding", coding),) if coding else ()


def digest_of(body: bytes) -> str:
    """What entity tags are made of."""
    return sha256(body).hexdigest()[:DIGEST]


# -- packing -----------------------------------------------------------------------------------
# As hard as costs a few milliseconds for a feed: it is done while a request waits, once.


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)


def _brotli(body: bytes) -> bytes:
    import brotli

    return bytes(brotli.compress(body, quality=5))


def _zstd(body: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    return zstd.compress(body, level=9)


PACKERS: Final[Mapping[bytes, Callable[[bytes], bytes]]] = MappingProxyType(
    {b"gzip": _gzip, b"br": _brotli, b"zstd": _zstd}
)
