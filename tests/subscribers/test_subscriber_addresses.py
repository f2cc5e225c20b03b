"""Addresses as people write them -> one address each, or a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.errors import AddressError
from syndicate.subscribers.addresses import address, plain, validated


@pytest.mark.parametrize(
    ("written", "mail"),
    [
        (" Ada@Example.ORG ", "Ada@example.org"),
        ("a.b+tag@mail.example.org", "a.b+tag@mail.example.org"),
        ("jana@bücher.example", "jana@bücher.example"),
        ("jana@xn--bcher-kva.example", "jana@bücher.example"),
    ],
)
def test_an_address_is_parsed_as_in_a_header(written: str, mail: str) -> None:
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
def test_an_invalid_address_is_refused_with_a_reason(written: str) -> None:
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


LABELS = st.text("ab-9.x", min_size=1, max_size=70)
ENDINGS = st.sampled_from(["org", "ORG", "test", "Local", "x", "xn--p1ai", "a1", "onion", "arpa"])
NEARLY_PLAIN = st.builds(
    "{}@{}.{}".format, st.sampled_from(["info", "a" * 64]) | LABELS, LABELS, ENDINGS
)


@given(st.emails() | NEARLY_PLAIN | st.from_regex(r"[a-c_+-]{1,5}@[a-c-]{1,4}\.[A-Z]{2,4}\n?"))
def test_the_fast_path_gives_the_same_result_as_the_full_grammar(text: str) -> None:
    found = plain(text)
    assert found is None or found == validated(text)


def test_most_addresses_take_the_fast_path() -> None:
    for each in ("ada@example.org", "a.b+tag@mail-2.Example.ORG", "a_b-c@1.example.museum"):
        assert plain(each), each


def test_another_salt_gives_another_hash() -> None:
    read = address("ada@example.org")
    assert read.hashed("a") != read.hashed("b")
    assert "ada" not in read.hashed("a")
