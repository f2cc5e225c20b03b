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
    """The kind of a bounce report."""

    HARD = "hard"
    SOFT = "soft"
    BLOCKED = "blocked"
    COMPLAINT = "complaint"


SUPPRESS_IMMEDIATELY: Final = frozenset({BounceKind.HARD, BounceKind.COMPLAINT})
"""Kinds that suppress an address the first time."""


def classify_refusal(
    text: str, status: str = "", stage: RejectedStage = RejectedStage.RECIPIENT
) -> BounceKind | None:
    """Classify a permanent refusal, or a message that was given up.

    `text` is the server's reply, `status` the enhanced status code that counts ("" for none),
    `stage` what was refused.

    - Hard: the address does not exist (`Cause.ADDRESS`), and the refusal is permanent.
    - Blocked: the sender or the message was refused (`Cause.SENDER`), or the message was refused
      without a known cause. The address may be valid.
    - Soft: the mailbox accepts nothing now, or the recipient was refused without a known cause
      (`may_be_recipient`): a bare 550 is used for blocked senders as often as for unknown users.
    - None: the refusal was of us, for any recipient; or it was no refusal.
    """
    if stage in (RejectedStage.SERVER, RejectedStage.SENDER) or status.startswith("2"):
        return None
    match cause(text, status):
        case Cause.ADDRESS:
            return BounceKind.SOFT if is_temporary(text) else BounceKind.HARD
        case Cause.SENDER:
            return BounceKind.BLOCKED
        case Cause.MAILBOX:
            return BounceKind.SOFT
    known = (status or has_reply_code(text)) and may_be_recipient(text, status)
    return BounceKind.SOFT if known and stage == RejectedStage.RECIPIENT else BounceKind.BLOCKED


def soft_limit_reached(soft_bounces: Mapping[int, datetime], arrived: Collection[int]) -> bool:
    """Whether an address has too many soft bounces to be mailed any more.

    `soft_bounces` is when which issue bounced, in the last 90 days (`MEMORY`); `arrived` are issues
    sent to the address without a bounce. The limit is three bounced issues, at least a week from
    first to last, without one in between that arrived.
    """
    since = max(arrived, default=0)
    run = [at for issue, at in soft_bounces.items() if issue > since]
    return len(run) >= MIN_ISSUES and max(run) - min(run) >= MIN_TIME
