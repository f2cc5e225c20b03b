"""What request headers are understood to ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.web import negotiation
from syndicate.web.negotiation import UNSATISFIABLE, Span, codings, is_browser, matches, span

CHROMIUM = b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (b"", ()),
        (b"gzip", (b"gzip",)),
        (b"x-gzip, deflate", ()),
        (b"gzip, deflate, br, zstd", (b"br", b"zstd", b"gzip")),
        (b"GZIP;Q=1", (b"gzip",)),
        (b"br;q=0.5, gzip;q=0.9", (b"gzip", b"br")),
        (b"br;q=0, *", (b"zstd", b"gzip")),
        (b"*;q=0", ()),
        (b"gzip ; q=0.000", ()),
        (b"gzip;q=nonsense", ()),
        (b"identity;q=1, gzip;q=0.5", ()),
        (b"identity;q=0.2, gzip;q=0.5", (b"gzip",)),
    ],
)
def test_content_codings_are_chosen_by_quality_and_then_by_size(
    header: bytes, wanted: tuple[bytes, ...]
) -> None:
    assert codings(header) == wanted


@pytest.mark.parametrize(
    ("header", "same"),
    [
        (b'"a"', True),
        (b'W/"a"', True),
        (b'"b", "a"', True),
        (b'"b,a", W/"c" , W/"a"', True),
        (b"*", True),
        (b" * ", True),
        (b'"b"', False),
        (b'"a,"', False),
        (b"a", False),
        (b"", False),
        (b'"*"', False),
    ],
)
def test_if_none_match_compares_weakly_with_each_tag_of_a_list(header: bytes, same: bool) -> None:
    assert matches(header, b'"a"') is same


def test_if_match_does_not_take_a_weak_tag_for_the_same() -> None:
    assert negotiation.matches_strongly(b'"b", "a"', b'"a"')
    assert negotiation.matches_strongly(b"*", b'"a"')
    assert not negotiation.matches_strongly(b'W/"a"', b'"a"')


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (b"bytes=0-9", Span(0, 10)),
        (b"bytes=90-", Span(90, 100)),
        (b"bytes=-5", Span(95, 100)),
        (b"bytes=-500", Span(0, 100)),
        (b"bytes=99-1000", Span(99, 100)),
        (b"bytes=100-", UNSATISFIABLE),
        (b"bytes=-0", UNSATISFIABLE),
        (b"bytes=5-2", None),
        (b"bytes=-", None),
        (b"bytes=0-1,5-6", None),
        (b"lines=0-9", None),
        (b"bytes=" + b"9" * 5000 + b"-", None),
    ],
)
def test_one_range_of_bytes_is_understood(header: bytes, wanted: Span | None) -> None:
    assert span(header, 100) == wanted


def test_only_browsers_are_recognised_as_browsers() -> None:
    assert is_browser(CHROMIUM)
    assert not is_browser(b"*/*")
    assert not is_browser(b"")
    assert not is_browser(b"application/rss+xml, application/xml;q=0.9, text/html;q=0.2")
    assert not is_browser(b"text/html;q=0, application/xml")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        (b"Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        (b"Sun Nov  6 08:49:37 1994", 784111777),
        (b"yesterday", None),
        (b"Sun, 99 Nov 1994 08:49:37 GMT", None),
        (b"", None),
    ],
)
def test_all_three_forms_of_dates_are_read(header: bytes, seconds: int | None) -> None:
    assert negotiation.http_date(header) == seconds


HEADERS = st.binary(max_size=60) | st.text(
    alphabet='abgzipr*;,=q0123456789.- "W/\\t<>:', max_size=60
).map(lambda text: text.encode())


@given(header=HEADERS, length=st.integers(0, 10_000))
def test_whatever_a_header_holds_nothing_raises(header: bytes, length: int) -> None:
    codings(header)
    is_browser(header)
    negotiation.wants_delta(header)
    negotiation.http_date(header)
    matches(header, b'"a"')
    negotiation.matches_strongly(header, b'"a"')
    found = span(header, length)
    assert found is None or 0 <= found.start <= found.stop <= length
