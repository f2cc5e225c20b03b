"""Amazon SES events through SNS: signed with a certificate from Amazon.

Any Amazon account can have SNS sign messages, so the topic must be ours. Certificates and
confirmations are fetched from Amazon only.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from syndicate.bounces.classify import BounceKind
from syndicate.bounces.providers.common import (
    MalformedError,
    SignatureError,
    WebhookRequest,
    event_id,
    fresh,
    group,
    groups,
    moment_of,
    refusal,
    text_field,
    whole,
)
from syndicate.bounces.report import BounceReport

Fetch = Callable[[str], bytes]
"""Fetches an https: URL. Raises OSError."""

AMAZON: Final = re.compile(
    r"https://sns\.[a-z]{2}(?:-[a-z]{1,20}){1,3}-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?/\S*", re.ASCII
)
"""SNS in a region. Other hosts below amazonaws.com may be buckets of other people."""

CERTIFICATE: Final = re.compile(r"https://[^/]+/SimpleNotificationService-[0-9a-f]{1,64}\.pem")
NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION: Final = (
    *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
)
"""The signed fields of each kind of message, in order, each with its name."""

MAX_CERTIFICATES: Final = 8
AWAY: Final = frozenset({"General", "NoEmail", "Suppressed", "OnAccountSuppressionList"})
"""Kinds of permanent bounces that are about the address."""

NOT_TRIED: Final = frozenset({"Suppressed", "OnAccountSuppressionList"})
"""Those of them for which SES did not try: the text is its own, not a server's."""

ABOUT_MESSAGE: Final = frozenset({"ContentRejected", "MessageTooLarge", "AttachmentRejected"})
"""Kinds of other bounces that are about the message."""

UNWANTED: Final = frozenset({"", "abuse", "fraud", "opt-out"})
"""Lowercase types of complaints that people cause (RFC 5965, section 7.3)."""


class Ses:
    """Requests of one SNS topic; `topic` is its ARN."""

    def __init__(self, topic: str, fetch: Fetch) -> None:
        self._topic = topic
        self._fetch = fetch
        self._certificates: dict[str, bytes] = {}

    def __call__(self, post: WebhookRequest, now: datetime) -> Sequence[BounceReport]:
        """The reports in a request. A request to confirm the subscription is confirmed at once.

        A signature older than a day is not valid. Raises SignatureError, MalformedError, and
        OSError if Amazon cannot be reached.
        """
        message = whole(post.body)
        if not isinstance(message, dict):
            raise MalformedError
        if text_field(message, "TopicArn") != self._topic or not fresh(
            text_field(message, "Timestamp"), now
        ):
            raise SignatureError
        if not self._is_signed(message, now):
            raise SignatureError
        if text_field(message, "Type") == "Notification":
            reports = _reports(whole(text_field(message, "Message").encode()))
            mark = text_field(message, "MessageId")
            return [
                replace(each, event=event_id("ses", mark, str(place)))
                for place, each in enumerate(reports)
            ]
        confirm = text_field(message, "SubscribeURL")
        if text_field(message, "Type") == "SubscriptionConfirmation" and AMAZON.fullmatch(confirm):
            self._fetch(confirm)
        return []

    def _is_signed(self, message: Mapping[str, Any], now: datetime) -> bool:
        url = text_field(message, "SigningCertURL")
        if not (AMAZON.fullmatch(url) and CERTIFICATE.fullmatch(url)):
            return False
        certificate = self._certificates.get(url) or self._fetch(url)
        if not _fits(certificate, message, now):
            return False
        self._certificates[url] = certificate
        if len(self._certificates) > MAX_CERTIFICATES:
            del self._certificates[next(iter(self._certificates))]  # the oldest
        return True


def _fits(certificate: bytes, message: Mapping[str, Any], now: datetime) -> bool:
    """Whether a message is signed by the holder of a certificate that is valid now."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256
    from cryptography.x509 import load_pem_x509_certificate

    # Amazon signs with the former unless the topic's SignatureVersion is 2.
    digest = {"1": SHA1(), "2": SHA256()}.get(text_field(message, "SignatureVersion"))  # noqa: S303
    names = NOTIFICATION if text_field(message, "Type") == "Notification" else CONFIRMATION
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    try:
        holder = load_pem_x509_certificate(certificate)
        key = holder.public_key()
        if digest is None or not isinstance(key, RSAPublicKey):
            return False
        if not holder.not_valid_before_utc <= now <= holder.not_valid_after_utc:
            return False
        key.verify(b64decode(text_field(message, "Signature")), text.encode(), PKCS1v15(), digest)
    except (InvalidSignature, ValueError):  # the latter: no Base64, or no certificate
        return False
    return True


def _reports(event: object) -> Iterator[BounceReport]:
    """The reports in a notification or an event of SES."""
    if not isinstance(event, dict):
        raise MalformedError
    sender = text_field(group(event, "mail"), "source")
    match text_field(event, "notificationType") or text_field(event, "eventType"):
        case "Bounce":
            bounce = group(event, "bounce")
            for each in groups(bounce, "bouncedRecipients"):
                words, status = text_field(each, "diagnosticCode"), text_field(each, "status")
                address = text_field(each, "emailAddress")
                if text_field(bounce, "bounceSubType") in NOT_TRIED:
                    words, status = "", ""
                report = refusal(words, status, _kind(bounce, each), address, sender)
                yield replace(report, at=moment_of(text_field(bounce, "timestamp")))
        case "Complaint":
            complaint = group(event, "complaint")
            is_complaint = (
                text_field(complaint, "complaintFeedbackType").strip().lower() not in UNWANTED
            )
            kind = None if is_complaint else BounceKind.COMPLAINT
            sent_to = (sender,) if sender else ()
            for each in groups(complaint, "complainedRecipients"):
                address = text_field(each, "emailAddress")
                at = moment_of(text_field(complaint, "timestamp"))
                yield BounceReport(kind, "", "reported to Amazon SES", sent_to, address, at=at)


def _kind(bounce: Mapping[str, Any], recipient: Mapping[str, Any]) -> BounceKind | None:
    """The kind of a bounce without a cause in the server's reply.

    SES reports automatic replies as bounces too, of a general kind and without a reply; they have
    no effect.
    """
    kind, detail = text_field(bounce, "bounceType"), text_field(bounce, "bounceSubType")
    if kind == "Permanent":
        return BounceKind.HARD if detail in AWAY else BounceKind.BLOCKED
    if detail in ABOUT_MESSAGE:
        return BounceKind.BLOCKED
    is_reply = not any(
        text_field(recipient, name) for name in ("status", "action", "diagnosticCode")
    )
    general = detail in ("", "General", "Undetermined")
    return None if is_reply and general else BounceKind.SOFT
