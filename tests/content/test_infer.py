"""Titles and tags taken from the body, and the lines that only look like them."""

from __future__ import annotations

import pytest

from syndicate.content.article import Format
from syndicate.content.infer import first_sentence, heading, last_line_tags

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
def test_anything_else_at_the_top_is_no_title(body: str) -> None:
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


@pytest.mark.parametrize(
    ("line", "tags"),
    [
        ("python, web feeds, email", ("python", "web feeds", "email")),
        ("C++, C#, web 2.0", ("C++", "C#", "web 2.0")),
        ("#travel, #food", ("travel", "food")),
        ("日本、料理、旅行", ("日本", "料理", "旅行")),
        ("سفر، طعام", ("سفر", "طعام")),
        ("machine learning, python", ("machine learning", "python")),
        ("Reisen, Kochen, Bücher", ("Reisen", "Kochen", "Bücher")),
        ("best practices, python", ("best practices", "python")),
    ],
)
def test_a_bare_last_line_of_phrases_becomes_the_tags(line: str, tags: tuple[str, ...]) -> None:
    assert last_line_tags(f"Lead.\n\n### Part\n\nText.\n\n{line}\n\n") == (
        tags,
        "Lead.\n\n### Part\n\nText.\n",
    )


@pytest.mark.parametrize(
    "line",
    [
        "Yours, Anna", "Best, Tom", "Thanks for reading, Anna", "Viele Grüße, Anna", "Cheers, T",
        "We came, we saw, we won", "roses are red, violets are blue", "so it goes, my love",
        "flour, milk, and eggs", "Berlin, 12 March 2024", "12 Main Street, Springfield",
        "Springfield, IL 62704", "no, no, no",
        "silver moon rising, golden sun", "a, b.", "a, b!", "a, , b", "roses, violets,",
        "- a, b", "> a, b", "# a, b", "[a](b), c", "<b>a</b>, c", "`a`, b", "a: b, c", "[^1]: a, b",
        "one phrase only", "  a, b", "1, 2, 3", "“quoted”, words", "Hello, world", "No, thanks",
        "a phrase that has too many words in it, b", f"{'x' * 41}, b", "a, b (c), d",
    ],
)  # fmt: skip
def test_prose_sign_offs_and_addresses_stay_in_the_text(line: str) -> None:
    assert last_line_tags(f"Lead.\n\nText.\n\n{line}\n") is None


@pytest.mark.parametrize(
    "above",
    ["", "Text.\n", "```\ncode\n\n", "Ingredients:\n\n", "Best regards,\n\n", "> A quote\n\n",
     "## Ingredients\n\n", "Ingredients\n-----------\n\n", "![pic](a.png)\n\n", "<!--\n\n",
     "<pre>\n\n", "| a | b |\n\n"],
)  # fmt: skip
def test_what_stands_above_can_make_it_no_list_of_tags(above: str) -> None:
    assert last_line_tags(f"{above}salt, pepper, oil\n") is None


def test_a_closed_fence_above_does_not_hide_the_tags() -> None:
    assert last_line_tags("Text.\n\n```\ncode\n```\n\npython, feeds\n") is not None
