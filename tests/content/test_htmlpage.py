"""Files in HTML: their head, or a YAML header, or neither."""

from __future__ import annotations

from datetime import UTC, datetime

from reading_samples import article

from syndicate.content.article import Format


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
