"""Hostile emails: each takes limited time, and affects no other.

Time is bounded by the system's limit of processor seconds for a process of its own: what takes
quadratic time takes minutes for these sizes.
"""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

import bounce_reports
from syndicate.bounces.classify import BounceKind
from syndicate.bounces.mime import MAX_BYTES, MAX_CONTAINERS, parse_message
from syndicate.bounces.parse import read
from syndicate.errors import UnreadableEmailError
from syndicate.signup.written_email import read_email

pytestmark = pytest.mark.slow

CPU_SECONDS = 10
UNITS = (
    *("\n", " \n", "a\n", "\n\n550 5.1.1 x", " ", "a", "a ", ".", "-", "(", "<", "@", "a@", "=?"),
    *("5.1.1 ", "aB", ":", "é", "message ", "unsubscribe/", "&#", "%", "\r", "; ", "\\;", "\t\n"),
)
SIZE = MAX_BYTES // 16
"""What an email repeats, and how many bytes of it."""

SYSTEM = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nSubject: Undeliverable\n"
CODECS = ("Punycode", "unicode_escape", "idna", "utf-7")
PERSON = "From: Ann <ann@example.net>\nSubject: Hello\n"
SHAPES = {
    "the text of a mail system": SYSTEM + "\n{}",
    "the text of a person": PERSON + "\n{}",
    "HTML": PERSON + "Content-Type: text/html\n\n{}",
    **{
        f"text as {codec}": SYSTEM + f"Content-Type: text/plain; charset={codec}\n\n-----z{{}}"
        for codec in CODECS
    },
    "the type": SYSTEM + "Content-Type: text/plain; name={}\n\nfailed",
    "the type of a part": SYSTEM
    + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; name={}\n\nx",
    "the subject": "From: a@example.net\nSubject: {}\n\nfailed",
    "the sender": "Subject: Undeliverable\nFrom: {}\n\nfailed",
    "the diagnostic of a report": bounce_reports.dsn(
        "Final-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 FILL"
    )
    .decode()
    .replace("{", "(")
    .replace("FILL", "{}"),
}


def read_all(shape: str) -> None:
    """Read an email of this shape for each of the units."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    in_text = SHAPES[shape].endswith("{}")
    for unit in UNITS:
        fill = unit * (SIZE // len(unit))
        data = SHAPES[shape].format(fill if in_text else fill.replace("\n", "\n ")).encode()
        for parser in (read, read_email):
            try:
                parser(data)
            except UnreadableEmailError:
                continue


SOAKED = {"HTML", "the text of a person", *(f"text as {each}" for each in CODECS[1:])}
"""The shapes that only the soak tests try: they take seconds."""


@pytest.mark.parametrize(
    "shape",
    [pytest.param(each, marks=[pytest.mark.soak] * (each in SOAKED)) for each in SHAPES],
)
def test_any_repetition_is_read_in_bounded_time(shape: str) -> None:
    code = f"import test_hostile_email; test_hostile_email.read_all({shape!r})"
    paths = f"import sys; sys.path[:0] = {sys.path!r}; "
    subprocess.run([sys.executable, "-c", paths + code], check=True)


def test_a_report_of_many_recipients_takes_no_longer_than_one_of_few() -> None:
    groups = [
        f"Final-Recipient: rfc822; {n}@example.net\nAction: failed\nStatus: 5.0.0"
        for n in range(1_000)
    ]
    type_ = "message/global-delivery-status"
    notice = read(bounce_reports.dsn(*groups, type_=type_, words="550 no such user here\n" * 500))
    assert notice is not None
    assert notice.kind is BounceKind.SOFT
    assert notice.detail.startswith("980 more recipients were not read")


@pytest.mark.parametrize(
    "layer",
    [
        "Content-Type: message/rfc822\n\n",
        "content-type:\tmultipart/mixed; boundary=b\n\n--b\n",
        "Content-Type:\r\n message/rfc822\r\n\r\n",
        "Content-Type: message/rfc822\r\r",
    ],
)
def test_a_message_that_is_nested_too_deeply_is_unreadable(layer: str) -> None:
    for times in (MAX_CONTAINERS + 1, 1_300):
        with pytest.raises(UnreadableEmailError, match="nested too deeply"):
            parse_message((layer * times + "Subject: x\n\nx").encode())


def test_a_message_with_an_unknown_character_set_is_read() -> None:
    mail = f"{PERSON}Content-Type: text/plain; charset=x-none\n\nPlease unsubscribe me"
    assert read_email(mail.encode()).own_text == "Please unsubscribe me"
    mail = "From: a@example.net\nSubject: =?x-none?q?unsubscribe?=\n\n"
    assert "unsubscribe" in read_email(mail.encode()).subject
