"""The output folder in memory: what it contains and leaves out, and what a refresh reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syndicate.errors import OutputError
from syndicate.web import site_in_memory as library_module
from syndicate.web.site_in_memory import ServedAddress, SiteCache, is_public

ADDRESS = ServedAddress("https://example.org/")


def library_of(folder: Path, **files: str) -> SiteCache:
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    made = SiteCache(folder, ADDRESS)
    assert made.refresh() == ()
    return made


def test_before_the_first_refresh_there_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    assert SiteCache(tmp_path, ADDRESS).snapshot.paths == {}


def test_links_and_hidden_files_are_left_out_however_they_are_named(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "public"
    outside.mkdir()
    folder.mkdir()
    (outside / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "folder").symlink_to(outside)
    (folder / ".hidden").write_text("hidden")
    (folder / "a.txt").write_text("a")
    os.mkfifo(folder / "pipe")
    cache = library_of(folder)
    named = ["link.txt", "folder/secret.txt", "../outside/secret.txt", ".hidden", "a\0", "pipe", ""]
    assert cache.refresh([*named, str(outside / "secret.txt"), "a.txt"]) == ()
    assert cache.snapshot.files.keys() == {"a.txt"}
    assert cache.snapshot.paths.keys() == {b"/a.txt"}


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ("index.html", True),
        (".well-known/security.txt", True),
        (".well-known/.hidden", False),
        ("a/.well-known/x", False),
        ("a/.syndicate.part", False),
        ("../a", False),
        ("/etc/passwd", False),
        ("a//b", False),
        ("", False),
    ],
)
def test_public_documents_are_recognised_by_path(path: str, public: bool) -> None:
    assert is_public(path) is public


def test_a_refresh_reads_nothing_that_is_as_it_was(tmp_path: Path) -> None:
    cache = library_of(tmp_path, a="a", b="b")
    before = cache.snapshot
    cache.refresh()
    assert cache.snapshot is before
    (tmp_path / "a.txt").write_text("changed")
    cache.refresh()
    assert cache.snapshot.files["a.txt"].body == b"changed"
    assert cache.snapshot.files["b.txt"] is before.files["b.txt"]
    assert before.files["a.txt"].body == b"a", "an earlier snapshot keeps the earlier document"


def test_an_unreadable_file_affects_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = library_of(tmp_path, a="a", b="b")
    (tmp_path / "a.txt").write_text("newer")
    (tmp_path / "b.txt").write_text("newer")
    read = Path.read_bytes

    def read_or_not(file: Path) -> bytes:
        if file.name == "a.txt":
            raise PermissionError(13, "Permission denied")
        return read(file)

    monkeypatch.setattr(Path, "read_bytes", read_or_not)
    (fault,) = cache.refresh()
    assert str(fault.place) == str(tmp_path / "a.txt")
    assert "Permission denied" in fault.message
    assert fault.hint
    assert cache.snapshot.files["a.txt"].body == b"a"
    assert cache.snapshot.files["b.txt"].body == b"newer"
    monkeypatch.undo()
    assert cache.refresh() == ()
    assert cache.snapshot.files["a.txt"].body == b"newer"


def test_a_cache_that_cannot_be_written_is_reported_and_serving_continues(tmp_path: Path) -> None:
    folder = tmp_path / "public"
    folder.mkdir()
    (folder / "feed.xml").write_text("<rss><channel><item/></channel></rss>")
    cache = SiteCache(folder, ADDRESS, memory=folder / "feed.xml" / "versions.json")
    (fault,) = cache.refresh()
    assert "versions.json" in str(fault.place)
    assert cache.snapshot.files.keys() == {"feed.xml"}


def test_a_missing_folder_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "public"
    folder.mkdir()
    cache = library_of(folder, a="a")
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="no such folder"):
        cache.refresh()
    assert cache.snapshot.files.keys() == {"a.txt"}


def test_memory_is_bounded_and_feeds_and_pages_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "MAX_BYTES_IN_MEMORY", 250)
    monkeypatch.setattr(library_module, "MAX_FILE_IN_MEMORY", 150)
    for name, size in (("a.png", 100), ("b.png", 100), ("z.html", 100), ("z.mp3", 200)):
        (tmp_path / name).write_bytes(b"x" * size)
    cache = library_of(tmp_path)

    def held() -> set[str]:
        return {path for path, one in cache.snapshot.files.items() if one.body is not None}

    assert held() == {"z.html", "a.png"}
    (tmp_path / "a.png").unlink()
    (tmp_path / "b.png").write_bytes(b"y" * 101)
    cache.refresh()
    assert held() == {"z.html", "b.png"}


def test_a_large_file_has_the_tag_its_content_would_have_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = library_of(tmp_path, a="a" * 500).snapshot.files["a.txt"]
    monkeypatch.setattr(library_module, "MAX_FILE_IN_MEMORY", 100)
    on_disk = library_of(tmp_path).snapshot.files["a.txt"]
    assert on_disk.body is None
    assert on_disk.digest == held.digest


@pytest.mark.parametrize(
    ("path", "listed"),
    [
        ("newsletters/weekly/drafts/0f0f/index.html", False),
        ("newsletters/weekly/next/index.html", False),
        ("newsletters/weekly/2026-11-30-0800/index.html", True),
        ("newsletters/weekly/index.html", True),
        ("articles/next/index.html", True),
    ],
)
def test_search_engines_are_asked_not_to_list_drafts_and_next_issues(
    tmp_path: Path, path: str, listed: bool
) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text("<p>Words.</p>")
    cache = SiteCache(tmp_path, ADDRESS)
    cache.refresh()
    headers = cache.snapshot.files[path].representation(()).whole.headers
    assert ((b"x-robots-tag", b"noindex, nofollow") in headers) is not listed
