"""Unsubscribe requests by email are understood from every email program; others are ignored."""

from __future__ import annotations

from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.errors import UnreadableEmailError
from syndicate.signup.unsubscribe_mail import UnsubscribeRequest, unsubscribe_request
from syndicate.signup.written_email import read_email

TOKEN = "AAEAAAAAAAAABwAAAADhPzYk-0_" + "x" * 13
ASKED = f"unsubscribe weekly {TOKEN}"


def requested(message: bytes) -> UnsubscribeRequest | None:
    return unsubscribe_request(read_email(message).subject)


@pytest.mark.parametrize(
    "subject",
    [
        *(ASKED, f"Re: {ASKED}", ASKED.replace("unsubscribe", "Unsubscribe")),
        *(ASKED.replace("weekly", "Weekly"), ASKED.replace("weekly", "WEEKLY")),
        f"unsubscribe weekly\r\n {TOKEN}",
        f"unsubscribe weekly <{TOKEN}>",
        f'unsubscribe weekly "{TOKEN}".',
        f"unsubscribe weekly {TOKEN}/",
        f"unsubscribe weekly {TOKEN}%3E",
        f"unsubscribe weekly =3D{TOKEN}",
        f"unsubscribe%20weekly%20{TOKEN}",
        f"unsubscribe+weekly+{TOKEN}",
        f"unsubscribe weekly\r\n {TOKEN[:20]}\r\n {TOKEN[20:]}",
        f"unsubscribe%2520weekly%2520{TOKEN}",
        f"unsubscribe/weekly/{TOKEN}/",
        f"[List] unsubscribe weekly [{TOKEN}]",
        f"unsubscribe: weekly, ({TOKEN}).",
        f"unsubscribe=20weekly=20{TOKEN}",
        f"unsubscribe weekly {TOKEN[:30]}=\r\n {TOKEN[30:]}",
        f"AW: Re: unsubscribe weekly {TOKEN} (sent from my phone)",
        Header(f"Réponse: {ASKED}", "utf-8").encode(),
    ],
)
def test_a_subject_identifies_subscriber_and_newsletter(subject: str) -> None:
    message = f"From: a@example.org\r\nSubject: {subject}\r\n\r\nHi\r\n"
    assert requested(message.encode()) == UnsubscribeRequest("weekly", TOKEN)


@pytest.mark.parametrize(
    "subject",
    [
        *("", "unsubscribe", "unsubscribe weekly", f"weekly {TOKEN}", f"unsubscribe {TOKEN}"),
        *(f"unsubscribe weekly {TOKEN}x", f"unsubscribe weekly {TOKEN[:-1]}"),
    ],
)
def test_any_other_subject_is_about_something_else(subject: str) -> None:
    assert requested(f"Subject: {subject}\r\n\r\n{ASKED}\r\n".encode()) is None


@pytest.mark.parametrize("piece", ["=3D", "3D.", "=", ": ", "unsubscribe weekly "])
def test_a_long_subject_is_read_in_linear_time(piece: str) -> None:
    subject = f"unsubscribe weekly {piece * 300}"  # exponential time would exceed the test's limit
    assert requested(f"Subject: {subject}\r\n\r\n".encode()) is None


@given(st.binary() | st.text().map(lambda text: f"Subject: {text}\n\n".encode()))
def test_any_bytes_are_read_or_unreadable(message: bytes) -> None:
    try:
        found = requested(message)
    except UnreadableEmailError:
        return
    assert found is None or len(found.token) == 40
