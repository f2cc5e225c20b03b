"""Addresses as people write them -> one address each, or a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.errors import AddressError
from syndicate.subscribers.addresses import address


@pytest.mark.parametrize(
    ("written", "mail"),
    [
        (" Ada@Example.ORG ", "Ada@example.org"),
        ("a.b+tag@mail.example.org", "a.b+tag@mail.example.org"),
        ("jana@bücher.example", "jana@bücher.example"),
        ("jana@xn--bcher-kva.example", "jana@bücher.example"),
    ],
)
def test_an_address_is_read_as_mail_reads_it(written: str, mail: str) -> None:
    assert address(written).mail == mail


def test_all_spellings_of_an_address_are_one() -> None:
    spellings = ["JANA@bücher.example", "jana@BÜCHER.example", "jana@xn--bcher-kva.example"]
    assert {address(each).key for each in spellings} == {"jana@xn--bcher-kva.example"}


@pytest.mark.parametrize(
    "written",
    [
        *("", "ada", "ada@", "@example.org", "ada@localhost", "a b@example.org"),
        *("ada@example..org", "ada@example.org\nBcc: all@example.org", "ada@[127.0.0.1]"),
        "x" * 300 + "@example.org",
    ],
)
def test_what_mail_cannot_be_sent_to_is_refused_with_a_reason(written: str) -> None:
    with pytest.raises(AddressError) as caught:
        address(written)
    assert caught.value.message


@given(st.text(max_size=80) | st.emails())
def test_whatever_is_written_gives_an_address_of_one_line_or_an_address_error(text: str) -> None:
    try:
        found = address(text)
    except AddressError:
        return
    assert found.mail.isprintable()
    assert found.key.count("@") == 1
    assert address(found.mail) == found, "reading it again changes nothing"


def test_another_salt_gives_another_hash() -> None:
    read = address("ada@example.org")
    assert read.hashed("a") != read.hashed("b")
    assert "ada" not in read.hashed("a")
