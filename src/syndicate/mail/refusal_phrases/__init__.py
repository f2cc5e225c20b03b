"""Phrases that servers use when they refuse a message, and the cause of each. Data only.

To classify a new reply, add a phrase to its rule, on a line of its own, and the reply to
tests/mail/test_refusals.py. The order of rules matters: the first with a phrase in the reply
decides. A phrase that also has another meaning (`access denied`) goes into `exceptions`, with
enough context to be certain.
"""

from __future__ import annotations

from typing import Final

from syndicate.mail.refusal_phrases.address import NO_DOMAIN, NO_MAILBOX
from syndicate.mail.refusal_phrases.exceptions import FULL_AFTER_ALL, UNKNOWN_AFTER_ALL
from syndicate.mail.refusal_phrases.mailbox import FULL, UNAVAILABLE
from syndicate.mail.refusal_phrases.message import FORM, SPAM
from syndicate.mail.refusal_phrases.policy import JUDGED, POLICY, TOO_MUCH, WEAK
from syndicate.mail.refusal_phrases.rule import Cause, RefusalRule
from syndicate.mail.refusal_phrases.sender import CERTAIN, LISTED, NOT_AUTHENTICATED, SUBJECT

__all__ = ["HINTS", "RULES", "Cause", "RefusalRule"]

RULES: Final = (
    CERTAIN,
    SUBJECT,
    UNKNOWN_AFTER_ALL,
    FULL_AFTER_ALL,
    LISTED,
    NOT_AUTHENTICATED,
    SPAM,
    POLICY,
    TOO_MUCH,
    FORM,
    FULL,
    UNAVAILABLE,
    NO_MAILBOX,
    NO_DOMAIN,
    JUDGED,
)
"""What words mean; the first rule with a phrase in the reply counts."""

HINTS: Final = (WEAK,)
"""What weak words mean: they count only where no specific status says something else."""
