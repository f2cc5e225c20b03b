"""Mailgun's webhooks `permanent_fail` and `complained`: signed with HMAC (RFC 2104). Pure.

The signature covers a timestamp and a random token, not the body: so each token is accepted once.
TLS protects the body.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from syndicate.bounces.classify import BounceKind
from syndicate.bounces.providers.common import (
    Provider,
    SignatureError,
    WebhookRequest,
    event_id,
    fresh,
    group,
    moment_of,
    refusal,
    text_field,
    whole,
)
from syndicate.bounces.report import BounceReport, short
from syndicate.mail.refusals import has_reply_code

REFUSED_BY_MAILGUN = {
    "suppress-bounce": BounceKind.HARD,
    "suppress-complaint": BounceKind.COMPLAINT,
    "suppress-unsubscribe": None,
}
"""Messages that Mailgun did not send, because of earlier failures of the address."""


def mailgun(key: str) -> Provider:
    """Requests that are signed with the account's webhook signing key."""

    def read(post: WebhookRequest, now: datetime) -> Sequence[BounceReport]:
        content = whole(post.body)
        signature = group(content, "signature")
        moment, token = text_field(signature, "timestamp"), text_field(signature, "token")
        mark = hmac.new(key.encode(), f"{moment}{token}".encode(), hashlib.sha256).hexdigest()
        theirs = text_field(signature, "signature").encode()
        if not (hmac.compare_digest(mark.encode(), theirs) and fresh(moment, now)):
            raise SignatureError
        return [replace(_report(group(content, "event-data")), event=event_id("mailgun", token))]

    return read


def _report(event: Mapping[str, Any]) -> BounceReport:
    at = moment_of(text_field(event, "timestamp"))
    recipient, sender = (
        text_field(event, "recipient"),
        text_field(group(event, "envelope"), "sender"),
    )
    if text_field(event, "event") == "complained":
        sent_to = (sender,) if sender else ()
        return BounceReport(
            BounceKind.COMPLAINT, "", "reported to Mailgun", sent_to, recipient, at=at
        )
    if text_field(event, "event") != "failed" or text_field(event, "severity") != "permanent":
        return BounceReport(None)  # what is temporary, it tries again
    status = group(event, "delivery-status")
    words = text_field(status, "message") or text_field(status, "description")
    words = words if has_reply_code(words) else f"{text_field(status, 'code')} {words}".strip()
    reason = text_field(event, "reason")
    if reason.startswith("suppress-"):
        return _not_tried(reason, words, recipient, sender, at)
    report = refusal(words, text_field(status, "enhanced-code"), BounceKind.SOFT, recipient, sender)
    return replace(report, at=at)


def _not_tried(
    reason: str, words: str, recipient: str, sender: str, at: datetime | None
) -> BounceReport:
    """The report for a message that Mailgun did not send: the text is its own, not a server's."""
    kind, sent_to = REFUSED_BY_MAILGUN.get(reason), tuple(filter(None, (sender,)))
    return BounceReport(kind, "", short(f"{reason}: {words}"), sent_to, recipient, at=at)
