"""Complaints of feedback loops (ARF, RFC 5965), and Microsoft's format. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote

from syndicate.bounces.classify import BounceKind
from syndicate.bounces.mime import Mail, addresses, delivered_to, fields, groups, returned
from syndicate.bounces.report import BounceReport, short

TYPE = "message/feedback-report"
LINK = re.compile(r"unsubscribe[/ +]([A-Za-z0-9-]{1,100})[/ +]([A-Za-z0-9_-]{40})", re.ASCII)
UNWANTED = frozenset({"abuse", "fraud", "opt-out"})
"""What people say. `not-spam` is the contrary; `virus`, `auth-failure` and others say machines."""


JMRP = "x-hmxmr"
"""How headers begin that Microsoft's junk mail programme adds to the report or the message."""


def read(message: Mail) -> BounceReport | None:
    """What a report says, None for a mail that is none."""
    for part in message.walk():
        if part.get_content_type() == TYPE:
            report = next(groups(part), {})
            said = report.get("feedback-type", "").lower()
            reporter = report.get("user-agent") or report.get("source-ip", "")
            return BounceReport(
                BounceKind.COMPLAINT if said in UNWANTED else None,
                detail=short(f"{said or 'a report without a type'}, from {reporter or 'somebody'}"),
                sent_to=(*addresses(report.get("original-mail-from", "")), *delivered_to(message)),
                links=_links(message),
            )
    if _is_junk_report(message):
        detail = "junk, from Microsoft"
        return BounceReport(
            BounceKind.COMPLAINT, "", detail, delivered_to(message), links=_links(message)
        )
    return None


def _is_junk_report(message: Mail) -> bool:
    """Whether a message, a part of it, or a message it returns has a mark of that programme."""
    headers = (*map(fields, message.walk()), *returned(message))
    return any(name.startswith(JMRP) for each in headers for name in each)


def _links(message: Mail) -> tuple[tuple[str, str], ...]:
    """Newsletters and tokens of the links to unsubscribe in a message that was returned."""
    texts = (each.get("list-unsubscribe", "") for each in returned(message))
    return tuple(link for text in texts for link in LINK.findall(unquote(text[:4_000])))
