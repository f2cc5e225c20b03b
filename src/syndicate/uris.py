"""Addresses as people write them -> URIs that every program takes (RFC 3986, RFC 3987, UTS 46).

Pure. What is a valid URI already stays as it is; nothing ever becomes the address of another host.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, unquote

UNRESERVED = r"\-A-Za-z0-9._~"
SUB_DELIMS = "!$&'()*+,;="
_PART = rf"[{UNRESERVED}{SUB_DELIMS}:@]|%[0-9A-Fa-f]{{2}}"
_REG_NAME = rf"(?:[{UNRESERVED}{SUB_DELIMS}]|%[0-9A-Fa-f]{{2}})*"
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:"
    rf"(?://(?:(?:[{UNRESERVED}{SUB_DELIMS}:]|%[0-9A-Fa-f]{{2}})*@)?"
    rf"(?:\[[0-9A-Za-z:.]+\]|{_REG_NAME})(?::[0-9]*)?(?:/(?:{_PART}|/)*)?"
    rf"|(?!//)(?:{_PART}|/)*)"
    rf"(?:\?(?:{_PART}|[/?])*)?(?:#(?:{_PART}|[/?])*)?",
    re.ASCII,
)
# What nearly every address is; no other pattern needs to be tried.
_PLAIN = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
    rf"(?:/[{UNRESERVED}{SUB_DELIMS}:@/]*)?(?:\?[{UNRESERVED}{SUB_DELIMS}:@/?]*)?"
    rf"(?:#[{UNRESERVED}{SUB_DELIMS}:@/?]*)?",
    re.ASCII,
)
_PIECES = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)"
    r"(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.ASCII | re.DOTALL,
)
_AUTHORITY = re.compile(
    r"(?:(?P<user>.*)@)?(?P<host>\[[^\]]*\]|[^:@\[\]]*)(?::(?P<port>[0-9]*))?", re.ASCII | re.DOTALL
)
_NOT_IN_PATH = re.compile(rf"%(?![0-9A-Fa-f]{{2}})|[^{UNRESERVED}{SUB_DELIMS}:@/%]", re.ASCII)
_NOT_IN_QUERY = re.compile(rf"%(?![0-9A-Fa-f]{{2}})|[^{UNRESERVED}{SUB_DELIMS}:@/?%]", re.ASCII)
_NOT_IN_USER = re.compile(rf"%(?![0-9A-Fa-f]{{2}})|[^{UNRESERVED}{SUB_DELIMS}:%]", re.ASCII)
_HOST = re.compile(rf"[{UNRESERVED}{SUB_DELIMS}]+", re.ASCII)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_NOT_IN_WEB_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f]")
_WITH_HOST = ("http", "https", "ftp")
ACE_PREFIX = "xn--"
MAX_PORT = 65_535
MAX_HOST_LENGTH, MAX_LABEL_LENGTH = 253, 63


def is_uri(text: str) -> bool:
    """Whether a text is a URI by the grammar of RFC 3986, appendix A, and its host can be one."""
    try:
        return bool(_URI.fullmatch(text)) and uri(text) == text
    except ValueError:
        return False


def is_web_address(text: str) -> bool:
    """Whether a text is an absolute http or https URL with a host (RFC 3986)."""
    if not _WEB.match(text) or _NOT_IN_WEB_ADDRESS.search(text):
        return False
    try:
        return bool(uri(text))
    except ValueError:
        return False


def uri(text: str) -> str:
    """An absolute address as a URI: its host in ASCII, and invalid characters escaped.

    A valid URI is unchanged, except for a host that is written with escapes. Raises ValueError for
    an address without a scheme, or with an invalid host or port.
    """
    if _PLAIN.fullmatch(text) and ACE_PREFIX not in text:
        return text
    match = _PIECES.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} has no scheme")
    scheme, authority, path = match["scheme"], match["authority"], match["path"]
    if scheme.lower() in _WITH_HOST:
        if "\\" in (authority or "") + path:  # a slash to browsers (URL Standard, section 4.4)
            head, mark, tail = _head_of(text)
            return uri(head.replace("\\", "/") + mark + tail)
        if not authority:
            raise ValueError(f"{text!r} has no host")
    made = f"{scheme}:"
    if authority is not None:
        made += f"//{_authority(authority)}"
    made += path_of(path)
    if match["query"] is not None:
        made += f"?{_NOT_IN_QUERY.sub(_escaped, match['query'])}"
    if match["fragment"] is not None:
        made += f"#{_NOT_IN_QUERY.sub(_escaped, match['fragment'])}"
    return made


def path_of(text: str) -> str:
    """A path as it is in a URI; existing escapes are kept."""
    return _NOT_IN_PATH.sub(_escaped, text)


def ascii_host(host: str) -> str:
    """A domain as DNS has it, by UTS 46 without transitional processing, as browsers do.

    It may be written with escapes (RFC 3986, section 3.2.2). Raises ValueError for a text that is
    not a host name, and for an xn-- label that encodes nothing (RFC 5890, section 2.3.1).
    """
    written = unquote(host, errors="strict") if "%" in host else host
    name = written if written.isascii() else _mapped(written)
    labels = name.removesuffix(".").split(".")
    if not _HOST.fullmatch(name) or not all(0 < len(each) <= MAX_LABEL_LENGTH for each in labels):
        raise ValueError(f"{host!r} is not a valid host name")
    if len(name) > MAX_HOST_LENGTH + 1:
        raise ValueError(f"the host {host!r} is too long")
    if not all(map(_is_label, labels)):
        raise ValueError(f"{host!r} has an xn-- label that is not valid")
    return name


def _is_label(label: str) -> bool:
    """Whether a label with the prefix xn-- encodes characters beyond ASCII; others do not."""
    if label[: len(ACE_PREFIX)].lower() != ACE_PREFIX:
        return True
    try:
        return not label[len(ACE_PREFIX) :].encode("ascii").decode("punycode").isascii()
    except ValueError:
        return False


def _head_of(text: str) -> tuple[str, str, str]:
    """The part before query and fragment, and these."""
    at = min((i for i in (text.find("?"), text.find("#")) if i >= 0), default=len(text))
    return text[:at], text[at : at + 1], text[at + 1 :]


def _authority(text: str) -> str:
    parts = _AUTHORITY.fullmatch(text)
    if parts is None:
        raise ValueError(f"{text!r} is not a valid host")
    host, port = parts["host"], parts["port"]
    if (port and int(port[-6:]) > MAX_PORT) or len((port or "").lstrip("0")) > 5:
        raise ValueError(f"{port} is not a valid port")
    authority = _literal(host) if host.startswith("[") else ascii_host(host) if host else ""
    if parts["user"] is not None:
        authority = f"{_NOT_IN_USER.sub(_escaped, parts['user'])}@{authority}"
    return authority if port is None else f"{authority}:{port}"


def _literal(host: str) -> str:
    """An address of IP version 6 in brackets, as it is. Raises ValueError for another text."""
    inner = host[1:-1]
    if "%" in inner:  # a zone is local to one machine
        raise ValueError(f"{host} is not a valid IP address")
    ipaddress.IPv6Address(inner)
    return host


def _mapped(host: str) -> str:
    import idna

    try:
        return idna.encode(host, uts46=True, transitional=False).decode()
    except idna.IDNAError:
        return _as_browsers_do(host)


def _as_browsers_do(host: str) -> str:
    """A domain with signs that registries refuse and browsers take, such as i❤.ws."""
    import idna

    try:
        name = idna.uts46_remap(host, std3_rules=False, transitional=False)
        labels = [_label(each) for each in re.split("[.。．｡]", name)]
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError(f"{host!r} is not a valid host name") from error
    return ".".join(labels)


def _label(label: str) -> str:
    import idna

    if label.isascii():
        return label
    if "\u200c" in label or "\u200d" in label:  # these are joiners: idna knows where they are valid
        raise ValueError(f"{label!r} is not a valid host name")
    idna.check_nfc(label)
    idna.check_initial_combiner(label)
    idna.check_bidi(label)
    return "xn--" + label.encode("punycode").decode()


def _escaped(match: re.Match[str]) -> str:
    return quote(match[0], safe="", errors="replace")
