"""Through real mail servers: messages arrive complete, and bounces are understood."""

from __future__ import annotations

import email
import email.policy
import smtplib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from mailing_site import MailingSite, new_mailing_site
from real_servers import OpenSmtpd, Postfix, RealServer, running

from smtp_server import Reply, SmtpServer, Step
from syndicate import cli

ADA, BOB = "ada@example.org", "bob@example.org"
GONE = "gone@far.example"
NOBODY = "nobody-here@example.org"
SAID = "550 5.1.1 there is nobody of that name"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def refuse_unknown(step: Step) -> Reply | None:
    """The server of far.example knows no address."""
    return Reply(SAID) if step.name == "RCPT" else None


@pytest.fixture(params=["postfix", "opensmtpd"])
def server(
    request: pytest.FixtureRequest, root: None, require_program: Callable[[str, str], str]
) -> Iterator[RealServer]:
    """A mail server, started."""
    with SmtpServer(refuse_unknown) as far:
        if request.param == "postfix":
            require_program("postfix", "apt-get install postfix")
            with running(lambda folder, port: Postfix(folder, port, far.port)) as started:
                yield started
        else:
            package: Path = request.getfixturevalue("opensmtpd")
            with running(
                lambda folder, port: OpenSmtpd(folder, port, far.port, package)
            ) as started:
                yield started


@pytest.fixture
def site(tmp_path: Path, server: RealServer) -> MailingSite:
    """A site that sends through the server, and reads what comes back to it."""
    made = new_mailing_site(tmp_path / "site", f"sqlite:///{tmp_path / 'syndicate.db'}")
    made.folder.article("two.md", "Die Möwe — 鷗", "A *gull*.\n\n.dots\n", date="2026-11-02")
    (tmp_path / "site" / "dkim.pem").write_bytes(
        KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    made.send_by_smtp(server.port)
    bounces = {"address": "bounces@example.org", "maildir": str(server.maildir("bounces"))}
    signing = {"selector": "letters", "key": {"file": "dkim.pem"}}
    made.folder.configure(bounces=bounces, sending={"dkim": signing})
    return made


def is_signed(message: bytes) -> bool:
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])
    return bool(dkim.verify(message.replace(b"\n", b"\r\n"), dnsfunc=lambda *_, **__: record))


def suppressed(site: MailingSite) -> dict[str, str]:
    """Who is never to be mailed again, and what was said of them."""
    with site.folder.opened() as opened:
        rows = opened.database.rows(
            "SELECT address, detail FROM subscribers s JOIN suppressions p ON p.hash = s.hash"
        )
    return {str(who): str(detail) for who, detail in rows}


def test_messages_arrive_whole_and_signed(site: MailingSite, server: RealServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.port) as asked:
        asked.ehlo()
        assert asked.has_extn("pipelining") == server.pipelining
    site.subscribe([ADA, BOB])
    site.issue()
    assert site.send().sent == 2
    ids = set()
    for who in (ADA, BOB):
        (raw,) = server.mails(who.partition("@")[0], 1)
        assert is_signed(raw)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert not message.defects
        assert (message["To"], message["From"]) == (who, "Lake Notes <letters@example.net>")
        plain, html = message.iter_parts()
        for part in (plain, html):
            assert "Die Möwe — 鷗" in part.get_content()
            assert "https://lake.example.net/unsubscribe/weekly/" in part.get_content()
        assert "\n.dots" in plain.get_content()
        assert message["Return-Path"].startswith("<bounces+")
        ids.add(message["Message-ID"])
    assert len(ids) == 2


def test_an_address_that_bounces_is_not_mailed_again(
    site: MailingSite, server: RealServer, capsys: pytest.CaptureFixture[str]
) -> None:
    well = [ADA, BOB, *(f"ada+{number}@example.org" for number in range(3))]
    site.subscribe([*well, GONE, NOBODY])
    site.issue()
    site.send()
    assert site.states() == dict.fromkeys([*well, GONE], "sent") | {NOBODY: server.unknown}
    coming = {GONE: SAID} | ({NOBODY: "unknown user"} if server.unknown == "sent" else {})
    server.mails("bounces", len(coming))
    config = ["--config", str(site.folder.config_file)]
    assert cli.main(["bounces", "fetch", *config]) == 0
    assert capsys.readouterr().out.split() == ["suppressed", str(len(coming))]
    found = suppressed(site)
    assert found.keys() == coming.keys()
    for who, said in coming.items():
        assert said in found[who]
        assert cli.main(["deliveries", "for", who, *config]) == 0
        assert "bounced" in capsys.readouterr().out
    assert cli.main(["bounces", "fetch", *config]) == 0
    assert capsys.readouterr().out == "No bounces.\n"
