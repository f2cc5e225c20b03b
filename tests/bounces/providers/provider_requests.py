"""Requests as providers make them, signed with real keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from syndicate.bounces.providers.common import WebhookRequest
from syndicate.bounces.providers.ses import CONFIRMATION, NOTIFICATION, Ses

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SECONDS = str(int(NOW.timestamp()))
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
CERT = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b.pem"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    EC.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()


def pem(begins: datetime = NOW) -> bytes:
    """A certificate of Amazon's signing key, valid for a day."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(RSA.public_key()).serial_number(1)
    made = made.not_valid_before(begins).not_valid_after(begins + timedelta(days=1))
    return made.sign(RSA, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def sns(event: Mapping[str, Any], **changes: str) -> WebhookRequest:
    """A request of Amazon SNS with this event, signed; `changes` replace fields before that."""
    message = {
        "Type": "Notification",
        "MessageId": "1",
        "TopicArn": TOPIC,
        "Message": json.dumps(event),
        "Timestamp": "2026-11-23T08:00:00Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERT,
    } | changes
    names = NOTIFICATION if message["Type"] == "Notification" else CONFIRMATION
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    signature = RSA.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    signed = message | {"Signature": base64.b64encode(signature).decode()}
    return WebhookRequest({}, json.dumps(signed).encode())


def ses(fetched: list[str], certificate: bytes | None = None) -> Ses:
    """SES with our topic; `fetched` gets the URLs of fetched certificates."""
    certificate = certificate or pem()

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return certificate

    return Ses(TOPIC, fetch)


def signed_by_mailgun(key: str, seconds: str, **event: object) -> WebhookRequest:
    """A request of Mailgun with this event, signed."""
    mark = hmac.new(key.encode(), f"{seconds}tok".encode(), hashlib.sha256).hexdigest()
    signature = {"timestamp": seconds, "token": "tok", "signature": mark}
    return WebhookRequest({}, json.dumps({"signature": signature, "event-data": event}).encode())
