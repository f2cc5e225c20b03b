"""Amazon SES is believed with its signature and not without it, and its events are understood."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from provider_requests import CERT, NOW, TOPIC, pem, ses, sns

from syndicate.bounces.classify import BounceKind
from syndicate.bounces.providers.common import SignatureError, WebhookRequest

GONE = {
    "notificationType": "Bounce",
    "mail": {"source": "bounces+x@example.org"},
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": "ada@example.net", "status": "5.1.1"}],
    },
}


def test_ses_is_authenticated_and_its_certificate_fetched_once() -> None:
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
def test_a_message_of_another_topic_is_refused_as_forged(changes: dict[str, str]) -> None:
    fetched: list[str] = []
    with pytest.raises(SignatureError):
        ses(fetched)(sns(GONE, **changes), NOW)
    assert not any("evil" in url or "s3" in url or url.startswith("http:") for url in fetched)


@pytest.mark.parametrize("days", [-2, 1])
def test_a_certificate_is_valid_only_in_its_time(days: int) -> None:
    with pytest.raises(SignatureError):
        ses([], pem(NOW + timedelta(days=days)))(sns(GONE), NOW)


@pytest.mark.parametrize("region", ["us-gov-west-1", "ap-southeast-2", "me-central-1"])
def test_every_region_of_amazon_is_accepted(region: str) -> None:
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
def test_a_bounce_of_ses_is_classified_by_type_and_status(
    type_: str, detail: str, recipient: dict[str, str], kind: BounceKind | None
) -> None:
    (notice,) = ses([])(bounced(type_, detail, **recipient), NOW)
    assert notice.kind == kind


def test_an_event_is_the_same_event_however_often_it_is_posted() -> None:
    (one,), (again,) = ses([])(sns(GONE), NOW), ses([])(sns(GONE), NOW)
    assert one.event == again.event
    (other,) = ses([])(sns(GONE, MessageId="2"), NOW)
    assert other.event != one.event


def test_a_message_changed_after_signing_is_refused() -> None:
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
def test_complaints_of_ses_count_in_every_format(type_: str, kind: BounceKind | None) -> None:
    complaint = {
        "complainedRecipients": [{"emailAddress": "ada@example.net"}],
        "complaintFeedbackType": type_,
    }
    event = {"notificationType": "Complaint", "complaint": complaint}
    (report,) = ses([])(sns(event), NOW)
    assert report.kind == kind


@pytest.mark.parametrize("subtype", ["Suppressed", "OnAccountSuppressionList"])
def test_a_message_that_ses_did_not_send_is_classified_by_its_type(subtype: str) -> None:
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
def test_only_confirmation_urls_of_amazon_are_fetched(changes: dict[str, str]) -> None:
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
