"""Addresses as written in an article, made absolute and safe to publish (RFC 3986, RFC 3987).

Pure: asks the caller's surroundings what a relative address means, never the disk or the network.
It must never let through a scheme that is not on the list below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, unquote, urljoin, urlsplit

from syndicate.uris import uri


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the content folder: where it will be served, pixels if a picture, type, bytes."""

    url: str
    width: int | None
    height: int | None
    type: str | None
    length: int


class Surroundings(Protocol):
    """What an article may refer to. `target` is a path as written, without query or fragment."""

    @property
    def base(self) -> str:
        """The absolute address of the site, which ends in a slash."""

    def article_url(self, target: str) -> str | None:
        """Absolute URL of another article ("../b.md", "b", "2019-01-01-b"), None without one."""

    def article_anywhere(self, target: str) -> str | None:
        """As `article_url`; a name without a folder may also be that of one article elsewhere."""

    def file(self, target: str) -> LocalFile | None:
        """A file beside the article or in the content folder, None without one."""


@dataclass(frozen=True, slots=True)
class Address:
    """An absolute URL ("" when it cannot be published), its file if local, and what is wrong."""

    url: str
    file: LocalFile | None = None
    problem: str = ""


LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms", "geo", "ftp", "xmpp", "irc"})
MEDIA_SCHEMES = frozenset({"http", "https"})
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
# What browsers drop before they look at an address (URL Standard, section 4.4).
_INVISIBLE = re.compile(r"[\t\n\r]|^[\x00- ]+|[\x00- ]+$")
# Pelican: {filename}other.md, {static}picture.png, |filename|other.md; Zola: @/other.md
_LOCAL = re.compile(r"[{|](?:filename|static|attach)[}|]|@(?=/)", re.IGNORECASE)
# What a relative address with such a suffix means can only be a file beside the article.
_DOWNLOAD = re.compile(
    r"\.(?:pdf|zip|epub|docx?|xlsx?|pptx?|od[tsp]|csv|mp[34]|gz)$", re.IGNORECASE
)
_ARTICLE_PATH = re.compile(r"\.(?:md|markdown|mdown|mkd|rst)$", re.IGNORECASE)


def resolve(
    target: str, *, base: str, surroundings: Surroundings, schemes: frozenset[str] = LINK_SCHEMES
) -> Address:
    """`target`, as written in the article at absolute URL `base`, as an address to publish.

    With MEDIA_SCHEMES a relative address means a file first, otherwise an article first.
    """
    written = _INVISIBLE.sub("", target)
    if scheme := _SCHEME.match(written):
        return _external(written, scheme[1].lower(), schemes)
    if written.startswith(("//", "\\\\", "/\\", "\\/")):
        return _external("https://" + written[2:], "https", schemes)
    if not written or written.startswith("#"):
        return _finished(base.partition("#")[0] + written)
    return _local(written, base, surroundings, schemes)


def _external(url: str, scheme: str, schemes: frozenset[str]) -> Address:
    if scheme not in schemes:
        return Address("", problem=f"an address with {scheme}: cannot be published")
    return _finished(url)


def _finished(url: str) -> Address:
    try:
        return Address(uri(url))
    except ValueError as error:
        return Address("", problem=f"{_short(url)} is not a valid address: {_short(str(error))}")


def _local(written: str, base: str, around: Surroundings, schemes: frozenset[str]) -> Address:
    path, rest = _split(written)
    path = unquote(path)
    marked = _LOCAL.match(path)
    if marked:
        path = path[marked.end() :]
        written = quote(path) + rest
    media = schemes is MEDIA_SCHEMES
    for place in _places(path, around.base):
        file = around.file(place) if media else None
        target_url = (
            file.url if file else around.article_url(place) if place and not media else None
        )
        if target_url is None and not media and (file := around.file(place)):
            target_url = file.url
        if target_url is not None:
            return Address(_finished(target_url + rest).url, file)
    try:
        url = _joined(written.replace("\\", "/"), path, base, around.base)
    except ValueError:
        return Address("", problem=f"{_short(written)} is not an address")
    problem = "" if path.startswith("/") and not marked else _missing(path, marked, media)
    return Address(_finished(url).url, None, problem)


def _places(path: str, site: str) -> tuple[str, ...]:
    """What a path may name in the content folder: itself, and without the path of the site."""
    top = unquote(urlsplit(site).path)
    return (path, path[len(top) - 1 :]) if top != "/" and path.startswith(top) else (path,)


def _joined(written: str, path: str, base: str, site: str) -> str:
    """An address as a browser would, but `/` is where the site begins, even below a path."""
    if not written.startswith("/"):
        return urljoin(base, written)
    if f"{path}/".startswith(unquote(urlsplit(site).path)):
        return urljoin(site, written)
    return urljoin(site, f"./{written.lstrip('/')}")


def _split(written: str) -> tuple[str, str]:
    cut = min((i for i in (written.find("?"), written.find("#")) if i >= 0), default=len(written))
    return written[:cut], written[cut:]


def _missing(path: str, marked: re.Match[str] | None, media: bool) -> str:
    if media:
        return f"there is no file {_short(path)}"
    if _ARTICLE_PATH.search(path) or _DOWNLOAD.search(path) or marked:
        return f"there is no article or file {_short(path)}"
    return ""


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
