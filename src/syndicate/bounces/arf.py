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
"""Types that people cause. `not-spam` is the contrary; others, such as `virus`, are automatic."""


JMRP = "x-hmxmr"
"""Prefix of headers that Microsoft's junk mail programme adds to the report or the message."""


def read(message: Mail) -> BounceReport | None:
    """The complaint in an email, None if it is not a feedback report."""
    for part in message.walk():
        if part.get_content_type() == TYPE:
            report = next(groups(part), {})
            kind = report.get("feedback-type", "").lower()
            reporter = report.get("user-agent") or report.get("source-ip", "")
            return BounceReport(
                BounceKind.COMPLAINT if kind in UNWANTED else None,
                detail=short(
                    f"{kind or 'a report without a type'}, from {reporter or 'an unknown reporter'}"
                ),
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
    """Whether a message, a part of it, or a returned message has a header of that programme."""
    headers = (*map(fields, message.walk()), *returned(message))
    return any(name.startswith(JMRP) for each in headers for name in each)


def _links(message: Mail) -> tuple[tuple[str, str], ...]:
    """Newsletter and token of each unsubscribe link in a returned message."""
    texts = (each.get("list-unsubscribe", "") for each in returned(message))
    return tuple(link for text in texts for link in LINK.findall(unquote(text[:4_000])))
