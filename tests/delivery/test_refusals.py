"""What a server's refusal is about, by its words and codes, in the languages servers answer in."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.delivery.refusal_phrases import HINTS, RULES, Cause
from syndicate.delivery.refusals import (
    MAX_TEXT,
    cause,
    enhanced_status,
    is_temporary,
    replies_in,
)

UNKNOWN_ADDRESSES = [
    "550 5.1.1 <x@example.net>: Recipient address rejected: User unknown in virtual mailbox table",
    "550 5.1.1 The email account that you tried to reach does not exist",
    "550 5.7.1 No such user!",
    "554 5.7.1 <x@example.net>: Recipient address rejected: Invalid-Recipient.",
    "554 5.7.1 <x@example.net>: Recipient address rejected: Not in recipient list",
    "550 5.4.1 [x@example.net]: Recipient address rejected: Access denied. [a.b.example.com]",
    "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable",
    "550 5.4.310 DNS domain gone.example does not exist",
    "550 5.5.0 Requested action not taken: mailbox unavailable (S1)",
    "550 Requested action not taken: mailbox unavailable",
    "552 1 Requested mail action aborted, mailbox not found",
    "554 delivery error: dd This user doesn't have a example.net account",
    "550 #5.1.0 Address rejected.",
    "550 cuda_nsu 5.1.1 <x@example.net>... User unknown",
    "550 Invalid recipient <x@example.net> (#5.1.1)",
    "X-Postfix; Domain gone.example does not accept mail (nullMX)",
    "Unrouteable address",
    "DNS type 'mx' lookup of gone.example responded with code NXDOMAIN",
    "550 Unknown user x@example.net",
    "host antispam.example.net[192.0.2.9] said: 550 5.1.1 User unknown",
    "550 5.1.1 <blacklist@spam.example.net>: no mailbox here by that name",
    "556 5.1.10 no mail here",
    "550 5.7.1 Requested action not taken: mailbox not available",
    "551 <x@example.net> is a deactivated mailbox",
    "550 User not a member of domain: <x@example.net>",
    "550 5.1.1 Adresse d'au moins un destinataire invalide",
    "550 Empfänger unbekannt",
    "550 5.2.1 Postfach wurde deaktiviert",
    "550 Нет такого пользователя: пользователь не найден",
    "550 邮箱不存在",
    "550 ユーザが見つかりません",
    "550 El usuario no existe",
    "550 Utente sconosciuto",
    "550 존재하지 않는 사용자: 사용자가 없습니다",
    "550 Neznámý uživatel",
    "550 Ismeretlen cím",
    "550 Bilinmeyen kullanıcı",
    "550 Okänd användare",
    "550 Brukeren finnes ikke",
    "550 Tuntematon käyttäjä",
    "550 Takie konto nie istnieje",
    "550 Dieses Postfach existiert hier nicht",
    "550 La cuenta no se encuentra registrada",
    "550 Indirizzo inesistente",
    "554 5.7.1 Message rejected: no valid recipients",
    "553 this user is not in my validrcptto list (#5.7.1)",
    "553 mailbox name not allowed",
    "553 sorry, no mail-box of that name",
    "550 5.7.1 NoSuchRecipient",
    "550 user_not_found",
    "550 Mailbox blocked due to inactivity",
    "550 We do not host mail for that domain",
    "550 mail receiving disabled for x@example.net",
    "550 she has left the company",
]
FULL_OR_BUSY = [
    "552 5.1.1 Boite du destinataire pleine. Recipient overquota",
    "550-5.2.1 The user you are trying to contact is receiving mail at a rate that 550-5.2.1 "
    "prevents additional messages",
    "452 4.2.2 The account is over quota",
    "552 requested action aborted: exceeded storage allocation",
    "550 Postfach ist voll",
    "552 Превышен лимит почтового ящика",
    "552 邮箱已满",
    "550 メールボックスの容量を超えています",
    "connect to mx.example.net[192.0.2.7]:25: Connection timed out",
    "554 5.2.122 The recipient has exceeded their limit of messages",
    "550 5.2.2 full",
    "451 4.3.0 Temporary lookup failure",
    "550 Message rejected: this mailbox is over quota",
    "550 too many messages in this mailbox",
    "552 mailbox_quota_exceeded",
    "552 5.2.2 OverQuotaPerm",
    "554 the user has not enough disk space",
]
SENDER_REFUSED = [
    "554 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    "550 SPF check failed",
    "550 Your IP has no reverse DNS",
    "550 5.2.1 Mailbox unavailable. Your IP address 192.0.2.1 is blacklisted using SOME-XBL",
    "550 5.1.1 User unknown; your host is on our blocklist",
    "553 http://www.spamhaus.org/query/bl?ip=192.0.2.1",
    "550 5.1.1 The sender has sent to too many recipients this hour",
    "550 5.7.1 IP address blacklisted by recipient",
    "550 5.7.26 Unauthenticated mail is not accepted: user unknown",
    "554 Message not allowed - [PH01] Email not accepted for policy reasons",
    "550 IP address is block listed",
    "550 Bad DNS PTR resource record",
    "553 5.3.0 flp DNSBL:RBL 521< 192.0.2.1 >_is_blocked",
    "550 5.1.0 x@example.org sender rejected",
    "554 5.2.121 The sender has exceeded the limit for messages to this recipient",
    "450 4.2.0 <x@example.net>: Recipient address rejected: greylisted for 60 seconds",
    "552 5.3.4 Message size exceeds fixed limit",
    "550 5.7.1 Relay access denied",
    "550 5.7.1 Delivery not authorized, message refused",
    "550 rejected: DMARC policy of example.org",
    "550 5.1.8 Sender address does not exist",
    "550 Adresse IP source bloquee pour incident de spam",
    "550 Nachricht wurde als Spam eingestuft",
    "550 Письмо похоже на спам",
    "550 邮件被判定为垃圾邮件",
    "550 Rejected",
    "550 Error: MAIL FROM is mismatched with the header",
    "554 Transaction failed",
    "550 5.7.1 <news@example.org>: Sender address rejected: User unknown in virtual mailbox table",
    "550 5.1.1 your server's name could not be confirmed",
    "553 5.0.3 Blocked by a list of ours",
    "550 5.1.1 DmarcRejection",
    "550 please turn on SMTP AUTH",
    "550 the sender x@example.org has no MX record",
    "550 see help_spam_12.htm",
    "554 smtp-in Connection refused from 192.0.2.1",
    "550 Su servidor está en una lista negra",
    "550 the domain example.org is not trusted here",
    "550 DT:SPM mx3",
    "521 5.2.1 we will not accept delivery of this message",
    "421 4.7.0 messages from 192.0.2.1 temporarily deferred",
    "550 A link in this mail is listed on a register",
]
SAYS_NOTHING = ["550", "550 5.0.0 sorry", "", "553 5.1.0 no", "550 5.5.0 (S2)"]


def own(text: str) -> str:
    return enhanced_status(text)


@pytest.mark.parametrize("reply", UNKNOWN_ADDRESSES)
def test_an_unknown_address_is_one_whatever_the_status(reply: str) -> None:
    assert cause(reply, own(reply)) is Cause.ADDRESS


@pytest.mark.parametrize("reply", FULL_OR_BUSY)
def test_a_full_or_busy_mailbox_is_not_gone_whatever_the_status(reply: str) -> None:
    assert cause(reply, own(reply)) is Cause.MAILBOX


@pytest.mark.parametrize("reply", SENDER_REFUSED)
def test_what_was_refused_of_the_sender_says_nothing_of_the_address(reply: str) -> None:
    assert cause(reply, own(reply)) is Cause.SENDER


@pytest.mark.parametrize("reply", SAYS_NOTHING)
def test_a_bare_refusal_says_nothing(reply: str) -> None:
    assert cause(reply, own(reply)) is None


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("550 5.1.1 nobody", "5.1.1"),
        ("550-5.7.26 policy", "5.7.26"),
        ("550 #5.7.1 no", "5.7.1"),
        ("550 cuda_nsu 5.1.1 no", "5.1.1"),
        ("it is gone (#5.1.1).", "5.1.1"),
        ("refused 5.1.1.", "5.1.1"),
        ("550 5.0.0 said 5.1.1", "5.1.1"),
        ("blocked 5.1.1.2 by 192.5.1.1", ""),
        ("Exim 4.96.2", ""),
        ("550 no", ""),
    ],
)
def test_the_status_may_stand_anywhere_and_the_specific_one_counts(text: str, status: str) -> None:
    assert enhanced_status(text) == status


def test_what_holds_for_now_is_said_by_the_server_itself() -> None:
    assert is_temporary("450 4.1.1 User unknown")
    assert is_temporary("4.4.1 no answer")
    assert not is_temporary("550 4.2.2 over quota")
    assert not is_temporary("user unknown")


def test_replies_are_found_in_a_text_for_people() -> None:
    text = (
        "Sorry.\n\n<x@example.net>:\nRemote host said: 550 5.1.1 nobody\n of that name\n\nBye 2026."
    )
    assert list(replies_in(text)) == ["550 5.1.1 nobody of that name"]
    assert list(replies_in("Call 555-1234 or port 587.")) == []


def test_every_phrase_is_in_lowercase_and_stands_once() -> None:
    phrases = [phrase for rule in (*RULES, *HINTS) for phrase in rule.phrases]
    assert {phrase for phrase in phrases if phrases.count(phrase) > 1} == set()
    assert [
        phrase
        for phrase in phrases
        if re.sub(r"\\.", "", phrase).lower() != re.sub(r"\\.", "", phrase)
    ] == []
    meanings = [rule.meaning for rule in (*RULES, *HINTS)]
    assert len(meanings) == len(set(meanings))


@given(st.text(max_size=300), st.sampled_from(["", "5.1.1", "4.7.0", "5.0.0", "9.9.9"]))
def test_no_text_raises(text: str, status: str) -> None:
    cause(text, status)
    list(replies_in(text))


@pytest.mark.parametrize(
    "piece", ["user is ", "a.", "550 ", "mailbox not ", "x@", "host ", "address (", "5.1.1 - a "]
)
def test_a_long_reply_takes_no_longer_than_its_beginning(piece: str) -> None:
    text = piece * MAX_TEXT
    assert cause(text, "5.0.0") == cause(text[:MAX_TEXT], "5.0.0")
