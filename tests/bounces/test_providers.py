"""Providers are believed with their proof, made here with real keys, and not without it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from syndicate.bounces.classify import BounceKind
from syndicate.bounces.providers.common import (
    MalformedError,
    SignatureError,
    WebhookRequest,
    moment_of,
    text_field,
)
from syndicate.bounces.providers.mailgun import mailgun
from syndicate.bounces.providers.postmark import postmark
from syndicate.bounces.providers.sendgrid import MOMENT, SIGNATURE, sendgrid
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
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(RSA.public_key()).serial_number(1)
    made = made.not_valid_before(begins).not_valid_after(begins + timedelta(days=1))
    return made.sign(RSA, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def sns(event: Mapping[str, Any], **changes: str) -> WebhookRequest:
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


GONE = {
    "notificationType": "Bounce",
    "mail": {"source": "bounces+x@example.org"},
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": "ada@example.net", "status": "5.1.1"}],
    },
}


def ses(fetched: list[str], certificate: bytes | None = None) -> Ses:
    certificate = certificate or pem()

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return certificate

    return Ses(TOPIC, fetch)


def test_ses_is_believed_and_its_certificate_fetched_once() -> None:
    fetched: list[str] = []
    provider = ses(fetched)
    for _ in range(2):
        (notice,) = provider(sns(GONE), NOW)
        assert (notice.kind, notice.status) == (BounceKind.HARD, "5.1.1")
        assert notice.sent_to == ("bounces+x@example.org",)
        assert notice.recipient == "ada@example.net"
    assert fetched == [CERT]


def test_after_many_rotations_the_newest_certificate_is_still_fetched_once() -> None:
    fetched: list[str] = []
    provider = ses(fetched)
    urls = [CERT.replace("0a1b", f"0a{number:02}") for number in range(10)]
    for url in urls:
        for _ in range(2):
            provider(sns(GONE, SigningCertURL=url), NOW)
    assert fetched == urls


@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": TOPIC + "x"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem"},
        {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/a.pem"},
        {"SigningCertURL": "https://evil@sns.eu-west-1.amazonaws.com/a.pem"},
        {"SigningCertURL": CERT.replace("sns.eu-west-1", "sns.s3")},
        {"SigningCertURL": CERT.replace("sns.eu-west-1", "sns.s3-ap-southeast-2")},
        {"SigningCertURL": CERT.replace("sns.eu-west-1", "sns.s3-accelerate")},
        {"SigningCertURL": CERT.replace("sns.eu-west-1", "sns.evil.s3.eu-west-1")},
        {"SigningCertURL": CERT.replace("SimpleNotificationService-0a1b", "evil")},
        {"SigningCertURL": CERT.replace("/Simple", "/evil/Simple")},
        {"SigningCertURL": CERT + "?evil"},
        {"SignatureVersion": "3"},
        {"Timestamp": "1999-01-01T00:00:00.000Z"},
        {"Timestamp": "2026-11-22T07:59:59.000Z"},
        {"Timestamp": "2027-11-22T07:59:59.000Z"},
        {"Timestamp": ""},
        {"Timestamp": "9" * 400},
    ],
)
def test_what_is_not_of_our_topic_at_amazon_is_forged(changes: dict[str, str]) -> None:
    fetched: list[str] = []
    with pytest.raises(SignatureError):
        ses(fetched)(sns(GONE, **changes), NOW)
    assert not any("evil" in url or "s3" in url or url.startswith("http:") for url in fetched)


@pytest.mark.parametrize("days", [-2, 1])
def test_a_certificate_is_good_in_its_time_only(days: int) -> None:
    with pytest.raises(SignatureError):
        ses([], pem(NOW + timedelta(days=days)))(sns(GONE), NOW)


@pytest.mark.parametrize("region", ["us-gov-west-1", "ap-southeast-2", "me-central-1"])
def test_every_region_of_amazon_is_one(region: str) -> None:
    url = CERT.replace("eu-west-1", region)
    assert ses([])(sns(GONE, SigningCertURL=url), NOW)


def bounced(type_: str, detail: str, **recipient: str) -> WebhookRequest:
    who = {"emailAddress": "ada@example.net"} | recipient
    bounce = {"bounceType": type_, "bounceSubType": detail, "bouncedRecipients": [who]}
    return sns({"notificationType": "Bounce", "mail": {}, "bounce": bounce})


@pytest.mark.parametrize(
    ("type_", "detail", "recipient", "kind"),
    [
        ("Transient", "General", {}, None),
        ("Undetermined", "Undetermined", {}, None),
        ("Undetermined", "General", {}, None),
        ("Transient", "General", {"action": "failed", "status": "4.4.7"}, BounceKind.SOFT),
        ("Transient", "General", {"diagnosticCode": "smtp; 450 busy"}, BounceKind.SOFT),
        ("Transient", "MailboxFull", {}, BounceKind.SOFT),
        ("Transient", "ContentRejected", {}, BounceKind.BLOCKED),
        ("Transient", "MessageTooLarge", {}, BounceKind.BLOCKED),
        ("Transient", "AttachmentRejected", {}, BounceKind.BLOCKED),
        ("Permanent", "General", {}, BounceKind.HARD),
        ("Permanent", "ContentRejected", {}, BounceKind.BLOCKED),
        (
            "Permanent",
            "General",
            {"diagnosticCode": "smtp; 550 5.7.1 on a blocklist"},
            BounceKind.BLOCKED,
        ),
        (
            "Permanent",
            "General",
            {"diagnosticCode": "smtp; 550 5.2.2 quota exceeded"},
            BounceKind.SOFT,
        ),
    ],
)
def test_what_a_bounce_of_ses_means(
    type_: str, detail: str, recipient: dict[str, str], kind: BounceKind | None
) -> None:
    (notice,) = ses([])(bounced(type_, detail, **recipient), NOW)
    assert notice.kind == kind


def test_an_event_is_the_same_event_however_often_it_is_posted() -> None:
    (one,), (again,) = ses([])(sns(GONE), NOW), ses([])(sns(GONE), NOW)
    assert one.event == again.event
    (other,) = ses([])(sns(GONE, MessageId="2"), NOW)
    assert other.event != one.event


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
def test_moments_of_providers(value: str, moment: datetime | None) -> None:
    assert moment_of(value) == moment


def test_what_ses_signed_cannot_be_changed() -> None:
    post = sns(GONE)
    with pytest.raises(SignatureError):
        ses([])(WebhookRequest({}, post.body.replace(b"ada@", b"eve@")), NOW)


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        *((each, BounceKind.COMPLAINT) for each in ("", "abuse", "ABUSE", "opt-out", " Fraud ")),
        *((each, None) for each in ("not-spam", "auth-failure", "virus", "other")),
    ],
)
def test_complaints_of_people_through_ses_count_however_they_are_written(
    type_: str, kind: BounceKind | None
) -> None:
    complaint = {
        "complainedRecipients": [{"emailAddress": "ada@example.net"}],
        "complaintFeedbackType": type_,
    }
    event = {"notificationType": "Complaint", "complaint": complaint}
    (report,) = ses([])(sns(event), NOW)
    assert report.kind == kind


@pytest.mark.parametrize("subtype", ["Suppressed", "OnAccountSuppressionList"])
def test_what_ses_did_not_try_is_judged_by_its_type(subtype: str) -> None:
    words = "550 on the suppression list: blocked as spam"
    recipients = [{"emailAddress": "ada@example.net", "diagnosticCode": words}]
    bounce = {"bounceType": "Permanent", "bounceSubType": subtype, "bouncedRecipients": recipients}
    (report,) = ses([])(sns({"notificationType": "Bounce", "bounce": bounce}), NOW)
    assert report.kind == BounceKind.HARD


CONFIRM = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"
ASKING = {"Type": "SubscriptionConfirmation", "Token": "abc", "SubscribeURL": CONFIRM}


def test_a_subscription_of_our_topic_is_confirmed() -> None:
    fetched: list[str] = []
    assert ses(fetched)(sns({}, **ASKING), NOW) == []
    assert fetched == [CERT, CONFIRM]


@pytest.mark.parametrize(
    "changes",
    [
        {"SubscribeURL": "https://sns.eu-west-1.amazonaws.com.evil.example/?Token=abc"},
        {"SubscribeURL": "http://sns.eu-west-1.amazonaws.com/?Token=abc"},
        {"SubscribeURL": "https://169.254.169.254/"},
        {"SubscribeURL": ""},
        {"Type": "UnsubscribeConfirmation"},
    ],
)
def test_nothing_but_amazons_confirmation_is_fetched(changes: dict[str, str]) -> None:
    fetched: list[str] = []
    assert ses(fetched)(sns({}, **(ASKING | changes)), NOW) == []
    assert fetched == [CERT]


@pytest.mark.parametrize("name", ["SubscribeURL", "Token", "TopicArn"])
def test_a_confirmation_that_was_changed_is_forged(name: str) -> None:
    fetched: list[str] = []
    message = json.loads(sns({}, **ASKING).body)
    message[name] += "x"
    with pytest.raises(SignatureError):
        ses(fetched)(WebhookRequest({}, json.dumps(message).encode()), NOW)
    assert CONFIRM not in fetched


def test_postmark_is_known_by_its_password() -> None:
    provider = postmark("user:a-long-password")
    body = json.dumps(
        {"RecordType": "Bounce", "Type": "HardBounce", "Email": "ada@example.net"}
    ).encode()
    mark = b"Basic " + base64.b64encode(b"user:a-long-password")
    (notice,) = provider(WebhookRequest({b"authorization": mark}, body), NOW)
    assert (notice.kind, notice.recipient) == (BounceKind.HARD, "ada@example.net")
    for headers in ({}, {b"authorization": b"Basic eDp5"}):
        with pytest.raises(SignatureError):
            provider(WebhookRequest(headers, body), NOW)
    with pytest.raises(MalformedError):
        provider(WebhookRequest({b"authorization": mark}, b"["), NOW)


def test_a_note_of_a_new_address_from_postmark_has_no_effect() -> None:
    mark = b"Basic " + base64.b64encode(b"user:a-long-password")
    event = {"RecordType": "Bounce", "Type": "AddressChange", "Email": "ada@example.net"}
    request = WebhookRequest({b"authorization": mark}, json.dumps(event).encode())
    assert all(each.kind is None for each in postmark("user:a-long-password")(request, NOW))


def signed_by_mailgun(key: str, seconds: str, **event: object) -> WebhookRequest:
    mark = hmac.new(key.encode(), f"{seconds}tok".encode(), hashlib.sha256).hexdigest()
    signature = {"timestamp": seconds, "token": "tok", "signature": mark}
    return WebhookRequest({}, json.dumps({"signature": signature, "event-data": event}).encode())


def test_mailgun_is_known_by_its_signature_for_a_day() -> None:
    provider = mailgun("key")
    event = {
        "event": "failed",
        "severity": "permanent",
        "recipient": "ada@example.net",
        "delivery-status": {"code": 550, "message": "5.1.1 nobody"},
    }
    (notice,) = provider(signed_by_mailgun("key", SECONDS, **event), NOW)
    assert (notice.kind, notice.status) == (BounceKind.HARD, "5.1.1")
    (later,) = provider(
        signed_by_mailgun("key", SECONDS, **(event | {"severity": "temporary"})), NOW
    )
    assert later.kind is None
    assert later.event == notice.event, "one token"
    (notice,) = provider(signed_by_mailgun("key", SECONDS, event="complained"), NOW)
    assert notice.kind == BounceKind.COMPLAINT
    with pytest.raises(SignatureError):
        provider(signed_by_mailgun("other", SECONDS, **event), NOW)
    with pytest.raises(SignatureError):
        provider(signed_by_mailgun("key", SECONDS, **event), NOW + timedelta(days=2))
    with pytest.raises(SignatureError):
        provider(signed_by_mailgun("key", "9" * 400, **event), NOW)


@pytest.mark.parametrize(
    ("reason", "words", "kind"),
    [
        ("suppress-complaint", "this recipient marked a message as spam", BounceKind.COMPLAINT),
        ("suppress-bounce", "blocked: it bounced before, see its blocklist", BounceKind.HARD),
        ("suppress-unsubscribe", "no such user any more: unsubscribed", None),
        ("suppress-unknown-to-us", "no such user", None),
    ],
)
def test_what_mailgun_did_not_try_is_judged_by_its_reason(
    reason: str, words: str, kind: BounceKind | None
) -> None:
    event = {
        "event": "failed",
        "severity": "permanent",
        "reason": reason,
        "delivery-status": {"code": 605, "message": words},
    }
    (report,) = mailgun("key")(signed_by_mailgun("key", SECONDS, **event), NOW)
    assert report.kind == kind


def test_sendgrid_is_known_by_its_signature_over_the_whole_batch() -> None:
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


def test_half_a_character_in_a_post_is_replaced() -> None:
    with pytest.raises(SignatureError):
        mailgun("key")(
            WebhookRequest({}, b'{"signature": {"token": "\\ud800", "signature": "\\udfff"}}'), NOW
        )
    assert text_field({"name": "\ud800"}, "name") == "?"


@pytest.mark.parametrize(
    "value", ["9" * 400, "1e999", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "\0"]
)
def test_a_moment_out_of_range_is_none(value: str) -> None:
    assert moment_of(value) is None
