"""A header reads the same in every syntax, and a broken one is refused at its line."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from reading_samples import article, line, refusal

from syndicate.content.article import HoldKind

HEADERS = {
    "yaml": "---\ntitle: A title\ndate: 2024-03-01\ntags: [one, two]\n---\n\nBody.\n",
    "yaml with dots": "---\ntitle: A title\ndate: 2024-03-01\ntags:\n- one\n- two\n...\nBody.\n",
    "yaml, padded fences": "\n \n---  \ntitle: A title\ndate: 2024-03-01\ntags: one, two\n"
    "--- \nBody.\n",
    "toml": '+++\ntitle = "A title"\ndate = 2024-03-01\ntags = ["one", "two"]\n+++\n\nBody.\n',
    "toml, zola": '+++\ntitle = "A title"\ndate = 2024-03-01\n[taxonomies]\n'
    'tags = ["one", "two"]\n+++\nBody.\n',
    "json": '{\n"title": "A title",\n"date": "2024-03-01",\n"tags": ["one", "two"]\n}\n\nBody.\n',
    "pelican": "Title: A title\nDate: 2024-03-01\nTags: one,\n    two\n\nBody.\n",
    "multimarkdown": "title:  A title\npublished_at: 2024-03-01\nkeywords: one, two\nX-Y: z\n"
    "\nBody.\n",
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_header_reads_the_same_in_every_syntax(name: str, end: str, mark: str) -> None:
    text = mark + HEADERS[name].replace("\n", end)
    read_article = article(text)
    assert read_article.title == "A title"
    assert read_article.date == datetime(2024, 2, 29, 23, tzinfo=UTC)
    assert read_article.tags == ("one", "two")
    assert read_article.body == "Body.\n"
    assert text.replace("\r\n", "\n").splitlines()[read_article.body_line - 1] == "Body."
    assert not read_article.inferred


@pytest.mark.parametrize(
    "header",
    [
        '---json\n{\n"title": "Secret",\n"draft": true\n}\n---\n',
        '--- JSON \n\n{"title": "Secret", "draft": true}\n\n---\n',
        '---toml\ntitle = "Secret"\ndraft = true\n---\n',
        "---yaml\ntitle: Secret\ndraft: true\n---\n",
        "---yml\n# a comment\ntitle: Secret\ndraft: true\n---\n",
        "---\n  title: Secret\n  draft: true\n---\n",
        "---\n_schema: default\ntitle: Secret\ndraft: true\n---\n",
        "---\nog:type: article\ntitle: Secret\ndraft: true\n---\n",
        '+++\n  title = "Secret"\n  draft = true\n+++\n',
    ],
)
@pytest.mark.parametrize("path", ["a.md", "a.txt", "a.html"])
def test_a_draft_stays_a_draft_when_its_fence_names_the_language(header: str, path: str) -> None:
    read_article = article(f"{header}Body.\n", path)
    assert (read_article.title, read_article.hold) == ("Secret", HoldKind.DRAFT)
    assert read_article.body == "Body.\n"
    assert read_article.body_line == header.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "at", "reason"),
    [
        ('---js\n{\n  title: "Secret",\n  draft: true,\n}\n---\nBody.', 1, "---js"),
        ("---js\n/* why */\n{ draft: true }\n---\nBody.", 1, "---js"),
        ("\n---coffee\ntitle: 'Secret'\n---\nBody.", 2, "---coffee"),
        ("---javascript\n// why\nmodule.exports = {}\n---\nBody.", 1, "---javascript"),
        ('+++json\n{"draft": true}\n+++\nBody.', 1, r"\+\+\+json"),
        (';;;\n"title": "Secret",\n"draft": true\n;;;\nBody.', 1, ";;;"),
        (';;;json\n{"draft": true}\n;;;\nBody.', 1, ";;;json"),
        ('---json\n{"draft": true}\n\nBody.', 1, "not closed"),
        ('---json\n["draft"]\n---\nBody.', 2, "not an object"),
        ('---json\n\n{"draft":\ntrue} x\n---\nBody.', 4, "something follows"),
        ('---json\n{"draft": true,\n}\n---\nBody.', 3, "JSON"),
        ("---toml\na = 1\na = 2\n---\nBody.", 3, "TOML"),
    ],
)
def test_a_header_in_a_language_that_cannot_be_read_is_refused(
    text: str, at: int, reason: str
) -> None:
    error = refusal(text)
    assert re.search(reason, error.message)
    assert line(error) == at


@pytest.mark.parametrize(
    "text",
    [
        "Note: this is a text about things.\n\nMore.",
        "Update: it works again.\n\nMore.",
        "Title: the story of a name\nwhich went on for years\n\nMore.",
        "---\n\nA thematic break opens this text.\n",
        "---\nJust a line\n---\nMore.",
        "+++ plus signs +++\nMore.",
        "--- Anna\n\nwas here.",
        ";;;\n\nThree semicolons.",
        "{{ shortcode }}\n\nMore.",
        "{% include x %}\n\nMore.",
        "{not json}\n",
    ],
)
def test_text_that_only_resembles_a_header_stays_text(text: str) -> None:
    read_article = article(text, "my-own-words.md")
    assert read_article.body == text
    assert read_article.body_line == 1
    assert read_article.title == "My own words"


@pytest.mark.parametrize(
    ("text", "at", "reason"),
    [
        ("---\ntitle: A\n\nText.", 1, "not closed"),
        ('\n+++\ntitle = "A"\n\nText.', 2, "not closed"),
        ("---\ntitle: A: B\n---\n", 2, "mapping values"),
        ("---\na: 1\ntags:\n\t- b\n---\n", 4, "tabs"),
        ("\n---\ntitle: A\ndate: 2024-01-01\ntitle: B\n---\n", 5, "is repeated"),
        ("---\ntitle: A\nextra:\n  b: 1\n  b: 2\n---\n", 5, "is repeated"),
        ("+++\na = 1\na = 2\n+++\n", 3, "TOML"),
        ("+++\ndate = 2019-08-02T8:00:00Z\n+++\n", 2, "TOML"),
        ('{"title": "A",\n"title": "B"}\n', 1, "is repeated"),
        ('{"title": "A",\n"tags": [}\n', 2, "JSON"),
        ("Title: A\nDate: 2024-01-01\nTitle: B\n\nText.", 3, "is repeated"),
        ("3+++\ntitle = 'A'\n+++\n", 1, "misspelled"),
        ("----\ntitle: A\n----\n", 1, "misspelled"),
        ("---\ntitle: [a]\n---\n", 2, "a list, not text"),
        ("---\ntitle: A\ndate: 03/04/2013\n---\n", 3, "date cannot be read"),
        ("---\ntitle: A\ndraft: maybe\n---\n", 3, "neither true nor false"),
        ("---\ntitle: A\npublished: soon\n---\n", 3, "date cannot be read"),
        (f"---\ntitle: A\nx: {'y' * 70_000}\n---\n", 2, "longer than 64 KB"),
    ],
)
def test_a_broken_header_is_refused_at_its_line(text: str, at: int, reason: str) -> None:
    error = refusal(text)
    assert re.search(reason, error.message)
    assert line(error) == at


def test_a_header_of_forty_kilobytes_is_read() -> None:
    text = f"---\ntitle: A\nsummary: {'word ' * 8000}\n---\nBody."
    assert len(article(text).summary or "") > 39_000


def test_escapes_in_a_header_cannot_add_illegal_characters() -> None:
    text = (
        '{"title": "A\\ud800\\u0001 b", "x\\u0002": ["\\u0000", {"\\ufffe": "\\udfff"}]}\n\nBody.'
    )
    read_article = article(text)
    assert read_article.title == "A b"
    assert read_article.extra == {"x": ["", {"": ""}]}
