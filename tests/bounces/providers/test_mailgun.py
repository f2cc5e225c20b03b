"""Mailgun is believed with its signature and not without it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from provider_requests import NOW, SECONDS, signed_by_mailgun

from syndicate.bounces.classify import BounceKind
from syndicate.bounces.providers.common import SignatureError
from syndicate.bounces.providers.mailgun import mailgun


def test_a_signature_of_mailgun_is_valid_for_a_day() -> None:
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
def test_a_message_that_mailgun_did_not_send_is_classified_by_its_reason(
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
