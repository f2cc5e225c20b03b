"""Files to what the catalogue needs, one by one or on all processors."""

from __future__ import annotations

import os
import threading
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syndicate.catalogue import scan
from syndicate.catalogue.records import ScannedFile, body_hash
from syndicate.catalogue.scan import UnreadableFile, read_article, scan_files, scan_many
from syndicate.content import folder
from syndicate.errors import ArticleError


def write(root: Path, path: str, text: str | bytes) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


def files(root: Path) -> list[tuple[str, folder.Stat]]:
    return sorted(folder.scan(root).items())


def one(root: Path) -> ScannedFile | UnreadableFile:
    (found,) = scan_files(root, files(root), UTC)
    return found


def test_a_file_becomes_a_record_of_the_catalogue(tmp_path: Path) -> None:
    text = "---\ntitle: Sea\ndate: 2026-11-01\nupdated: 2026-11-02\ntags: [a]\n---\nText\n"
    write(tmp_path, "notes/sea.md", text)
    found = one(tmp_path)
    assert isinstance(found, ScannedFile)
    assert (found.path, found.size) == ("notes/sea.md", len(text))
    assert (found.title, found.slug, found.hold) == ("Sea", "sea", "")
    assert (found.date, found.updated) == ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")
    assert found.body_hash == body_hash("Text")
    assert (found.path, (found.size, found.mtime_ns)) == files(tmp_path)[0]


def test_dates_without_zone_are_in_the_sites(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: A\ndate: 2026-11-01\n---\nText\n")
    (found,) = scan_files(tmp_path, files(tmp_path), ZoneInfo("Asia/Tokyo"))
    assert isinstance(found, ScannedFile)
    assert found.date == "2026-10-31T15:00:00Z"


def test_white_space_at_the_ends_does_not_change_a_text(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: A\n---\nText\n")
    write(tmp_path, "b.md", "---\ntitle: B\nmood: calm\n---\r\n\r\nText  \r\n\r\n")
    a, b = scan_files(tmp_path, files(tmp_path), UTC)
    assert isinstance(a, ScannedFile)
    assert isinstance(b, ScannedFile)
    assert a.body_hash == b.body_hash


def test_a_broken_file_affects_no_other(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: A\n---\nText\n")
    write(tmp_path, "b.md", "---\ntitle: [\n---\nText\n")
    write(tmp_path, "c.md", b"caf\xe9")
    write(tmp_path, "d.md", "---\ntitle: D\n---\nText\n")
    a, b, c, d = scan_files(tmp_path, files(tmp_path), UTC)
    assert isinstance(a, ScannedFile)
    assert isinstance(d, ScannedFile)
    for broken, path in ((b, "b.md"), (c, "c.md")):
        assert isinstance(broken, UnreadableFile)
        assert (broken.path, broken.finding.path) == (path, path)
        assert broken.finding.line is not None
        assert broken.finding.hint


def test_a_file_that_vanished_since_the_scan_is_broken(tmp_path: Path) -> None:
    (found,) = scan_files(tmp_path, [("gone.md", (1, 1))], UTC)
    assert isinstance(found, UnreadableFile)
    with pytest.raises(ArticleError):
        read_article(tmp_path, "gone.md", UTC)


def many(root: Path, count: int) -> list[tuple[str, folder.Stat]]:
    for number in range(count):
        broken = "[" if number % 7 == 0 else ""
        write(root, f"{number % 5}/n{number}.md", f"---\ntitle: {broken}N{number}\n---\n{number}\n")
    return files(root)


def test_reading_in_parallel_gives_the_same_as_reading_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    monkeypatch.setattr(scan, "WORTH_A_WORKER", 30)
    monkeypatch.setattr(scan, "PORTION", 7)
    found = many(tmp_path, 100)
    assert list(scan_many(tmp_path, found, UTC)) == list(scan_files(tmp_path, found, UTC))


def test_with_other_threads_about_no_process_is_forked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forking one thread of several can leave locks held for ever."""
    monkeypatch.setattr(scan, "WORTH_A_WORKER", 1)
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    found = many(tmp_path, 5)
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        assert len(list(scan_many(tmp_path, found, UTC))) == 5
    finally:
        done.set()
        other.join()


def test_no_files_give_nothing(tmp_path: Path) -> None:
    assert list(scan_many(tmp_path, [], UTC)) == []
