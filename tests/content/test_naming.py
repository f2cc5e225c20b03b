"""What a path determines: article or not, name, date, words, slug."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.content.naming import (
    dated_folders,
    dated_name,
    in_drafts,
    is_article,
    slug_of,
    words_of,
)


@pytest.mark.parametrize("path", ["a.md", "b/C.MARKDOWN", "c.txt", "d.html", "e.HTM", "x/index.md"])
def test_texts_are_articles(path: str) -> None:
    assert is_article(path)


@pytest.mark.parametrize(
    "path",
    [
        "blog/_index.de.md", ".hidden.md", ".git/x.md", "a/.obsidian/x.md", ".#x.md",
        "x.md~", "#x.md#", "~x.md", "x.md.swp", "photo.jpg", "md", ".md", "notes.rst", "x.mdx",
    ],
)  # fmt: skip
def test_translated_section_pages_hidden_files_and_backups_are_not(path: str) -> None:
    assert not is_article(path)


@pytest.mark.parametrize(
    "path",
    [
        "README.md", "trip/readme.txt", "Readme.zh-CN.md", "LICENSE.txt", "licence.md",
        "CHANGELOG.md", "contributing.markdown", ".github/x.md", "docs/CODE_OF_CONDUCT.md",
        "robots.txt", "static/humans.txt", "ads.txt", "security.txt", "requirements.txt",
        "requirements-dev.txt", "404.html", "404.md", "google1a2b3c4d5e6f7a8b.html",
        "_includes/head.html", "_layouts/post.html", "_sass/notes.txt", "_site/x/index.html",
        "web/node_modules/x/notes.md", "archetypes/default.md", "_templates/post.md",
    ],
)  # fmt: skip
def test_files_such_as_readme_and_licence_are_not_articles(path: str) -> None:
    assert not is_article(path)


@pytest.mark.parametrize(
    "path",
    [
        "readme-or-not.md", "readme/index.md", "my-license.md", "robots.md", "google-search.html",
        "_posts/x.md", "_drafts/x.md", "_pages/x.md", "_includes.md", "includes/x.md",
        "requirements.md", "404-pages.md", "security.md", "ads-and-me.txt",
    ],
)  # fmt: skip
def test_names_that_only_begin_like_those_are_articles(path: str) -> None:
    assert is_article(path)


@pytest.mark.parametrize(
    ("path", "day", "name"),
    [
        ("2013-03-05-title.md", date(2013, 3, 5), "title"),
        ("posts/2013-03-05_title.md", date(2013, 3, 5), "title"),
        ("2017-2-5-no-zeroes.md", date(2017, 2, 5), "no-zeroes"),
        ("20130305-title.md", date(2013, 3, 5), "title"),
        ("2013-03-05.md", date(2013, 3, 5), ""),
        ("2013-03-05-trip/index.md", date(2013, 3, 5), "trip"),
        ("my-trip/index.html", None, "my-trip"),
        ("2013-13-45-title.md", None, "2013-13-45-title"),
        ("3940394-21-9393050-x.md", None, "3940394-21-9393050-x"),
        ("1984-a-novel.md", None, "1984-a-novel"),
        ("dots...md", None, "dots.."),
    ],
)
def test_a_name_parts_into_date_and_rest(path: str, day: date | None, name: str) -> None:
    assert dated_name(path) == (day, name)


def test_three_folders_spell_a_day_and_two_do_not() -> None:
    assert dated_folders("post/2013/03/05/x.md") == date(2013, 3, 5)
    assert dated_folders("2025/06/26/") == date(2025, 6, 26)
    assert dated_folders("post/2013/03/x.md") is None
    assert dated_folders("2013/02/30/x.md") is None


def test_a_folder_for_drafts_is_known_by_its_name() -> None:
    assert in_drafts("blog/_drafts/x.md")
    assert in_drafts("Drafts/x.md")
    assert not in_drafts("posts/drafts.md")
    assert not in_drafts("overdrafts/x.md")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("my-first-post", "My first post"),
        ("Why I left", "Why I left"),
        ("top-10-tips", "Top 10 tips"),
        ("今日の料理について", "今日の料理について"),
    ],
)
def test_a_name_that_reads_as_words_is_a_title(name: str, title: str) -> None:
    assert words_of(name) == title


@pytest.mark.parametrize(
    "name",
    ["post1", "index", "untitled", "IMG_2034", "new-post", "deadbeef", "20130305", "x",
     "abcdefab-abcd-abcd-abcd-abcdefabcdef", "hello", "", "---"],
)  # fmt: skip
def test_a_generated_file_name_is_not_a_title(name: str) -> None:
    assert words_of(name) is None


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("My First_Post!", "my-first-post"),
        ("C++ & C#", "c-c"),
        ("a/../b", "a-b"),
        ("Cafe\u0301 au lait", "caf\u00e9-au-lait"),
        ("日本語の 記事", "日本語の-記事"),
        ("हिन्दी में", "हिन्दी-में"),
    ],
)
def test_a_slug_is_one_segment_in_any_script(text: str, slug: str) -> None:
    assert slug_of(text, "x.md") == slug


def test_a_slug_without_letters_is_a_hash_of_the_path() -> None:
    assert slug_of("…!?", "a.md") != slug_of("…!?", "b.md")
    assert slug_of("", "a.md") == slug_of("???", "a.md")


def test_long_names_stay_apart() -> None:
    one, two = slug_of("あ" * 300, "one.md"), slug_of("あ" * 300, "two.md")
    assert one != two
    assert len(one.encode()) < 200


@given(st.text(), st.text())
def test_any_name_gives_a_safe_slug(text: str, path: str) -> None:
    slug = slug_of(text, path)
    assert slug
    assert slug == slug.strip("-")
    assert not set(slug) & set("/\\.?#% \n_")
    assert len(slug.encode()) < 250
