"""What of the content folder is seen and read, and what symbolic links in it lead to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syndicate.content.folder import BROKEN, OUTSIDE, LinkError, UnreadableError, read, scan


@pytest.fixture
def content(tmp_path: Path) -> Path:
    root = tmp_path / "content"
    (root / "notes").mkdir(parents=True)
    (root / "a.md").write_text("one")
    (root / "notes" / "b.md").write_text("two")
    (root / "notes" / "photo.png").write_text("picture")
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere" / "secret.md").write_text("secret")
    (tmp_path / "elsewhere" / "deep" / "photo.png").write_text("photo")
    return root


PLAIN = {"a.md": 3, "notes/b.md": 3, "notes/photo.png": 7}


def sizes(root: Path, *links: Path) -> dict[str, int]:
    return {path: size for path, (size, _) in scan(root, links).items()}


@pytest.mark.parametrize(
    "target",
    [
        "/etc/hostname",
        "/etc",
        "/",
        "/dev/null",
        "..",
        "../elsewhere",
        "../elsewhere/secret.md",
        "notes/../../elsewhere/secret.md",
        "../content/../elsewhere/deep",
        "../contents-of-another-name",
    ],
)
def test_a_link_out_of_the_folder_is_not_followed(content: Path, target: str) -> None:
    (content.parent / "contents-of-another-name").mkdir()
    (content / "link.md").symlink_to(target)
    assert sizes(content) == PLAIN | {"link.md": OUTSIDE}
    with pytest.raises((LinkError, UnreadableError)):
        read(content, "link.md")


def test_a_chain_of_links_that_ends_outside_is_not_followed(content: Path) -> None:
    (content / "second").symlink_to("../elsewhere")
    (content / "first").symlink_to("second/deep")
    (content / "third.png").symlink_to("first/photo.png")
    found = sizes(content)
    assert [found[path] for path in ("first", "second", "third.png")] == [OUTSIDE] * 3
    assert found.keys() - PLAIN.keys() == {"first", "second", "third.png"}


def test_links_lead_into_folders_that_are_named_for_them_and_no_others(content: Path) -> None:
    shared = content.parent / "elsewhere" / "deep"
    (content / "photos").symlink_to(shared)
    (content / "photo.png").symlink_to(shared / "photo.png")
    (content / "secret.md").symlink_to("../elsewhere/secret.md")
    assert sizes(content, shared) == PLAIN | {
        "photos/photo.png": 5,
        "photo.png": 5,
        "secret.md": OUTSIDE,
    }
    assert read(content, "photos/photo.png", links=[shared]) == b"photo"
    for path in ("photos/photo.png", "photo.png"):
        with pytest.raises(LinkError, match="leads out of the content folder"):
            read(content, path)


def test_a_named_folder_may_be_a_link_itself_and_holds_no_links_further_out(content: Path) -> None:
    shared = content.parent / "shared"
    shared.symlink_to("elsewhere")
    (content.parent / "elsewhere" / "out.md").symlink_to("/etc/hostname")
    (content / "more").symlink_to(shared)
    found = sizes(content, shared)
    assert found["more/secret.md"] == 6
    assert found["more/out.md"] == OUTSIDE


def test_an_article_that_is_reached_by_two_paths_is_one(content: Path) -> None:
    (content / "0-link.md").symlink_to("notes/b.md")
    (content / "0-folder").symlink_to("notes")
    (content / "round").symlink_to(".")
    (content / "notes" / "up").symlink_to("..")
    (content / "notes" / "same.md").symlink_to("../a.md")
    assert sizes(content) == PLAIN


def test_an_article_outside_that_is_reached_by_two_links_is_one(content: Path) -> None:
    other = content.parent / "elsewhere"
    for name in ("1.md", "2.md"):
        (content / name).symlink_to(other / "secret.md")
    assert sizes(content, other) == PLAIN | {"1.md": 6}
    (content / "z").symlink_to(other)
    assert sizes(content, other) == PLAIN | {"z/secret.md": 6, "z/deep/photo.png": 5}


def test_a_file_that_is_not_an_article_may_have_two_paths(content: Path) -> None:
    (content / "cover.png").symlink_to("notes/photo.png")
    assert sizes(content) == PLAIN | {"cover.png": 7}
    assert read(content, "cover.png") == b"picture"


def test_a_link_to_nothing_or_to_itself_is_broken(content: Path) -> None:
    (content / "gone.md").symlink_to("nowhere.md")
    (content / "self.png").symlink_to("self.png")
    (content / "one.md").symlink_to("other.md")
    (content / "other.md").symlink_to("one.md")
    broken = dict.fromkeys(("gone.md", "self.png", "one.md", "other.md"), BROKEN)
    assert sizes(content) == PLAIN | broken
    with pytest.raises(LinkError, match="leads to nothing"):
        read(content, "gone.md")


def test_hidden_files_are_not_reached_through_a_link(content: Path) -> None:
    (content / ".keys").mkdir()
    (content / ".keys" / "secret.md").write_text("secret")
    (content / "keys").symlink_to(".keys")
    (content / "secret.md").symlink_to(".keys/secret.md")
    assert sizes(content) == PLAIN | {"keys": OUTSIDE, "secret.md": OUTSIDE}


def test_the_content_folder_may_be_a_link(content: Path) -> None:
    link = content.parent / "current"
    link.symlink_to("content")
    (content / "cover.png").symlink_to("notes/photo.png")
    (content / "out.png").symlink_to("../elsewhere/deep/photo.png")
    assert sizes(link) == PLAIN | {"cover.png": 7, "out.png": OUTSIDE}
    assert read(link, "a.md") == b"one"
    assert read(link, "cover.png") == b"picture"


def test_a_file_that_a_link_replaces_after_the_scan_is_not_read(content: Path) -> None:
    scan(content)
    (content / "a.md").unlink()
    (content / "a.md").symlink_to("../elsewhere/secret.md")
    (content / "notes").rename(content / "old")
    (content / "notes").symlink_to("../elsewhere/deep")
    for path in ("a.md", "notes/photo.png"):
        with pytest.raises(LinkError):
            read(content, path)


def test_a_pipe_that_replaces_a_file_blocks_nothing(content: Path) -> None:
    (content / "a.md").unlink()
    os.mkfifo(content / "a.md")
    with pytest.raises(UnreadableError, match="not a file"):
        read(content, "a.md")


def test_without_proc_links_are_recognised_by_their_paths(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (content / "out.md").symlink_to("../elsewhere/secret.md")
    real = os.readlink

    def refused(path: str) -> str:
        if str(path).startswith("/proc"):
            raise FileNotFoundError(path)
        return real(path)

    monkeypatch.setattr(os, "readlink", refused)
    assert read(content, "a.md") == b"one"
    with pytest.raises(LinkError):
        read(content, "out.md")
