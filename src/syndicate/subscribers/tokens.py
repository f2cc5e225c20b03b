"""Signed tokens in links and return paths: for one person and one purpose.

A token has the id of the key that signed it, a number (of a subscriber, or of a request) and its
expiry; an HMAC-SHA256, cut to 128 bits as RFC 2104, section 5, allows, covers these and the
purpose. Numbers are never reused, so a token never becomes valid for another person.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from urllib.parse import unquote

from syndicate.store.requests import SigningKey

FACTS = struct.Struct(">HQI")
"""Secret, number, and the second since 1970 at which it ends; 0: with its secret."""

MAC_BYTES = 16
MAX_TEXT_LENGTH = 400
LENGTH = (FACTS.size + MAC_BYTES) * 4 // 3
SHAPE = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}", re.ASCII)

AROUND = re.compile(
    rf"(?:[^A-Za-z0-9_-]|3D)*([A-Za-z0-9_-]{{{LENGTH}}})(?:[^A-Za-z0-9_-].*)?",
    re.ASCII | re.DOTALL,
)
"""A token in a text. Each character before it matches in one way only: time stays linear."""


def tidied(text: str) -> str:
    """A token without what programs put around it, by mistake or as the end of a sentence.

    Such as a slash, a dot, brackets, quotes, `%3E` or `=3D`. A text that is no token is unchanged.
    """
    match = AROUND.fullmatch(unquote(text[:MAX_TEXT_LENGTH]))
    return match[1] if match else text


class Purpose(StrEnum):
    """The purpose of a token: what its holder may do, or that it identifies a returned message."""

    CONFIRM = "confirm"
    PREFERENCES = "preferences"
    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "bounce"


class TokenError(Exception):
    """A token that is none, or not for this."""


class ExpiredError(TokenError):
    """A token that was good once."""


def signed(
    secret: SigningKey,
    purpose: Purpose,
    number: int,
    scope: str = "",
    until: datetime | None = None,
) -> str:
    """A token for `purpose`: 40 characters that need no escaping in an address.

    `scope` narrows it down to a newsletter. `until` is aware; without it the token is good as
    long as its secret.
    """
    facts = FACTS.pack(secret.id, number, int(until.timestamp()) if until else 0)
    return urlsafe_b64encode(facts + mac_of(secret, purpose, scope, facts)).decode()


def read(
    token: str, purpose: Purpose, secrets: Sequence[SigningKey], now: datetime, scope: str = ""
) -> int:
    """The number a token was signed for. `secrets` are those that are good at `now`.

    Raises TokenError, or ExpiredError.
    """
    if not SHAPE.fullmatch(token):
        raise TokenError("malformed")
    data = urlsafe_b64decode(token)
    facts, mac = data[: FACTS.size], data[FACTS.size :]
    key, number, until = FACTS.unpack(facts)
    secret = next((each for each in secrets if each.id == key), None)
    if secret is None:
        raise TokenError("signed with no secret that is good now")
    if not hmac.compare_digest(mac, mac_of(secret, purpose, scope, facts)):
        raise TokenError("not signed for this")
    if until and until <= now.timestamp():
        raise ExpiredError("good until before now")
    return int(number)


def mac_of(secret: SigningKey, purpose: Purpose, scope: str, facts: bytes) -> bytes:
    """The HMAC of these facts with the secret, cut to 128 bits."""
    signed = f"{purpose}\0{scope}\0".encode() + facts
    return hmac.digest(bytes.fromhex(secret.key), signed, hashlib.sha256)[:MAC_BYTES]
