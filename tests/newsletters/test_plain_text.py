"""HTML into plain text that reads well."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syndicate.newsletters.plain_text import plain_text
from syndicate.text_width import width, wrap


def test_headings_are_underlined_by_rank() -> None:
    assert plain_text("<h2>Swans</h2><p>Many.</p>") == "Swans\n=====\n\nMany."
    assert plain_text("<h3>湖</h3>") == "湖\n--"


def test_links_are_numbered_with_their_addresses_below_and_one_number_each() -> None:
    html = '<p><a href="https://a.org/">One</a>, <a href="https://b.org/">two</a>, '
    html += '<a href="https://a.org/">again</a>.</p>'
    assert plain_text(html) == (
        "One [1], two [2], again [1].\n\n[1] https://a.org/\n[2] https://b.org/"
    )


def test_a_link_that_shows_its_address_is_written_once() -> None:
    assert plain_text('<p><a href="https://a.org/">https://a.org/</a></p>') == "https://a.org/"


def test_lists_have_bullets_nest_and_begin_at_their_number() -> None:
    assert plain_text("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>") == "- a\n  - b\n- c"
    assert plain_text('<ol start="9"><li>a</li><li>b</li></ol>') == "9. a\n10. b"


def test_items_of_several_paragraphs_stand_apart() -> None:
    text = plain_text("<ul><li><p>a</p><p>b</p></li><li><p>c</p></li></ul>")
    assert text == "- a\n\n  b\n\n- c"


def test_quotes_are_marked_on_every_line() -> None:
    text = plain_text("<blockquote><p>a</p><p>b</p></blockquote>")
    assert text == "> a\n>\n> b"


def test_code_keeps_its_lines_and_spaces_and_is_never_wrapped() -> None:
    line = "x = 1  # " + "long " * 40 + "end"
    assert plain_text(f"<pre><code>if a:\n    {line}\n</code></pre>") == (
        f"    if a:\n        {line}"
    )


def test_a_narrow_table_is_written_in_columns() -> None:
    html = "<table><tr><th>Day</th><th>湖</th></tr><tr><td>Monday</td><td>12</td></tr></table>"
    assert plain_text(html) == "Day     湖\n------  --\nMonday  12"


def test_a_wide_table_is_written_cell_by_cell_under_its_headings() -> None:
    head = "".join(f"<th>Column {n}</th>" for n in range(10))
    row = "".join(f"<td>measurement {n}</td>" for n in range(10))
    text = plain_text(f"<table><tr>{head}</tr><tr>{row}</tr></table>")
    assert "Column 3: measurement 3\nColumn 4: measurement 4" in text


def test_an_image_is_its_alternative_text_or_nothing() -> None:
    html = '<p>a <img src="x" alt="The lake"> b <img src="y" alt=""></p>'
    assert plain_text(html) == "a [The lake] b"


def test_line_breaks_are_kept_and_other_white_space_is_not() -> None:
    assert plain_text("<p>a\n  b<br>c</p>") == "a b\nc"


def test_text_is_wrapped_but_addresses_are_not() -> None:
    url = "https://a.org/" + "long/" * 30
    text = plain_text(f"<p>{'word ' * 40}{url}</p>")
    assert all(len(line) <= 72 for line in text.split("\n") if line != url)
    assert url in text.split("\n")


def test_chinese_is_wrapped_by_its_width_and_no_line_begins_with_a_full_stop() -> None:
    lines = plain_text(f"<p>{'湖上的冬天很美。' * 30}</p>").split("\n")
    assert len(lines) > 1
    assert all(width(line) <= 74 for line in lines)
    assert not any(line.startswith("。") for line in lines)


def test_deeply_nested_markup_does_not_overflow() -> None:
    assert "deep" in plain_text("<blockquote>" * 150 + "deep" + "</blockquote>" * 150)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300))
def test_wrapping_loses_no_word_and_adds_none(text: str) -> None:
    assert "".join("".join(wrap(text)).split()) == "".join(text.split())


@given(st.text("<>/ abp&;#\n\"='\u5929ulitredh123", max_size=200))
def test_any_markup_becomes_lines_without_trailing_space(html: str) -> None:
    assert all(line == line.rstrip() for line in plain_text(html).split("\n"))
