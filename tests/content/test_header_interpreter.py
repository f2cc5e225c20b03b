"""What keys of a header mean, under all their names and in every shape of value."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from reading_samples import article, reading, rules

from syndicate.content.reader import read
from syndicate.errors import ArticleError


@pytest.mark.parametrize("word", ["Last Modified", "Created", "git Last Modified", "git created"])
def test_a_date_that_eleventy_computes_is_ignored_and_reported(word: str) -> None:
    text = f"---\ntitle: A\ndate: {word}\n---\nBody."
    assert article(text).date is None
    assert rules(text) == [("date-unreadable", 3)]
    assert article(text, "2024-03-01-a.md").inferred["date"] == "date in the file name"


@pytest.mark.parametrize(
    ("written", "title"),
    [("1.10", "1.10"), ("2013", "2013"), ("true", "true"), ("2013-03-05", "2013-03-05"),
     ("0x10", "0x10"), ("007 # seven", "007"), ('"A  \\n b"', "A b")],
)  # fmt: skip
def test_a_title_is_text_as_it_is_written(written: str, title: str) -> None:
    assert article(f"---\ntitle: {written}\n---\nBody.").title == title


def test_a_toml_date_or_json_number_as_title_is_text() -> None:
    assert article("+++\ntitle = 2013-03-05\n+++\nBody.").title == "2013-03-05"
    assert article('{"title": 5, "slug": "x"}\nBody.').title == "5"
    assert article('{\n  "title": 1.10,\n  "slug": "x"\n}\nBody.').title == "1.10"


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ("tags:", ()),
        ("tags: a, b", ("a", "b")),
        ("tags: a string", ("a string",)),
        ("tags: [a, 2013, null, [b, [c]], A, ' ']", ("a", "2013", "b", "c")),
        ("categories: x\ntags: [y, x]\nKeywords: z; w", ("x", "y", "z", "w")),
        ("taxonomies: {tags: [a], categories: [b]}", ("a", "b")),
        ("tag: 日本、料理", ("日本", "料理")),
        ("tags: [{name: a}]", ("a",)),
    ],
)
def test_tags_in_every_shape_become_one_list(written: str, tags: tuple[str, ...]) -> None:
    assert article(f"---\ntitle: A\n{written}\n---\nBody.").tags == tags


def test_tags_are_bounded() -> None:
    many = f"---\ntitle: A\ntags: [{', '.join(f't{n}' for n in range(80))}]\n---\nBody."
    assert len(article(many).tags) == 50
    assert rules(many) == [("tags-too-many", 3)]
    assert rules(f"---\ntitle: A\ntags: [{'x' * 200}]\n---\nBody.") == [("tag-left-out", 3)]


@pytest.mark.parametrize(
    "key", ["date", "published", "publishedAt", "pubDate", "publish_date", "created", "Date"]
)
def test_the_date_is_read_under_many_names(key: str) -> None:
    text = f"---\ntitle: A\n{key}: 2024-03-01T10:00:00Z\n---\nBody."
    assert article(text).date == datetime(2024, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "key",
    ["Update", "lastmod", "updated", "modified", "updatedAt", "last_modified_at", "revisedAt"],
)
def test_the_date_of_change_is_read_under_many_names(key: str) -> None:
    text = f"---\ntitle: A\n{key}: 2024-03-01T10:00:00Z\n---\nBody."
    assert article(text).updated == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert article(text).date is None
    broken = f"---\ntitle: A\n{key}: recently\n---\nBody."
    assert rules(broken) == [("date-unreadable", 3)]


def test_every_key_of_a_header_is_read() -> None:
    found = article(
        "---\ntitle: A\nauthors: [Ann, {name: Bo}, Ann]\nsummary: <b>Short</b> &amp; sweet\n"
        "slug: My Slug/here\nurl: /a/b/\ncover: {image: a.png, alt: A cat}\nlang: pt_BR\n"
        "redirect_from: [/old/, /older/]\nenclosure: {url: a.mp3, length: 5}\nlayout: post\n"
        "when: 2020-01-01\nnested: {a: [1, .nan, null, true]}\n---\nBody."
    )
    assert found.authors == ("Ann", "Bo")
    assert found.summary == "Short & sweet"
    assert found.slug == "my-slug-here"
    assert found.url == "/a/b/"
    assert (found.image, found.image_alt) == ("a.png", "A cat")
    assert found.language == "pt-BR"
    assert found.aliases == ("/old/", "/older/")
    assert found.enclosure == "a.mp3"
    assert found.extra == {
        "layout": "post",
        "when": "2020-01-01",
        "nested": {"a": [1, "nan", None, True]},
    }


@pytest.mark.parametrize(
    ("written", "authors"),
    [
        ("author: Ann Lee", ("Ann Lee",)),
        ("author: Ann Lee, Bo Ek", ("Ann Lee", "Bo Ek")),
        ("author: Lee, Ann", ("Lee, Ann",)),
        ("author: Lee, Ann; Ek, Bo", ("Lee, Ann", "Ek, Bo")),
        ("author: {name: Ann}", ("Ann",)),
        ("author:", ()),
    ],
)
def test_authors_in_every_shape_become_one_list(written: str, authors: tuple[str, ...]) -> None:
    assert article(f"---\ntitle: A\n{written}\n---\nBody.").authors == authors


@pytest.mark.parametrize(
    "written",
    ["permalink: true", "permalink: /{{ page.slug }}/", "permalink: '{% x %}'", "url: true",
     "permalink: /:year/:title/", "permalink: /%2e%2e/x", "url: 'javascript:alert(1)'"],
)  # fmt: skip
def test_an_invalid_url_is_left_out_and_reported(written: str) -> None:
    text = f"---\ntitle: A\n{written}\n---\nBody."
    assert article(text).url is None
    assert rules(text) == [("permalink-ignored", 3)]


@pytest.mark.parametrize(
    "written",
    ["lang: English", "image: 5", "tags: [{a: b}]", "summary: [a]", "slug: [a]",
     "slug: '{{ x }}'", "audio: 5", "alt: [a]", "taxonomies: [a]"],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_left_out_and_reported(written: str) -> None:
    assert rules(f"---\ntitle: A\n{written}\n---\nBody.") == [("value-left-out", 3)]


@pytest.mark.parametrize(
    ("key", "meant"),
    [("tilte", "title"), ("catagory", "category"),
     ("Autor", "author"), ("summery", "summary"), ("dat_e_s", None), ("newstitle", None),
     *((key, None) for key in ("layout", "type", "weight", "toc", "comments", "series", "math",
       "menu", "data", "rate",
       "fate", "publisher", "featured", "links", "template", "in_search_index"))],
)  # fmt: skip
def test_a_typo_of_a_known_key_is_reported_and_an_unknown_key_is_not(
    key: str, meant: str | None
) -> None:
    found = reading(f"---\ntitle: A\n{key}: true\n---\nBody.")
    assert found.article.extra == {key: True}
    if meant is None:
        assert not found.findings
    else:
        assert [(f.rule, f.line) for f in found.findings] == [("key-unknown", 3)]
        assert repr(meant) in found.findings[0].message


def test_the_dates_of_mkdocs_material_are_read() -> None:
    header = b"---\ndate:\n  created: 2026-02-02\n  updated: 2026-02-03\n---\n# A\n\nText.\n"
    found = read("blog/posts/a.md", header, UTC).article
    assert found.date == datetime(2026, 2, 2, tzinfo=UTC)
    assert found.updated == datetime(2026, 2, 3, tzinfo=UTC)


def test_a_date_of_other_parts_is_refused() -> None:
    with pytest.raises(ArticleError, match="date"):
        read("a.md", b"---\ndate: {day: 2}\n---\nText.\n", UTC)
