"""Addresses as people write them become URIs, and never those of another host."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.uris import ascii_host, is_uri, is_web_address, uri

# RFC 3986, appendix A, written out again.
_PCT = r"%[0-9A-Fa-f]{2}"
_PCHAR = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|{_PCT})"
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|{_PCT})*)"
_USER = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|{_PCT})*@"
STRICT = re.compile(
    rf"[A-Za-z][A-Za-z0-9+\-.]*:"
    rf"(?://(?:{_USER})?{_HOST}(?::\d*)?(?:/{_PCHAR}*)*|(?:/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?"
    rf"|{_PCHAR}+(?:/{_PCHAR}*)*)?)"
    rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:\#(?:{_PCHAR}|[/?])*)?",
    re.ASCII,
)


@pytest.mark.parametrize(
    ("written", "made"),
    [
        (
            "https://bücher.example/straße?q=ä b#ö",
            "https://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%A4%20b#%C3%B6",
        ),
        ("https://a.example/%C3%A4%zz", "https://a.example/%C3%A4%25zz"),
        ('https://a.example/"<x>', "https://a.example/%22%3Cx%3E"),
        ("https://user@bücher.example:8080/", "https://user@xn--bcher-kva.example:8080/"),
        (
            "https://a.example/p[1].png?f[]=1#s[2]",
            "https://a.example/p%5B1%5D.png?f%5B%5D=1#s%5B2%5D",
        ),
        ("https://a.example/100%/", "https://a.example/100%25/"),
        ("https://a.example/a|b^c`d{e}", "https://a.example/a%7Cb%5Ec%60d%7Be%7D"),
        ("https://a.example\\b\\c?d\\e", "https://a.example/b/c?d%5Ce"),
        ("https://a.example/\x00\x7f\u202e", "https://a.example/%00%7F%E2%80%AE"),
        ("https://[2001:db8::1]:8080/[x]", "https://[2001:db8::1]:8080/%5Bx%5D"),
        ("mailto:ann@a.example?subject=a b", "mailto:ann@a.example?subject=a%20b"),
        ("tel:+49 123", "tel:+49%20123"),
        ("https://a.example", "https://a.example"),
        ("https://a.example/#a#b", "https://a.example/#a%23b"),
    ],
)
def test_characters_that_a_part_of_a_uri_may_not_have_are_escaped(written: str, made: str) -> None:
    assert uri(written) == made
    assert uri(made) == made


@pytest.mark.parametrize(
    ("host", "made"),
    [
        ("straße.de", "xn--strae-oqa.de"),
        ("faß.de", "xn--fa-hia.de"),
        ("βόλος.com", "xn--nxasmm1c.com"),
        ("نامه\u200cای.com", "xn--mgba3gch31f060k.com"),
        ("BÜCHER.Example", "xn--bcher-kva.example"),
        ("b%C3%BCcher.example", "xn--bcher-kva.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("i❤.ws", "xn--i-7iq.ws"),
        ("☃.net", "xn--n3h.net"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("a_b.example", "a_b.example"),
        ("Example.ORG.", "Example.ORG."),
    ],
)
def test_a_host_is_encoded_as_browsers_do(host: str, made: str) -> None:
    assert ascii_host(host) == made
    assert ascii_host(made) == made


@pytest.mark.parametrize(
    "written",
    [
        "https://exa mple.org/",
        "https://exa%20mple.org/",
        "https://h:99999/x.png",
        "https://h:-1/",
        "https://h:8o/",
        "https://",
        "https:///x",
        "https:x",
        "http://[::1/",
        "http://[::1%25eth0]/",
        "http://[v]/",
        "http://a..example/",
        "http://" + "ä" * 80 + ".example/",
        "https://a／b.example/",
        "https://％.example/",
        "https://a%2Fb.example/",
        "https://a%00.example/",
        "https://a\u200db.example/",
        "https://%ff.example/",
        "C:\\Users\\x.png\n:",
        "no scheme",
        "",
    ],
)
def test_text_that_is_not_a_url_is_refused(written: str) -> None:
    if written.startswith("C:"):
        assert not uri(written).startswith("http")
        return
    with pytest.raises(ValueError, match=r"."):
        uri(written)
    assert not is_uri(written)


TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("[]%\\|^ /?#@:.\x00äß❤"))
SCHEMES = st.sampled_from(("https://", "http://", "HTTP://", "ftp://", "mailto:", "tel:", "x:"))
HOSTS = st.sampled_from(("a.example", "bücher.example", "[::1]", "h:80", "u:p@h", "i❤.ws")) | TEXT


@given(st.builds("{}{}/{}".format, SCHEMES, HOSTS, TEXT) | TEXT)
def test_a_url_becomes_a_uri_or_is_refused(written: str) -> None:
    try:
        made = uri(written)
    except ValueError:
        return
    assert STRICT.fullmatch(made), made
    assert uri(made) == made
    assert is_uri(made)


@pytest.mark.parametrize(
    "host",
    [
        "xn--",
        "xn--zzzzzz-.org",
        "a.xn--ascii-.org",
        "XN--ascii-.org",
        "bücher.xn--ascii-.org",
        "ｘｎ--ascii-.org",
        "xn%2D%2Dascii-.org",
        f"xn--{'9' * 59}.org",
    ],
)
def test_a_false_xn_label_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"not valid|not a valid"):
        ascii_host(host)
    with pytest.raises(ValueError, match=r"not valid|not a valid"):
        uri(f"https://{host}/page")


def test_a_path_may_contain_the_prefix_of_encoded_labels() -> None:
    assert uri("https://example.org/xn--page") == "https://example.org/xn--page"


@pytest.mark.slow
@given(st.from_regex(STRICT, fullmatch=True))
def test_a_valid_uri_stays_as_it_is(written: str) -> None:
    try:
        made = uri(written)
    except ValueError:
        return  # it fits the grammar and no host can be called so
    if "%" not in written:
        assert made == written
    assert STRICT.fullmatch(made)


@given(st.text(st.characters(categories=["L", "M", "N", "S"]), min_size=1, max_size=12))
def test_encoding_a_host_twice_changes_nothing(label: str) -> None:
    try:
        made = ascii_host(f"{label}.example")
    except ValueError:
        return
    assert made.isascii()
    assert ascii_host(made) == made


@pytest.mark.parametrize("url", ["https://a.bc/d e", "https://a.bc/\n", "\thttps://a.bc", "http:a"])
def test_an_address_contains_no_white_space(url: str) -> None:
    assert not is_web_address(url)
