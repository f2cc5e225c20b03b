"""A rendered issue and its headers -> the bytes of a message (RFC 5322, RFC 2045 to 2047).

Pure: the same input gives the same bytes. Headers are written here, not by `email.policy`, which
turns long List-Unsubscribe values into encoded words that no mail program understands.
"""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_qp
from collections.abc import Sequence
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, getaddresses
from urllib.parse import quote, urlsplit, urlunsplit

from syndicate.config.model import Newsletter
from syndicate.errors import MessageError
from syndicate.newsletters.issue import Rendered

# Characters that end a line somewhere, and other controls: in no header value.
FORBIDDEN = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")
ENCODED_LINE = 76
LONGEST_LINE = 998
FOLDED_LINE = 78
# RFC 5322, section 3.2.3: dot-atom; and a domain as DNS has it.
LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

# What may stand in a URL as it is (RFC 3986, section 2), less the comma that separates URLs here.
URL_CHARACTERS = "%:/?#[]@!$&'()*+;=-._~"


def message(
    rendered: Rendered,
    *,
    sender: str,
    to: str,
    date: datetime,
    message_id: str,
    list_id: str,
    unsubscribe: str,
    one_click: bool,
) -> bytes:
    """Write the message: multipart/alternative, plain text first, every line ended by CRLF.

    `sender` and `to` are `Name <address>` or an address, `date` is aware, `message_id` and
    `list_id` (RFC 2919) come without angle brackets, `unsubscribe` is one https: or mailto: URL.
    `one_click` says that a POST to it, an https: URL of this recipient alone, unsubscribes them.
    Raises MessageError for what mail does not allow.
    """
    of_a_list = [
        _structured("List-ID", f"<{list_id}>"),
        *_list_unsubscribe(unsubscribe, one_click=one_click),
        _structured("Precedence", "bulk"),
    ]
    return _whole(rendered, sender, to, date, message_id, of_a_list)


def letter(rendered: Rendered, *, sender: str, to: str, date: datetime, message_id: str) -> bytes:
    """Write a message to one person that answers what they asked for: it is of no list.

    Takes what `message` takes. Raises MessageError for what mail does not allow.
    """
    return _whole(rendered, sender, to, date, message_id, [])


def _whole(
    rendered: Rendered, sender: str, to: str, date: datetime, message_id: str, more: Sequence[str]
) -> bytes:
    parts = (_part("plain", rendered.text), _part("html", rendered.html))
    # `=_` never occurs in quoted-printable, so the boundary never occurs in a part.
    boundary = "=_" + hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
    headers = [
        _address("From", sender),
        _address("To", to),
        _unstructured("Subject", rendered.subject),
        _structured("Date", _date(date)),
        _structured("Message-ID", f"<{message_id}>"),
        *more,
        _structured("Auto-Submitted", "auto-generated"),
        _structured("MIME-Version", "1.0"),
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"',
    ]
    line = f"\r\n--{boundary}".encode()
    body = b"".join(line + b"\r\n" + part for part in parts)
    return "\r\n".join([*headers, ""]).encode("ascii") + body + line + b"--\r\n"


def message_id(rendered: Rendered, *, sender: str, to: str, date: datetime) -> str:
    """An id of this content for this recipient, on the sender's domain; the same on a retry."""
    facts = (rendered.subject, rendered.text, rendered.html, to, _date(date))
    digest = hashlib.sha256("\0".join(facts).encode()).hexdigest()[:40]
    return f"{digest}@{domain(sender)}"


def list_id(name: str, sender: str) -> str:
    """The id of the newsletter `name` as a mailing list (RFC 2919), on the sender's domain."""
    return f"{name.lower()}.{domain(sender)}"


def unsubscribe_url(newsletter: Newsletter) -> str:
    """Where one leaves the newsletter: the address it states, or else a mail to the sender."""
    address = _mailbox(newsletter.sender)[1]
    return newsletter.unsubscribe or f"mailto:{quote(address, safe='@')}?subject=unsubscribe"


def mailbox(value: str) -> str:
    """The address of `Name <address>`, as a mail server is told it."""
    return _mailbox(value)[1]


def domain(address: str) -> str:
    """The domain of `Name <address>` or an address, in ASCII."""
    return _mailbox(address)[1].rpartition("@")[2]


def quoted_printable(text: str) -> bytes:
    """Encode text for a message (RFC 2045, section 6.7): CRLF, lines of at most 76.

    A leading dot is written `=2E`, so that no server on the way can take it for SMTP's.
    """
    lines = re.sub(r"\r\n?|\n", "\r\n", text).encode()
    # b2a_qp breaks lines as the text does first, and with LF alone in a text of one line.
    encoded = b2a_qp(lines).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return b"\r\n".join(_undotted(line) for line in encoded.split(b"\r\n"))


def _undotted(line: bytes) -> bytes:
    if not line.startswith(b"."):
        return line
    if len(line) + 2 <= ENCODED_LINE:
        return b"=2E" + line[1:]
    return b"=2E=\r\n" + _undotted(line[1:])


def _part(subtype: str, text: str) -> bytes:
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\n"
    head += "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + quoted_printable(text)


def _date(date: datetime) -> str:
    if date.tzinfo is None:
        raise MessageError(
            "the date of a message has no time zone", way_out="give it an aware datetime"
        )
    return format_datetime(date)


def _structured(name: str, value: str) -> str:
    """A header whose value is ASCII with a grammar of its own: never encoded, never folded."""
    _refuse_breaks(name, value)
    if not value.isascii():
        raise MessageError(f"{name} must be ASCII: {value}", way_out="write it in ASCII")
    line = f"{name}: {value}"
    if len(line) > FOLDED_LINE and " " not in value:
        line = f"{name}:\r\n {value}"
    if len(value) + 1 > LONGEST_LINE:
        raise MessageError(
            f"{name} is longer than the {LONGEST_LINE} characters a line of mail may have",
            way_out="shorten it",
        )
    return line


def _unstructured(name: str, value: str) -> str:
    """A header of free text: plain if it can be, else encoded words (RFC 2047), folded."""
    _refuse_breaks(name, value)
    plain = value.isascii() and "=?" not in value
    if plain and len(name) + 2 + len(value) <= FOLDED_LINE:
        return f"{name}: {value}"
    folds = plain and all(len(word) <= FOLDED_LINE - len(name) - 2 for word in value.split(" "))
    charset = "us-ascii" if folds else "utf-8"
    header = Header(value, charset, header_name=name, maxlinelen=ENCODED_LINE)
    return f"{name}: {header.encode(linesep=chr(13) + chr(10))}"


def _address(name: str, value: str) -> str:
    """A header with one mailbox; only its display name may be an encoded word."""
    _refuse_breaks(name, value)
    display, address = _mailbox(value)
    if display.isascii() and "=?" not in display:
        mailbox = formataddr((display, address))
    else:
        header = Header(display, "utf-8", header_name=name, maxlinelen=ENCODED_LINE)
        mailbox = f"{header.encode(linesep=chr(13) + chr(10))} <{address}>"
    line = f"{name}: {mailbox}"
    last = line.rpartition("\r\n")[2]
    if display and len(last) > FOLDED_LINE:
        line = line.removesuffix(f" <{address}>") + f"\r\n <{address}>"
    if max(map(len, line.split("\r\n"))) > LONGEST_LINE:
        raise MessageError(f"{name} is too long for a line of mail", way_out="shorten the name")
    return line


def _mailbox(value: str) -> tuple[str, str]:
    """The display name ("" if none) and the address of exactly one mailbox."""
    mailboxes = getaddresses([value])
    if len(mailboxes) != 1:
        raise MessageError(
            f"{value} is not exactly one address",
            way_out='write Name <name@domain>, with "quotes" around a name that has a comma',
        )
    return mailboxes[0][0], _ascii_address(mailboxes[0][1])


def _ascii_address(address: str) -> str:
    """The address with its domain as DNS has it (RFC 5891); the part before @ stays as it is."""
    local, at, name = address.rpartition("@")
    name = ascii_host(name)
    if not at or not DOMAIN.fullmatch(name.lower()) or not LOCAL_PART.fullmatch(local):
        raise MessageError(
            f"{address or 'an empty text'} is not an address mail can be sent from and to",
            way_out="write name@domain, in ASCII before the @",
        )
    return f"{local}@{name.lower()}"


def _list_unsubscribe(url: str, *, one_click: bool) -> list[str]:
    """RFC 2369, section 3.2; and RFC 8058, which needs an address that answers a POST: https."""
    _refuse_breaks("List-Unsubscribe", url)
    parts = urlsplit(url)
    if parts.scheme not in ("https", "mailto"):
        raise MessageError(
            f"nobody can unsubscribe at {url}", way_out="use an https: or mailto: address"
        )
    if one_click and parts.scheme != "https":
        raise MessageError(
            f"nobody can unsubscribe with one click at {url}", way_out="use an https: address"
        )
    plain = urlunsplit(parts._replace(netloc=ascii_host(parts.netloc)))
    headers = [_structured("List-Unsubscribe", f"<{quote(plain, safe=URL_CHARACTERS)}>")]
    if one_click:
        headers.append(_structured("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


def ascii_host(host: str) -> str:
    """A domain as DNS has it (RFC 5891)."""
    if host.isascii():
        return host
    import idna

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        raise MessageError(f"no host can be called {host}", way_out="correct it") from error


def _refuse_breaks(name: str, value: str) -> None:
    """One value is one line: what breaks lines could smuggle in headers of its own."""
    if FORBIDDEN.search(value):
        raise MessageError(
            f"{name} holds a line break or a control character: {value!r}",
            way_out="write it on one line",
        )
