"""Signatures, as those who get messages check them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from encoded_issues import ADA, NAMED, encoded, with_variant
from syndicate.config.model import Dkim
from syndicate.errors import SyndicateError
from syndicate.mail.dkim import SIGNED, Signer

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    encryption: KeySerializationEncryption | None = None,
) -> str:
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()
    ).decode()


SETTINGS = Dkim(selector="letters", key=pem(KEY))
SIGNER = Signer(SETTINGS, "news.example.org")
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
RECORD = f"v=DKIM1; k=rsa; p={''.join(PUBLIC.splitlines()[1:-1])}"


def verified(message: bytes) -> bool:
    def dns(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"letters._domainkey.news.example.org."
        return RECORD.encode()

    return bool(dkim.verify(message, dnsfunc=dns))


def signature(message: bytes) -> str:
    head = message.partition(b"\r\n\r\n")[0].decode()
    found = re.match(r"DKIM-Signature: (?:.*\r\n\t)*.*\r\n", head)
    assert found
    return found[0]


def tags(message: bytes) -> dict[str, str]:
    plain = re.sub(r"\s+", "", signature(message).removeprefix("DKIM-Signature:"))
    return dict(tag.split("=", 1) for tag in plain.split(";"))


def test_the_signature_covers_the_headers_that_bulk_mail_requires() -> None:
    said = tags(SIGNER.signed(encoded().to(ADA)))
    covered = said["h"].split(":")
    assert (said["a"], said["d"], said["s"]) == ("rsa-sha256", "news.example.org", "letters")
    assert covered.count("from") == 2
    assert {
        *("to", "subject", "date", "message-id", "list-id", "list-unsubscribe"),
        *("list-unsubscribe-post", "mime-version", "content-type"),
    } <= set(covered)
    assert len(covered) == len(SIGNED)


def test_its_lines_are_short_and_the_message_stays_as_it_is() -> None:
    message = encoded().to(ADA)
    signed = SIGNER.signed(message)
    assert signed == signature(signed).encode() + message
    assert max(map(len, signature(signed).split("\r\n"))) <= 78
    assert SIGNER.signed(message) == signed


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])), st.text())
def test_dkimpy_believes_the_signature_of_any_message(name: str, text: str) -> None:
    ready = encoded(with_variant(replace(NAMED, text=text, subject=f"{name} wintry")))
    assert verified(SIGNER.signed(ready.to(replace(ADA, name=name))))


def test_an_email_in_utf_8_is_signed() -> None:
    message = encoded().to(replace(ADA, address="zoë@example.org"), smtputf8=True)
    assert verified(SIGNER.signed(message))


def test_of_duplicate_headers_the_last_is_signed_first() -> None:
    message = encoded().to(ADA).replace(b"\r\nSubject:", b"\r\nTo: eve@example.org\r\nSubject:")
    assert verified(SIGNER.signed(message))


def test_headers_may_be_refolded_in_transit() -> None:
    signed = SIGNER.signed(encoded().to(replace(ADA, name="Ada " * 30)))
    assert verified(signed.replace(b"Subject: Winter at", b"Subject:  Winter\r\n\tat"))


@pytest.mark.parametrize(
    ("of", "becomes"),
    [
        (b"Subject: Winter", b"Subject: Summer"),
        (b"List-Unsubscribe: <https", b"List-Unsubscribe: <httpx"),
        (b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click", b""),
        (b"\r\nTo: Ada", b"\r\nTo: Eve"),
        (b"\r\nFrom:", b"\r\nFrom: eve@example.org\r\nFrom:"),
        (b"\r\nDate:", b"\r\nFrom: eve@example.org\r\nDate:"),
        (b"\r\nDate:", b"\r\nReply-To: eve@example.org\r\nDate:"),
        (b"A long line", b"A LONG line"),
    ],
)
def test_changes_in_transit_invalidate_the_signature(of: bytes, becomes: bytes) -> None:
    signed = SIGNER.signed(encoded().to(ADA))
    changed = signed.replace(b"List-Unsubscribe:\r\n ", b"List-Unsubscribe: ")
    assert verified(changed)
    assert of in changed
    assert not verified(changed.replace(of, becomes))


def test_the_domain_that_signs_may_be_another_than_the_senders() -> None:
    signer = Signer(replace(SETTINGS, domain="Bücher.example"), "news.example.org")
    assert tags(signer.signed(encoded().to(ADA)))["d"] == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "no key",
        PUBLIC,
        pem(KEY)[:300],
        pem(KEY, BestAvailableEncryption(b"secret")),
        pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
        pem(ec.generate_private_key(ec.SECP256R1())),
    ],
)
def test_a_key_that_cannot_sign_is_refused_and_never_shown(key: str) -> None:
    with pytest.raises(SyndicateError) as caught:
        Signer(replace(SETTINGS, key=key), "news.example.org")
    assert str(caught.value.place) == "sending.dkim.key"
    assert "openssl genrsa" in caught.value.hint
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"), [("domain", "a b"), ("selector", "a;b"), ("selector", "")]
)
def test_names_that_dns_cannot_have_are_refused(field: str, value: str) -> None:
    with pytest.raises(SyndicateError) as caught:
        Signer(replace(SETTINGS, **{field: value}), "news.example.org")
    assert str(caught.value.place) == f"sending.dkim.{field}"


def test_without_cryptography_the_hint_is_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(SyndicateError) as caught:
        Signer(SETTINGS, "news.example.org")
    assert "pip install cryptography" in caught.value.hint


def test_opendkim_accepts_the_signature_and_not_a_changed_message(
    require_program: Callable[[str, str], str], tmp_path: Path
) -> None:
    opendkim = require_program("opendkim", "apt install opendkim")
    (tmp_path / "keys").write_text(f"letters._domainkey.news.example.org {RECORD}\n")
    (tmp_path / "conf").write_text(f"Mode v\nTestPublicKeys {tmp_path / 'keys'}\n")
    good = SIGNER.signed(encoded().to(replace(ADA, name="Zoë")))
    for message, believed in ((good, True), (good.replace(b"A long line", b"A LONG line"), False)):
        (tmp_path / "message").write_bytes(message)
        command = [opendkim, "-x", str(tmp_path / "conf"), "-t", str(tmp_path / "message")]
        told = subprocess.run(command, capture_output=True, text=True)
        assert "verification (s=letters" in told.stdout, told
        assert (" succeeded\n" in told.stdout) == believed, told
