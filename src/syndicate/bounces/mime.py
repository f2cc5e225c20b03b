"""Headers, groups of fields, and text of an email, however malformed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email import message_from_string
from email.message import Message
from itertools import islice
from typing import Final, TypeAlias

Fields = Mapping[str, str]
"""Values by name, in small letters; of a name that stands twice, the first."""

Mail: TypeAlias = "Message[str, str]"

MAX_ADDRESSES: Final = 20
MAX_GROUPS: Final = 1_000
MAX_PARTS: Final = 200
ADDRESS: Final = re.compile(r"[^\s<>,;:\"()\[\]@]{1,200}@[^\s<>,;:\"()\[\]@]{1,255}")
WHERE_TO: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to")
"""Headers that say which address a mail came to."""


def within_limits(message: Mail) -> bool:
    """Whether a mail has as few parts as mails have that programs write."""
    return sum(1 for _ in islice(message.walk(), MAX_PARTS + 1)) <= MAX_PARTS


def fields(message: Mail) -> Fields:
    """The headers of a message, each on one line."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        found.setdefault(name.lower(), " ".join(text.split()))
    return found


def groups(part: Mail) -> Iterator[Fields]:
    """The groups of fields that a part consists of (RFC 3464, section 2.1), from the first on."""
    payload = part.get_payload()
    inner = payload if isinstance(payload, list) else [message_from_string(decoded(part))]
    for message in inner[:MAX_GROUPS]:
        if isinstance(message, Message):
            yield fields(message)
            rest = message.get_payload()
            if isinstance(rest, str):  # of a part that the parser takes for a message
                lines = rest.replace("\r\n", "\n")
                for group in re.split(r"\n[ \t]*\n", lines, maxsplit=MAX_GROUPS)[:MAX_GROUPS]:
                    if found := fields(message_from_string(group.lstrip("\n"))):
                        yield found


def addresses(*texts: str) -> Iterator[str]:
    """What looks like an address in some texts."""
    for text in texts:
        yield from ADDRESS.findall(text[:10_000])[:MAX_ADDRESSES]


def delivered_to(message: Mail) -> tuple[str, ...]:
    """Addresses one of which may be the return path a notice was sent to.

    The headers say it, or the message that is returned: its own return path.
    """
    own = [str(value) for name in WHERE_TO for value in message.get_all(name, ())]
    paths = [each["return-path"] for each in returned(message) if "return-path" in each]
    return tuple(dict.fromkeys(addresses(*own[:MAX_ADDRESSES], *paths[:1])))


def returned(message: Mail) -> Iterator[Fields]:
    """The headers of each message that a mail returns."""
    yield from filter(None, map(_returned, message.walk()))


def plain_text(message: Mail) -> str:
    """The text a notice has for people, without the message it returns."""
    if message.is_multipart():
        plain = (p for p in message.walk() if p.get_content_type() == "text/plain")
        return decoded(next(plain, None))
    return decoded(message)


def _returned(part: Mail) -> Fields:
    """The headers of the message that a part returns; none if it returns none."""
    match part.get_content_type():
        case "message/rfc822" | "message/global":
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
            return fields(inner) if isinstance(inner, Message) else {}
        case "text/rfc822-headers" | "message/rfc822-headers" | "message/global-headers":
            return next(groups(part), {})
    return {}


def decoded(part: Mail | None) -> str:
    """What a part of text says, decoded; what its character set does not explain is replaced."""
    if part is None:  # not `if part`: one without headers is false
        return ""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        return data.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # no such character set
        return data.decode("utf-8", "replace")
