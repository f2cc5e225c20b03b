"""Titles taken from the body, and the lines that only look like them."""

from __future__ import annotations

import pytest

from syndicate.content.article import Format
from syndicate.content.infer import first_sentence, heading

MD = Format.MARKDOWN


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("# A title\n\nText", "A title"),
        ("# A title ##\nText", "A title"),
        ("  # C#\nText", "C#"),
        ("A title\n=======\n\nText", "A title"),
        ("<h1 class='x'>A &amp; b</h1>\nText", "A & b"),
        ("# **Bold** _and_ `code_x` [link](https://a.example/b_c) ![pic](p.png)\n",
         "Bold and code_x link pic"),
        ("# snake_case 2 * 3 * 4\n", "snake_case 2 * 3 * 4"),
        ("# A title {#anchor}\n", "A title"),
        ("# Not \\*bold\\* &lt;b&gt;\n", "Not *bold* <b>"),
    ],
)  # fmt: skip
def test_a_first_level_heading_is_read_as_plain_text(body: str, title: str) -> None:
    found = heading(body, MD)
    assert found is not None
    assert found[0] == title
    assert body[found[1] :].strip() in ("Text", "")


@pytest.mark.parametrize(
    "body",
    ["## Second level\n", "#hashtag\n", "Text\n\n# Later\n", "    # code\n", "\t# code\n", "#\n",
     "Text\n=foo\n", "# ![](only.png)\n", "", "<h1></h1>\n", "<h2>x</h2>"],
)  # fmt: skip
def test_anything_else_at_the_top_is_not_a_title(body: str) -> None:
    assert heading(body, MD) is None


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("It rained. We stayed.", "It rained"),
        ("Did it rain? Yes.", "Did it rain?"),
        ("## Section\n\n- a list\n\n![pic](a.png)\n\nThe lead. More.", "The lead"),
        ("```\ncode here\n\nmore code\n```\n\nThe lead. More.", "The lead"),
        ("[A link](https://example.org) opens it. More.", "A link opens it"),
        ("Dr. Ann met e.g. Bo. Then left.", "Dr. Ann met e.g. Bo"),
        ("今日は雨です。明日も雨です。", "今日は雨です"),
        ("Section\n---\n\nThe lead. More.", "The lead"),
        ("Dear all,\n\nThe lamp is out. More.", "The lamp is out"),
        ("Dear all,", "Dear all,"),
        ("Minutes of May  \n4 May 2026  \nPresent: Ann\n\nMore.", "Minutes of May"),
        ("The lamps go out,  \nthe sea goes on", "The lamps go out"),
    ],
)
def test_the_first_sentence_of_prose_is_a_title(body: str, title: str) -> None:
    assert first_sentence(body, MD) == title


def test_a_long_sentence_is_cut_at_a_word() -> None:
    title = first_sentence("word " * 40, MD)
    assert title is not None
    assert title.endswith("word…")
    assert 60 <= len(title) <= 80


def test_a_body_without_prose_gives_no_sentence() -> None:
    assert first_sentence("```\ncode\n```\n\n- a\n- b\n", MD) is None
    assert first_sentence("<script>alert('A b. C')</script>", Format.HTML) is None
