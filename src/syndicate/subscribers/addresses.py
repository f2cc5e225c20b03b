"""Email addresses as people write them -> normalised, valid addresses. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from syndicate.errors import AddressError

MAX_LENGTH = 254
"""Octets of an address (RFC 5321, section 4.5.3.1.3, less the angle brackets)."""


class EmailAddress(NamedTuple):
    """An address. `mail` is as mail is sent to it, `key` what all its spellings have in common.

    `mail` has an international domain as people write it (RFC 6532).
    """

    mail: str
    key: str

    def hashed(self, salt: str) -> str:
        """What the address is known by where it must not be read."""
        return hashed(self.key, salt)


def address(text: str) -> EmailAddress:
    """Read an address. Raises AddressError saying why no mail can be sent to it.

    Capitals before the @ are kept, but make no other address: no provider distinguishes them.
    """
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise AddressError(f"an address has at most {MAX_LENGTH} characters")
    return plain(text) or validated(text)


MAILBOX = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>")


def named(text: str) -> tuple[str, str]:
    """The name and the address in `Name <address>`, as mail programs copy it; "" without a name."""
    mailbox = MAILBOX.fullmatch(text.strip())
    return (mailbox["name"].strip(' "'), mailbox["address"]) if mailbox else ("", text)


LABEL = r"[a-z0-9]+(?:-[a-z0-9]+)*"
PLAIN = re.compile(
    r"(?=[^@]{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@"
    rf"(?![^.]{{64}}|.*\.[^.]{{64}}|.*\.(?:arpa|invalid|local|localhost|onion|test)\Z)"
    rf"(?:{LABEL}\.)+[a-z]{{2,}}\Z"
)


def plain(text: str) -> EmailAddress | None:
    """A fast path of `validated` for ordinary addresses, thirty times as fast.

    None for others: capitals before the @ (some reserved names are lowercased, RFC 2142), quotation
    marks, and domains that are international or reserved (RFC 6761).
    """
    local, at, domain = text.partition("@")
    mail = f"{local}{at}{domain.lower()}" if domain.isascii() else ""
    return EmailAddress(mail, mail) if len(mail) <= MAX_LENGTH and PLAIN.match(mail) else None


def validated(text: str) -> EmailAddress:
    """Read any address. Raises AddressError."""
    from email_validator import EmailNotValidError, validate_email

    try:
        validated = validate_email(text, check_deliverability=False)
    except EmailNotValidError as error:
        raise AddressError(str(error).rstrip(".")) from None
    key = f"{validated.local_part.lower()}@{validated.ascii_domain}"
    return EmailAddress(validated.normalized, key)


def masked(mail: str) -> str:
    """An address as shown to anyone who has a link of its owner: `a…@example.org`."""
    local, _, domain = mail.rpartition("@")
    return f"{local[:1]}…@{domain}"


def hashed(text: str, salt: str) -> str:
    """A salted digest of a text that must not be readable: 128 bits in hexadecimal."""
    return hashlib.sha256(f"{salt}\0{text}".encode()).hexdigest()[:32]
