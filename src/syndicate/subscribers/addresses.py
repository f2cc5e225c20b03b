"""A mail address as somebody wrote it -> one that mail can be sent to. Pure."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from syndicate.errors import AddressError

LONGEST = 254
"""Octets of an address (RFC 5321, section 4.5.3.1.3, less the angle brackets)."""


class Address(NamedTuple):
    """An address. `mail` is as mail is sent to it, `key` what all its spellings have in common.

    `mail` has an international domain as people write it (RFC 6532).
    """

    mail: str
    key: str

    def hashed(self, salt: str) -> str:
        """What the address is known by where it must not be read."""
        return hashed(self.key, salt)


def address(text: str) -> Address:
    """Read an address. Raises AddressError saying why no mail can be sent to it.

    Capitals before the @ are kept, and make no other address: no provider tells them apart.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise AddressError(f"an address has at most {LONGEST} characters")
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text, check_deliverability=False)
    except EmailNotValidError as error:
        raise AddressError(str(error).rstrip(".")) from None
    key = f"{found.local_part.lower()}@{found.ascii_domain}"
    return Address(found.normalized, key)


def masked(mail: str) -> str:
    """An address as it may be shown to whoever has a link of its owner: `a…@example.org`."""
    local, _, domain = mail.rpartition("@")
    return f"{local[:1]}…@{domain}"


def hashed(text: str, salt: str) -> str:
    """What stands for `text` where it must not be read: a salted digest, 128 bits in hex."""
    return hashlib.sha256(f"{salt}\0{text}".encode()).hexdigest()[:32]
