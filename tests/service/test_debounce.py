"""Files that are still being written wait, and every complete file is built in the end."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from syndicate.content.folder import Stat
from syndicate.service.debounce import DebouncedScan, debounce, differing, rescan

Folder = dict[str, Stat]

folders = st.dictionaries(
    st.sampled_from(["a.md", "b.md", "c/d.md"]), st.tuples(st.integers(0, 2), st.integers(0, 2))
)
histories = st.lists(folders, min_size=1, max_size=8)


def looked(*found: Folder) -> DebouncedScan:
    """The view after these looks."""
    view = None
    for each in found:
        view = debounce(view, each)
    assert view is not None
    return view


def test_at_the_first_look_nothing_is_whole() -> None:
    assert looked({"a.md": (1, 1)}) == DebouncedScan({"a.md": (1, 1)}, {}, frozenset({"a.md"}))


def test_a_file_that_two_looks_found_the_same_is_whole() -> None:
    assert looked({"a.md": (1, 1)}, {"a.md": (1, 1)}).settled == {"a.md": (1, 1)}


def test_a_file_that_grows_is_as_it_was_until_it_stops() -> None:
    small, half, whole = {"a.md": (1, 1)}, {"a.md": (5, 2)}, {"a.md": (9, 3)}
    assert looked(small, small, half).settled == small
    assert looked(small, small, half, whole).settled == small
    assert looked(small, small, half, whole, whole).settled == whole


def test_a_new_file_waits_until_it_is_complete_and_delays_no_other() -> None:
    before, copying, other = {"a.md": (1, 1)}, {"a.md": (1, 1), "b.md": (3, 2)}, {"a.md": (2, 9)}
    view = looked(before, before, copying)
    assert (view.settled, set(view.unsettled)) == (before, {"b.md"})
    view = debounce(view, copying | other)
    assert (view.settled, set(view.unsettled)) == (copying, {"a.md"})


def test_a_file_that_is_missing_while_it_is_saved_is_not_withdrawn() -> None:
    before = {"a.md": (1, 1)}
    assert looked(before, before, {}).settled == before
    assert looked(before, before, {}, {"a.md": (2, 2)}).settled == before
    assert looked(before, before, {}, {}).settled == {}


def test_with_nothing_new_a_view_is_the_same_object() -> None:
    view = looked({"a.md": (1, 1)}, {"a.md": (1, 1)})
    assert debounce(view, {"a.md": (1, 1)}) is view


def test_a_look_too_soon_after_the_last_proves_nothing() -> None:
    copying = {"a.md": (1, 1), "b.md": (3, 2)}
    view = looked({"a.md": (1, 1)}, copying)
    assert rescan(view, copying) is view
    assert rescan(view, copying | {"a.md": (2, 2)}).unsettled == {"a.md", "b.md"}


@given(histories)
def test_only_files_that_two_scans_in_a_row_found_unchanged_are_built(
    history: list[Folder],
) -> None:
    pairs = list(pairwise(history))
    for path, stat in looked(*history).settled.items():
        assert any(one.get(path) == two.get(path) == stat for one, two in pairs)


@given(histories)
def test_after_two_equal_scans_all_files_are_built(history: list[Folder]) -> None:
    view = looked(*history, history[-1])
    assert (view.settled, view.unsettled) == (history[-1], frozenset())


@given(histories)
def test_files_that_differ_between_the_last_two_scans_are_held(history: list[Folder]) -> None:
    view = looked({}, *history)
    last, before = history[-1], ({}, *history)[-2]
    assert view.unsettled == {
        p for p in last.keys() | before.keys() if last.get(p) != before.get(p)
    }


@given(folders, folders)
def test_differing_are_the_paths_with_another_stat_or_on_one_side_only(
    one: Folder, other: Folder
) -> None:
    paths = one.keys() | other.keys()
    assert differing(one, other) == {path for path in paths if one.get(path) != other.get(path)}
