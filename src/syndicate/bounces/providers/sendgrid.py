"""SendGrid's event webhook: signed with ECDSA (FIPS 186); its key is in the configuration. Pure."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from syndicate.bounces.classify import BounceKind
from syndicate.bounces.providers.common import (
    MalformedError,
    Provider,
    SignatureError,
    WebhookRequest,
    event_id,
    fresh,
    moment_of,
    refusal,
    text_field,
    whole,
)
from syndicate.bounces.report import BounceReport

SIGNATURE: Final = b"x-twilio-email-event-webhook-signature"
MOMENT: Final = b"x-twilio-email-event-webhook-timestamp"
DROPPED: Final = {
    "bounced address": BounceKind.HARD,
    "invalid": BounceKind.HARD,
    "spam reporting address": BounceKind.COMPLAINT,
}
"""Messages that SendGrid did not send, because of earlier failures of the address."""


def sendgrid(key: str) -> Provider:
    """Requests that are signed with the private key of this public key (DER in base64)."""

    def read(post: WebhookRequest, now: datetime) -> Sequence[BounceReport]:
        moment = post.headers.get(MOMENT, b"")
        if not _is_signed(key, post.headers.get(SIGNATURE, b""), moment + post.body):
            raise SignatureError
        if not fresh(moment.decode("latin-1"), now):
            raise SignatureError
        events = whole(post.body)
        if not isinstance(events, list):
            raise MalformedError
        return [
            replace(report, event=_mark(each), at=moment_of(text_field(each, "timestamp")))
            for each in events
            if isinstance(each, dict)
            for report in _reports(each)
        ]

    return read


def _mark(event: Mapping[str, Any]) -> str:
    return event_id(
        "sendgrid", text_field(event, "sg_event_id") or json.dumps(event, sort_keys=True)
    )


def _is_signed(key: str, signature: bytes, data: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    public = load_der_public_key(b64decode(key))
    if not isinstance(public, EllipticCurvePublicKey):
        return False
    try:
        public.verify(b64decode(signature), data, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):  # the latter: no Base64
        return False
    return True


def _reports(event: Mapping[str, Any]) -> Iterator[BounceReport]:
    recipient, reason = text_field(event, "email"), text_field(event, "reason")
    match text_field(event, "event"):
        case "bounce":
            blocked = text_field(event, "type") == "blocked"
            otherwise = BounceKind.BLOCKED if blocked else BounceKind.SOFT
            yield refusal(reason, text_field(event, "status"), otherwise, recipient)
        case "dropped" if kind := DROPPED.get(reason.lower()):
            yield BounceReport(kind, detail=f"SendGrid drops it: {reason}", recipient=recipient)
        case "spamreport":
            yield BounceReport(
                BounceKind.COMPLAINT, detail="reported to SendGrid", recipient=recipient
            )
