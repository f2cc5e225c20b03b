"""How an email address may be written in texts of servers, links and return paths. Pure."""

from __future__ import annotations

import re
from typing import Final

AT: Final = (
    r"\s?(?:@|＠|%(?:25)?40|=(?:3D)?40|&(?:amp;)?(?:#0{0,4}64|#x0{0,4}40|commat);"
    r"|[(\[{<_]\s?at\s?[)\]}>_]|[(\[{]a[)\]}])\s?"
)
"""What is written for @."""

DOT: Final = r"(?:\.|%2e|=2e|&#(?:46|x2e);|\s?[(\[{_]\s?dot\s?[)\]}_]\s?|\sdot\s)"
"""What is written for the dots of a domain."""

BEFORE: Final = r"(?:(?<![\w.-])|(?<=[=%][0-9a-f]{2}))"
"""Where an address begins: not within a longer one, but also behind an encoded character."""

AFTER: Final = r"(?![\w-]|\.\w)"
MIN_REST: Final = 4
"""Characters of an address that count as its beginning where a text was cut."""


def spelled(address: str) -> re.Pattern[str]:
    """Finds an address however it is written: encoded, spelled out, or in a return path.

    That is also the form of the Sender Rewriting Scheme (SRS0=…=domain=local@forwarder).
    """
    local, _, domain = address.lower().rpartition("@")
    name = "".join(map(_encoded, local.strip('"')))
    host = DOT.join(map(re.escape, domain.split(".")))
    forms = rf'"?{name}"?(?:{AT}|=|\sat\s){host}|{host}={name}'
    return re.compile(rf"{BEFORE}(?:{forms}){AFTER}", re.IGNORECASE)


def cut_off(address: str) -> re.Pattern[str]:
    """Finds the beginning of an address at the end of a text that was cut."""
    text = address.lower()
    rest = "|".join(re.escape(text[:end]) for end in range(len(text) - 1, MIN_REST - 1, -1))
    return re.compile(rf"{BEFORE}(?:{rest})\Z" if rest else r"(?!)", re.IGNORECASE)


def parts(address: str) -> set[str]:
    """Texts of which one is in every text that `spelled` or `cut_off` finds; none if unknown."""
    local = address.lower().rpartition("@")[0]
    runs = re.findall(r"[a-z0-9]+", local)
    return {max(runs, key=len), address.lower()[:MIN_REST]} if runs else set()


def _encoded(character: str) -> str:
    """A character of a local part: ASCII alphanumerics as they are, others also encoded."""
    if character.isascii() and character.isalnum():
        return character
    octets = character.encode()
    return "|".join(
        (
            f"(?:{re.escape(character)}",
            *("".join(f"{sign}{octet:02x}" for octet in octets) for sign in ("%", "=")),
            f"&#{ord(character)};",
            f"&#x{ord(character):x};)",
        )
    )
