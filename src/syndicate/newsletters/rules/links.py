"""Rules about links and images: their addresses, sizes and alternative texts."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from syndicate.errors import Location
from syndicate.findings import Level
from syndicate.newsletters.contrast import properties
from syndicate.newsletters.rules.checked_issue import CheckedIssue, Fault
from syndicate.newsletters.rules.markup import WIDEST

NOT_HTTPS = "does not begin with https:"
LOOKS_LIKE_URL = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)


def images(issue: CheckedIssue) -> Iterator[Fault]:
    for image in issue.root.iter("img"):
        source = image.get("src", "")
        for number, message in _image_faults(image):
            place = issue.place_of(source, source, "<img")
            yield Fault(
                number, Level.WARNING, f"the image {source} {message}", "correct it there", place
            )


def _image_faults(image: HtmlElement) -> Iterator[tuple[int, str]]:
    sizes = [image.get(side) for side in ("width", "height")]
    style = properties(image.get("style", ""))
    if "alt" not in image.attrib:
        yield 22, "has no alt"
    if not all(each is None or each.isdigit() for each in sizes):
        yield 22, "has a size that is not a whole number"
    elif sizes[1] and style.get("height", "auto") != "auto":
        yield 22, "keeps its height when it gets narrower: add height: auto"
    elif sizes[0] and int(sizes[0]) > WIDEST and "max-width" not in style:
        yield 21, f"is wider than {WIDEST} pixels"
    if urlsplit(image.get("src", "")).scheme not in ("https", "http", "cid"):
        yield 24, "has no absolute URL"


def home(issue: CheckedIssue) -> Iterator[Fault]:
    """One fault of the site's address, which all links to the site share."""
    if urlsplit(issue.rendered.links.home_url).scheme == "http":
        message = "site.url begins with http:, and so do the links to the site"
        hint = "serve the site over https:, and change site.url"
        yield Fault(24, Level.WARNING, message, hint)


def links(issue: CheckedIssue) -> Iterator[Fault]:
    """One fault for all links of one article, or of the design, that have the same one."""
    home = issue.rendered.links.home_url
    places_by_link: dict[tuple[Location, str], list[str]] = {}
    for link in issue.root.iter("a"):
        href = link.get("href", "")
        fault = _link_fault(href, link.text_content().strip())
        is_reported_at_home = fault == NOT_HTTPS and f"{href}/".startswith(home)
        if fault and not is_reported_at_home:
            places_by_link.setdefault((issue.place_of(href, href), fault), []).append(
                href or "nothing"
            )
    for (place, fault), hrefs in places_by_link.items():
        more = f" and {len(hrefs) - 1} more" if len(hrefs) > 1 else ""
        message = f"the link to {hrefs[0]}{more} {fault}"
        yield Fault(24, Level.WARNING, message, "correct the address", place)


def _link_fault(href: str, text: str) -> str:
    parts = urlsplit(href)
    if parts.scheme == "mailto":
        return ""
    if parts.scheme != "https":
        return NOT_HTTPS
    if _is_address(parts.hostname or ""):
        return "has an IP address instead of a host name, as spam does"
    if LOOKS_LIKE_URL.fullmatch(text) and not _same_url(text, href):
        return f"shows another URL, {text}, as phishing does"
    return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _same_url(text: str, href: str) -> bool:
    """Whether a text shows a URL, perhaps without its scheme or shortened at its end."""
    shown, real = (
        re.sub(r"^(https?://)?(www\.)?", "", unquote(each).casefold()).rstrip("/")
        for each in (text, href)
    )
    return shown == real or (shown.endswith(("…", "...")) and real.startswith(shown.rstrip("….")))
