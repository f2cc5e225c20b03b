"""Classify a refusal as hard, soft or blocked. Pure.

The one rule, for bounce reports, provider events, and SMTP replies while sending.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from syndicate.errors import RejectedStage
from syndicate.mail.refusal_phrases import Cause
from syndicate.mail.refusals import cause, has_reply_code, is_temporary, may_be_recipient

MIN_ISSUES: Final = 3
MIN_TIME: Final = timedelta(days=7)
MEMORY: Final = timedelta(days=90)


class BounceKind(StrEnum):
    """What a notice says of a delivery."""

    HARD = "hard"
    SOFT = "soft"
    BLOCKED = "blocked"
    COMPLAINT = "complaint"


AT_ONCE: Final = frozenset({BounceKind.HARD, BounceKind.COMPLAINT})
"""What suppresses an address the first time."""


def classify_refusal(
    text: str, status: str = "", what: RejectedStage = RejectedStage.RECIPIENT
) -> BounceKind | None:
    """What a message that was refused for good, or given up, says of its address.

    `text` is what the server said, `status` the enhanced status code that counts ("" for none);
    `what` is what was refused.

    - Hard: there is no such address (`Cause.ADDRESS`), said for good and not for now.
    - Blocked: the sender or the message was refused (`Cause.SENDER`), or the message was refused
      without a known reason. The address may be as good as ever.
    - Soft: the mailbox takes nothing now, or the recipient was refused without a known reason
      (`may_be_recipient`): a bare 550 is said of blocked senders as often as of unknown users.
    - None: we were refused, whoever the mail was for; or it was no refusal.
    """
    if what in (RejectedStage.SERVER, RejectedStage.SENDER) or status.startswith("2"):
        return None
    match cause(text, status):
        case Cause.ADDRESS:
            return BounceKind.SOFT if is_temporary(text) else BounceKind.HARD
        case Cause.SENDER:
            return BounceKind.BLOCKED
        case Cause.MAILBOX:
            return BounceKind.SOFT
    known = (status or has_reply_code(text)) and may_be_recipient(text, status)
    return BounceKind.SOFT if known and what == RejectedStage.RECIPIENT else BounceKind.BLOCKED


def soft_limit_reached(softly: Mapping[int, datetime], arrived: Collection[int]) -> bool:
    """Whether soft bounces are so many that an address is not to be mailed any more.

    `softly` is when which issue came back softly, those of the last 90 days (`MEMORY`). `arrived`
    are issues sent to the address of which no notice came. It is worn out when three issues came
    back, a week or more from the first to the last, and none in between arrived.
    """
    since = max(arrived, default=0)
    run = [at for issue, at in softly.items() if issue > since]
    return len(run) >= MIN_ISSUES and max(run) - min(run) >= MIN_TIME
