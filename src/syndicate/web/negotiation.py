"""Content negotiation, conditions and ranges of request headers (RFC 9110, sections 12 to 14).

Pure. Nothing here raises: a header that cannot be parsed is ignored, as the RFC requires.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final, NamedTuple

CODINGS: Final = (b"br", b"zstd", b"gzip")
"""The content codings we make, the one that comes out smallest first."""

MAX_LENGTH: Final = 2_000
"""Bytes of a header that are parsed; no client needs more."""

_PART = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z/-]+)((?:[ \t]*;[^,]*)?)")
_QUALITY = re.compile(rb";[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*(?:;|$)")
_QUALITY_OF_ANY_KIND = re.compile(rb";[ \t]*[qQ][ \t]*=")
_TAG = re.compile(rb'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_RANGE = re.compile(rb"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


class Span(NamedTuple):
    """A part of a body: the first byte and the one after the last."""

    start: int
    stop: int


UNSATISFIABLE: Final = Span(0, 0)
"""A range that begins after the end (RFC 9110, 15.5.17)."""


def qualities(header: bytes) -> Mapping[bytes, float]:
    """The values in a list such as Accept-Encoding, in lower case, with their qualities.

    An invalid quality counts as 0.
    """
    quality_by_name = {}
    for name, parameters in _PART.findall(header[:MAX_LENGTH]):
        quality = _QUALITY.search(parameters)
        if quality:
            quality_by_name[name.lower()] = float(quality[1])
        else:
            quality_by_name[name.lower()] = 0.0 if _QUALITY_OF_ANY_KIND.search(parameters) else 1.0
    return quality_by_name


@lru_cache(maxsize=256)
def codings(accept_encoding: bytes) -> tuple[bytes, ...]:
    """The content codings to try, best first; if none helps, the document is sent uncoded.

    A coding with a lower quality than `identity` is not tried.
    """
    accepted = qualities(accept_encoding)
    others = accepted.get(b"*", 0.0)
    plain = accepted.get(b"identity", 0.0)
    liked = [(-accepted.get(coding, others), n) for n, coding in enumerate(CODINGS)]
    return tuple(CODINGS[n] for q, n in sorted(liked) if q and -q >= plain)


@lru_cache(maxsize=256)
def is_browser(accept: bytes) -> bool:
    """Whether the client is a browser: it accepts HTML and XML by name, and no feed format.

    All browsers do so when a URL is opened, and no feed reader does.
    """
    accepted = qualities(accept)
    names = [name for name, quality in accepted.items() if quality]
    return (
        b"text/html" in names
        and b"application/xml" in names
        and not any(b"rss" in name or b"atom" in name for name in names)
    )


@lru_cache(maxsize=64)
def wants_delta(a_im: bytes) -> bool:
    """Whether `A-IM` requests only new entries of a feed (RFC 3229, section 10.5.3)."""
    return bool(qualities(a_im).get(b"feed"))


def tags(header: bytes) -> list[bytes]:
    """The opaque parts of the entity tags in a list, weak or strong: for weak comparison."""
    return _TAG.findall(header[:MAX_LENGTH])


def matches(if_none_match: bytes, tag: bytes) -> bool:
    """Whether a quoted strong `tag` is in an If-None-Match list (13.1.2: weak comparison)."""
    return if_none_match == tag or if_none_match.strip() == b"*" or tag[1:-1] in tags(if_none_match)


def matches_strongly(if_match: bytes, tag: bytes) -> bool:
    """Whether a quoted strong `tag` is in an If-Match list (13.1.1: strong comparison)."""
    strong = re.sub(rb'W/"[^"]*"', b"", if_match[:MAX_LENGTH])
    return if_match.strip() == b"*" or tag[1:-1] in tags(strong)


@lru_cache(maxsize=256)
def http_date(header: bytes) -> int | None:
    """Seconds since 1970 of an HTTP date (5.6.7), None when it is none."""
    try:
        return int(parsedate_to_datetime(header[:64].decode("latin-1")).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def span(header: bytes, length: int) -> Span | None:
    """The range of `length` bytes that a Range header requests (RFC 9110, section 14.1.2).

    None for the whole document: without a range, with another unit, or with several ranges.
    UNSATISFIABLE if the document has no such part.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == b"":
        return None
    if not match[1]:
        start, stop = max(length - int(match[2]), 0), length
    else:
        start = int(match[1])
        last = int(match[2]) if match[2] else max(start, length)
        if last < start:
            return None  # not valid, so it is to be ignored
        stop = min(last + 1, length)
    return Span(start, stop) if start < stop else UNSATISFIABLE
