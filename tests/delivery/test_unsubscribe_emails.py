"""Emails to unsubscribe, in any mailbox: proof unsubscribes at once, a claim gets a link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP
from urllib.parse import unquote

import pytest
from mailing_site import WEEKLY, MailingSite

from syndicate.bounces import return_path
from syndicate.bounces.handle import BounceResult
from syndicate.bounces.mailboxes import read_mailboxes
from syndicate.config.model import BounceSettings
from syndicate.signup.unsubscribe_mail import acting_on_mail
from syndicate.store.requests import SigningKeys, SignupRequests
from syndicate.store.subscribers import Subscribers

ANN, BOB = "ann@example.org", "bob@example.org"


@pytest.fixture
def site(sqlite_site: MailingSite) -> MailingSite:
    return sqlite_site


@pytest.fixture
def sent(site: MailingSite) -> Message:
    """The message that Ann got."""
    site.subscribe([ANN, BOB])
    site.issue()
    site.configure(transport="outbox")
    site.send()
    for file in (site.folder.root / "outbox").glob("*.eml"):
        message = message_from_bytes(file.read_bytes())
        if ANN in str(message["to"]):
            return message
    raise AssertionError("Ann got nothing")


def plain(sent: Message) -> str:
    part = next(each for each in sent.walk() if each.get_content_type() == "text/plain")
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data.decode()


def arrives(site: MailingSite, message: bytes) -> BounceResult:
    """Put an email into the Maildir that the service reads; what came of it."""
    folder = site.folder.root / "returns"
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "new" / "1").write_bytes(message)

    with site.folder.opened() as opened:
        on = acting_on_mail(opened, datetime.now(UTC))
        tally = read_mailboxes(BounceSettings(maildir="returns"), site.folder.root, on)
    (came,) = tally
    return came


DEEP = "Content-Type: message/rfc822\n\n" * 1_300 + "Subject: hello\n\nHello\n"
UNREADABLE = {
    "comments within comments": b"From: " + b"(" * 1_200 + b"\nSubject: hello\n\nHello\n",
    "messages within messages": DEEP.encode(),
}


@pytest.mark.parametrize("message", UNREADABLE.values(), ids=list(UNREADABLE))
def test_an_unreadable_message_is_flagged_and_the_next_one_is_read(
    site: MailingSite, sent: Message, message: bytes
) -> None:
    folder = site.folder.root / "returns"
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "new" / "1").write_bytes(message)
    link = re.search(r"https?://\S+/unsubscribe/\S+", plain(sent))
    assert link
    (folder / "new" / "2").write_bytes(email(f"Unsubscribe\r\n\r\n> {link[0]}"))
    with site.folder.opened() as opened:
        on = acting_on_mail(opened, datetime.now(UTC))
        tally = read_mailboxes(BounceSettings(maildir="returns"), site.folder.root, on)
    assert tally[BounceResult.UNSUBSCRIBED] == 1
    assert (folder / "cur" / "1:2,FS").exists()


def email(text: str = "", sender: str = f"Ann <{ANN}>", **headers: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, "letters@example.net"
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def states(site: MailingSite) -> Mapping[str, str]:
    with site.folder.opened() as opened:
        return {e.address: e.state for e in Subscribers(opened.database).listed("weekly", None)}


def asked_for(site: MailingSite) -> list[str]:
    """Addresses that get a link."""
    with site.folder.opened() as opened, opened.database.transaction():
        rows = opened.database.rows("SELECT hash FROM signup_requests WHERE state = 'waiting'")
        found = [SignupRequests(opened.database).of(str(hashed)) for (hashed,) in rows]
    return [each[0].address for each in found]


LEFT, STAYED = {ANN: "unsubscribed", BOB: "active"}, {ANN: "active", BOB: "active"}


def test_an_answer_that_asks_for_it_unsubscribes_its_reader(
    site: MailingSite, sent: Message
) -> None:
    answer = email(Subject="Unsubscribe", In_Reply_To=str(sent["message-id"]))
    assert arrives(site, answer) == BounceResult.UNSUBSCRIBED
    assert states(site) == LEFT


def test_an_answer_that_quotes_the_message_unsubscribes_from_any_address(
    site: MailingSite, sent: Message
) -> None:
    quoted = "".join(f"> {line}\n" for line in plain(sent).splitlines())
    answer = email(
        f"Bitte abmelden\n\nAm Montag schrieb Lake:\n{quoted}",
        sender="ann.other@example.com",
        Subject=f"AW: {sent['subject']}",
    )
    assert arrives(site, answer) == BounceResult.UNSUBSCRIBED
    assert states(site) == LEFT


def test_an_answer_to_the_return_path_unsubscribes(site: MailingSite, sent: Message) -> None:
    assert sent
    path = return_path_to_ann(site)
    to_path = email(sender="x@example.com", Subject="unsubscribe", To=path)
    assert arrives(site, to_path) == BounceResult.UNSUBSCRIBED
    assert states(site) == LEFT


def return_path_to_ann(site: MailingSite) -> str:
    """The return path of Ann's message."""
    (ann,) = site.subscribe([ANN])
    with site.folder.opened() as opened, opened.database.transaction():
        secret = SigningKeys(opened.database).signing("2026-11-25T00:00:00Z")
    return return_path.return_path("letters@example.net", secret, site.issue_send.issue, ann.id)


@pytest.mark.parametrize("subject", ["unsubscribe", "Abmelden", "Please unsubscribe me"])
def test_a_subscriber_without_proof_gets_a_link(
    site: MailingSite, sent: Message, subject: str
) -> None:
    assert sent
    assert arrives(site, email(Subject=subject)) == BounceResult.LINK_SENT
    assert states(site) == STAYED, "anyone can write who an email is from"
    assert asked_for(site) == [ANN]


def test_a_stranger_gets_nothing(site: MailingSite, sent: Message) -> None:
    assert sent
    stranger = email(sender="eve@example.com", Subject="unsubscribe")
    assert arrives(site, stranger) == BounceResult.OTHER
    assert asked_for(site) == []


def test_an_answer_to_another_readers_message_proves_nothing(
    site: MailingSite, sent: Message
) -> None:
    answer = email(sender=BOB, Subject="unsubscribe", In_Reply_To=str(sent["message-id"]))
    assert arrives(site, answer) == BounceResult.LINK_SENT
    assert states(site) == STAYED


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "list"},
        {"List-Id": "<a.example.com>"},
        {"X-Autoreply": "yes"},
    ],
)
def test_automatic_replies_are_not_requests(
    site: MailingSite, sent: Message, headers: Mapping[str, str]
) -> None:
    answer = email("unsubscribe", In_Reply_To=str(sent["message-id"]), **headers)
    assert arrives(site, answer) in {BounceResult.OTHER, BounceResult.UNMATCHED}
    assert states(site) == STAYED
    assert asked_for(site) == []


def test_an_answer_to_an_article_unsubscribes_no_one(site: MailingSite, sent: Message) -> None:
    quoted = "".join(f"> {line}\n" for line in plain(sent).splitlines())
    answer = email(f"Do you unsubscribe herons?\n\n{quoted}", Subject="Re: unsubscribe")
    assert arrives(site, answer) == BounceResult.OTHER
    assert states(site) == STAYED


def test_a_person_who_already_unsubscribed_gets_no_email(site: MailingSite, sent: Message) -> None:
    answer = email(Subject="Unsubscribe", In_Reply_To=str(sent["message-id"]))
    arrives(site, answer)
    assert arrives(site, email(Subject="unsubscribe")) == BounceResult.UNSUBSCRIBED
    assert asked_for(site) == []


def test_the_unsubscribe_address_is_the_mailbox_that_is_read(site: MailingSite) -> None:
    site.subscribe([ANN])
    site.issue()
    site.folder.configure(
        newsletters={"weekly": WEEKLY},
        subscribers={"signup_pages": True},
        bounces={"address": "bounces@example.org", "maildir": "returns"},
        sending={"transport": "outbox"},
    )
    site.send()
    (file,) = (site.folder.root / "outbox").glob("*.eml")
    header = str(message_from_bytes(file.read_bytes())["list-unsubscribe"])
    (query,) = re.findall(r"<mailto:bounces@example\.org\?subject=([^>]*)>", header)
    assert arrives(site, email(Subject=unquote(query), To="bounces@example.org")) == (
        BounceResult.UNSUBSCRIBED
    )
    assert states(site) == {ANN: "unsubscribed"}
