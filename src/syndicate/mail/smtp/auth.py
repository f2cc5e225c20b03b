"""SMTP authentication (RFC 4954): mechanisms, and the responses to their challenges. Pure."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable

from syndicate.mail.smtp.replies import UnreadableError

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
"""Those known here, the one that most servers do right first."""


def choose(offered: str) -> str:
    """The mechanism to use of those a server offers, or ""."""
    return next((each for each in MECHANISMS if each in offered.split()), "")


def opening(mechanism: str, user: str, password: str) -> str:
    """The command. PLAIN says all at once (RFC 4616)."""
    said = f"\0{user}\0{password}".encode() if mechanism == "PLAIN" else b""
    return f"AUTH {mechanism} {b64encode(said).decode()}".rstrip()


def answers(mechanism: str, user: str, password: str) -> list[Callable[[bytes], bytes]]:
    """What answers each challenge in turn."""
    if mechanism == "LOGIN":
        return [lambda _: user.encode(), lambda _: password.encode()]
    if mechanism == "CRAM-MD5":  # RFC 2195
        return [lambda challenge: f"{user} {_digest(password, challenge)}".encode()]
    return []


def answer(made: Callable[[bytes], bytes], challenge: str) -> str:
    """The line that answers a challenge as it came. Raises UnreadableError."""
    try:
        return b64encode(made(b64decode(challenge, validate=True))).decode()
    except NotBase64:
        raise UnreadableError("a question in a login that cannot be read") from None


def _digest(password: str, challenge: bytes) -> str:
    return hmac.new(password.encode(), challenge, "md5").hexdigest()
