"""The messages that a mail server receives follow the rules of good email."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime
from email.policy import default
from email.utils import parseaddr, parsedate_to_datetime

import pytest
from mailing_site import MailingSite

from smtp_server import AcceptedMessage, SmtpServer
from syndicate.store.subscribers import Subscribers

PEOPLE = {
    "ada@example.org": "Ada",
    "bob@example.org": "",
    "cyd.o-neil+news@example.org": 'Cyd "the Ferry" O\'Neil <cyd>',
    "dan@xn--mller-kva.example": "Dan, with a comma, & <b>bold</b>",
    "eve@example.org": "قهوة البحر",
    "fay@example.org": "繕う " * 12,
    "gil@example.org": ".=2E..",
    "hal@example.org": "{{ 7 * 7 }}",
}
ONCE = (
    *("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"),
    *("List-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Precedence", "Auto-Submitted"),
)
STRUCTURED = ("Date", "Message-ID", "List-ID", "List-Unsubscribe", "List-Unsubscribe-Post")


@pytest.fixture
def mails(site: MailingSite) -> list[AcceptedMessage]:
    """What a server got for all of them."""
    people = site.subscribe(list(PEOPLE))
    with site.folder.opened() as opened, opened.database.transaction():
        for who, name in zip(people, PEOPLE.values(), strict=True):
            changed = who._replace(name=name)
            opened.database.upsert("subscribers", changed._fields, [changed])
        assert Subscribers(opened.database).by_id(people[0].id)
    site.folder.article("two.md", "Zwei", "Über *Möwen* und `.dots`\n\n.\n\n.hidden\n" * 40)
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        assert site.send().sent == len(PEOPLE)
        return list(server.accepted)


def test_the_rules_of_headers_hold(mails: list[AcceptedMessage]) -> None:
    began = datetime.now(UTC)
    for mail in mails:
        message = email.message_from_bytes(mail.body, policy=default)
        for name in ONCE:
            assert len(message.get_all(name, [])) == 1, name
        assert parseaddr(str(message["To"]))[1] == mail.to[0], "rule 11"
        assert parseaddr(str(message["From"]))[1] == "letters@example.net"
        assert str(message["Message-ID"]).endswith("@example.net>"), "rule 2"
        date = parsedate_to_datetime(str(message["Date"]))
        assert date.tzinfo
        assert date <= began, "rule 3"
        urls = re.findall(r"<([^>]+)>", str(message["List-Unsubscribe"]))
        assert [url.partition(":")[0] for url in urls] == ["https", "mailto"], "rule 4"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["List-ID"] == "<weekly.example.net>", "rule 6"
        assert message["Precedence"] == "bulk"
        assert message["Auto-Submitted"] == "auto-generated"
        assert str(message["Feedback-ID"]).count(":") == 3
        head = mail.body.partition(b"\r\n\r\n")[0]
        for name in STRUCTURED:
            raw = re.search(rf"(?mi)^{name}:.*(?:\r\n[ \t].*)*", head.decode("ascii"))
            assert raw
            assert "=?" not in raw[0], "rule 8"
    ids = {email.message_from_bytes(mail.body)["Message-ID"] for mail in mails}
    assert len(ids) == len(mails)


def test_the_rules_of_bodies_hold(mails: list[AcceptedMessage]) -> None:
    for mail in mails:
        head, _, body = mail.body.partition(b"\r\n\r\n")
        lines = body.split(b"\r\n")
        assert b"\n" not in body.replace(b"\r\n", b""), "rule 14"
        assert max(map(len, lines)) <= 76
        assert max(map(len, head.split(b"\r\n"))) <= 998
        assert not any(line.startswith(b".") for line in lines)
        message = email.message_from_bytes(mail.body, policy=default)
        plain, html = message.iter_parts()
        assert message.get_content_type() == "multipart/alternative", "rule 12"
        kinds = [part.get_content_type() for part in (plain, html)]
        assert kinds == ["text/plain", "text/html"]
        for part in (plain, html):
            assert part.get_content_charset() == "utf-8"
            assert part["Content-Transfer-Encoding"] == "quoted-printable"
        assert len(html.get_payload()) < 102_000, "rule 15, as sent"
        assert "The first" in plain.get_content(), "rule 13"
        assert "https://lake.example.net/" in plain.get_content()
        assert ".invalid" not in html.get_content() + plain.get_content(), "rule 28"


def test_what_is_theirs_is_theirs_and_only_text(mails: list[AcceptedMessage]) -> None:
    for mail in mails:
        message = email.message_from_bytes(mail.body, policy=default)
        plain, html = (part.get_content() for part in message.iter_parts())
        name = PEOPLE[mail.to[0]].strip()
        assert ("Hello" in plain) == bool(name)
        assert name in plain
        assert "<b>bold</b>" not in html
        own = re.findall(r"https://lake\.example\.net/unsubscribe/weekly/([\w-]{40})", html)
        assert own
        assert set(own) == set(re.findall(r"/weekly/([\w-]{40})", str(message["List-Unsubscribe"])))
        others = (other for other in mails if other is not mail)
        assert not any(own[0].encode() in other.body for other in others)
