"""Regular expressions in linear time: they find what Python's find, and nothing runs away."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.content.linear_regex import compiled

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a/]", "/", r"\.", r"\d", "x"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map("|".join).map("({})".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{0,2}", "{2}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        st.tuples(inner, st.sampled_from(["{}$", "^{}"])).map(lambda p: p[1].format(p[0])),
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text("abx/.1", max_size=8))
def test_it_matches_what_the_standard_library_matches(pattern: str, text: str) -> None:
    assert compiled(pattern).is_in(text) == bool(re.search(pattern, text))


def test_it_may_ignore_case() -> None:
    assert compiled("(?i)/DRAFTS?/").is_in("/content/Drafts/x.md")
    assert not compiled("/DRAFTS/").is_in("/content/drafts/x.md")


def test_a_pattern_that_backtracks_elsewhere_takes_linear_time() -> None:
    assert not compiled("(a*)*" * 20 + "b").is_in("a" * 300)


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", "a)", "[", "*a", "(?=a)", "(?s)a", r"\pL", r"\bx", "[[:alpha:]]", "a{1000}"),
        *("a{3,2}", "(" * 40 + ")" * 40, "x{100}{100}", "a" * 501, "[b-a]"),
    ],
)
def test_an_unsupported_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        compiled(pattern)
