"""SMTP authentication (RFC 4954): mechanisms, and the responses to their challenges. Pure."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable

from syndicate.mail.smtp.replies import UnreadableReplyError

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
"""Supported mechanisms, the one that most servers implement correctly first."""


def choose(offered: str) -> str:
    """The mechanism to use of those a server offers, "" for none."""
    return next((each for each in MECHANISMS if each in offered.split()), "")


def command(mechanism: str, user: str, password: str) -> str:
    """The AUTH command; for PLAIN with the credentials (RFC 4616)."""
    initial = f"\0{user}\0{password}".encode() if mechanism == "PLAIN" else b""
    return f"AUTH {mechanism} {b64encode(initial).decode()}".rstrip()


def responses(mechanism: str, user: str, password: str) -> list[Callable[[bytes], bytes]]:
    """A function from challenge to response for each challenge in turn."""
    if mechanism == "LOGIN":
        return [lambda _: user.encode(), lambda _: password.encode()]
    if mechanism == "CRAM-MD5":  # RFC 2195
        return [lambda challenge: f"{user} {_digest(password, challenge)}".encode()]
    return []


def response_line(respond: Callable[[bytes], bytes], challenge: str) -> str:
    """The line that responds to a challenge, both in base64. Raises UnreadableError."""
    try:
        return b64encode(respond(b64decode(challenge, validate=True))).decode()
    except NotBase64:
        raise UnreadableReplyError("a challenge that is not base64") from None


def _digest(password: str, challenge: bytes) -> str:
    return hmac.new(password.encode(), challenge, "md5").hexdigest()
