"""What a refusal means for the address it is about: the one rule, for all who learn of refusals.

Pure. Used for notices that come back, for webhooks, and for what servers say while we send.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from syndicate.errors import Refused

STATUS: Final = re.compile(r"(?<![\d.])[245]\.[0-7]\.\d{1,3}(?!\.?\d)")
"""An enhanced status code (RFC 3463, section 2) in a text."""

GONE: Final = frozenset(
    {
        "5.1.1",  # no such mailbox
        "5.1.2",  # no such domain
        "5.1.3",  # no address at all
        "5.1.6",  # moved, nobody knows where to
        "5.1.10",  # a domain that takes no mail (RFC 7505); at Exchange, no such mailbox
        "5.2.1",  # a mailbox that was closed
        "5.4.4",  # no way to the domain, as Postfix says it of one that does not exist
    }
)
"""What says of an address that it is none, or none any more."""

OURS: Final = re.compile(r"[45]\.(?:[67]\.\d+|3\.4|2\.3|1\.[78])")
"""What says something of us or of the message: policy, content, size, sender."""

LEAST_ISSUES: Final = 3
LEAST_TIME: Final = timedelta(days=7)
MEMORY: Final = timedelta(days=90)


class Kind(StrEnum):
    """What a notice says of a delivery."""

    HARD = "hard"
    SOFT = "soft"
    BLOCKED = "blocked"
    COMPLAINT = "complaint"


AT_ONCE: Final = frozenset({Kind.HARD, Kind.COMPLAINT})
"""What suppresses an address the first time."""


def verdict(status: str, what: Refused = Refused.RECIPIENT) -> Kind | None:
    """What a message that was refused for good, or given up, says of its address.

    `status` is the enhanced status code, "" where none was given; `what` is what was refused.

    - Hard: the status says that there is no such address (`GONE`). A bare 550 does not: servers
      say it of blocked senders as often.
    - Blocked: the status is about the sender or the message, or the message was refused without
      any. The address may be as good as ever.
    - Soft: all else, such as a full mailbox, or a server that was silent for days.
    - None: we were refused, whoever the mail was for; or it was no refusal.
    """
    if what in (Refused.SERVER, Refused.SENDER) or status.startswith("2"):
        return None
    if status in GONE:
        return Kind.HARD
    if OURS.fullmatch(status) or (not status and what == Refused.MESSAGE):
        return Kind.BLOCKED
    return Kind.SOFT


def status_in(text: str, class_: str = "45") -> str:
    """The first enhanced status code of one of these classes in a text; "" if there is none."""
    return next((code for code in STATUS.findall(text) if code[0] in class_), "")


def worn_out(softly: Mapping[int, datetime], arrived: Collection[int]) -> bool:
    """Whether soft bounces are so many that an address is not to be mailed any more.

    `softly` is when which issue came back softly, those of the last 90 days (`MEMORY`). `arrived`
    are issues sent to the address of which no notice came. It is worn out when three issues came
    back, a week or more from the first to the last, and none in between arrived.
    """
    since = max(arrived, default=0)
    run = [at for issue, at in softly.items() if issue > since]
    return len(run) >= LEAST_ISSUES and max(run) - min(run) >= LEAST_TIME
