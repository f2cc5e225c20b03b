"""One row of the table: phrases, and what was refused. Data only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """What a refusal is about."""

    ADDRESS = "address"  # there is no such mailbox or domain, or not any more
    MAILBOX = "mailbox"  # it exists, and takes nothing now: full, busy, or out of reach
    SENDER = "sender"  # the sender, the message, or how much is sent; the address may be fine


@dataclass(frozen=True, slots=True)
class RefusalRule:
    """Phrases with one meaning. `meaning` is for people who read the table.

    Each phrase is a regular expression, in lowercase. It is searched in a reply in lowercase with
    one space between words, without email addresses, and without names of hosts that are no
    blocklists.
    """

    cause: Cause
    meaning: str
    phrases: Sequence[str]
