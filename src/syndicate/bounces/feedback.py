"""What a provider reports of somebody who called a message spam (RFC 5965). Pure."""

from __future__ import annotations

from syndicate.bounces.mime import Mail, addresses, came_to, groups
from syndicate.bounces.notice import Notice, short
from syndicate.bounces.rule import Kind

TYPE = "message/feedback-report"
UNWANTED = frozenset({"abuse", "fraud", "opt-out"})
"""What people say. `not-spam` is the contrary; `virus`, `auth-failure` and others say machines."""


def read(message: Mail) -> Notice | None:
    """What a report says, None for a mail that is none."""
    for part in message.walk():
        if part.get_content_type() == TYPE:
            fields = next(groups(part), {})
            said = fields.get("feedback-type", "").lower()
            reporter = fields.get("user-agent") or fields.get("source-ip", "")
            return Notice(
                Kind.COMPLAINT if said in UNWANTED else None,
                detail=short(f"{said or 'a report without a type'}, from {reporter or 'somebody'}"),
                sent_to=(*addresses(fields.get("original-mail-from", "")), *came_to(message)),
            )
    return None
