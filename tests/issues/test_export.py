"""The files of an export for another service."""

from __future__ import annotations

from pathlib import Path

from syndicate.issues.export import Export, write_files


def test_an_export_replaces_the_files_of_an_earlier_one(tmp_path: Path) -> None:
    files = {"email.html": b"<p>Hello", "email.txt": b"Hello", "subject.txt": b"Hello"}
    written = write_files(Export("mailchimp", files, ()), tmp_path)
    assert [path.name for path in written] == ["email.html", "email.txt", "subject.txt"]
    assert (tmp_path / "email.txt").read_bytes() == b"Hello"
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert write_files(Export("mailchimp", {}, ()), tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
