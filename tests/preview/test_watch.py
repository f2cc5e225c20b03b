"""Saved changes are seen, in every way in which programs save files."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from syndicate.preview.watch import Seen, Watched, Watcher


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    (tmp_path / "content" / "deep").mkdir(parents=True)
    (tmp_path / "content" / "deep" / "a.md").write_text("A")
    (tmp_path / "config.yaml").write_text("site:")
    return Watched(tmp_path / "config.yaml", tmp_path / "content", tmp_path / "templates")


def change(watcher: Watcher, watched: Watched, before: Seen) -> Seen:
    """The next look that shows something new."""
    deadline = time.monotonic() + 20
    while (seen := watcher.next(watched, before)) == before:
        assert time.monotonic() < deadline, "nothing was seen"
    return seen


def in_place(watched: Watched) -> None:
    (watched.content / "deep" / "a.md").write_text("AB")


def by_renaming(watched: Watched) -> None:
    new = watched.content / "deep" / ".a.md.new"
    new.write_text("ABC")
    new.replace(watched.content / "deep" / "a.md")


def in_a_new_folder(watched: Watched) -> None:
    (watched.content / "new").mkdir()
    (watched.content / "new" / "b.md").write_text("B")


def to_nothing(watched: Watched) -> None:
    (watched.content / "deep" / "a.md").unlink()


def the_configuration_by_renaming(watched: Watched) -> None:
    new = watched.config_file.with_suffix(".new")
    new.write_text("site: {}")
    new.replace(watched.config_file)


def a_first_template(watched: Watched) -> None:
    watched.templates.mkdir()
    (watched.templates / "email.html").write_text("<p>")


SAVES = [
    in_place,
    by_renaming,
    in_a_new_folder,
    to_nothing,
    the_configuration_by_renaming,
    a_first_template,
]


@pytest.mark.parametrize("save", SAVES)
def test_what_is_saved_is_seen(watched: Watched, save: Callable[[Watched], None]) -> None:
    watcher = Watcher()
    before = watcher.next(watched, None)
    save(watched)
    assert change(watcher, watched, before) != before


@pytest.mark.parametrize("save", SAVES)
def test_changes_are_seen_without_notifications_of_the_system(
    watched: Watched, save: Callable[[Watched], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("the limit of watches is reached")

    monkeypatch.setattr("watchfiles.main.RustNotify", refuse)
    test_what_is_saved_is_seen(watched, save)


def test_nothing_saved_means_nothing_new(watched: Watched) -> None:
    watcher = Watcher()
    before = watcher.next(watched, None)
    assert [watcher.next(watched, before) for _ in range(3)] == [before] * 3


def test_a_content_folder_that_was_removed_and_restored_is_watched(watched: Watched) -> None:
    watcher = Watcher()
    before = watcher.next(watched, None)
    shutil.rmtree(watched.content)
    gone = change(watcher, watched, before)
    while gone.content is not None:
        gone = change(watcher, watched, gone)
    (watched.content / "deep").mkdir(parents=True)
    file = watched.content / "deep" / "a.md"
    file.write_text("A")
    back = change(watcher, watched, gone)
    file.write_text("AB")
    os.utime(file, (1_790_000_000, 1_790_000_000))
    assert change(watcher, watched, back).content == {"deep/a.md": (2, 1_790_000_000 * 10**9)}
