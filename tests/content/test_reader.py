"""One file from bytes: every shape real blogs have is read right, or refused with the line."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicate.content.article import Article, Format, HoldKind
from syndicate.content.reader import MAX_BYTES, Reading, read
from syndicate.errors import ArticleError

BERLIN = ZoneInfo("Europe/Berlin")


def reading(text: str, path: str = "posts/x.md") -> Reading:
    return read(path, text.encode(), BERLIN)


def article(text: str, path: str = "posts/x.md") -> Article:
    return reading(text, path).article


def rules(text: str, path: str = "posts/x.md") -> list[tuple[str, int | None]]:
    return [(finding.rule, finding.line) for finding in reading(text, path).findings]


def refusal(text: str | bytes, path: str = "posts/x.md") -> ArticleError:
    with pytest.raises(ArticleError) as refused:
        read(path, text.encode() if isinstance(text, str) else text, BERLIN)
    error = refused.value
    assert error.place is not None
    assert error.place.path == path
    assert error.hint
    return error


def line(error: ArticleError) -> int | None:
    return error.place.line if error.place else None


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
def test_a_draft_stays_one_when_its_fence_names_the_language(header: str, path: str) -> None:
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


@pytest.mark.parametrize("data", [b"", b"\n \n\t", b"\xef\xbb\xbf", b"\r\n\x07"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    error = refusal(data)
    assert (error.message, error.hint) == ("the file is empty", "write it, or delete it")


@pytest.mark.parametrize("word", ["Last Modified", "Created", "git Last Modified", "git created"])
def test_a_date_that_eleventy_works_out_is_none_and_told(word: str) -> None:
    text = f"---\ntitle: A\ndate: {word}\n---\nBody."
    assert article(text).date is None
    assert rules(text) == [("date-unreadable", 3)]
    assert article(text, "2024-03-01-a.md").inferred["date"] == "date in the file name"


def test_an_html_page_reads_its_head() -> None:
    page = (
        '<!DOCTYPE html>\n<html lang="de"><head>\n<title>A &amp; B</title>\n'
        '<meta name="date" content="2024-03-01">\n<meta name="Tags" content="one, two">'
        '<meta name="Tags" content="three">\n'
        '<meta name="viewport" content="width=1">\n</head>\n<body class="x">\n<p>Body.</p>\n'
        "</body></html>\n"
    )
    read_article = article(page, "a.html")
    assert read_article.title == "A & B"
    assert read_article.date == datetime(2024, 2, 29, 23, tzinfo=UTC)
    assert read_article.tags == ("one", "two")
    assert read_article.language == "de"
    assert (read_article.body, read_article.body_line) == ("<p>Body.</p>", 9)
    assert read_article.extra == {}


def test_html_may_have_a_yaml_header_or_none() -> None:
    assert article("---\ntitle: A\n---\n<p>B</p>", "a.html").body == "<p>B</p>"
    fragment = article("<h1>My title</h1>\n<p>B</p>", "a.htm")
    assert (fragment.title, fragment.body, fragment.format) == (
        "My title",
        "<p>B</p>",
        Format.HTML,
    )


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
def test_text_that_only_looks_like_a_header_stays_text(text: str) -> None:
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


def test_bytes_that_are_no_utf8_text_are_refused() -> None:
    error = refusal(b"one\r\ntwo\r\nbad \xff byte")
    assert line(error) == 3
    assert "byte 14" in error.message
    assert "UTF-16" in refusal("text".encode("utf-16")).message
    assert "not text" in refusal("text".encode("utf-16-le")).message
    assert "bytes" in refusal(b"x" * (MAX_BYTES + 1)).message


def test_characters_illegal_in_xml_are_removed_and_told() -> None:
    text = "---\ntitle: A\x07 b\n---\n\nBo\x00dy \x0b\ufffe.\n"
    read_article = article(text)
    assert (read_article.title, read_article.body) == ("A b", "Body .\n")
    assert rules(text) == [("characters-illegal", 2)]
    assert "removed: 4" in reading(text).findings[0].message


def test_escapes_in_a_header_bring_no_illegal_characters() -> None:
    text = (
        '{"title": "A\\ud800\\u0001 b", "x\\u0002": ["\\u0000", {"\\ufffe": "\\udfff"}]}\n\nBody.'
    )
    read_article = article(text)
    assert read_article.title == "A b"
    assert read_article.extra == {"x": ["", {"": ""}]}


@pytest.mark.parametrize("text", ["---\ntitle: A title\n---\n", "---\ntitle: A\n---"])
def test_an_empty_body_is_allowed_and_told(text: str) -> None:
    assert article(text).body == ""
    assert ("body-empty", None) in rules(text)


@pytest.mark.parametrize(
    ("written", "title"),
    [("1.10", "1.10"), ("2013", "2013"), ("true", "true"), ("2013-03-05", "2013-03-05"),
     ("0x10", "0x10"), ("007 # seven", "007"), ('"A  \\n b"', "A b")],
)  # fmt: skip
def test_a_title_is_text_as_written(written: str, title: str) -> None:
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
    ("written", "draft"),
    [
        ("draft: true", True), ("draft: yes", True), ("draft: 'False'", False), ("draft:", False),
        ("published: false", True), ("published: no", True), ("published: true", False),
        ("published: 2020-01-01", False), ("Status: draft", True), ("status: hidden", True),
        ("status: published", False), ("hidden: true", True), ("hidden: false", False),
        ("published: true\ndraft: true", True), ("draft: true\npublished: true", True),
    ],
)  # fmt: skip
def test_drafts_are_held_back_however_they_are_marked(written: str, draft: bool) -> None:
    assert bool(article(f"---\ntitle: A\n{written}\n---\nBody.").hold) is draft


@pytest.mark.parametrize(
    ("written", "path", "kind"),
    [
        ("draft: true", "x.md", HoldKind.DRAFT), ("isDraft: yes", "x.md", HoldKind.DRAFT),
        ("status: auto-draft", "x.md", HoldKind.DRAFT), ("", "drafts/x.md", HoldKind.DRAFT),
        ("status: pending", "x.md", HoldKind.OTHER), ("published: false", "x.md", HoldKind.OTHER),
        ("password: my draft", "x.md", HoldKind.OTHER), ("drfat: true", "x.md", HoldKind.OTHER),
        ("", "_parts/x.md", HoldKind.UNDERSCORE_FOLDER), ("", "_x.md", HoldKind.OTHER),
        ("hidden: true\ndraft: true", "x.md", HoldKind.OTHER), ("", "x.md", HoldKind.NONE),
    ],
)  # fmt: skip
def test_what_holds_an_article_back_has_a_kind(written: str, path: str, kind: HoldKind) -> None:
    assert article(f"---\ntitle: A\n{written}\n---\nBody.", path).hold is kind


def test_a_folder_for_drafts_makes_a_draft_unless_the_header_says_no() -> None:
    text = "---\ntitle: A\n---\nBody."
    assert article(text, "_drafts/x.md").hold
    assert article(text, "_drafts/x.md").inferred == {"draft": "folder for drafts"}
    assert not article("---\ntitle: A\ndraft: false\n---\nBody.", "_drafts/x.md").hold


@pytest.mark.parametrize(
    "key", ["date", "published", "publishedAt", "pubDate", "publish_date", "created", "Date"]
)
def test_the_date_stands_under_many_names(key: str) -> None:
    text = f"---\ntitle: A\n{key}: 2024-03-01T10:00:00Z\n---\nBody."
    assert article(text).date == datetime(2024, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "key",
    ["Update", "lastmod", "updated", "modified", "updatedAt", "last_modified_at", "revisedAt"],
)
def test_the_day_of_change_stands_under_many_names(key: str) -> None:
    text = f"---\ntitle: A\n{key}: 2024-03-01T10:00:00Z\n---\nBody."
    assert article(text).updated == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert article(text).date is None
    broken = f"---\ntitle: A\n{key}: recently\n---\nBody."
    assert rules(broken) == [("date-unreadable", 3)]


def test_an_embargo_goes_before_the_date() -> None:
    text = "---\ntitle: A\ndate: 2020-01-01\npublishDate: 2099-01-01T00:00:00Z\n---\nBody."
    assert article(text).date == datetime(2099, 1, 1, tzinfo=UTC)
    text = "---\ntitle: A\npublishDate: 2099-01-01T00:00:00Z\ndate: 2020-01-01\n---\nBody."
    assert article(text).date == datetime(2099, 1, 1, tzinfo=UTC)


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


def test_a_month_in_the_folders_is_no_date() -> None:
    assert article("---\ntitle: A\n---\nBody.", "post/2013/03/x.md").date is None


def test_everything_a_header_can_state_is_taken() -> None:
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
def test_authors_in_every_shape(written: str, authors: tuple[str, ...]) -> None:
    assert article(f"---\ntitle: A\n{written}\n---\nBody.").authors == authors


@pytest.mark.parametrize(
    "written",
    ["permalink: true", "permalink: /{{ page.slug }}/", "permalink: '{% x %}'", "url: true",
     "permalink: /:year/:title/", "permalink: /%2e%2e/x", "url: 'javascript:alert(1)'"],
)  # fmt: skip
def test_an_address_that_is_none_is_left_out_and_told(written: str) -> None:
    text = f"---\ntitle: A\n{written}\n---\nBody."
    assert article(text).url is None
    assert rules(text) == [("permalink-ignored", 3)]


@pytest.mark.parametrize(
    "written",
    ["lang: English", "image: 5", "tags: [{a: b}]", "summary: [a]", "slug: [a]",
     "slug: '{{ x }}'", "audio: 5", "alt: [a]", "taxonomies: [a]"],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_left_out_and_told(written: str) -> None:
    assert rules(f"---\ntitle: A\n{written}\n---\nBody.") == [("value-left-out", 3)]


WITHHELD = [
    *("draft: true", "isDraft: true", "is_draft: 'Yes'", "wip: true", "headless: true"),
    *("published: false", "Published: 'no'", "publish: false", "dg-publish: false"),
    *("status: draft", "Status: Private", "status: pending", "status: skip", "post_status: draft"),
    *("status: false", "visibility: members", "visibility: paid", "visibility: private"),
    *("state: draft", "access: members", "hidden: true", "private: yes", "is-private: on"),
    *("visible: false", "render: false", "render: never", "public: 'off'", "encrypted: true"),
    *("permalink: false", "permalink: 'False'", "password: kelp", "post_password: 1234"),
    *("build: {render: never}", "_build: {list: always, render: false}", "build: {render: link}"),
    *("build: false", "expired: true", "membersOnly: true", "draft: true\npublished: true"),
]
UNLISTED = [
    *("unlisted: true", "Unlisted: 'yes'", "feed: false", "rss: 'No'", "exclude_from_rss: true"),
    *("eleventyExcludeFromCollections: true", "eleventyExcludeFromCollections: [blog]"),
    *("build: {list: never}", "_build: {list: local, render: always}", "build: {list: false}"),
    *("listed: false", "status: unlisted", "visibility: unlisted", "disable_feed: true"),
    *("list: never", "hideInRSS: true"),
]
PUBLIC = [
    *("draft: false", "draft:", "isDraft: 'no'", "wip: false", "headless: false", "publish: true"),
    *("dg-publish: true", "status: published", "status: featured", "status: evergreen"),
    *("visibility: public", "visible: true", "render: always", "hidden: 0", "password: ''"),
    *("build: {list: always, render: always}", "build: true", "feed: true", "feed: /feed.xml"),
    *("rss: https://example.net/rss", "unlisted: false", "eleventyExcludeFromCollections: []"),
    *("state: Bavaria", "access: by train", "stage: two", "noindex: true", "sitemap: false"),
    *("robots: noindex", "redirect_to: /x/", "list: [one, two]", "status: true"),
]


@pytest.mark.parametrize("written", WITHHELD)
def test_what_its_own_generator_does_not_publish_is_held_back(written: str) -> None:
    found = reading(f"---\ntitle: A\ndate: 2024-03-01\n{written}\n---\nBody.")
    assert found.article.hold
    assert not found.findings
    assert "kelp" not in json.dumps([dict(found.article.inferred), dict(found.article.extra)])


@pytest.mark.parametrize("written", UNLISTED)
def test_what_its_own_generator_lists_nowhere_is_unlisted(written: str) -> None:
    found = reading(f"---\ntitle: A\ndate: 2024-03-01\n{written}\n---\nBody.")
    assert (found.article.hold, found.article.unlisted) == ("", True)
    assert not found.findings
    key = written.partition(":")[0]
    assert found.article.inferred["unlisted"].startswith(key)


@pytest.mark.parametrize("written", PUBLIC)
def test_the_same_keys_with_other_values_change_nothing(written: str) -> None:
    found = reading(f"---\ntitle: A\ndate: 2024-03-01\n{written}\n---\nBody.")
    assert (found.article.hold, found.article.unlisted) == ("", False)
    assert not found.findings


@pytest.mark.parametrize(
    "written",
    [
        *("status: somewhere", "status: darft", "hidden: perhaps", "visible: sometimes"),
        *("unlisted: maybe", "build: {list: seldom}", "visibility: friends", "status: scheduled"),
    ],
)
def test_a_value_that_may_mean_not_public_holds_back_and_is_reported(written: str) -> None:
    found = reading(f"---\ntitle: A\n{written}\n---\nBody.")
    assert found.article.hold
    assert [(f.rule, f.line) for f in found.findings] == [("publication-unclear", 3)]


def test_a_scheduled_status_waits_for_its_date() -> None:
    found = reading("---\nstatus: scheduled\ndate: 2099-03-01\n---\nBody.")
    assert (found.article.hold, found.findings) == ("", ())


@pytest.mark.parametrize(
    "key", ["expiryDate", "expires", "unpublish_date", "expiry-date", "expiry"]
)
def test_a_date_of_expiry_is_read_under_many_names(key: str) -> None:
    found = reading(f"---\ntitle: A\n{key}: 2030-01-01T10:00:00Z\n---\nB.")
    assert found.article.expires == datetime(2030, 1, 1, 10, tzinfo=UTC)
    assert not found.findings


def test_a_date_of_expiry_that_cannot_be_read_is_refused() -> None:
    assert "expiry" in refusal("---\ntitle: A\nexpiryDate: soonish\n---\nB.").message
    assert article("---\ntitle: A\nexpires: never\n---\nB.").expires is None


@pytest.mark.parametrize(
    "written",
    [
        *("drfat: true", "darft: true", "draf: yes", "Drafft: true", "drafts: true"),
        *("publised: false", "publihs: false", "publishd: false", "dg-publsh: false"),
        *("statsu: draft", "hiden: true", "pirvate: yes", "unlsited: true", "headles: true"),
        *("expirydat: 2020-01-01", "expiriyDate: 2030-01-01", "publshDate: 2099-01-01"),
        *("pasword: kelp", "visibel: false", "eleventyExcludeFromColections: true"),
        *("dtae: 2020-01-01", "creatd: 2020-01-01"),
    ],
)
def test_a_typo_of_a_key_that_controls_publication_holds_the_article_back(written: str) -> None:
    found = reading(f"---\ntitle: A\n{written}\n---\nBody.")
    assert found.article.hold
    assert [(f.rule, f.line) for f in found.findings] == [("key-unknown", 3)]
    assert "held back" in found.findings[0].message
    assert found.article.inferred["draft"].startswith(written.partition(":")[0])


@pytest.mark.parametrize(
    "written",
    [
        *("craft: knitting", "gender: female", "published_in: 2020", "privacy: true", "drift: 3"),
        *("listen: https://example.net/", "publisher: true", "rendered: by hand", "states: [one]"),
        *("feeds: false", "crafts: knitting", "statute: 12", "summry: true", "titel: x", "drfat:"),
    ],
)
def test_a_key_that_only_looks_like_one_does_not(written: str) -> None:
    assert not article(f"---\ntitle: A\ndate: 2024-03-01\n{written}\n---\nBody.").hold


def test_a_typo_of_the_date_matters_only_where_there_is_no_date() -> None:
    found = reading("---\ntitle: A\ndate: 2024-03-01\ndtae: 2020-01-01\n---\nBody.")
    assert not found.article.hold


def test_a_stated_day_of_publication_goes_before_the_date_in_any_order() -> None:
    for lines in ("date: 2024-01-01\npublish: 2099-01-01", "publish: 2099-01-01\ndate: 2024-01-01"):
        assert article(f"---\ntitle: A\n{lines}\n---\nBody.").date == datetime(
            2098, 12, 31, 23, tzinfo=UTC
        )


@pytest.mark.parametrize(
    "text",
    [
        "<!-- draft: true -->\n\n# One\n\nText.",
        "# One\n\nStatus: Draft\n\nText.",
        "# One\n\n**Status:** Draft\n\nText.",
        "#+TITLE: One\n#+DRAFT: t\n#+STATUS: draft\n\nText.",
        ":title: One\n:status: draft\n\nText.",
        "publish:: false\n\nText of a note.",
        "title = 'One'\ndraft = true\n+++\nText.",
        "---\ntitle: One\n---\n<!-- published: false -->\nText.",
    ],
)
def test_header_lines_in_no_known_form_hold_back_too(text: str) -> None:
    found = reading(text)
    assert found.article.hold
    assert [f.rule for f in found.findings] == ["publication-unclear"]


@pytest.mark.parametrize(
    "text",
    [
        "How drafts work.\n\nStatus: draft\n",
        "# Headers\n\n```\nstatus: draft\n```\n",
        "Note: this is text.\n\nDraft: a word for beer and for wind.\n",
        "<!-- draft: false -->\n\nText.",
        ".. title: One\n.. status: published\n\nText.",
        "# One\n\n- Private: no\n- Public: yes\n",
    ],
)
def test_text_about_drafts_is_published(text: str) -> None:
    assert not article(text).hold


@pytest.mark.parametrize("name", ["2026-02-30-x.md", "2026-13-07-x.md", "a/2026-02-30-x/index.md"])
def test_a_file_name_with_a_day_that_does_not_exist_is_held_back(name: str) -> None:
    found = reading("Text of it.", name)
    assert found.article.hold
    assert [f.rule for f in found.findings] == ["publication-unclear"]
    assert not article("---\ndate: 2026-03-01\n---\nText.", name).hold


@pytest.mark.parametrize(
    ("key", "meant"),
    [("tilte", "title"), ("catagory", "category"),
     ("Autor", "author"), ("summery", "summary"), ("dat_e_s", None), ("newstitle", None),
     *((key, None) for key in ("layout", "type", "weight", "toc", "comments", "series", "math",
       "menu", "data", "rate",
       "fate", "publisher", "featured", "links", "template", "in_search_index"))],
)  # fmt: skip
def test_a_slip_of_a_known_key_is_told_and_a_foreign_key_is_not(
    key: str, meant: str | None
) -> None:
    found = reading(f"---\ntitle: A\n{key}: true\n---\nBody.")
    assert found.article.extra == {key: True}
    if meant is None:
        assert not found.findings
    else:
        assert [(f.rule, f.line) for f in found.findings] == [("key-unknown", 3)]
        assert repr(meant) in found.findings[0].message


@pytest.mark.parametrize("title", ["", "title: A title\n", "title: a TITLE\n"])
def test_a_heading_that_is_the_title_leaves_the_body(title: str) -> None:
    found = article(f"---\n{title}slug: x\n---\n\n# A title\n\nBody.")
    assert found.title.casefold() == "a title"
    assert (found.body, found.body_line) == ("Body.", 7 + len(title.splitlines()))


def test_another_heading_stays_and_a_template_for_the_title_goes() -> None:
    assert article("---\ntitle: A\n---\n# B\n\nBody.").body == "# B\n\nBody."
    assert article("---\ntitle: A\n---\n# {{ page.title }}\n\nBody.").body == "Body."
    assert article("---\ntitle: The `x` file\n---\n# The `x` file\n\nBody.").body == "Body."
    assert article("# {{ page.title }}\n\nBody.", "p1.md").title == "Body"


def test_newstitle_is_no_title() -> None:
    found = article("---\nnewstitle: Old\n---\nThe lead. More.", "p1.md")
    assert (found.title, found.inferred) == ("The lead", {"title": "first sentence"})


def test_a_file_without_header_or_heading_says_all_by_itself() -> None:
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


def test_a_title_that_nobody_can_see_is_none() -> None:
    assert article('---\ntitle: "\\u200b\\u200d"\n---\nThe lead.', "p1.md").title == "The lead"


def test_an_article_that_says_nothing_takes_its_file_name() -> None:
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


def test_headers_that_cost_more_than_they_say_are_refused_before_they_are_built() -> None:
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
def test_numbers_no_json_can_hold_become_text(text: str) -> None:
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


def test_the_dates_of_mkdocs_material_are_read() -> None:
    header = b"---\ndate:\n  created: 2026-02-02\n  updated: 2026-02-03\n---\n# A\n\nText.\n"
    found = read("blog/posts/a.md", header, UTC).article
    assert found.date == datetime(2026, 2, 2, tzinfo=UTC)
    assert found.updated == datetime(2026, 2, 3, tzinfo=UTC)


def test_a_date_of_other_parts_is_refused() -> None:
    with pytest.raises(ArticleError, match="date"):
        read("a.md", b"---\ndate: {day: 2}\n---\nText.\n", UTC)
