"""Rewrite responses for a browser on this machine: URLs of `site.url` become paths.

A site is published with absolute URLs. A browser that opens the URL that `syndicate run` prints
should stay on this machine, so pages, style sheets and redirects are rewritten when they are
requested, only for requests whose Host is this machine. The results are root-relative, never
absolute: behind a reverse proxy that does not pass the Host on, they lead to the same pages.

Pure. Visible text, code samples, `rel=canonical` and metadata keep the URL of the site.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from html import escape, unescape
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

import idna

from syndicate.uris import ascii_host, path_of
from syndicate.web.http_messages import Request, Response, response

URLS: Final = frozenset(
    ("href", "xlink:href", "src", "action", "formaction", "poster", "data", "background", "cite")
)
"""Attributes whose value is a URL."""

LISTS_OF_URLS: Final = frozenset(("srcset", "imagesrcset"))
"""Attributes whose value is a list of URLs with descriptors (HTML, 4.8.4.2.1)."""

NO_CACHE: Final = (b"cache-control", b"no-cache")
"""A person who works on a site must see its present state; and several sites in turn
are served at one local address."""

_ATTRIBUTE: Final = re.compile(
    r"""([^\s/>=]++)(?:(\s*+=\s*+)(?:"([^"]*+)"|'([^']*+)'|([^\s>]*+)))?+"""
)
_REST_OF_TAG: Final = r"""(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+(?:>|\Z)"""
_HTML_TOKEN: Final = re.compile(
    rf"""<!--(?:-?>|.*?(?:--!?>|\Z))
    | <(?P<raw>script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>])
      (?P<raw_attributes>{_REST_OF_TAG}) (?P<text>.*?(?:(?=</(?P=raw)[\s/>])|\Z))
    | <(?P<name>[a-z][^\s/>]*+) (?P<attributes>{_REST_OF_TAG})
    | <[!?/][^>]*+>?+""",
    re.X | re.S | re.I,
)
"""Comments; elements that hold raw text, up to their end tag; start tags; and whatever else begins
with `<` (WHATWG HTML, 13.2.5). It never looks at a character twice, whatever the document is."""

_CANDIDATE: Final = re.compile(r"([^\s,]\S*+)((?<=,)|[^,]*+)")
_REFRESH: Final = re.compile(
    r"(\s*+[\d.]*+\s*+[;,]?\s*+(?:url\s*+=\s*+)?+['\"]?+)(.*)", re.I | re.S
)
_CSS_TOKEN: Final = re.compile(
    r"""/\*.*?(?:\*/|\Z)                                     # a comment
    | (?P<url>(?:url\(|@import)\s*+(?:["']|&quot;|&\#3[49];)?+)
      (?P<value>[^\s"'()&]*+)(?P<end>["']?+)
    | "(?:[^"\\]|\\.)*+" | '(?:[^'\\]|\\.)*+'                # strings that are no URLs""",
    re.X | re.S | re.I,
)
_STYLE_SHEET: Final = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:\s++|<\?xml\s[^>]*+>|<!--.*?-->)*+"
    rb"<\?xml-stylesheet\s((?:[^?]|\?(?!>))*+)\?>",
    re.S,
)
_SAFE_START: Final = re.compile(r"/(?:[\w~%?#.-]|\Z)")
"""A path that is not taken for the host of another site, as `//host` or `/\\host` would be."""

_LOOPBACK_HOST: Final = re.compile(
    rb"(?:(?:[a-z0-9-]+\.)*localhost\.?|127(?:\.[0-9]{1,3}){3}|0\.0\.0\.0|\[::1?\])"
    rb"(?::[0-9]{1,5})?",
    re.I,
)
_PROXIED: Final = frozenset((b"forwarded", b"via", b"x-real-ip"))


class LocalView:
    """One site seen from its own machine. Two of one `site_url` are equal."""

    def __init__(self, site_url: str) -> None:
        self._site_url = site_url
        parts = urlsplit(site_url)
        self._host = parts.netloc.lower().encode()
        self._prefix = path_of(parts.path.rstrip("/") + "/")
        self._begins = re.compile(_beginning(site_url))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LocalView) and other._site_url == self._site_url

    def __hash__(self) -> int:
        return hash(self._site_url)

    # -- requests ----------------------------------------------------------------------------

    def applies(self, request: Request) -> bool:
        """Whether a request is from a browser on this machine, with a Host other than that of the
        site.

        The client may have a private address: that of a container whose port is published on the
        machine. Requests with headers of a reverse proxy are excluded.
        """
        host = request.headers.get(b"host", b"")
        return (
            is_loopback_host(host)
            and host.lower() != self._host
            and _is_near(request.peer)
            and not _is_proxied(request.headers)
        )

    def base(self, request: Request) -> str:
        """The URL of the site in the browser on this machine, with a slash at the end; or "".

        It is for links in emails, so it also requires that the form was at this URL (Origin): a
        proxy that adds no headers still passes on the Origin of a form.
        """
        if not self.applies(request):
            return ""
        origin = f"http://{request.headers[b'host'].decode('ascii').lower()}"
        stated = request.headers.get(b"origin", origin.encode()).decode("latin-1")
        return origin + self._prefix if stated.lower() == origin else ""

    # -- what is served ------------------------------------------------------------------------

    def page(self, body: bytes) -> bytes:
        """An HTML document whose links, pictures, styles and forms stay on this machine."""
        text = body.decode("utf-8", "surrogateescape")
        if not self._occurs(text):
            return body
        return _HTML_TOKEN.sub(self._token, text).encode("utf-8", "surrogateescape")

    def style_sheet(self, body: bytes) -> bytes:
        """A style sheet whose `url()` and `@import` stay on this machine."""
        text = body.decode("utf-8", "surrogateescape")
        return self.css(text).encode("utf-8", "surrogateescape")

    def feed(self, body: bytes) -> bytes:
        """A feed that finds its style sheet on this machine; all else is as it was."""
        match = _STYLE_SHEET.match(body)
        if match is None:
            return body
        start, stop = match.span(1)
        stated = body[start:stop].decode("utf-8", "surrogateescape")
        own = rewritten_attributes(stated, self._attribute).encode("utf-8", "surrogateescape")
        return body[:start] + own + body[stop:]

    def rewritten_response(self, original: Response) -> Response:
        """Rewrite a response for this machine: a redirect, or a page."""
        headers = dict(original.headers)
        body = original.body
        if location := headers.get(b"location"):
            headers[b"location"] = self.url(location.decode("latin-1")).encode("latin-1")
            headers.update([NO_CACHE])
        if headers.get(b"content-type", b"").startswith(b"text/html"):
            body = self.page(body)
            headers[b"content-length"] = b"%d" % len(body)
            if headers.get(b"referrer-policy") == b"no-referrer":
                # Without any referrer, browsers do not send the Origin of a form either.
                headers[b"referrer-policy"] = b"same-origin"
        return response(original.status, headers.items(), body, original.file)

    # -- URLs ----------------------------------------------------------------------------------

    def url(self, value: str) -> str:
        """A URL as a path, if it begins with the site's; else as it is."""
        match = self._begins.match(value)
        if match is None:
            return value
        rest = value[match.end() :]
        path = match["path"] + (rest if rest.startswith("/") else f"/{rest}")
        return path if _SAFE_START.match(path) else f"/.{path}"

    def css(self, text: str) -> str:
        """CSS, also of a `style` attribute, with its URLs as paths."""

        def local(match: re.Match[str]) -> str:
            if not match["url"]:
                return match[0]
            return match["url"] + self.url(match["value"]) + match["end"]

        return _CSS_TOKEN.sub(local, text) if self._occurs(text) else text

    def _token(self, match: re.Match[str]) -> str:
        """A token of HTML: start tags have their URLs as paths, and so have style elements."""
        if raw := match["raw"]:
            text = self.css(match["text"]) if raw.lower() == "style" else match["text"]
            return f"<{raw}{self._attributes(raw.lower(), match['raw_attributes'])}{text}"
        if name := match["name"]:
            return f"<{name}{self._attributes(name.lower(), match['attributes'])}"
        return match[0]

    def _attributes(self, name: str, text: str) -> str:
        if "//" not in text or not text.endswith(">"):  # no URL, or a tag that never ends
            return text
        if name == "link" and "canonical" in _value("rel", text).lower().split():
            return text
        if name == "meta":
            is_refresh = _value("http-equiv", text).lower() == "refresh"
            return rewritten_attributes(text, self._refresh) if is_refresh else text
        return rewritten_attributes(text, self._attribute)

    def _attribute(self, name: str, value: str) -> str:
        if name in URLS:
            return self.url(value.strip())
        if name in LISTS_OF_URLS:
            return _CANDIDATE.sub(lambda match: self._candidate(*match.groups()), value)
        return self.css(value) if name == "style" else value

    def _candidate(self, url: str, descriptors: str) -> str:
        bare = url.rstrip(",")
        return self.url(bare) + url[len(bare) :] + descriptors

    def _refresh(self, name: str, value: str) -> str:
        match = _REFRESH.fullmatch(value) if name == "content" else None
        return match[1] + self.url(match[2]) if match else value

    def _occurs(self, text: str) -> bool:
        """Whether there is anything to rewrite: most style sheets have no URL of the site."""
        return self._begins.search(text) is not None


def rewritten_attributes(text: str, change: Callable[[str, str], str]) -> str:
    """The attributes of a start tag, as they are written, with values as `change` gives them.

    `change` is given the name in lower case, and the value as it is written, still escaped.
    """

    def changed(match: re.Match[str]) -> str:
        name, equals, double, single, bare = match.groups()
        value = next((each for each in (double, single, bare) if each is not None), None)
        if value is None:
            return match[0]
        new = change(name.lower(), value)
        if new == value:
            return match[0]
        mark = "'" if single is not None else '"'
        return f"{name}{equals}{mark}{new}{mark}"

    return _ATTRIBUTE.sub(changed, text)


def _value(name: str, attributes: str) -> str:
    """The first value of an attribute in a start tag, "" without."""
    for match in _ATTRIBUTE.finditer(attributes):
        if match[1].lower() == name:
            return unescape(match[3] or match[4] or match[5] or "")
    return ""


@lru_cache(maxsize=1_024)
def is_loopback_host(host: bytes) -> bool:
    """Whether a Host header names this machine, with any port."""
    return _LOOPBACK_HOST.fullmatch(host) is not None


@lru_cache(maxsize=1_024)
def _is_near(peer: str) -> bool:
    try:
        return ip_address(peer).is_private
    except ValueError:
        return False


def _is_proxied(headers: Mapping[bytes, bytes]) -> bool:
    return any(name in _PROXIED or name.startswith(b"x-forwarded") for name in headers)


def _beginning(site_url: str) -> str:
    """A regular expression for how URLs of a site can begin, up to where its own paths do."""
    parts = urlsplit(site_url)
    port = f":{parts.port}" if parts.port else ""
    usual = {"https": "(?::443)?", "http": "(?::80)?"}.get(parts.scheme, "")
    hosts = "|".join(map(re.escape, sorted(set(_host_names(parts.hostname or "")))))
    path = parts.path.rstrip("/")
    written = {path, unquote(path), path_of(path)}
    written |= {escape(each) for each in written}
    paths = "|".join(map(re.escape, sorted(written, key=len, reverse=True)))
    return (
        rf"(?i:(?:{parts.scheme}:)?//(?:{hosts}){re.escape(port) or usual})"
        rf"(?P<path>{paths})(?=[/?#\s\"'()&,]|\Z)"
    )


def _host_names(host: str) -> Iterator[str]:
    """A host in all its spellings: an international domain in Unicode and in ASCII."""
    if ":" in host:
        yield f"[{host}]"
        return
    yield host
    try:
        encoded = ascii_host(host)
        yield encoded
        yield idna.decode(encoded)
    except ValueError:  # of an IP address or a host that idna does not know, there is one spelling
        return
