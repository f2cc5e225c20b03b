"""Values -> header lines (RFC 5322, RFC 2047), and addresses in the syntax of email.

Written by hand, not by `email.policy`, which turns long List-Unsubscribe values into encoded
words that no mail program understands.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, getaddresses
from urllib.parse import quote, urlsplit, urlunsplit

from syndicate import uris
from syndicate.address_grammar import DOMAIN, LOCAL_PART, WIDE_LOCAL_PART
from syndicate.errors import MessageError

# Control characters, among them all that end a line somewhere: not allowed in header values.
FORBIDDEN = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")
ENCODED_LINE = 76
MAX_LINE_LENGTH = 998
FOLDED_LINE = 78
# RFC 5322, section 3.2.3: characters that a display name may contain only in quotation marks.
SPECIALS = re.compile(r'[][\\()<>@,:;".]')

# Characters of a URL that need no encoding (RFC 3986, section 2), without the comma between URLs.
URL_CHARACTERS = "%:/?#[]@!$&'()*+;=-._~"
PLAIN_URL = re.compile(rf"(?:https|mailto):[A-Za-z0-9{re.escape(URL_CHARACTERS)}]+")


def structured(name: str, *items: str) -> str:
    """A structured header, whose value is ASCII and never encoded.

    Several `items` are separated by commas, and folded between them if too long for a line.
    """
    for value in items:
        refuse_breaks(name, value)
        if not value.isascii():
            raise MessageError(f"{name} must be ASCII: {value}", hint="write it in ASCII")
    line = f"{name}: {', '.join(items)}"
    if len(line) > FOLDED_LINE and not any(" " in each for each in items):
        line = f"{name}:\r\n " + ",\r\n ".join(items)
    if max(map(len, line.split("\r\n"))) > MAX_LINE_LENGTH:
        raise MessageError(
            f"{name} is longer than {MAX_LINE_LENGTH} characters, the limit of a line in email",
            hint="shorten it",
        )
    return line


def unstructured(name: str, value: str) -> str:
    """A header of free text: plain if possible, else encoded words (RFC 2047); folded."""
    refuse_breaks(name, value)
    plain = value.isascii() and "=?" not in value
    if plain and len(name) + 2 + len(value) <= FOLDED_LINE:
        return f"{name}: {value}"
    folds = plain and all(len(word) <= FOLDED_LINE - len(name) - 2 for word in value.split(" "))
    return f"{name}: {_encoded(name, value, 'us-ascii' if folds else 'utf-8')}"


def dated(date: datetime) -> str:
    """The Date header. Raises MessageError for a date without a time zone."""
    if date.tzinfo is None:
        raise MessageError(
            "the date of a message has no time zone", hint="give it an aware datetime"
        )
    return f"Date: {format_datetime(date)}"


def addressed(name: str, display: str, address: str) -> str:
    """A header with one mailbox; only its display name ("" for none) may be an encoded word.

    `address` is as `mailbox_of` or `as_sent` gives it.
    """
    refuse_breaks(name, display)
    if display.isascii() and "=?" not in display:
        mailbox = f"{_quoted(display)} <{address}>" if display else address
    else:
        mailbox = f"{_encoded(name, display, 'utf-8')} <{address}>"
    line = f"{name}: {mailbox}"
    last = line.rpartition("\r\n")[2]
    if display and len(last) > FOLDED_LINE:
        line = line.removesuffix(f" <{address}>") + f"\r\n <{address}>"
    if max(map(len, line.split("\r\n"))) > MAX_LINE_LENGTH:
        raise MessageError(f"{name} is too long for a line in email", hint="shorten the name")
    return line


def mailbox_of(name: str, value: str) -> tuple[str, str]:
    """The display name ("" if none) and the address of exactly one mailbox, for a header."""
    refuse_breaks(name, value)
    mailboxes = getaddresses([value])
    if len(mailboxes) != 1:
        raise MessageError(
            f"{value} is not exactly one email address",
            hint='write Name <name@domain>, with "quotes" around a name that has a comma',
        )
    return mailboxes[0][0], as_sent(mailboxes[0][1])


def as_sent(address: str, *, smtputf8: bool = False) -> str:
    """An address with its domain as DNS has it (RFC 5891); the local part stays unchanged.

    With `smtputf8`, the local part may have more than ASCII (RFC 6531). Raises MessageError for an
    invalid address.
    """
    local, at, name = address.rpartition("@")
    name = ascii_domain(name).lower()
    if at and DOMAIN.fullmatch(name):
        if LOCAL_PART.fullmatch(local):
            return f"{local}@{name}"
        if WIDE_LOCAL_PART.fullmatch(local):
            if smtputf8:
                return f"{local}@{name}"
            raise MessageError(
                f"{address} has characters before the @ that need a mail server with SMTPUTF8",
                hint="write name@domain, in ASCII before the @; or use a server with SMTPUTF8",
            )
    raise MessageError(
        f"{address or 'an empty text'} is not a valid email address",
        hint="write name@domain, in ASCII before the @",
    )


def list_unsubscribe(*urls: str, one_click: bool) -> list[str]:
    """The List-Unsubscribe headers (RFC 2369, section 3.2).

    With `one_click`, the first of `urls` is an https: URL that accepts a POST (RFC 8058).
    """
    headers = [structured("List-Unsubscribe", *map(_in_brackets, urls))]
    if one_click:
        if not urls[0].lower().startswith("https:"):
            raise MessageError(
                f"one-click unsubscribe does not work at {urls[0]}",
                hint="use an https: URL",
            )
        headers.append(structured("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


def ascii_domain(host: str) -> str:
    """A domain as DNS has it (RFC 5891, UTS 46). Raises MessageError."""
    if host.isascii():
        return host
    try:
        return uris.ascii_host(host)
    except ValueError as error:
        raise MessageError(f"{host} is not a valid host name", hint="correct it") from error


def refuse_breaks(name: str, value: str) -> None:
    """Refuse a value with line breaks, which could inject other headers. Raises MessageError."""
    if FORBIDDEN.search(value):
        raise MessageError(
            f"{name} contains a line break or a control character: {value!r}",
            hint="write it on one line",
        )


def _in_brackets(url: str) -> str:
    if PLAIN_URL.fullmatch(url):  # as ours are
        return f"<{url}>"
    refuse_breaks("List-Unsubscribe", url)
    parts = urlsplit(url)
    if parts.scheme not in ("https", "mailto"):
        raise MessageError(
            f"unsubscribing does not work at {url}", hint="use an https: or mailto: URL"
        )
    if not parts.netloc.isascii():
        url = urlunsplit(parts._replace(netloc=ascii_domain(parts.netloc)))
    return f"<{quote(url, safe=URL_CHARACTERS)}>"


def _encoded(name: str, value: str, charset: str) -> str:
    header = Header(value, charset, header_name=name, maxlinelen=ENCODED_LINE)
    return header.encode(linesep="\r\n")


def _quoted(display: str) -> str:
    if not SPECIALS.search(display):
        return display
    return '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '"'
