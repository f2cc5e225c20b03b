"""SendGrid is believed with its signature and not without it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from provider_requests import EC, NOW, PUBLIC, SECONDS

from syndicate.bounces.classify import BounceKind
from syndicate.bounces.providers.common import SignatureError, WebhookRequest
from syndicate.bounces.providers.sendgrid import MOMENT, SIGNATURE, sendgrid


def test_a_signature_of_sendgrid_covers_the_whole_batch() -> None:
    events = [
        {
            "event": "bounce",
            "email": "ada@example.net",
            "status": "5.1.1",
            "reason": "550 5.1.1 no",
        },
        {"event": "spamreport", "email": "bea@example.net"},
        {"event": "delivered", "email": "cea@example.net"},
        "odd",
    ]
    body = json.dumps(events).encode()
    signature = EC.sign(SECONDS.encode() + body, ec.ECDSA(hashes.SHA256()))
    headers = {MOMENT: SECONDS.encode(), SIGNATURE: base64.b64encode(signature)}
    provider = sendgrid(PUBLIC)
    found = provider(WebhookRequest(headers, body), NOW)
    assert [(each.kind, each.recipient) for each in found] == [
        (BounceKind.HARD, "ada@example.net"),
        (BounceKind.COMPLAINT, "bea@example.net"),
    ]
    for other in (headers | {SIGNATURE: b"no"}, headers | {MOMENT: b"1"}, {}):
        with pytest.raises(SignatureError):
            provider(WebhookRequest(other, body), NOW)
    with pytest.raises(SignatureError):
        provider(WebhookRequest(headers, body + b" "), NOW)
    with pytest.raises(SignatureError):
        provider(WebhookRequest(headers, body), NOW + timedelta(days=2))
