"""The return path of a message, to which its bounce reports are sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.bounces.return_path import read, return_path
from syndicate.errors import MessageError
from syndicate.store.requests import SigningKey
from syndicate.subscribers.tokens import Purpose, mac_of

NEW, OLD = (
    SigningKey(2, "ab" * 32, "2026-11-01T00:00:00Z", ""),
    SigningKey(1, "cd" * 32, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
)
BOUNCES = "bounces@news.example.org"


def test_a_return_path_identifies_its_delivery() -> None:
    address = return_path(BOUNCES, NEW, 7, 42)
    assert address.startswith("bounces+")
    assert address.endswith("@news.example.org")
    assert read(address, [NEW]) == (7, 42)
    assert read(address.partition("@")[0], [NEW]) == (7, 42)
    assert read(address.partition("@")[0].partition("+")[2], [NEW]) == (7, 42)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**40 - 1), st.sampled_from((NEW, OLD)))
def test_it_survives_servers_that_change_the_case(
    issue: int, subscriber: int, secret: SigningKey
) -> None:
    address = return_path(BOUNCES, secret, issue, subscriber)
    assert address == address.lower()
    for seen in (address, address.upper(), f"prvs=1a2b={address}"):
        assert read(seen, [NEW, OLD]) == (issue, subscriber)
    assert len(address.partition("@")[0]) <= 64


def test_any_secret_that_is_good_now_signs_and_no_other() -> None:
    address = return_path(BOUNCES, OLD, 7, 42)
    assert read(address, [NEW, OLD]) == (7, 42)
    assert read(address, [NEW]) is None
    assert read(address, [OLD._replace(key="ef" * 32)]) is None


def test_a_return_path_with_a_changed_character_is_refused() -> None:
    local = return_path(BOUNCES, NEW, 7, 42).partition("@")[0]
    start = local.index("+") + 1
    for at in range(start, len(local)):
        for other in "a7":
            changed = local[:at] + other + local[at + 1 :]
            assert changed == local or read(changed, [NEW]) is None


@pytest.mark.parametrize(
    "address",
    ["", "bounces@news.example.org", "bounces+x@e.org", "+", "@", "b+" + "a" * 40, "b+" + "1" * 40,
     "b+" + "ä" * 40 + "@e.org", "b+" + "a" * 400],
)  # fmt: skip
def test_other_addresses_identify_no_delivery(address: str) -> None:
    assert read(address, [NEW]) is None


def test_a_token_for_another_purpose_is_refused() -> None:
    assert mac_of(NEW, Purpose.BOUNCE, "", b"x") != mac_of(NEW, Purpose.UNSUBSCRIBE, "", b"x")


def test_the_senders_address_does_as_well_as_one_with_a_plus() -> None:
    for address in ("Lake Notes <weekly@news.example.org>", "weekly+out@news.example.org"):
        assert read(return_path(address, NEW, 7, 42), [NEW]) == (7, 42)


def test_an_address_that_would_become_too_long_is_refused_with_a_hint() -> None:
    fits = return_path("a" * 23 + "@e.org", NEW, 7, 42)
    assert len(fits.partition("@")[0]) == 64
    with pytest.raises(MessageError) as caught:
        return_path("a" * 24 + "@e.org", NEW, 7, 42)
    assert "bounces.address" in caught.value.hint
    assert "23" in caught.value.hint
