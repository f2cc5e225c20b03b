"""Footnotes and link definitions: what nothing refers to is text, or reported, and never lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layout_bench import seen
from rendering_bench import html, rendered, rules

from syndicate.content.article import Format
from syndicate.content.definitions import unused_as_text


@pytest.mark.parametrize(
    "text",
    ["[^1]: note", "[Ann]: hello", "[10:15]: bells", "- one\n  [^1]: in a list", "> [^1]: quoted",
     "- [^1]: an item", "    [^1]: indented", "[the\ntower]: lamp", "[^a\\]]: escaped",
     "`[^1]`\n\n[^1]: in code only", "```\n[^1]\n```\n\n[^1]: in a fence only"],
)  # fmt: skip
def test_in_plain_text_a_definition_to_which_nothing_refers_is_text(text: str) -> None:
    shown = seen(f"Above.\n\n{text}\n").text
    words = text.replace("\\", "").replace("`", "").removeprefix("> ").split()
    assert [word for word in words if word not in shown and word != "-"] == []


def test_lines_joined_to_a_note_of_plain_text_are_shown_with_it() -> None:
    found = seen("Above.\n\n[^1]: note\nmore of it\n\nBelow.\n")
    assert found.paragraphs == ["Above.", "[^1]: note | more of it", "Below."]
    assert found.findings == ()


def test_footnotes_and_links_of_plain_text_work_where_something_refers_to_them() -> None:
    found = seen("Above.[^1] See [the tower] or [it][2].\n\n[^1]: note\n\n"
                 "[The Tower]: https://example.com/a\n[2]: https://example.com/b\n")  # fmt: skip
    assert 'id="fn-1"' in found.html
    assert 'href="https://example.com/a"' in found.html
    assert 'href="https://example.com/b"' in found.html
    assert "]:" not in found.text


def test_of_two_definitions_with_one_label_the_second_is_text_in_plain_text() -> None:
    found = seen("It was [Ann] again.\n\n[Ann]: lamp\n[ann]: tower\n")
    assert found.paragraphs == ["It was Ann again.", "[ann]: tower"]


def test_code_of_plain_text_shows_definitions_as_written() -> None:
    assert "<code>[^1]: x\n</code>" in seen("Above.\n\n```\n[^1]: x\n```\n").html


def test_markdown_reports_a_footnote_to_which_nothing_refers_with_its_line() -> None:
    text = "Above.[^1]\n\n[^1]: used\n\n[^2]: unused\nand joined\n\n- [^C d]: link\n- [^x]: item\n"
    assert rules(text) == [("footnote-unused", 5), ("footnote-unused", 9)]
    finding = rendered(text)[1][0]
    assert finding.message == "nothing refers to the footnote [^2], so it is not shown"
    assert finding.hint == "write [^2] where the note belongs, or delete the note"


@pytest.mark.parametrize(
    "text",
    ["a[^ß] b\n\n[^ß]: note", "a[^A]\n\n[^a]: note", "a[^1]\n\n[^1]: n[^2]\n\n[^2]: note",
     "```\n[^1]: code\n```", "    [^1]: code", "<!-- \n[^1]: comment -->", "see [^1]: text",
     "a[^1] b[^1]\n\n> [^1]: note", "\\[^1]: text"],
)  # fmt: skip
def test_markdown_reports_no_footnote_that_it_shows(text: str) -> None:
    assert rules(text) == []


def test_text_between_two_footnotes_with_one_label_stays_where_it_is() -> None:
    shown = html("a[^1]\n\n[^1]: one\n\nbetween\n\n[^1]: two\n\nbelow\n")
    assert shown.startswith("<p>a")
    assert "<p>between</p>\n<p>[^1]: two</p>\n<p>below</p>\n<section" in shown


NOTES = st.sampled_from(
    ["[^1]", "[^1]: lamp", "[^2]: tower[^1]", "[^2]", "text", "", "> [^3]: oil", "- [^1]: sea",
     "`[^1]`", "  [^2]: more", "```", "[Ann]", "\\[Ann]"]
)  # fmt: skip


@given(st.lists(NOTES, max_size=8))
def test_every_word_of_a_note_is_shown_or_reported(lines: list[str]) -> None:
    text = "\n".join(lines)
    for form in (Format.TEXT, Format.MARKDOWN):
        rendering, findings = rendered(text, form=form)
        reported = any(finding.rule == "footnote-unused" for finding in findings)
        for word in ("lamp", "tower", "oil", "sea", "more"):
            assert word not in text or word in rendering.html or reported


@given(st.lists(NOTES, max_size=8))
def test_only_backslashes_are_added(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert unused_as_text(text).replace("\\", "") == text.replace("\\", "")
