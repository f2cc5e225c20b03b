"""What an article may refer to, and how a later build detects that it changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from site_folder import PNG
from syndicate.content.folder import Stat
from syndicate.documents.references import MISSING, ReferenceResolver, file_fingerprint, file_url

BASE = "https://example.org/"
PATHS = """a.md b.md draft.md notes/a.md notes/b.markdown notes/c.txt trip/index.md trip/wave.png
notes/wave.png wave.png song.mp3 both.md both/index.md
deep/only.md deep/bundle/index.md one/twice.md two/twice.md deep/unready.md README.md"""
FILES: dict[str, Stat] = dict.fromkeys([*PATHS.split(), "my file.pdf"], (10, 7))
DRAFTS = {"draft.md", "deep/unready.md"}


def around(path: str = "notes/a.md", root: Path = Path("/nowhere")) -> ReferenceResolver:
    return ReferenceResolver(
        path,
        f"{BASE}articles/a/",
        root=root,
        files=FILES,
        base=BASE,
        address_at=lambda at: None if at in DRAFTS else f"{BASE}at/{at}",
    )


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("b.markdown", "notes/b.markdown"),
        ("b", "notes/b.markdown"),
        ("c", "notes/c.txt"),
        ("../b.md", "b.md"),
        ("../b", "b.md"),
        ("/b.md", "b.md"),
        ("b.md", "b.md"),
        ("../trip/", "trip/index.md"),
        ("trip", "trip/index.md"),
        ("both", "both.md"),
        ("./c.txt", "notes/c.txt"),
    ],
)
def test_another_article_is_found_beside_or_from_the_top(target: str, found: str) -> None:
    seen = around()
    assert seen.article_url(target) == f"{BASE}at/{found}"
    assert seen.uses == {found: f"{BASE}at/{found}"}


def test_the_articles_own_folder_goes_first_and_a_slash_means_the_top() -> None:
    assert around().article_url("a.md") == f"{BASE}at/notes/a.md"
    assert around().article_url("/a.md") == f"{BASE}at/a.md"


@pytest.mark.parametrize("target", ["../../a.md", "../../../etc/passwd", "..", "wave.png", "/"])
def test_paths_outside_the_folder_and_other_files_are_not_articles(target: str) -> None:
    assert around().article_url(target) is None


def test_a_draft_has_no_address_and_is_watched_until_it_has() -> None:
    seen = around("b.md")
    assert seen.article_url("draft.md") is None
    assert seen.uses == {"draft.md": MISSING}


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("only", "deep/only.md"),
        ("only.md", "deep/only.md"),
        ("bundle", "deep/bundle/index.md"),
        ("bundle.md", "deep/bundle/index.md"),
        ("b.md", "b.md"),
    ],
)
def test_the_only_article_of_a_name_is_found_in_any_folder(target: str, found: str) -> None:
    seen = around()
    assert seen.article_anywhere(target) == f"{BASE}at/{found}"
    assert seen.uses.pop(found) == f"{BASE}at/{found}"
    assert set(seen.uses.values()) <= {MISSING}
    # One of that name beside the article would go before it.
    assert found == "b.md" or f"notes/{target.removesuffix('.md')}.md" in seen.uses


def test_a_name_of_two_articles_means_neither_until_one_is_removed() -> None:
    seen = around()
    assert seen.article_anywhere("twice") is None
    assert {"one/twice.md", "two/twice.md"} <= set(seen.uses)
    assert all(seen.uses[path] for path in ("one/twice.md", "two/twice.md"))


@pytest.mark.parametrize("target", ["unready", "elsewhere/only", "wave.png", "nly", "README", ""])
def test_drafts_paths_and_partial_names_are_not_searched_elsewhere(target: str) -> None:
    assert around().article_anywhere(target) is None


def test_a_draft_of_that_name_is_watched() -> None:
    seen = around()
    seen.article_anywhere("unready")
    assert seen.uses["deep/unready.md"] == MISSING


@pytest.mark.parametrize("target", ["later", "later.md", "later/", "sub/later"])
def test_a_missing_target_is_watched(target: str) -> None:
    seen = around("b.md")
    assert seen.article_url(target) is None
    assert seen.file(target) is None
    wanted = target.rstrip("/") if target.endswith(".md") else f"{target.rstrip('/')}.md"
    assert seen.uses[wanted] == MISSING
    assert set(seen.uses.values()) == {MISSING}


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("wave.png", "notes/wave.png"),
        ("/wave.png", "wave.png"),
        ("../wave.png", "wave.png"),
        ("song.mp3", "song.mp3"),
        ("my file.pdf", "my%20file.pdf"),
    ],
)
def test_a_file_is_found_beside_or_from_the_top(target: str, found: str) -> None:
    seen = around()
    file = seen.file(target)
    assert file is not None
    assert (file.url, file.length) == (BASE + found, 10)
    assert list(seen.uses.values()) == ["10:7"]


@pytest.mark.parametrize("target", ["b.markdown", "../../wave.png", "none.png", "/etc/passwd"])
def test_articles_and_external_urls_are_not_files(target: str) -> None:
    seen = around()
    assert seen.file(target) is None
    assert set(seen.uses.values()) <= {MISSING}


def test_an_image_has_its_size_and_type(tmp_path: Path) -> None:
    (tmp_path / "wave.png").write_bytes(PNG)
    file = around(root=tmp_path).file("/wave.png")
    assert file is not None
    assert (file.width, file.height, file.type) == (1, 1, "image/png")


@pytest.mark.parametrize("data", [b"", b"no picture", PNG[:20], b"<svg", b"GIF89a\1"])
def test_a_file_that_is_not_an_image_has_no_size(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "wave.png").write_bytes(data)
    file = around(root=tmp_path).file("/wave.png")
    assert file is not None
    assert (file.width, file.height) == (None, None)


@given(st.binary(max_size=40), st.sampled_from([b"", PNG[:16], b"GIF89a", b"\xff\xd8\xff\xe0"]))
def test_an_image_of_any_bytes_raises_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes
) -> None:
    root = tmp_path_factory.getbasetemp()
    (root / "wave.png").write_bytes(start + data)
    assert around(root=root).file("/wave.png") is not None


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("..")
@example("../")
@example("/..")
@example("a/../../..")
def test_nothing_outside_the_folder_is_ever_named(target: str) -> None:
    seen = around()
    seen.article_anywhere(target)
    seen.file(target)
    assert not [path for path in seen.uses if path.startswith(("/", "../")) or path == ".."]


@pytest.mark.parametrize(
    ("path", "article", "url", "expected"),
    [
        ("trip/wave.png", "trip/index.md", f"{BASE}articles/trip/", "articles/trip/wave.png"),
        ("trip/in/w.png", "trip/index.md", f"{BASE}articles/trip/", "articles/trip/in/w.png"),
        ("trip/wave.png", "trip/index.md", f"{BASE}trip.html", "trip/wave.png"),
        ("wave.png", "trip/index.md", f"{BASE}articles/trip/", "wave.png"),
        ("trip/wave.png", "trip/other.md", f"{BASE}articles/other/", "trip/wave.png"),
        ("a: b?.png", "a.md", f"{BASE}articles/a/", "a%3A%20b%3F.png"),
        ("trip/a: b?.png", "trip/index.md", f"{BASE}a/trip/", "a/trip/a%3A%20b%3F.png"),
    ],
)
def test_where_a_file_is_served(path: str, article: str, url: str, expected: str) -> None:
    assert file_url(path, article, url, BASE) == BASE + expected


def test_another_size_or_time_is_another_fingerprint() -> None:
    assert len({file_fingerprint(stat) for stat in ((1, 1), (1, 2), (11, 1), (2, 1))}) == 4
