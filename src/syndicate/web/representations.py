"""A document of the output folder as it is served: its representations with their headers.

Representations differ by content coding, for feeds by whether a browser asks, and for documents
with links by whether it is on this machine (`local`). Each is made when first requested, and has a
separate entity tag. A document never changes: a changed file is another document.
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

from syndicate.web.deltas import NO_ENTRIES, EntryIndex, delta_of
from syndicate.web.http_messages import FilePart, HttpHeader, Response, response
from syndicate.web.local import NO_CACHE, LocalView
from syndicate.web.media_types import MediaType

DIGEST: Final = 32
"""Characters of the digest an entity tag begins with: 128 bits of SHA-256."""

BROWSER_TYPE: Final = (b"content-type", b"application/xml; charset=utf-8")
"""How feeds are sent to browsers: Chromium styles no application/rss+xml or atom+xml."""

_SHORT: Final = {b"gzip": b"gz", b"br": b"br", b"zstd": b"zst"}


class Representation(NamedTuple):
    """A representation of a document: entity tag, the 200 response, and the 304 response."""

    tag: bytes
    whole: Response
    unchanged: Response


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it was read; `path` is relative to the folder.

    `modified` is in whole seconds since 1970. `body` is None for a file that is too large for
    memory: it is sent from disk. `links` are additional headers.
    """

    path: str
    kind: MediaType
    digest: str
    modified: int
    body: bytes | None
    file: FilePart
    links: tuple[HttpHeader, ...] = ()
    entries: EntryIndex = NO_ENTRIES
    _cache: dict[tuple[object, ...], Representation] = field(
        default_factory=dict, repr=False, compare=False
    )
    _packed: dict[bytes, bytes] = field(default_factory=dict, repr=False, compare=False)

    def representation(
        self,
        codings: tuple[bytes, ...],
        *,
        browser: bool = False,
        local: LocalView | None = None,
    ) -> Representation:
        """The representation in the first of `codings` that makes it smaller, else uncompressed.

        With `local`, URLs are rewritten for a browser on this machine.
        """
        key = (codings, browser, local)
        representation = self._cache.get(key)
        if representation is None:
            representation = self._cache[key] = self._represent(codings, browser, local)
        return representation

    def delta(
        self, codings: tuple[bytes, ...], digest: str, known_fingerprints: bytes
    ) -> Response | None:
        """The response 226 (RFC 3229) with the entries that the version `digest` lacks.

        None if all are new. The entity tag is that of the whole document in the same coding.
        """
        key = (codings, digest)
        if key not in self._cache:
            body = delta_of(self.body or b"", self.entries, known_fingerprints)
            if body is None:
                return None
            representation = self.representation(codings)
            self._cache[key] = representation._replace(whole=self._delta(body, representation))
        return self._cache[key].whole

    def _represent(
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
        """The headers that a 200 and a 304 share (RFC 9110, 15.4.5)."""
        vary = [b"Accept-Encoding"] if self.compressible else []
        vary += [b"Accept"] if self.kind.has_entries else []
        return [
            (b"etag", tag),
            (b"last-modified", formatdate(self.modified, usegmt=True).encode()),
            (b"cache-control", dict(self.kind.headers)[b"cache-control"]),
            *([(b"vary", b", ".join(vary))] if vary else []),
        ]

    def _delta(self, body: bytes, representation: Representation) -> Response:
        headers = dict(representation.whole.headers)
        coding = headers.get(b"content-encoding")
        packed = PACKERS[coding](body) if coding else body
        changed = {
            b"content-length": b"%d" % len(packed),
            # Kept only by caches that know what a delta is (RFC 3229, 10.8); readers may still
            # see how long they need not ask again.
            b"cache-control": b"no-store, im, " + headers[b"cache-control"],
            b"vary": headers[b"vary"] + b", A-IM, If-None-Match",
        }
        kept = [
            (n, changed.get(n, v)) for n, v in representation.whole.headers if n != b"accept-ranges"
        ]
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
