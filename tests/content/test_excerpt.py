from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendering_bench import html, rendered

from syndicate.content.article import Format
from syndicate.content.excerpt import MAX_LENGTH, shorten


def summary(body: str, stated: str | None = None) -> str:
    return rendered(body, summary=stated)[0].summary


@pytest.mark.parametrize(
    "mark",
    [
        "<!--more-->",
        "<!-- more -->",
        "<!-- MORE -->",
        "<!--more Keep reading-->",
        "<!-- excerpt -->",
        "<!-- excerpt-end -->",
        "<!-- end excerpt -->",
        "<!-- truncate -->",
        "<!-- PELICAN_END_SUMMARY -->",
        "<!-- TEASER_END -->",
        "<!-- read more -->",
    ],
)
@pytest.mark.parametrize("form", Format)
def test_the_lead_ends_at_the_marker_and_the_marker_is_removed(mark: str, form: Format) -> None:
    rendering = rendered(f"First *a*.\n\nSecond.\n\n{mark}\n\nThird.", form=form)[0]
    assert "Second." in rendering.lead
    assert "Third" not in rendering.lead
    assert "Third." in rendering.html
    assert "--" not in rendering.html
    assert rendering.summary == (
        "First *a*. Second." if form is Format.HTML else "First a. Second."
    )


def test_a_marker_within_a_paragraph_leaves_a_balanced_lead() -> None:
    rendering = rendered("> A **knot**.<!--more--> A *bend*.")[0]
    assert rendering.lead == "<blockquote>\n<p>A <strong>knot</strong>.</p></blockquote>"
    assert rendering.html == (
        "<blockquote>\n<p>A <strong>knot</strong>. A <em>bend</em>.</p>\n</blockquote>\n"
    )


@pytest.mark.parametrize(
    "body",
    ["a `<!--more-->` b", "```\n<!--more-->\n```", "a <!--no-more--> b", "a <!-- note --> b"],
)
def test_other_comments_and_markers_in_code_are_not_markers(body: str) -> None:
    assert rendered(body)[0].lead == ""


def test_a_list_in_the_lead_is_not_in_the_summary() -> None:
    assert summary("The highlights.\n\n- one\n- two\n\n<!--more-->\n\nMore.") == "The highlights."


def test_only_the_first_marker_counts() -> None:
    rendering = rendered("a\n\n<!--more-->\n\nb\n\n<!--more-->\n\nc")[0]
    assert rendering.lead == "<p>a</p>"
    assert "b" in rendering.html
    assert "more" not in rendering.html


def test_the_stated_summary_wins_and_is_not_cut() -> None:
    long = "word " * 200
    assert summary("Body.", stated=f" {long}\n x ") == long + "x"
    assert summary("Body.", stated="  ") == "Body."


@pytest.mark.parametrize(
    "before",
    [
        "# Heading",
        "![A picture](rope.png)",
        "[![A picture](rope.png)](https://a.example/)",
        "```\ncode\n```",
        "[TOC]",
        "{{< youtube abcdefghijk >}}",
        "{{< nope >}}",
        '{{< figure src="rope.png" caption="A caption." >}}',
        "> Somebody said.",
        "| a |\n|---|\n| b |",
        "- item",
        "***",
        "[Read this](https://a.example/)",
    ],
)
def test_the_summary_is_the_first_real_paragraph(before: str) -> None:
    assert summary(f"{before}\n\nA *real* paragraph.\n\nAnother.") == "A real paragraph."


def test_a_quote_or_a_list_is_better_than_nothing() -> None:
    assert summary("# H\n\n> Somebody said.") == "Somebody said."
    assert summary("# H\n\n- one\n- two") == "one two"


def test_alternative_texts_and_then_the_title_stand_in() -> None:
    assert summary("![A rope](rope.png)") == "A rope"
    assert summary("{{< youtube abcdefghijk >}}") == "Knots"
    assert summary("") == "Knots"
    assert summary("```\nx = 1\n```") == "Knots"


def test_the_summary_is_plain_text_in_one_line() -> None:
    assert summary("Fish &amp; *chips* `<b>`\nand[^1]\u00a0more.\n\n[^1]: Note.") == (
        "Fish & chips <b> and more."
    )


def test_html_without_paragraphs_has_a_summary_too() -> None:
    assert (
        rendered("One line<br>and another", form=Format.HTML)[0].summary == "One line and another"
    )


def test_a_long_paragraph_is_cut_at_the_end_of_a_sentence() -> None:
    first = "A knot holds as long as it is dressed well, says e.g. the sailor. "
    text = first + "It slips " + "and slips " * 40
    assert summary(text) == first.strip()


def test_japanese_is_cut_at_its_full_stop() -> None:
    assert summary("結び目は長く残る。" * 60) == "結び目は長く残る。" * 31


def test_a_long_sentence_is_cut_at_a_word() -> None:
    short = summary("knots " * 100)
    assert short.endswith("knots…")
    assert MAX_LENGTH - 10 < len(short) <= MAX_LENGTH


@given(st.text(max_size=600))
def test_a_cut_text_is_never_too_long_and_begins_as_before(text: str) -> None:
    text = " ".join(text.split())
    short = shorten(text)
    assert len(short) <= MAX_LENGTH
    assert text.startswith(short.removesuffix("…"))
    assert bool(short) == bool(text)


def test_footnotes_are_not_in_the_lead() -> None:
    assert "footnotes" not in rendered("a[^1]\n\n<!--more-->\n\nb\n\n[^1]: c")[0].lead
    assert 'class="footnotes"' in html("a[^1]\n\n<!--more-->\n\nb\n\n[^1]: c")
