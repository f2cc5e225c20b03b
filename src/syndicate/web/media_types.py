"""The media type of a file in the output folder, its caching and other headers.

Pure: decides by the file name alone.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal

from syndicate.feeds.feed import FORMS, REFRESH_MINUTES
from syndicate.web.http_messages import HttpHeader

DocumentFormat = Literal["rss", "atom", "json", "opml", "page", "other"]

FEED_SECONDS: Final = REFRESH_MINUTES * 60
PAGE_SECONDS: Final = 300
"""Pages link to what is new: a browser may not keep them for as long as a feed."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline' https:; "
    "img-src 'self' https: http: data:; media-src 'self' https: http:; font-src 'self' https:; "
    "frame-src https:; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
"""For pages: no script but files of the site itself, nothing inline. Styles may stand in elements,
because newsletters and articles have them there; pictures, players and frames come from anywhere.
"""

_DRAWING_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
_TEXTUAL: Final = ("+xml", "+json", "/xml", "/json", "/javascript")
_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".opml": "text/x-opml",
        ".json": "application/json",
        ".webmanifest": "application/manifest+json",
        ".webp": "image/webp",
        ".avif": "image/avif",
        ".woff2": "font/woff2",
        ".m4a": "audio/mp4",
        ".opus": "audio/ogg",
        ".ogg": "audio/ogg",
        ".md": "text/markdown",
    }
)
_FEEDS: Final = {form.file: name for name, form in FORMS.items()}
_COMMON_TYPES: Final = mimetypes.MimeTypes()  # without the tables of the machine: same everywhere


@dataclass(frozen=True, slots=True)
class MediaType:
    """`format` is what metrics call it; `text` whether packing it pays; `headers` go with it."""

    format: DocumentFormat
    media_type: bytes
    text: bool
    headers: tuple[HttpHeader, ...]

    @property
    def is_feed(self) -> bool:
        """Whether it is a feed in any format."""
        return self.format in FORMS

    @property
    def has_links(self) -> bool:
        """Whether a browser loads other documents from it: a page, or a style sheet."""
        return self.format == "page" or self.media_type.startswith(b"text/css")

    @property
    def has_entries(self) -> bool:
        """Whether it is a feed whose new entries can be sent alone (RSS and Atom)."""
        return self.format in ("rss", "atom")


def kind_of(path: str) -> MediaType:
    """The kind of a file, by its path in the output folder."""
    name = path.rpartition("/")[2]
    if form := _FEEDS.get(name):
        return _kind(form, f"{FORMS[form].media_type}; charset=utf-8", FEED_SECONDS)
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    media_type = _TYPES.get(suffix) or _COMMON_TYPES.guess_type(f"x{suffix}")[0]
    media_type = media_type or "application/octet-stream"
    textual = media_type.startswith("text/") or media_type.endswith(_TEXTUAL)
    if textual and media_type != "image/svg+xml":
        media_type += "; charset=utf-8"
    if suffix in (".html", ".htm"):
        return _kind("page", media_type, PAGE_SECONDS)
    return _kind("opml" if suffix == ".opml" else "other", media_type, FEED_SECONDS)


@lru_cache
def _kind(format: DocumentFormat, media_type: str, seconds: int) -> MediaType:  # noqa: A002
    headers = [
        (b"content-type", media_type.encode()),
        (b"cache-control", b"max-age=%d" % seconds),
        (b"x-content-type-options", b"nosniff"),
    ]
    if format == "page":
        headers.append((b"content-security-policy", POLICY.encode()))
        headers.append((b"referrer-policy", b"strict-origin-when-cross-origin"))
    if media_type == "image/svg+xml":
        headers.append((b"content-security-policy", _DRAWING_POLICY.encode()))
    packs = media_type.startswith("text/") or media_type.partition(";")[0].endswith(_TEXTUAL)
    return MediaType(format, media_type.encode(), packs, tuple(headers))
