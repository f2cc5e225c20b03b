"""Postmark is believed with its password and not without it."""

from __future__ import annotations

import base64
import json

import pytest
from provider_requests import NOW

from syndicate.bounces.classify import BounceKind
from syndicate.bounces.providers.common import MalformedError, SignatureError, WebhookRequest
from syndicate.bounces.providers.postmark import postmark


def test_postmark_is_authenticated_by_its_password() -> None:
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


def test_a_change_of_address_from_postmark_has_no_effect() -> None:
    mark = b"Basic " + base64.b64encode(b"user:a-long-password")
    event = {"RecordType": "Bounce", "Type": "AddressChange", "Email": "ada@example.net"}
    request = WebhookRequest({b"authorization": mark}, json.dumps(event).encode())
    assert all(each.kind is None for each in postmark("user:a-long-password")(request, NOW))
