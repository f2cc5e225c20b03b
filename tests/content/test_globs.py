"""Path patterns of generators and of .gitignore."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.content import globs


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/posts/**", "posts/a/b", True), ("/posts/*", "posts/a/b", False), ("*", "a", True),
        ("**/b", "a/a/b", True), ("**/b", "b", True), ("{a,b}/*", "b/c", True),
        ("{a,b}/*", "c/c", False), ("/s1**", "s1/x/y", True), ("/s1**", "s12", True),
        ("/s1**", "s2", False), ("a/**/b", "a/b", True), ("a/**/b", "a/x/y/b", True),
        ("a?c", "abc", True), ("[ab]", "b", True), ("a", "A", False),
    ],
)  # fmt: skip
def test_a_pattern_fits(pattern: str, path: str, fits: bool) -> None:
    assert globs.matches(path, pattern) is fits


@pytest.mark.parametrize(
    ("lines", "path", "ignored"),
    [
        (["x.md"], "a/x.md", True), (["/x.md"], "a/x.md", False), (["a/"], "b/a/x.md", True),
        (["a/"], "a", False), (["a"], "a/b/c.md", True), (["*.md", "!keep.md"], "keep.md", False),
        (["# x.md", ""], "x.md", False), (["a/*.md"], "b/a/x.md", False), (["a/**"], "a/b", True),
    ],
)  # fmt: skip
def test_patterns_of_gitignore_exclude_files(lines: list[str], path: str, ignored: bool) -> None:
    assert bool(globs.ignored(path, lines)) is ignored


@given(st.text(alphabet="a*?/{},[]!b", max_size=60), st.text(alphabet="ab/", max_size=60))
def test_any_pattern_is_answered(pattern: str, path: str) -> None:
    assert globs.matches(path, pattern) in (True, False)
    assert isinstance(globs.ignored(path, [pattern]), str)


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not globs.matches("a" * 200 + "/" + "a" * 200, "**/" * 60 + "*a" * 50 + "b")
    assert not globs.matches("x", "{a,b}" * 40)
