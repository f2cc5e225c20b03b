"""Amazon SES's notices, by way of SNS: signed with a certificate that Amazon shows.

Anybody with an account at Amazon can have SNS sign what they like, so the topic must be ours.
What is fetched, a certificate or a confirmation, is fetched from Amazon alone.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from syndicate.bounces.notice import Notice
from syndicate.bounces.providers.posted import (
    ForgedError,
    MalformedError,
    Post,
    group,
    groups,
    refusal,
    said,
    whole,
)
from syndicate.bounces.rule import Kind

Fetch = Callable[[str], bytes]
"""An https: address -> what is there. Raises OSError."""

AMAZON: Final = re.compile(r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?/\S*")
CERTIFICATE: Final = re.compile(r"[^?#]*\.pem")
NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION: Final = (
    *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
)
"""What is signed of each kind of message, in this order, each with its name."""

MOST_CERTIFICATES: Final = 8
AWAY: Final = frozenset({"General", "NoEmail", "Suppressed", "OnAccountSuppressionList"})
"""Kinds of permanent bounces that are about the address."""

UNWANTED: Final = frozenset({"", "abuse", "fraud"})


class Ses:
    """Posts of one topic of SNS, `topic` being its ARN."""

    def __init__(self, topic: str, fetch: Fetch) -> None:
        self._topic = topic
        self._fetch = fetch
        self._certificates: dict[str, bytes] = {}

    def __call__(self, post: Post, now: datetime) -> Sequence[Notice]:  # noqa: ARG002
        """What a post says. One that asks to confirm the subscription is confirmed at once.

        Raises ForgedError, MalformedError, and OSError where Amazon cannot be reached.
        """
        message = whole(post.body)
        if not isinstance(message, dict):
            raise MalformedError
        if said(message, "TopicArn") != self._topic or not self._is_signed(message):
            raise ForgedError
        if said(message, "Type") == "Notification":
            return list(_told(whole(said(message, "Message").encode())))
        confirm = said(message, "SubscribeURL")
        if said(message, "Type") == "SubscriptionConfirmation" and AMAZON.fullmatch(confirm):
            self._fetch(confirm)
        return []

    def _is_signed(self, message: Mapping[str, Any]) -> bool:
        url = said(message, "SigningCertURL")
        if not (AMAZON.fullmatch(url) and CERTIFICATE.fullmatch(url)):
            return False
        certificate = self._certificates.get(url) or self._fetch(url)
        if not _fits(certificate, message):
            return False
        if len(self._certificates) < MOST_CERTIFICATES:
            self._certificates[url] = certificate
        return True


def _fits(certificate: bytes, message: Mapping[str, Any]) -> bool:
    """Whether the signature of a message is that of the certificate's holder."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256
    from cryptography.x509 import load_pem_x509_certificate

    # Amazon signs with the former unless the topic's SignatureVersion is 2.
    digest = {"1": SHA1(), "2": SHA256()}.get(said(message, "SignatureVersion"))  # noqa: S303
    names = NOTIFICATION if said(message, "Type") == "Notification" else CONFIRMATION
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    try:
        key = load_pem_x509_certificate(certificate).public_key()
        if digest is None or not isinstance(key, RSAPublicKey):
            return False
        key.verify(b64decode(said(message, "Signature")), text.encode(), PKCS1v15(), digest)
    except (InvalidSignature, ValueError):  # the latter: no Base64, or no certificate
        return False
    return True


def _told(event: object) -> Iterator[Notice]:
    """The notices in what SES says, as a notification or as an event."""
    if not isinstance(event, dict):
        raise MalformedError
    sender = said(group(event, "mail"), "source")
    match said(event, "notificationType") or said(event, "eventType"):
        case "Bounce":
            bounce = group(event, "bounce")
            for each in groups(bounce, "bouncedRecipients"):
                told, status = said(each, "diagnosticCode"), said(each, "status")
                address = said(each, "emailAddress")
                yield refusal(told, status, _kind(bounce), address, sender)
        case "Complaint":
            complaint = group(event, "complaint")
            wanted = said(complaint, "complaintFeedbackType") not in UNWANTED
            kind = None if wanted else Kind.COMPLAINT
            sent_to = (sender,) if sender else ()
            for each in groups(complaint, "complainedRecipients"):
                address = said(each, "emailAddress")
                yield Notice(kind, "", "a complaint to Amazon SES", sent_to, address)


def _kind(bounce: Mapping[str, Any]) -> Kind:
    if said(bounce, "bounceType") != "Permanent":
        return Kind.SOFT
    return Kind.HARD if said(bounce, "bounceSubType") in AWAY else Kind.BLOCKED
