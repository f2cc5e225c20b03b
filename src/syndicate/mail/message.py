"""A rendered issue and its headers -> the bytes of a message (RFC 5322, RFC 2045 and 2046).

Pure: the same input gives the same bytes. `headers` writes the header lines, `message_head` puts
them in order.
"""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from syndicate.config.model import Newsletter
from syndicate.mail.headers import (
    ENCODED_LINE,
    MAX_LINE_LENGTH,
    addressed,
    dated,
    list_unsubscribe,
    mailbox_of,
    unstructured,
)
from syndicate.mail.message_head import ListHeaders, message_head
from syndicate.newsletters.issue import Rendered


@dataclass(frozen=True, slots=True)
class BasicHeaders:
    """The values of From, To, Date and Message-ID of a message.

    `sender` and `to` are `Name <address>` or an address, `date` is aware, `message_id` is without
    angle brackets.
    """

    sender: str
    to: str
    date: datetime
    message_id: str


def newsletter_message(
    rendered: Rendered, headers: BasicHeaders, *, list_id: str, unsubscribe: str, one_click: bool
) -> bytes:
    """Write the message of an issue: multipart/alternative, plain text first, lines end in CRLF.

    `list_id` (RFC 2919) is without angle brackets, `unsubscribe` is one https: or mailto: URL.
    With `one_click`, a POST to this URL unsubscribes the recipient. Raises MessageError for what
    email does not allow.
    """
    plain = _encoded_part("plain", rendered.text)
    of_list = ListHeaders(list_id).lines(list_unsubscribe(unsubscribe, one_click=one_click))
    return _message(rendered, plain, headers, of_list)


def transactional_message(rendered: Rendered, headers: BasicHeaders) -> bytes:
    """Write a message that answers one person's request, without list headers.

    ASCII text is not encoded, so that its link is in one piece in the file. Raises MessageError
    for what email does not allow.
    """
    return _message(rendered, _legible_part(rendered.text), headers, ())


def _encoded_part(subtype: str, text: str) -> bytes:
    return part_head(subtype) + quoted_printable(text)


def _legible_part(text: str) -> bytes:
    """Plain text as it is, if every server passes it on (RFC 2045, section 2.7); else encoded."""
    if _ENCODED_ONLY.search(text) or max(map(len, text.split("\n"))) > MAX_LINE_LENGTH:
        return _encoded_part("plain", text)
    return part_head("plain", "7bit") + text.replace("\n", "\r\n").encode()


_ENCODED_ONLY = re.compile(r"[^\n\t -~]|^(?:\.|From )", re.MULTILINE)


def _message(
    rendered: Rendered, plain: bytes, headers: BasicHeaders, list_headers: Sequence[str]
) -> bytes:
    parts = (plain, _encoded_part("html", rendered.html))
    boundary = boundary_of(parts)
    head = message_head(
        addressed("From", *mailbox_of("From", headers.sender)),
        addressed("To", *mailbox_of("To", headers.to)),
        unstructured("Subject", rendered.subject),
        date=headers.date,
        message_id=headers.message_id,
        list_headers=list_headers,
        boundary=boundary,
    )
    line = delimiter(boundary)
    return head + b"".join(line + b"\r\n" + part for part in parts) + line + b"--\r\n"


def part_head(subtype: str, encoding: str = "quoted-printable") -> bytes:
    """The headers of a part with text."""
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\n"
    return f"{head}Content-Transfer-Encoding: {encoding}\r\n\r\n".encode()


def boundary_of(parts: Sequence[bytes]) -> str:
    """The boundary between these parts: their digest, so that none of them contains it."""
    return "=_" + hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def delimiter(boundary: str) -> bytes:
    """The line between two parts, without its end; `--` follows the last."""
    return f"\r\n--{boundary}".encode()


def content_message_id(rendered: Rendered, *, sender: str, to: str, date: datetime) -> str:
    """An id of this content for this recipient, on the sender's domain; the same on a retry."""
    facts = (rendered.subject, rendered.text, rendered.html, to, dated(date).removeprefix("Date: "))
    digest = hashlib.sha256("\0".join(facts).encode()).hexdigest()[:40]
    return f"{digest}@{domain(sender)}"


def list_id(name: str, sender: str) -> str:
    """The id of the newsletter `name` as a mailing list (RFC 2919), on the sender's domain."""
    return f"{name.lower()}.{domain(sender)}"


def unsubscribe_url(newsletter: Newsletter) -> str:
    """The URL to unsubscribe: the one in the configuration, else an email to the sender."""
    address = mailbox(newsletter.sender)
    return newsletter.unsubscribe or f"mailto:{quote(address, safe='@')}?subject=unsubscribe"


@lru_cache(maxsize=256)
def mailbox(value: str) -> str:
    """The address in `Name <address>`, as used in SMTP.

    Cached: there are few senders, and parsing one takes longer than writing a message.
    """
    return mailbox_of("an address", value)[1]


def domain(address: str) -> str:
    """The domain of `Name <address>` or an address, in ASCII."""
    return mailbox(address).rpartition("@")[2]


def quoted_printable(text: str) -> bytes:
    """Encode text for a message (RFC 2045, section 6.7): CRLF, lines of at most 76 characters.

    A leading dot is written `=2E`, and `From ` at the start of a line `=46rom `, so that no server
    on the way takes them for the end of a message in SMTP or its start in a mailbox file.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    # b2a_qp breaks lines as the text does first, and with LF alone in a text of one line.
    encoded = b2a_qp(lines.encode()).replace(b"\r\n", b"\n")
    return _INVALID_LINE.sub(_fit_lines, encoded).replace(b"\n", b"\r\n")


# b2a_qp writes 77 characters where white space ends a line of 75.
_INVALID_LINE = re.compile(rb"^(?:\.|From |.{77}).*", re.MULTILINE)
_MISREAD = re.compile(rb"\A(?:\.|F(?=rom ))")


def _fit_lines(match: re.Match[bytes]) -> bytes:
    """An encoded line as lines that are short enough and do not begin like those above."""
    lines: list[bytes] = []
    rest = match[0]
    while True:
        if _MISREAD.match(rest) and len(rest) + 2 <= ENCODED_LINE:
            rest = b"=%02X" % rest[0] + rest[1:]
        if _MISREAD.match(rest):
            lines.append(b"=%02X=" % rest[0])
            rest = rest[1:]
        elif len(rest) > ENCODED_LINE:
            cut = ENCODED_LINE - 1
            escape = rest.rfind(b"=", cut - 2, cut)  # never between "=" and its digits
            cut = escape if escape >= 0 else cut
            lines.append(rest[:cut] + b"=")
            rest = rest[cut:]
        else:
            return b"\n".join((*lines, rest))
