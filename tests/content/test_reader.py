"""Any file is read as an article or refused with its line: formats, limits, attacks."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reading_samples import BERLIN, article, line, reading, refusal, rules

from syndicate.content.reader import MAX_BYTES, read
from syndicate.errors import ArticleError


@pytest.mark.parametrize("data", [b"", b"\n \n\t", b"\xef\xbb\xbf", b"\r\n\x07"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    error = refusal(data)
    assert (error.message, error.hint) == ("the file is empty", "write it, or delete it")


def test_bytes_that_are_not_utf8_are_refused() -> None:
    error = refusal(b"one\r\ntwo\r\nbad \xff byte")
    assert line(error) == 3
    assert "byte 14" in error.message
    assert "UTF-16" in refusal("text".encode("utf-16")).message
    assert "not text" in refusal("text".encode("utf-16-le")).message
    assert "bytes" in refusal(b"x" * (MAX_BYTES + 1)).message


def test_characters_illegal_in_xml_are_removed_and_reported() -> None:
    text = "---\ntitle: A\x07 b\n---\n\nBo\x00dy \x0b\ufffe.\n"
    read_article = article(text)
    assert (read_article.title, read_article.body) == ("A b", "Body .\n")
    assert rules(text) == [("characters-illegal", 2)]
    assert "removed: 4" in reading(text).findings[0].message


@pytest.mark.parametrize("text", ["---\ntitle: A title\n---\n", "---\ntitle: A\n---"])
def test_an_empty_body_is_allowed_and_reported(text: str) -> None:
    assert article(text).body == ""
    assert ("body-empty", None) in rules(text)


@pytest.mark.parametrize(
    ("path", "header", "how"),
    [
        ("2013-03-05-x.md", "", "date in the file name"),
        ("2013-03-05-x/index.md", "", "date in the file name"),
        ("blog/2013/03/05/x.md", "", "date in the folders"),
        ("x.md", 'path: "2013/03/05/x"\n', "date in the path key"),
    ],
)
def test_a_date_in_the_path_counts_when_the_header_has_none(
    path: str, header: str, how: str
) -> None:
    found = article(f"---\ntitle: A\n{header}---\nBody.", path)
    assert found.date == datetime(2013, 3, 4, 23, tzinfo=UTC)
    assert found.inferred == {"date": how}
    stated = article(f"---\ntitle: A\ndate: 2020-01-01T00:00:00Z\n{header}---\nBody.", path)
    assert stated.date == datetime(2020, 1, 1, tzinfo=UTC)


def test_a_month_in_the_path_is_not_a_date() -> None:
    assert article("---\ntitle: A\n---\nBody.", "post/2013/03/x.md").date is None


@pytest.mark.parametrize("title", ["", "title: A title\n", "title: a TITLE\n"])
def test_a_heading_that_is_the_title_leaves_the_body(title: str) -> None:
    found = article(f"---\n{title}slug: x\n---\n\n# A title\n\nBody.")
    assert found.title.casefold() == "a title"
    assert (found.body, found.body_line) == ("Body.", 7 + len(title.splitlines()))


def test_another_heading_stays_and_a_template_for_the_title_is_removed() -> None:
    assert article("---\ntitle: A\n---\n# B\n\nBody.").body == "# B\n\nBody."
    assert article("---\ntitle: A\n---\n# {{ page.title }}\n\nBody.").body == "Body."
    assert article("---\ntitle: The `x` file\n---\n# The `x` file\n\nBody.").body == "Body."
    assert article("# {{ page.title }}\n\nBody.", "p1.md").title == "Body"


def test_the_key_newstitle_is_not_the_title() -> None:
    found = article("---\nnewstitle: Old\n---\nThe lead. More.", "p1.md")
    assert (found.title, found.inferred) == ("The lead", {"title": "first sentence"})


def test_a_file_without_header_or_heading_becomes_a_complete_article() -> None:
    text = "It rained all day. We left.\n\n### Part one\n\nText.\n\nweather, travel diary, rain\n"
    found = article(text, "20240301.md")
    assert found.title == "It rained all day"
    assert found.tags == ("weather", "travel diary", "rain")
    assert found.body.endswith("### Part one\n\nText.\n")
    assert found.inferred == {
        "title": "first sentence",
        "tags": "keyword line at the end",
        "date": "date in the file name",
    }
    named = article(text, "posts/a-day-of-rain/index.md")
    assert (named.title, named.slug) == ("A day of rain", "a-day-of-rain")


def test_a_last_line_stays_where_there_is_a_header() -> None:
    assert article("---\ntitle: A\n---\nText.\n\none, two, three\n").tags == ()


def test_an_invisible_title_is_not_a_title() -> None:
    assert article('---\ntitle: "\\u200b\\u200d"\n---\nThe lead.', "p1.md").title == "The lead"


def test_an_article_without_a_title_takes_its_file_name() -> None:
    assert article("***", "x1.md").title == "x1"
    assert ("title-missing", None) in rules("***", "x1.md")
    assert article("***", "\u200b.md").title


BOMB = "".join(
    f"{name}: &{name} [{','.join([f'*{other}'] * 9)}]\n"
    for other, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "---\na:\n " + "- " * 30_000 + "x\n---\n",
        "---\na:\n " + "?\t" * 30_000 + "x\n---\n",
        "---\na: " + "[" * 10_000 + "\n---\n",
        "---\na: " + "[" * 200 + "]" * 200 + "\n---\n",
        "---\ntags: " + "[" * 100 + "]" * 100 + "\n---\n",
        "---\n" + "".join(" " * n + "a:\n" for n in range(340)) + "---\n",
        f"---\na: &a [x,x,x,x,x,x,x,x]\n{BOMB}---\n",
        "+++\na = " + "[" * 20_000 + "\n+++\n",
        "+++\na = " + "9" * 5000 + "\n+++\n",
        "+++\nb = 1\n" + "a." * 20_000 + "a = 1\n+++\n",
        '{"a":' * 10_000,
        '{"a":' + "9" * 5000 + "}\n",
        '{"a":' + "[" * 100 + "]" * 100 + "}\n",
    ],
    ids=range(13),
)  # fmt: skip
def test_an_attack_on_the_parsers_is_refused(text: str) -> None:
    refusal(text + "Body.")


def test_headers_that_expand_too_much_are_refused_before_they_are_built() -> None:
    dotted = refusal("+++\nb = 1\n" + "a." * 5_000 + "a = 1\n+++\nBody.")
    assert dotted.message == "the header is nested too deeply"
    aliases = f"---\na: &a [{'x,' * 500}]\nb: [{'*a,' * 50}]\n---\nBody."
    assert "alias" in refusal(aliases).message


@pytest.mark.parametrize(
    "text",
    ["---\ntitle: A\nx: " + "9" * 5000 + "\n---\nB.",
     "---\ntitle: 0x" + "f" * 9000 + "\nx: 0x" + "f" * 9000 + "\n---\nB.",
     "+++\ntitle = nan\nx = -inf\n+++\nB.", '{"title": NaN, "x": Infinity}\nB.'],
)  # fmt: skip
def test_numbers_that_json_cannot_represent_become_text(text: str) -> None:
    found = article(text)
    assert found.title
    assert json.loads(json.dumps(found.extra, allow_nan=False)) == found.extra


WORDS = st.sampled_from(
    ["title", "date", "tags", "draft", "published", "author", "image", "slug", "url", "x", "path"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
LOOSE = st.text("ab:,-=#*_[]{}()<>\"'`~|&!?%@./\\ \t\n\x00\x0b\ufffe01é日、---+++", max_size=60)
PATHS = st.sampled_from(["a.md", "2013-03-05-x.txt", "a/index.html", "_.md", "drafts/ .htm"])


def check(path: str, data: bytes) -> None:
    try:
        one = read(path, data, BERLIN).article
    except ArticleError:
        with pytest.raises(ArticleError) as refused:
            read(path, data, BERLIN)
        assert refused.value.place is not None
        assert refused.value.place.path == path
        assert refused.value.message
        assert refused.value.hint
        return
    texts = [one.title, one.slug, one.body, one.summary or "", one.url or "", one.image or "",
             one.image_alt, one.language or "", one.enclosure or "", *one.tags, *one.authors,
             *one.aliases, json.dumps(one.extra, allow_nan=False, ensure_ascii=False)]  # fmt: skip
    for text in texts:
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text)
    assert one.title.strip()
    assert one.slug
    assert "\n" not in one.title
    assert one.body_line >= 1


@given(PATHS, st.binary(max_size=200))
@example("a.md", b"\xef\xbb\xbf---\n---")
def test_any_bytes_are_read_or_refused(path: str, data: bytes) -> None:
    check(path, data)


@given(PATHS, st.sampled_from(["---\n", "+++\n", "{", "Title: ", "<html><head>", ""]), LOOSE, LOOSE)
def test_any_text_is_read_or_refused(path: str, start: str, header: str, body: str) -> None:
    close = {"---\n": "\n---\n", "+++\n": "\n+++\n", "{": "}\n"}.get(start, "\n\n")
    check(path, (start + header + close + body).encode())


@given(PATHS, st.dictionaries(WORDS | st.text(max_size=8), VALUES, max_size=5), LOOSE)
def test_any_json_header_is_read_or_refused(
    path: str, values: dict[str, object], body: str
) -> None:
    check(path, f"{json.dumps(values)}\n{body}".encode())
    check(path, f"---\n{json.dumps(values, indent=1)}\n---\n{body}".encode())


@given(PATHS, WORDS, LOOSE, LOOSE)
def test_any_value_of_a_key_is_read_or_refused(path: str, key: str, value: str, body: str) -> None:
    check(path, f"---\ntitle: A\n{key}: {value}\n---\n{body}".encode())
    check(path, f'+++\n{key} = {value}\nname = "A"\n+++\n{body}'.encode())
    check(path, f"Title: A\n{key}: {value}\n\n{body}".encode())
