"""Some paths, or all of them."""

from __future__ import annotations

from syndicate.content.path_set import ALL_PATHS, PathSet

SOME = PathSet(frozenset(("a.md", "b.md")))


def test_all_paths_contain_every_path_and_no_paths_none() -> None:
    assert "a.md" in ALL_PATHS
    assert "a.md" in SOME
    assert "c.md" not in SOME
    assert "a.md" not in PathSet()


def test_sets_are_joined_and_paths_are_taken_out() -> None:
    assert SOME | PathSet(frozenset(("c.md",))) == PathSet(frozenset(("a.md", "b.md", "c.md")))
    assert SOME | ALL_PATHS == ALL_PATHS | SOME == ALL_PATHS
    assert SOME.without(["a.md", "x.md"]) == PathSet(frozenset(("b.md",)))
    assert ALL_PATHS.without(["a.md"]) == ALL_PATHS


def test_values_are_selected_by_their_path() -> None:
    values = {"b.md": 1, "c.md": 2}
    assert SOME.select(values) == {"b.md": 1}
    assert ALL_PATHS.select(values) == values
