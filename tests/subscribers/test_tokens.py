"""A token opens what it was signed for, for whom and as long as it was, and nothing else."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.store.requests import SigningKey
from syndicate.subscribers.tokens import ExpiredError, Purpose, TokenError, read, signed, tidied

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
OLD, NEW = SigningKey(1, "aa" * 32, "", ""), SigningKey(2, "bb" * 32, "", "")
numbers = st.integers(0, 2**63 - 1)


@given(numbers, st.sampled_from(Purpose), st.text())
def test_a_token_gives_back_the_number_it_was_signed_for(
    number: int, purpose: Purpose, scope: str
) -> None:
    token = signed(OLD, purpose, number, scope)
    assert read(token, purpose, [NEW, OLD], NOW, scope) == number
    assert token.replace("-", "").replace("_", "").isalnum()
    assert len(token) == 40


@given(numbers, st.integers(0, 29), st.integers(1, 255))
def test_a_token_with_any_byte_changed_is_invalid(number: int, place: int, change: int) -> None:
    data = bytearray(urlsafe_b64decode(signed(OLD, Purpose.CONFIRM, number)))
    data[place] ^= change
    with pytest.raises(TokenError):
        read(urlsafe_b64encode(bytes(data)).decode(), Purpose.CONFIRM, [OLD, NEW], NOW)


@given(st.text() | st.text("abcXYZ019-_", min_size=40, max_size=40))
def test_any_other_text_is_not_a_token(text: str) -> None:
    with pytest.raises(TokenError):
        read(text, Purpose.CONFIRM, [OLD, NEW], NOW)


def test_a_token_is_valid_only_for_its_purpose_and_newsletter() -> None:
    token = signed(OLD, Purpose.UNSUBSCRIBE, 7, "weekly")
    for purpose, scope in (
        (Purpose.UNSUBSCRIBE, "daily"),
        (Purpose.UNSUBSCRIBE, ""),
        (Purpose.PREFERENCES, "weekly"),
    ):
        with pytest.raises(TokenError):
            read(token, purpose, [OLD], NOW, scope)


def test_a_token_is_valid_until_its_time() -> None:
    token = signed(OLD, Purpose.CONFIRM, 7, until=NOW + timedelta(days=7))
    assert read(token, Purpose.CONFIRM, [OLD], NOW + timedelta(days=7, seconds=-1)) == 7
    with pytest.raises(ExpiredError):
        read(token, Purpose.CONFIRM, [OLD], NOW + timedelta(days=7))


def test_a_token_ends_with_its_secret() -> None:
    token = signed(OLD, Purpose.PREFERENCES, 7)
    with pytest.raises(TokenError):
        read(token, Purpose.PREFERENCES, [NEW], NOW)


@pytest.mark.parametrize("piece", ["=3D", "3D.", "%3D", "=", ".", "3D=", "=3D."])
def test_any_number_of_signs_before_a_token_is_read_in_linear_time(piece: str) -> None:
    token = signed(OLD, Purpose.UNSUBSCRIBE, 7, "weekly")
    assert tidied(piece * 100) == piece * 100  # exponential time would exceed the test's limit
    assert tidied(f"=3D=3D{token}=3D=3D") == token
