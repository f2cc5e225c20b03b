"""What all providers have in common: times, text, and what a server's line means."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from provider_requests import EC, NOW, PUBLIC, SECONDS, ses, signed_by_mailgun, sns

from syndicate.bounces.classify import BounceKind
from syndicate.bounces.providers.common import SignatureError, WebhookRequest, moment_of, text_field
from syndicate.bounces.providers.mailgun import mailgun
from syndicate.bounces.providers.postmark import postmark
from syndicate.bounces.providers.sendgrid import MOMENT, SIGNATURE, sendgrid


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("1795593600", datetime(2026, 11, 25, 8, tzinfo=UTC)),
        ("1795593600.5", datetime(2026, 11, 25, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-25T08:00:00.000Z", datetime(2026, 11, 25, 8, tzinfo=UTC)),
        ("2026-11-25T09:00:00+01:00", datetime(2026, 11, 25, 8, tzinfo=UTC)),
        ("9" * 400, None),
        ("-1", None),
        ("1e9", None),
        ("", None),
        ("soon", None),
    ],
)
def test_times_of_providers_are_read(value: str, moment: datetime | None) -> None:
    assert moment_of(value) == moment


def by_sendgrid(*events: object) -> WebhookRequest:
    body = json.dumps(events).encode()
    signature = EC.sign(SECONDS.encode() + body, ec.ECDSA(hashes.SHA256()))
    return WebhookRequest({MOMENT: SECONDS.encode(), SIGNATURE: base64.b64encode(signature)}, body)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("550 5.1.1 <x@example.net>: user unknown", BounceKind.HARD),
        ("550 5.7.1 No such user!", BounceKind.HARD),
        ("550 Benutzer existiert hier nicht [416]", BounceKind.HARD),
        ("554 Denied [cs] (Mode: normal)", BounceKind.BLOCKED),
        ("550 5.1.1 your host is on our blocklist", BounceKind.BLOCKED),
        ("552 5.1.1 mailbox full", BounceKind.SOFT),
    ],
)
@pytest.mark.parametrize("status", ["", "5.0.0", "5.1.1", "5.7.1"])
def test_a_line_means_the_same_whichever_provider_posts_it(
    line: str, kind: BounceKind, status: str
) -> None:
    recipient = {"status": status, "diagnosticCode": f"smtp; {line}"}
    bounce = {"bounceType": "Transient", "bouncedRecipients": [recipient]}
    code, _, message = line.partition(" ")
    delivery = {"code": int(code), "message": message, "enhanced-code": status}
    failed = {"event": "failed", "severity": "permanent", "delivery-status": delivery}
    told = [
        *ses([])(sns({"notificationType": "Bounce", "bounce": bounce}), NOW),
        *mailgun("key")(signed_by_mailgun("key", SECONDS, **failed), NOW),
        *sendgrid(PUBLIC)(by_sendgrid({"event": "bounce", "reason": line, "status": status}), NOW),
        *postmark("user:a-long-password")(
            WebhookRequest(
                {b"authorization": b"Basic " + base64.b64encode(b"user:a-long-password")},
                json.dumps({"Type": "SoftBounce", "Details": line}).encode(),
            ),
            NOW,
        ),
    ]
    assert [each.kind for each in told] == [kind] * 4


def test_a_lone_surrogate_in_a_request_is_replaced() -> None:
    with pytest.raises(SignatureError):
        mailgun("key")(
            WebhookRequest({}, b'{"signature": {"token": "\\ud800", "signature": "\\udfff"}}'), NOW
        )
    assert text_field({"name": "\ud800"}, "name") == "?"


@pytest.mark.parametrize(
    "value", ["9" * 400, "1e999", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "\0"]
)
def test_a_time_out_of_range_is_ignored(value: str) -> None:
    assert moment_of(value) is None
