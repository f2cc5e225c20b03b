"""Bounce reports of many mail systems are parsed, and no message is too odd."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bounce_reports
from syndicate.bounces.classify import BounceKind
from syndicate.bounces.mime import MAX_BYTES
from syndicate.bounces.parse import read
from syndicate.bounces.report import MAX_DETAIL_LENGTH
from syndicate.errors import UnreadableEmailError

READ = {
    "Postfix: unknown": (bounce_reports.POSTFIX, BounceKind.HARD, "5.1.1"),
    "Postfix: no such domain": (bounce_reports.POSTFIX_NO_DOMAIN, BounceKind.HARD, "5.4.4"),
    "Postfix: given up": (bounce_reports.POSTFIX_GAVE_UP, BounceKind.SOFT, "4.4.1"),
    "Postfix: delayed": (bounce_reports.POSTFIX_DELAYED, None, "4.4.1"),
    "Exim, with the server's status": (bounce_reports.EXIM, BounceKind.HARD, "5.1.1"),
    "Exim, without one": (bounce_reports.EXIM_BARE, BounceKind.HARD, "5.0.0"),
    "OpenSMTPD: mailbox full": (bounce_reports.OPENSMTPD, BounceKind.SOFT, "5.2.2"),
    "OpenSMTPD: all in the text": (bounce_reports.OPENSMTPD_RELAYS, BounceKind.HARD, "5.1.1"),
    "Exchange: not found": (bounce_reports.EXCHANGE, BounceKind.HARD, "5.1.10"),
    "Gmail: disabled": (bounce_reports.GMAIL, BounceKind.HARD, "5.2.1"),
    "Gmail: policy": (bounce_reports.GMAIL_POLICY, BounceKind.BLOCKED, "5.7.26"),
    "sendmail: unknown": (bounce_reports.SENDMAIL, BounceKind.HARD, "5.1.1"),
    "international": (bounce_reports.INTERNATIONAL, BounceKind.HARD, "5.1.1"),
    "relayed": (bounce_reports.RELAYED, None, "2.1.9"),
    "a list whose members all failed": (bounce_reports.A_LIST, BounceKind.SOFT, "5.2.2"),
    "a list one of whose members failed": (bounce_reports.ONE_OF_A_LIST, None, "2.0.0"),
    "qmail": (bounce_reports.QMAIL, BounceKind.HARD, "5.1.1"),
    "Exim of old": (bounce_reports.OLD_EXIM, BounceKind.SOFT, "5.2.2"),
    "DragonFly Mail Agent": (bounce_reports.DRAGONFLY, BounceKind.HARD, "5.1.1"),
    "IONOS, marked as an automatic reply": (bounce_reports.IONOS, BounceKind.HARD, "5.1.1"),
    "OpenSMTPD of old": (bounce_reports.OLD_OPENSMTPD, BounceKind.BLOCKED, "5.7.1"),
    "in Japanese": (bounce_reports.JAPANESE, BounceKind.SOFT, ""),
    "a delay in plain words": (bounce_reports.PLAIN_DELAY, None, ""),
    "given up, in plain words": (bounce_reports.GAVE_UP_IN_WORDS, BounceKind.SOFT, ""),
    "a part without headers": (bounce_reports.PART_WITHOUT_HEADERS, BounceKind.HARD, "5.1.1"),
    "out of office": (bounce_reports.OUT_OF_OFFICE, None, ""),
    "autoresponder of old": (bounce_reports.OLD_AUTORESPONDER, None, ""),
    "abuse": (bounce_reports.arf(), BounceKind.COMPLAINT, ""),
    "abuse, known by the returned message": (
        bounce_reports.arf(in_fields=False),
        BounceKind.COMPLAINT,
        "",
    ),
    "fraud": (bounce_reports.arf("fraud"), BounceKind.COMPLAINT, ""),
    "not spam after all": (bounce_reports.arf("not-spam"), None, ""),
    "authentication failure": (bounce_reports.arf("auth-failure"), None, ""),
}


@pytest.mark.parametrize("name", READ)
def test_bounce_reports_of_all_formats_are_parsed(name: str) -> None:
    data, kind, status = READ[name]
    notice = read(data)
    assert notice is not None
    assert (notice.kind, notice.status) == (kind, status)
    assert bounce_reports.TOKEN in notice.sent_to


@pytest.mark.parametrize("name", bounce_reports.REPLIES)
def test_an_automatic_reply_changes_nothing_and_is_understood(name: str) -> None:
    notice = read(bounce_reports.REPLIES[name])
    assert notice is not None
    assert notice.kind is None


@pytest.mark.parametrize(
    "words", ["I am on vacation until Monday.", "Ich bin bis Montag im Urlaub.", "En vacances."]
)
def test_an_absence_notice_that_quotes_a_refusal_is_not_a_bounce(words: str) -> None:
    mail = (
        "From: postmaster@example.net\nSubject: Re: Undeliverable\nAuto-Submitted: auto-replied\n\n"
        f"{words}\n\n550 5.1.1 user unknown\n"
    )
    notice = read(mail.encode())
    assert notice is not None
    assert notice.kind is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"X-HmXmrOriginalRecipient", b"X-HMXMROriginalRecipient"),
        (b"X-HmXmrOriginalRecipient", b"X-HmXmrOriginalSender"),
        (b"X-HmXmrOriginalRecipient: ada@example.net\n", b""),
        (b"message/rfc822", b"text/rfc822-headers"),
    ],
)
def test_a_junk_report_is_a_complaint_wherever_its_label_is(old: bytes, new: bytes) -> None:
    mail = bounce_reports.jmrp("").replace(old, new)
    if not new:
        mail = b"X-HmXmrOriginalRecipient: ada@example.net\n" + mail
    notice = read(mail)
    assert notice is not None
    assert notice.kind is BounceKind.COMPLAINT


def test_a_bounce_that_a_person_quotes_is_not_a_report() -> None:
    assert read(bounce_reports.QUOTED_BY_A_PERSON) is None


@pytest.mark.parametrize(
    ("diagnostic", "status", "kind", "kept"),
    [
        ("550 5.7.1 IP address blacklisted by recipient", "5.1.1", BounceKind.BLOCKED, "5.7.1"),
        ("552 5.2.2 Over quota", "5.1.1", BounceKind.SOFT, "5.2.2"),
        (
            "553 see http://www.spamhaus.org/query/bl?ip=192.0.2.1",
            "5.1.3",
            BounceKind.BLOCKED,
            "5.1.3",
        ),
        (
            "550 5.2.1 the user is receiving mail at a rate ...",
            "5.2.1",
            BounceKind.BLOCKED,
            "5.2.1",
        ),
        ("550 5.7.1 No such user!", "5.7.1", BounceKind.HARD, "5.7.1"),
        ("550 nothing we know", "5.1.1", BounceKind.BLOCKED, "5.1.1"),
        ("550 a problem with this user", "5.1.1", BounceKind.SOFT, "5.1.1"),
        ("550", "5.1.1", BounceKind.SOFT, "5.1.1"),
        ("421 busy. Then: 550 5.1.1 no such user", "4.4.7", BounceKind.HARD, "5.1.1"),
        ("550 5.1.1 nothing we know", "5.1.1", BounceKind.SOFT, "5.1.1"),
        ("550 5.1.1 a user we do not have", "5.1.1", BounceKind.HARD, "5.1.1"),
        ("450 4.1.1 User unknown", "5.1.1", BounceKind.SOFT, "4.1.1"),
        ("550 User unknown", "5.0.0", BounceKind.HARD, "5.0.0"),
    ],
)
def test_the_servers_own_words_outrank_the_status_of_the_report(
    diagnostic: str, status: str, kind: BounceKind, kept: str
) -> None:
    notice = read(bounce_reports.dsn_with(diagnostic, status=status))
    assert notice is not None
    assert (notice.kind, notice.status) == (kind, kept)


@pytest.mark.parametrize("action", ["error", "expired", "failed; permanent", "Failed (no user)"])
def test_a_failure_by_another_name_is_one(action: str) -> None:
    notice = read(bounce_reports.dsn_with("550 5.1.1 no such user", action=action))
    assert notice is not None
    assert notice.kind == BounceKind.HARD


@pytest.mark.parametrize("action", ["delayed", "relayed", "delivered", "expanded"])
def test_a_report_of_success_or_delay_is_not_a_failure(action: str) -> None:
    notice = read(bounce_reports.dsn_with("550 5.1.1 no such user", action=action))
    assert notice is not None
    assert notice.kind is None


def test_an_unknown_action_is_a_failure_if_its_status_is() -> None:
    for status, kind in (("5.1.1", BounceKind.HARD), ("4.4.7", None), ("", None)):
        notice = read(bounce_reports.dsn_with("5.1.1 no such user", status=status, action="odd"))
        assert notice is not None
        assert notice.kind == kind


def test_a_diagnosis_in_eight_bits_is_read() -> None:
    mail = (
        "From: MAILER-DAEMON@mx.example.net\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n"
        "--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
        "Final-Recipient: rfc822; x@example.net\nAction: failed\nStatus: 5.0.0\n"
        "Diagnostic-Code: smtp; 550 Neznámý uživatel\n\n--B--\n"
    )
    notice = read(mail.encode())
    assert notice is not None
    assert (notice.kind, notice.detail) == (BounceKind.HARD, "550 Neznámý uživatel")


def test_an_email_of_a_person_is_not_a_report() -> None:
    assert read(bounce_reports.PERSON) is None
    assert read(b"") is None


def test_the_detail_is_the_reply_of_the_server_on_one_line() -> None:
    notice = read(bounce_reports.POSTFIX)
    assert notice is not None
    assert notice.detail.endswith("rejected: there is nobody of that name")
    relayed = read(bounce_reports.OPENSMTPD_RELAYS)
    assert relayed is not None
    assert relayed.detail == "550 5.1.1 nobody of that name"


def test_of_a_long_email_the_beginning_is_read() -> None:
    notice = read(bounce_reports.POSTFIX.replace(b"A heron.", b"A heron.\r\n" * MAX_BYTES))
    assert notice is not None
    assert notice.kind == BounceKind.HARD
    long = read(bounce_reports.EXIM.replace(b"No such person", b"No" * 5_000 + b"\x1b[31m"))
    assert long is not None
    assert len(long.detail) <= MAX_DETAIL_LENGTH
    assert long.detail.isprintable()


def test_nesting_deeper_than_in_any_email_is_unreadable() -> None:
    layers = "".join(
        f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(5_000)
    )
    with pytest.raises(UnreadableEmailError, match="nested too deeply"):
        read(layers.encode())


PIECES = st.sampled_from(
    [
        *bounce_reports.POSTFIX.splitlines(keepends=True),
        *bounce_reports.arf().splitlines(keepends=True),
        *bounce_reports.QMAIL.splitlines(keepends=True),
        b"Content-Type: multipart/report; boundary=\r\n",
        b"Content-Type: message/delivery-status; charset*0*=x''%FF\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: uuencode\r\n",
        b"Content-Type: text/plain; charset=nonesuch\r\n",
        b"Status: 5.1.1\xff\r\n",
        b"Action:\r\n",
        b"X-Failed-Recipients: \xe4@\xff\r\n",
        b"\r\n",
        b"--b1\r\n",
        b"--arf--\r\n",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=40), max_size=60))
def test_any_email_is_read_or_unreadable(pieces: list[bytes]) -> None:
    with suppress(UnreadableEmailError):
        read(b"".join(pieces))


@given(st.integers(0, len(bounce_reports.POSTFIX)), st.binary(max_size=8))
def test_damaged_reports_raise_nothing(at: int, what: bytes) -> None:
    with suppress(UnreadableEmailError):
        read(bounce_reports.POSTFIX[:at] + what + bounce_reports.POSTFIX[at + len(what) :])
