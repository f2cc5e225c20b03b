"""Signed return paths (VERP), which identify the delivery a bounce report belongs to. Pure.

Some servers lowercase what is before the @, so the token is lowercase base32. It contains the
numbers of key, issue and subscriber, and an HMAC-SHA256 over them, cut to 112 bits (RFC 2104,
section 5, allows 80): without the key, one cannot forge a token to have a subscriber suppressed.
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from collections.abc import Sequence
from hmac import compare_digest

from syndicate.errors import MessageError
from syndicate.mail.message import mailbox
from syndicate.store.requests import SigningKey
from syndicate.subscribers.tokens import Purpose, mac_of

SIZES = (2, 4, 5)
"""Bytes of the numbers of key, issue and subscriber."""

FACTS, MAC = sum(SIZES), 14
LENGTH = (FACTS + MAC) * 8 // 5
MAX_LOCAL_PART_LENGTH = 64
"""RFC 5321, section 4.5.3.1.1."""

TOKEN = re.compile(rf"(?:.*\+)?([a-z2-7]{{{LENGTH}}})(?:@.*)?", re.ASCII | re.IGNORECASE)


def return_path(address: str, key: SigningKey, issue: int, subscriber: int) -> str:
    """The envelope sender of a message: `address`, with + and a token added.

    `address` may be `Name <address>`; `issue` is the issue's sequence. Raises MessageError if the
    result is longer than email allows.
    """
    local, _, domain = mailbox(address).rpartition("@")
    room = MAX_LOCAL_PART_LENGTH - LENGTH - 1
    if len(local) > room:
        raise MessageError(
            f"{local} is too long for bounce reports: with a token it has more than "
            f"{MAX_LOCAL_PART_LENGTH} characters before the @",
            hint=f"set bounces.address to one with at most {room} before the @",
        )
    numbers = zip((key.id, issue, subscriber), SIZES, strict=True)
    facts = b"".join(number.to_bytes(size, "big") for number, size in numbers)
    token = b32encode(facts + _mac(key, facts)).decode().lower()
    return f"{local}+{token}@{domain}"


def read(address: str, keys: Sequence[SigningKey]) -> tuple[int, int] | None:
    """Issue and subscriber of an address that `return_path` made, or of its local part.

    `keys` are the valid ones. None for any other address.
    """
    token = TOKEN.fullmatch(address)
    if not token:
        return None
    data = b32decode(token[1].upper())
    facts, mac = data[:FACTS], data[FACTS:]
    key_id, issue, subscriber = (
        int.from_bytes(facts[sum(SIZES[:at]) : sum(SIZES[: at + 1])], "big")
        for at in range(len(SIZES))
    )
    key = next((each for each in keys if each.id == key_id), None)
    if key is None or not compare_digest(mac, _mac(key, facts)):
        return None
    return issue, subscriber


def _mac(key: SigningKey, facts: bytes) -> bytes:
    return mac_of(key, Purpose.BOUNCE, "", facts)[:MAC]
