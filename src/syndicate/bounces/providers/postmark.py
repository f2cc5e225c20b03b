"""Postmark's bounce and spam complaint webhooks: user and password (RFC 7617). Pure."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from syndicate.bounces.classify import BounceKind
from syndicate.bounces.providers.common import (
    MalformedError,
    Provider,
    SignatureError,
    WebhookRequest,
    event_id,
    moment_of,
    refusal,
    text_field,
    whole,
)
from syndicate.bounces.report import BounceReport

TYPES = {
    "HardBounce": BounceKind.HARD,
    "BadEmailAddress": BounceKind.HARD,
    "SoftBounce": BounceKind.SOFT,
    "DnsError": BounceKind.SOFT,
    "Blocked": BounceKind.BLOCKED,
    "SpamNotification": BounceKind.BLOCKED,
    "VirusNotification": BounceKind.BLOCKED,
    "DMARCPolicy": BounceKind.BLOCKED,
}
"""Its kinds of bounce. Others (delays, automatic replies, new addresses) have no effect."""

COMPLAINT = "SpamComplaint"


def postmark(credentials: str) -> Provider:
    """Requests with the credentials, `user:password`."""
    expected = b"Basic " + b64encode(credentials.encode())

    def read(post: WebhookRequest, now: datetime) -> Sequence[BounceReport]:  # noqa: ARG001
        if not hmac.compare_digest(post.headers.get(b"authorization", b""), expected):
            raise SignatureError
        event = whole(post.body)
        if not isinstance(event, dict):
            raise MalformedError
        recipient, type_ = text_field(event, "Email"), text_field(event, "Type")
        details = text_field(event, "Details") or text_field(event, "Description")
        mark = text_field(event, "ID") or json.dumps(event, sort_keys=True)
        event_, at = event_id("postmark", type_, mark), moment_of(text_field(event, "BouncedAt"))
        if COMPLAINT in (text_field(event, "RecordType"), type_):
            report = BounceReport(
                BounceKind.COMPLAINT, detail="reported to Postmark", recipient=recipient
            )
        elif type_ in TYPES:
            report = refusal(details, "", TYPES[type_], recipient)
        else:
            return []
        return [replace(report, event=event_, at=at)]

    return read
