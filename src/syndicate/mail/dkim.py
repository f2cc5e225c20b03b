"""DKIM signatures (RFC 6376), which prove that a message comes from its domain. Pure.

rsa-sha256. Headers are canonicalised as `relaxed`, because servers fold them again, the body as
`simple`: ours is quoted-printable in short lines, which servers do not change. No time is signed.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from typing import TYPE_CHECKING

from syndicate.address_grammar import DOMAIN
from syndicate.config.model import Dkim
from syndicate.errors import Location, SyndicateError
from syndicate.mail.headers import ascii_domain

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

MIN_KEY = 2048
"""Bits (RFC 8301, section 3.2)."""

SIGNED = (
    *(b"from", b"to", b"subject", b"date", b"message-id", b"list-id", b"list-unsubscribe"),
    *(b"list-unsubscribe-post", b"precedence", b"feedback-id", b"auto-submitted"),
    *(b"mime-version", b"content-type", b"reply-to", b"cc", b"from", b"to", b"subject"),
)
"""Headers that the signature covers, including missing ones (RFC 6376, section 5.4.2).

So a header of this list, such as a second From, cannot be added without breaking the signature.
"""

NAMES = ":\r\n\t".join(b":".join(SIGNED[at : at + 5]).decode() for at in range(0, len(SIGNED), 5))
WHITE_SPACE = re.compile(rb"[ \t]+")
PLACE = Location("sending.dkim.key")


class Signer:
    """Signs with one key for one domain."""

    def __init__(self, settings: Dkim, sender_domain: str) -> None:
        """Read the key; it signs for `sender_domain` if the settings name no domain.

        Raises SyndicateError for an unusable key, and if cryptography is not installed.
        """
        self._key = _key(settings.key)
        domain = ascii_domain(settings.domain or sender_domain).lower()
        selector = settings.selector.lower()
        for name, value in (("domain", domain), ("selector", selector)):
            if not DOMAIN.fullmatch(value):
                raise SyndicateError(
                    f"{value!r} is not a valid {name} of a DKIM key",
                    place=Location(f"sending.dkim.{name}"),
                    hint="write it as in DNS",
                )
        self._tags = (
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d={domain};\r\n"
            f"\ts={selector};\r\n\th={NAMES};\r\n\tbh="
        ).encode()

    def signed(self, message: bytes) -> bytes:
        """The message, with CRLF line ends, after a DKIM-Signature header."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        head, _, body = message.partition(b"\r\n\r\n")
        body = body.rstrip(b"\r\n") + b"\r\n"  # RFC 6376, section 3.4.3
        unsigned = self._tags + b64encode(hashlib.sha256(body).digest()) + b";\r\n\tb="
        covered = _canonical(head) + _relaxed(unsigned)
        signature = b64encode(self._key.sign(covered, PKCS1v15(), SHA256()))
        folded = _folded(signature.decode(), 72).encode()
        return unsigned + folded + b"\r\n" + message


def _key(pem: str) -> RSAPrivateKey:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ModuleNotFoundError as error:
        hint = "install it: pip install cryptography"
        raise SyndicateError("signing needs cryptography", place=PLACE, hint=hint) from error
    hint = f"create one: openssl genrsa -out dkim.pem {MIN_KEY}"
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The cause is not passed on: it may show the key.
        message = "this is not a private key in PEM format without a password"
        raise SyndicateError(message, place=PLACE, hint=hint) from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_KEY:
        message = f"the key is not an RSA key of at least {MIN_KEY} bits"
        raise SyndicateError(message, place=PLACE, hint=hint)
    return key


def _canonical(head: bytes) -> bytes:
    """The present headers of SIGNED, the last of each name first (section 5.4.2)."""
    headers: dict[bytes, list[bytes]] = {}
    for line in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t").split(b"\r\n"):
        headers.setdefault(line.partition(b":")[0].lower(), []).append(line)
    lines = (headers[name].pop() for name in SIGNED if headers.get(name))
    return b"".join(_relaxed(line) + b"\r\n" for line in lines)


def _relaxed(header: bytes) -> bytes:
    """A header with lowercase name and single spaces (RFC 6376, section 3.4.2)."""
    name, _, value = header.replace(b"\r\n", b"").partition(b":")
    return name.lower().rstrip() + b":" + WHITE_SPACE.sub(b" ", value).strip()


def _folded(text: str, width: int) -> str:
    """Text that may be broken anywhere, folded over several lines of a header."""
    return "\r\n\t".join(text[at : at + width] for at in range(0, len(text), width))
