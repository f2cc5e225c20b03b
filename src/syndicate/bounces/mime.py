"""Headers, groups of fields, and text of an email, however malformed. Pure.

Anyone can send to the mailbox, so everything is bounded before it is parsed: the parsers of email
take quadratic time for long headers and deep nesting.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from email import message_from_bytes, message_from_string
from email.header import decode_header, make_header
from email.message import Message
from itertools import islice
from typing import Final, TypeAlias, TypeVar

from syndicate.address_grammar import IN_TEXT
from syndicate.errors import UnreadableEmailError

Fields = Mapping[str, str]
"""Values by lowercase name; of a repeated name, the first."""

Mail: TypeAlias = "Message[str, str]"
Given = TypeVar("Given")
Value = TypeVar("Value")

MAX_BYTES: Final = 1_000_000
"""Bytes of an email that are read. The report comes first; the returned message is last."""

MAX_LINES: Final = 20_000
MAX_HEADER_LENGTH: Final = 1_000
"""Characters of a header that are decoded."""

MAX_TEXT: Final = 50_000
"""Characters of a text that are read."""

MAX_ADDRESSES: Final = 20
MAX_GROUPS: Final = 1_000
MAX_PARTS: Final = 200
MAX_CONTAINERS: Final = 100
"""Parts that contain others: for each, the parser tests every line once more."""

LINE_END: Final = re.compile(rb"\r\n|\r|\n")
HEADERS_END: Final = re.compile(rb"(?:\r\n|\r(?!\n)|\n){2}")
CONTAINER: Final = re.compile(rb"(?:^|[\r\n])content-type:\s{0,100}(?:multipart|message)/", re.I)
LONG_LINE: Final = re.compile(rb"([^\r\n]{500})[^\r\n]+")
_REST: Final = rb"[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*+"
FIELD: Final = re.compile(rb"(?<![^\r\n])[!-9;-~]{1,100}:" + _REST)
MIME_FIELD: Final = re.compile(rb"(?<![^\r\n])content-[a-z-]{1,40}:" + _REST, re.I)
MAX_FIELD: Final = 10_000
MAX_MIME_FIELD: Final = 2_000
"""Bytes of a header, and of one that describes a part: its parameters take quadratic time."""

RECIPIENT_HEADERS: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to")
"""Headers with the address a message was delivered to."""


def parse_message(data: bytes) -> Mail:
    """The message in these bytes (RFC 5322), of which only the beginning is read.

    Long headers are cut. Raises UnreadableEmailError.
    """
    data = data[:MAX_BYTES]
    if end := next(islice(LINE_END.finditer(data), MAX_LINES, None), None):
        data = data[: end.start()]
    if sum(1 for _ in islice(CONTAINER.finditer(data), MAX_CONTAINERS + 1)) > MAX_CONTAINERS:
        raise _unreadable("it is nested too deeply")
    message = parse_safely(message_from_bytes, _with_short_headers(data))
    if parse_safely(_count_parts, message) > MAX_PARTS:
        raise _unreadable("it has too many parts")
    return message


def first_part(data: bytes) -> Mail:
    """The beginning of a message, with short lines, for parsers that take quadratic time.

    Raises UnreadableEmailError.
    """
    return parse_message(LONG_LINE.sub(rb"\1", data[:MAX_TEXT]))


def parse_safely(parser: Callable[[Given], Value], value: Given) -> Value:
    """Call a parser; raises UnreadableEmailError for any error.

    Parsers of email raise many kinds of errors for malformed input, RecursionError among them.
    """
    try:
        return parser(value)
    except (MemoryError, UnreadableEmailError):
        raise
    except Exception as error:
        raise _unreadable(f"it cannot be parsed ({type(error).__name__})") from error


def _unreadable(reason: str) -> UnreadableEmailError:
    return UnreadableEmailError(
        f"the message is unreadable: {reason}", hint="read it with an email program"
    )


def _with_short_headers(data: bytes) -> bytes:
    """A message with its headers, and those of its parts, cut to a bounded length."""
    end = HEADERS_END.search(data)
    head, body = (data[: end.start()], data[end.start() :]) if end else (data, b"")
    head = FIELD.sub(lambda field: field[0][:MAX_FIELD], head)
    return MIME_FIELD.sub(lambda field: field[0][:MAX_MIME_FIELD], head + body)


def _count_parts(message: Mail) -> int:
    return sum(1 for _ in islice(message.walk(), MAX_PARTS + 1))


def header(message: Mail, name: str) -> str:
    """The first header of this name on one line of bounded length, not decoded; "" if missing."""
    return " ".join(str(message.get(name, ""))[:MAX_HEADER_LENGTH].split())


def subject(message: Mail) -> str:
    """The subject of a message, decoded if possible (RFC 2047)."""
    raw = header(message, "subject")
    try:
        return str(make_header(decode_header(raw)))[:MAX_HEADER_LENGTH]
    except (ValueError, LookupError):  # from decode_header
        return raw


def fields(message: Mail) -> Fields:
    """The headers of a message, each on one line."""
    headers: dict[str, str] = {}
    for name, value in message.raw_items():
        text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        headers.setdefault(name.lower(), " ".join(text.split()))
    return headers


def groups(part: Mail) -> Iterator[Fields]:
    """The groups of fields in a part (RFC 3464, section 2.1), in order."""
    payload = part.get_payload()
    inner = payload if isinstance(payload, list) else [message_from_string(decoded(part))]
    for message in inner[:MAX_GROUPS]:
        if isinstance(message, Message):
            yield fields(message)
            rest = message.get_payload()
            if isinstance(rest, str):  # of a part that the parser takes for a message
                lines = rest.replace("\r\n", "\n")
                for group in re.split(r"\n[ \t]*\n", lines, maxsplit=MAX_GROUPS)[:MAX_GROUPS]:
                    if group_fields := fields(message_from_string(group.lstrip("\n"))):
                        yield group_fields


def addresses(*texts: str) -> Iterator[str]:
    """The addresses in some texts."""
    for text in texts:
        yield from IN_TEXT.findall(text[:10_000])[:MAX_ADDRESSES]


def delivered_to(message: Mail) -> tuple[str, ...]:
    """Addresses of which one may be the return path that a report was sent to.

    From the headers, and from the Return-Path of the returned message.
    """
    own = [str(value) for name in RECIPIENT_HEADERS for value in message.get_all(name, ())]
    paths = [each["return-path"] for each in returned(message) if "return-path" in each]
    return tuple(dict.fromkeys(addresses(*own[:MAX_ADDRESSES], *paths[:1])))


def returned(message: Mail) -> Iterator[Fields]:
    """The headers of each returned message."""
    yield from filter(None, map(_returned, message.walk()))


def text_body(message: Mail) -> str:
    """The human-readable text of a message, of bounded length, without returned messages."""
    if message.is_multipart():
        plain = (p for p in message.walk() if p.get_content_type() == "text/plain")
        return decoded(next(plain, None))[:MAX_TEXT]
    return decoded(message)[:MAX_TEXT]


def _returned(part: Mail) -> Fields:
    """The headers of the message that a part returns; {} if it returns none."""
    match part.get_content_type():
        case "message/rfc822" | "message/global":
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
            return fields(inner) if isinstance(inner, Message) else {}
        case "text/rfc822-headers" | "message/rfc822-headers" | "message/global-headers":
            return next(groups(part), {})
    return {}


NOT_CHARSETS = ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape")
"""Codecs of Python that are not character sets of email; some take quadratic time."""


def decoded(part: Mail | None) -> str:
    """The text of a part, decoded; invalid bytes are replaced."""
    if part is None:  # not `if part`: one without headers is false
        return ""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        charset = codecs.lookup(part.get_content_charset("utf-8")).name
        return data.decode("utf-8" if charset in NOT_CHARSETS else charset, "replace")
    except (LookupError, ValueError):  # unknown character set
        return data.decode("utf-8", "replace")
