"""Documents on disk: replaced whole, only when they changed, and taken back when not wanted."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syndicate import atomic_files
from syndicate.catalogue.owners import Owner, OwnerKind
from syndicate.documents.writer import DocumentWriter, DryRunWriter, missing
from syndicate.errors import OutputError
from syndicate.store.documents import StoredDocument

Known = dict[str, StoredDocument]
NOW = 1_796_000_000
owner = Owner.parse


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "public").mkdir()
    return tmp_path / "public"


def writer(output: Path, known: Known | None = None, *owners: Owner) -> DocumentWriter:
    roots = {"output": output, "issues": output.parent / "issues"}
    return DocumentWriter(roots, known or {}, set(owners), NOW)


def sizes(made: DocumentWriter) -> dict[str, tuple[int, Owner]]:
    return {key: (document.size, document.owner) for key, document in made.made.items()}


def files(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


# -- publish --------------------------------------------------------------------------------------


def test_a_document_is_written_with_the_folders_above_it(output: Path) -> None:
    assert atomic_files.write(output, "a/b/c.html", b"text") is True
    assert files(output) == {"a/b/c.html": b"text"}


def test_the_same_bytes_are_not_written_again(output: Path) -> None:
    atomic_files.write(output, "a.html", b"text")
    before = (output / "a.html").stat()
    assert atomic_files.write(output, "a.html", b"text") is False
    assert (output / "a.html").stat() == before
    assert atomic_files.write(output, "a.html", b"tex!") is True


def test_a_document_is_replaced_whole(output: Path) -> None:
    """Who has the old one open goes on reading the old one."""
    atomic_files.write(output, "a.html", b"old")
    with (output / "a.html").open("rb") as reader:
        atomic_files.write(output, "a.html", b"new")
        assert reader.read() == b"old"
    assert files(output) == {"a.html": b"new"}


def test_each_version_of_a_document_has_another_second_of_change(output: Path) -> None:
    known: Known = {}
    seconds = []
    for version in (b"one", b"two", b"three"):
        made = writer(output, known, owner("page:a"))
        made.write(owner("page:a"), {"a.html": version})
        known = made.made
        seconds.append(int((output / "a.html").stat().st_mtime))
    assert seconds == [NOW, NOW + 1, NOW + 2], "readers tell versions apart by whole seconds"


def test_the_same_document_has_the_same_time_on_every_machine(output: Path) -> None:
    first = writer(output)
    first.write(owner("page:a"), {"a.html": b"one"})
    (output / "a.html").unlink()  # another machine does not have it, or has it with another time
    later = DocumentWriter({"output": output}, first.made, set(), NOW + 1000)
    for written in (["a.html"], []):
        later.written.clear()
        later.write(owner("page:a"), {"a.html": b"one"})
        assert later.written == written
        assert int((output / "a.html").stat().st_mtime) == NOW
        os.utime(output / "a.html", (1, 1))
    assert later.made == first.made


def test_deleting_documents_deletes_only_folders_that_become_empty(output: Path) -> None:
    atomic_files.write(output, "a/b/c.html", b"")
    atomic_files.write(output, "a/d.html", b"")
    atomic_files.remove(output, "a/b/c.html")
    assert not (output / "a/b").exists()
    assert files(output) == {"a/d.html": b""}
    atomic_files.remove(output, "a/d.html")
    assert output.is_dir()
    assert not (output / "a").exists()


def test_deleting_a_missing_document_is_not_an_error(output: Path) -> None:
    atomic_files.remove(output, "a/b.html")
    (output / "a").write_text("a file where the folder was")
    atomic_files.remove(output, "a/b.html")
    assert files(output) == {"a": b"a file where the folder was"}


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file may grow beyond `size`: what a full disk does to a program."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_keeps_the_old_document_and_no_partial_one(output: Path) -> None:
    atomic_files.write(output, "a.html", b"old")
    with files_of_at_most(100), pytest.raises(OutputError) as caught:
        atomic_files.write(output, "a.html", b"x" * 1000)
    assert files(output) == {"a.html": b"old"}
    assert str(caught.value.place).endswith("a.html")
    assert caught.value.hint


@pytest.mark.parametrize("path", ["folder", "file/below", "x" * 256])
def test_an_impossible_path_is_an_error_and_writes_nothing(output: Path, path: str) -> None:
    (output / "folder/inner").mkdir(parents=True)
    (output / "file").write_bytes(b"")
    with pytest.raises(atomic_files.PathConflictError):
        atomic_files.write(output, path, b"text")
    assert files(output) == {"file": b""}


def test_a_name_as_long_as_file_systems_take_is_written(output: Path) -> None:
    assert atomic_files.write(output, "x" * 255, b"text")


# -- the documents of a build ---------------------------------------------------------------------


def test_documents_are_written_below_their_root_and_listed(output: Path) -> None:
    made = writer(output)
    made.write(owner("site"), {"feed.xml": b"feed"})
    made.write(owner("newsletter:w"), {"w/next/email.txt": b"mail"}, "issues")
    assert files(output) == {"feed.xml": b"feed"}
    assert files(output.parent / "issues") == {"w/next/email.txt": b"mail"}
    assert made.written == ["feed.xml", "w/next/email.txt"]
    assert sizes(made) == {
        "output:feed.xml": (4, owner("site")),
        "issues:w/next/email.txt": (4, owner("newsletter:w")),
    }


def test_an_unchanged_document_is_listed_but_not_written(output: Path) -> None:
    atomic_files.write(output, "feed.xml", b"feed")
    made = writer(output)
    made.write(owner("site"), {"feed.xml": b"feed"})
    assert made.written == []
    assert sizes(made) == {"output:feed.xml": (4, owner("site"))}


def test_only_owners_made_again_lose_old_documents(output: Path) -> None:
    known: Known = {}
    for path, whose in (("a/1", owner("tag:a")), ("a/2", owner("tag:a")), ("b/1", owner("tag:b"))):
        atomic_files.write(output, path, b"")
        known[f"output:{path}"] = StoredDocument(0, whose)
    made = writer(output, known, owner("tag:a"))
    made.write(owner("tag:a"), {"a/1": b""})
    made.delete_orphans()
    assert set(files(output)) == {"a/1", "b/1"}
    assert made.removed == ["output:a/2"]


def test_the_first_of_two_at_one_address_keeps_it(output: Path) -> None:
    made = writer(output)
    made.write(owner("page:1"), {"a.html": b"one"})
    made.write(owner("page:2"), {"a.html": b"two"})
    assert files(output) == {"a.html": b"one"}
    assert made.collisions == {owner("page:2"): ("a.html", owner("page:1"))}


def test_a_path_of_an_earlier_build_stays_with_its_owner(output: Path) -> None:
    known = {"output:a.html": StoredDocument(3, owner("page:1"))}
    atomic_files.write(output, "a.html", b"one")
    made = writer(output, known, owner("page:2"))
    made.write(owner("page:2"), {"a.html": b"two"})
    made.delete_orphans()
    assert files(output) == {"a.html": b"one"}
    made = writer(output, known, owner("page:1"), owner("page:2"))
    made.write(owner("page:2"), {"a.html": b"two"})
    made.write(owner("page:1"), {"b.html": b"one"})
    made.resolve_conflicts()
    made.delete_orphans()
    assert files(output) == {"a.html": b"two", "b.html": b"one"}, "it has another address now"


def test_the_previous_owner_of_a_path_gets_it_before_others(
    output: Path,
) -> None:
    atomic_files.write(output, "a.html", b"one")
    made = writer(
        output,
        {"output:a.html": StoredDocument(3, owner("page:1"))},
        owner("page:1"),
        owner("page:2"),
    )
    made.write(owner("page:2"), {"a.html": b"two"})
    made.write(owner("page:1"), {"a.html": b"one"})
    made.resolve_conflicts()
    made.delete_orphans()
    assert files(output) == {"a.html": b"one"}
    assert made.collisions == {owner("page:2"): ("a.html", owner("page:1"))}


@pytest.mark.parametrize(
    ("first", "second"),
    [("a.html", "a.html/b/index.html"), ("a.html/b/index.html", "a.html")],
)
def test_a_page_cannot_be_below_another(output: Path, first: str, second: str) -> None:
    made = writer(output)
    made.write(owner("page:1"), {first: b"one"})
    made.write(owner("page:2"), {second: b"two"})
    assert files(output) == {first: b"one"}
    assert list(made.collisions) == [owner("page:2")]


def test_a_name_that_is_too_long_affects_only_its_page(output: Path) -> None:
    made = writer(output)
    made.write(owner("page:1"), {"é" * 128 + "/index.html": b"one"})
    assert files(output) == {}
    assert list(made.collisions) == [owner("page:1")]


def test_a_feed_that_cannot_be_written_stops_the_build(output: Path) -> None:
    (output / "feed.xml").mkdir()
    with pytest.raises(OutputError):
        writer(output).write(owner("site"), {"feed.xml": b"feed"})


def test_a_dry_run_writes_nothing_and_records_the_same(output: Path) -> None:
    made = DryRunWriter({"output": output}, {}, set(), NOW)
    made.write(owner("page:1"), {"a.html": b"one"})
    made.write(owner("page:2"), {"a.html": b"two"})
    assert files(output) == {}
    assert made.written == ["a.html"], "it would be"
    assert list(made.collisions) == [owner("page:2")]


def test_owners_without_anything_any_more_lose_it(output: Path) -> None:
    known = {f"output:{name}": StoredDocument(0, Owner.file(name)) for name in ("a.png", "b.png")}
    for name in ("a.png", "b.png"):
        atomic_files.write(output, name, b"")
    made = writer(output, known)
    made.retain_only(OwnerKind.FILE, {owner("file:a.png")})
    made.delete_orphans()
    assert set(files(output)) == {"a.png"}


def test_deleted_documents_and_those_of_another_size_are_missing(output: Path) -> None:
    atomic_files.write(output, "here.html", b"1234")
    atomic_files.write(output, "cut.html", b"12")
    (output / "broken.html").symlink_to("nowhere")
    known = {
        "output:here.html": StoredDocument(4, owner("page:here")),
        "output:cut.html": StoredDocument(4, owner("page:cut")),
        "output:gone.html": StoredDocument(4, owner("page:gone")),
        "output:here.html/below": StoredDocument(4, owner("page:below")),
        "output:broken.html": StoredDocument(4, owner("page:broken")),
        "issues:x": StoredDocument(4, owner("newsletter:x")),
    }
    roots = {"output": output, "issues": output / "no folder"}
    assert missing(roots, known) == {
        *(
            owner("page:cut"),
            owner("page:gone"),
            owner("page:below"),
            owner("page:broken"),
            owner("newsletter:x"),
        )
    }


def test_partial_files_of_a_killed_build_are_deleted_with_their_folder(tmp_path: Path) -> None:
    atomic_files.write(tmp_path, "articles/sea/index.html", b"sea")
    (tmp_path / "articles/sea" / atomic_files.PARTIAL).write_bytes(b"se")
    atomic_files.remove(tmp_path, "articles/sea/index.html")
    assert not (tmp_path / "articles").exists()
