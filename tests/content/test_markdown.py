from __future__ import annotations

import pytest
from rendering_bench import URL, html, rules

from syndicate.content.article import Format


def test_a_footnote_links_there_and_back_on_the_page_of_the_article() -> None:
    out = html("Rope[^1] and more rope[^1].\n\n[^1]: Hemp.")
    assert f'<a href="{URL}#fn-1" id="fnref-1">1</a>' in out
    assert f'href="{URL}#fnref-1-2"' in out
    assert '<li id="fn-1">' in out
    assert out.count('id="fnref-1"') == 1


def test_a_table_keeps_its_alignment() -> None:
    out = html("| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert '<th align="center">a</th>' in out
    assert '<td align="right">2</td>' in out


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("python", "python"),
        ("js {hl_lines=[1]}", "js"),
        ("python:title.py", "python"),
        ("{.haskell}", "haskell"),
        ("c++", "c++"),
    ],
)
def test_a_code_block_states_its_language(info: str, language: str) -> None:
    assert f'<pre><code class="language-{language}">x\n</code></pre>' in html(f"```{info}\nx\n```")


def test_indented_code_is_code() -> None:
    assert html("Text.\n\n    if a < b:\n") == (
        "<p>Text.</p>\n<pre><code>if a &lt; b:\n</code></pre>\n"
    )


def test_a_heading_keeps_its_level_and_gets_an_id_from_its_text() -> None:
    assert html("## The Bowline, *again*") == (
        '<h2 id="the-bowline-again">The Bowline, <em>again</em></h2>\n'
    )


def test_a_stated_heading_id_is_kept_and_its_braces_are_not_shown() -> None:
    assert html("## Title {#here}") == '<h2 id="here">Title</h2>\n'
    assert html("## Title {: #here .wide}") == '<h2 id="here">Title</h2>\n'


def test_equal_headings_get_different_ids() -> None:
    out = html("# A\n\n# A\n\n# A-1\n\n# A")
    assert [out.count(f'id="{i}"') for i in ("a", "a-1", "a-1-1", "a-2")] == [1, 1, 1, 1]


def test_japanese_headings_have_ids_too() -> None:
    assert 'id="結び目"' in html("## 結び目")


@pytest.mark.parametrize(
    "body",
    [
        "Text\n{: .note}",
        "Text\n\n{: .note title='x'}",
        "Text\n{:.note}\n",
        "{::options toc_levels='1' /}\n\nText",
    ],
)
def test_attribute_lists_of_kramdown_are_not_shown(body: str) -> None:
    assert html(body).strip() == "<p>Text</p>"


def test_attribute_lists_behind_links_and_images_are_not_shown() -> None:
    assert "{" not in html('[a](https://a.example/){:target="_blank"} and **b**{: .x}')
    assert "{" not in html("![a](rope.png){: width='9'} ![a](rope.png){width=50%} `x`{:.sh}")


def test_braces_in_text_and_code_stay() -> None:
    assert "{a=1} is a set" in html("{a=1} is a set")
    assert "{: .note}" in html("`{: .note}`")
    assert "{: .note}" in html("```\nText\n{: .note}\n```")
    assert "[TOC]" in html("`[TOC]` makes a table of contents")


@pytest.mark.parametrize("mark", ["[TOC]", "[[_TOC_]]", "* TOC\n{:toc}", "1. Contents\n{:toc .x}"])
def test_tables_of_contents_are_left_out(mark: str) -> None:
    assert html(f"{mark}\n\nText") == "<p>Text</p>\n"


def test_task_lists_are_shown_with_characters_instead_of_checkboxes() -> None:
    assert html("- [ ] rope\n- [x] knife") == "<ul>\n<li>☐ rope</li>\n<li>☑ knife</li>\n</ul>\n"


def test_definition_lists_strikethrough_and_bare_links() -> None:
    assert "<dt>Bight</dt>" in html("Bight\n\n: a loop")
    out = html("~~old~~ https://a.example/x")
    assert out == ('<p><del>old</del> <a href="https://a.example/x">https://a.example/x</a></p>\n')


def test_emphasis_works_next_to_japanese_punctuation() -> None:
    assert "<strong>重要。</strong>です" in html("**重要。**です")


def test_quotes_and_dashes_stay_as_typed() -> None:
    assert html('"a" -- b...') == '<p>"a" -- b...</p>\n'


def test_an_alert_is_a_quotation_that_begins_with_its_title() -> None:
    assert html("> [!NOTE]\n> Wet rope shrinks.") == (
        "<blockquote>\n<p><strong>Note</strong></p>\n<p>Wet rope shrinks.</p>\n</blockquote>\n"
    )


def test_an_alert_ends_where_it_ends_whatever_is_in_and_after_it() -> None:
    written = (
        '> [!WARNING] Mind\n>\n> <div align="center">x</div>\n>\n> > [!TIP]\n> > in\n\n'
        "<div>after</div>\n"
    )
    assert html(written).replace("\n", "") == (
        '<blockquote><p><strong>Mind</strong></p><div align="center">x</div>'
        "<blockquote><p><strong>Tip</strong></p><p>in</p></blockquote></blockquote>"
        "<div>after</div>"
    )
    assert html("> [!NOTE]\n> </div>\n\nafter").replace("\n", "") == (
        "<blockquote><p><strong>Note</strong></p></blockquote><p>after</p>"
    )


def test_html_in_markdown_passes() -> None:
    assert html("a <kbd>Ctrl</kbd> <u>b</u>") == "<p>a <kbd>Ctrl</kbd> <u>b</u></p>\n"


def test_a_text_file_has_structure_but_its_tags_are_text() -> None:
    out = html("### Sections\n\n- a <b>\n\n{{< figure >}}", form=Format.TEXT)
    assert '<h3 id="sections">Sections</h3>' in out
    assert "<li>a &lt;b&gt;</li>" in out
    assert "{{&lt; figure &gt;}}" in out
    assert rules("{{< figure >}}", form=Format.TEXT) == []


@pytest.mark.parametrize(
    "body",
    [
        ">" * 100_000 + "a",
        "|".join("a" * 3000) + "\n" + "|".join("-" * 3000) + "\n" + "x\n" * 3000,
        "- " * 10_000 + "a",
        "[" * 100_000,
        "*a **b " * 20_000,
    ],
    ids=["quotes", "wide table", "lists", "brackets", "emphasis"],
)
def test_endless_nesting_is_limited(body: str) -> None:
    assert len(html(body)) < 4_000_000


def test_quotes_nest_as_deep_as_anyone_writes() -> None:
    assert html(">" * 20 + "a").count("<blockquote>") == 20
    assert html(">" * 5000 + "a").count("<blockquote>") == 50


def test_a_table_of_ordinary_width_is_not_bounded() -> None:
    wide = "|".join("a" * 30) + "\n" + "|".join("-" * 30) + "\n" + "x\n" * 200
    assert html(wide).count("<td>") == 6000
