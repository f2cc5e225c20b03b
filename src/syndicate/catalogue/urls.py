"""The URL of an article, and the file of its page. Pure."""

from __future__ import annotations

import re
from datetime import tzinfo
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urljoin, urlsplit

from syndicate.config.model import SiteSettings
from syndicate.config.value_checks import PLACEHOLDER
from syndicate.timestamps import parse_timestamp
from syndicate.uris import is_web_address, path_of, uri

SAFE_IN_VALUES = "/~!$&'()*+,;=:@"
"""Characters that stand in a path as they are (RFC 3986, section 3.3)."""
DATES = {"year": 4, "month": 2, "day": 2}
"""Parts of a date and how many digits they have."""


UNLISTED = re.compile(r"newsletters/[^/]+/(next|drafts/[^/]+)/")

SIGNUP_PATHS = ("subscribe", "preferences", "unsubscribe")
"""What the paths of the sign-up pages begin with, below the address of the site."""


def is_unlisted(path: str) -> bool:
    """Whether a file of the output folder is a page that search engines must not list.

    Those are the pages of drafts, and of next issues.
    """
    return UNLISTED.match(path) is not None


def path_sent(url: str) -> str:
    """The path of an address as browsers send it, however it is written."""
    return quote(unquote(urlsplit(url).path), safe=SAFE_IN_VALUES)


def base_url(site: SiteSettings) -> str:
    """The address of the output folder; ends in a slash."""
    return site.url.rstrip("/") + "/"


def article_url(
    site: SiteSettings, zone: tzinfo, *, stated: str | None, slug: str, path: str, published: str
) -> str:
    """The absolute address of an article.

    `stated` is the URL in its header (an absolute address, or a path below the site), else
    site.permalink is filled in. `published` is a moment as the store keeps it.
    """
    if stated and is_web_address(stated):
        return uri(stated)
    pattern = stated or _fill(site.permalink, zone, slug, path, published)
    if is_web_address(pattern):
        return uri(pattern)
    # ./ for what looks like a scheme: `javascript:alert(1)`, `notes: one`
    return urljoin(base_url(site), "./" + path_of(pattern.lstrip("/")))


def _fill(pattern: str, zone: tzinfo, slug: str, path: str, published: str) -> str:
    def value(name: str) -> str:
        """Only what the pattern asks for is worked out: there may be tens of thousands."""
        if name == "slug":
            return slug
        if name in DATES:
            day = parse_timestamp(published).astimezone(zone)
            return f"{getattr(day, name):0{DATES[name]}}"
        whole = PurePosixPath(path)
        bundle = whole.stem == "index" and len(whole.parts) > 1
        whole = whole.parent if bundle else whole.with_suffix("")
        return (whole.as_posix() if name == "path" else whole.parent.as_posix()).removeprefix(".")

    filled = PLACEHOLDER.sub(lambda match: quote(value(match[1]), safe=SAFE_IN_VALUES), pattern)
    return filled if "//" not in filled.split("://")[-1] else _single_slashes(filled)


def _single_slashes(pattern: str) -> str:
    """An empty {section} makes no double slash."""
    scheme, mark, rest = pattern.rpartition("://")
    while "//" in rest:
        rest = rest.replace("//", "/")
    return scheme + mark + rest


def page_file(site: SiteSettings, url: str, *, page: bool = True) -> str | None:
    """The file below the output folder that is served at `url`; None if it is elsewhere.

    A `page` at an address without .html is the index of a folder of that name.
    """
    base = base_url(site)
    if not url.startswith(base):
        return None
    path = unquote(urlsplit("/" + url[len(base) :].lstrip("/")).path).lstrip("/")
    parts = PurePosixPath(path).parts
    if ".." in parts or any("\0" in part or "\\" in part for part in parts):
        return None
    if page and not path.endswith(".html"):
        parts = (*parts, "index.html")
    return "/".join(parts)


def tag_folder(tag: str) -> str:
    """Where the feeds of a tag lie, as in addresses."""
    return f"tags/{quote(tag)}/"
