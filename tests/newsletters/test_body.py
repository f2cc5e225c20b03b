"""Articles made fit for email programs."""

from __future__ import annotations

import pytest

from syndicate.newsletters.body import for_mail, without_picture

URL = "https://news.example.org/articles/winter/"


def mail(html: str, width: int = 576) -> str:
    return for_mail(html, url=URL, width=width)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<h1>a</h1><h2>b</h2>", ["h3", "h4"]),
        ("<h2>a</h2><h4>b</h4>", ["h3", "h5"]),
        ("<h4>a</h4><h5>b</h5>", ["h3", "h4"]),
        ("<h1>a</h1><h6>b</h6>", ["h3", "h6"]),
    ],
)
def test_headings_begin_below_the_title_and_keep_their_order(before: str, after: list[str]) -> None:
    html = mail(before)
    assert [tag for tag in ("h1", "h2", "h3", "h4", "h5", "h6") if f"<{tag}" in html] == after


def test_an_image_wider_than_the_column_shrinks_in_proportion() -> None:
    html = mail('<img src="https://e.org/a.png" width="2000" height="1000" alt="">')
    assert 'width="576"' in html
    assert 'height="288"' in html


def test_an_image_keeps_a_size_that_fits_and_loses_an_invalid_one() -> None:
    assert 'width="100"' in mail('<img src="https://e.org/a.png" width="100" height="50">')
    html = mail('<img src="https://e.org/a.png" width="50%" height="auto">')
    assert "width" not in html
    assert "height" not in html


def test_an_image_always_has_an_alternative_text() -> None:
    assert 'alt=""' in mail('<img src="https://e.org/a.png">')


def test_an_image_as_a_data_url_becomes_its_text() -> None:
    assert mail('<p>See <img src="data:image/png;base64,AAAA" alt="a swan">.</p>') == (
        '<p dir="auto">See a swan.</p>'
    )


def test_video_and_audio_become_links() -> None:
    html = mail('<video><source src="/a.mp4"></video><p><audio src="b.mp3"></audio></p>')
    assert '<a href="https://news.example.org/a.mp4">Watch the video</a>' in html
    assert f'<a href="{URL}b.mp3">Listen to the recording</a>' in html
    assert "<video" not in html
    assert "<audio" not in html


def test_a_link_within_the_page_leads_to_the_web_and_backlinks_are_removed() -> None:
    html = mail('<p>Note<a href="#fn1">1</a></p><p id="fn1">Text <a href="#r1">↩</a></p>')
    assert f'href="{URL}#fn1"' in html
    assert "↩" not in html
    assert "id=" not in html


def test_an_arrow_link_to_another_place_stays() -> None:
    assert "↑" in mail('<p><a href="https://e.org/">↑</a></p>')


def test_heading_cells_have_a_scope_and_only_the_table_scrolls() -> None:
    html = mail(
        "<table><tr><th>Day</th><th>Swans</th></tr><tr><th>Monday</th><td>12</td></tr></table>"
    )
    assert html.count('scope="col"') == 2
    assert html.count('scope="row"') == 1
    assert html.startswith('<div class="wide" tabindex="0"><table')


def test_a_table_without_headings_is_presentation() -> None:
    assert 'role="presentation"' in mail("<table><tr><td>a</td></tr></table>")


def test_colours_classes_and_sizes_of_the_article_go_but_alignment_of_cells_stays() -> None:
    html = mail(
        '<p style="color:red" class="x">a <font color="red">b</font></p>'
        '<table><tr><td style="text-align: right">1</td></tr></table>'
    )
    assert "red" not in html
    assert "class=" not in html.replace('class="wide"', "")
    assert 'align="right"' in html


def test_text_takes_its_own_direction_and_code_stays_left_to_right() -> None:
    html = mail("<p>a</p><blockquote><p>الجليد</p></blockquote><pre><code>x</code></pre>")
    assert '<p dir="auto">' in html
    assert '<blockquote dir="rtl">' in html
    assert '<pre dir="ltr">' in html


def test_check_boxes_and_folded_parts_can_be_read() -> None:
    html = mail(
        '<ul><li><input type="checkbox" checked> done</li><li><input type="checkbox"> open</li>'
        "</ul><details><summary>More</summary><p>Hidden</p></details>"
    )
    assert "☑" in html
    assert "☐" in html
    assert "<strong>More</strong>" in html
    assert "<details" not in html


def test_an_empty_text_stays_empty() -> None:
    assert mail("") == ""


def test_control_characters_are_removed_and_nothing_else() -> None:
    assert mail("a\x01b<p>c\x00</p>") == 'ab<p dir="auto">c</p>'


def test_braces_stay_as_they_are() -> None:
    assert "{{ first_name }}" in mail("<p>{{ first_name }}</p>")


def test_a_table_of_many_columns_keeps_room_for_them() -> None:
    def table(columns: int) -> str:
        return mail(f"<table><tr>{'<td>7</td>' * columns}</tr></table>")

    assert 'class="wide"' in table(4)
    assert 'class="wide many"' in table(5)


PICTURE = '<p dir="auto"><img src="https://e.org/a.png" alt=""></p>'


def test_the_paragraph_of_only_an_image_can_be_left_out_once() -> None:
    url = "https://e.org/a.png"
    assert without_picture(f"<p>A</p>{PICTURE}{PICTURE}", url) == f"<p>A</p>{PICTURE}"


@pytest.mark.parametrize(
    "html",
    [
        "<p>A</p>",
        '<p>See <img src="https://e.org/a.png" alt=""></p>',
        '<p><img src="https://e.org/a.png" alt=""><br><em>Dawn</em></p>',
        '<figure><img src="https://e.org/a.png" alt=""></figure>',
        '<p><img src="https://e.org/b.png" alt=""></p>',
    ],
)
def test_an_image_with_text_around_it_stays(html: str) -> None:
    assert without_picture(html, "https://e.org/a.png") == html


def test_notes_keep_the_name_they_are_styled_by() -> None:
    assert '<section class="footnotes">' in mail('<section class="footnotes"><p>a</p></section>')
    assert "class" not in mail('<section class="other"><p>a</p></section>')
