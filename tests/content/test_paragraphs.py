"""Paragraphs of texts whose only markup is their layout: line ends and indentation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layout_bench import (
    LEAD,
    NOW,
    OIL,
    PARAGRAPHS,
    STAIRS,
    SWITCH,
    TIGHT,
    seen,
    wrapped,
)

from syndicate.content.article import Format
from syndicate.content.layout import MAX_LENGTH, MAX_LINES, detect_layout
from syndicate.content.paragraphs import arrange

LINES, JOINED, VERSE = "one paragraph per line", "wrapped lines joined", "line breaks kept"
INDENTED, SHORT_LAST = "first lines are indented", "a short last line ends a paragraph"


@pytest.mark.parametrize("path", ["p1.txt", "p1.md", "p1.markdown"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "  \n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_each_long_line_is_a_paragraph(path: str, end: str, mark: str) -> None:
    found = seen((mark + TIGHT.replace("\n", end)).encode(), path)
    assert found.paragraphs == list(PARAGRAPHS)
    assert found.html.count("<h3") == 2
    assert "<br>" not in found.html
    assert found.article.inferred["paragraphs"] == LINES
    assert found.summary.startswith("A lighthouse that nobody tends")


def test_blank_lines_only_around_sections_do_not_join_paragraphs() -> None:
    before = TIGHT.replace("\n###", "\n\n###")
    around = before.replace("stairs\n", "stairs\n\n").replace("switch\n", "switch\n\n")
    for text in (before, around):
        assert seen(text).paragraphs == list(PARAGRAPHS)
        assert seen(text, "p1.md").paragraphs == list(PARAGRAPHS)


@pytest.mark.parametrize("path", ["p1.txt", "p1.md"])
@pytest.mark.parametrize(
    "between",
    [
        ["https://example.org/lamp"],
        ["We carried:", "• oil", "• bread", "• a clock"],
        ["Ann: Who lights it?", "Bo: Nobody"],
    ],
)
def test_short_lines_between_long_ones_join_nothing(path: str, between: list[str]) -> None:
    found = seen("\n".join([LEAD, *between, STAIRS]) + "\n", path)
    assert found.paragraphs == [LEAD, *between, STAIRS]


@pytest.mark.parametrize("columns", [60, 65, 72])
def test_wrapped_text_of_short_paragraphs_is_not_verse(columns: int) -> None:
    paragraphs = [LEAD, "It was quiet.", STAIRS, "Nobody counts them.", OIL, "It burned."]
    found = seen("\n".join(wrapped(text, columns) for text in paragraphs) + "\n")
    assert "<br>" not in found.html
    assert found.article.inferred["paragraphs"] == f"{JOINED}, {SHORT_LAST}"
    assert found.paragraphs[0] == LEAD


def test_short_lines_that_all_end_sentences_are_paragraphs() -> None:
    text = "It rained.\n“We stay,” said Ann.\nNobody argued!\nWhat else was there to do?\n"
    for path in ("p1.txt", "p1.md"):
        assert len(seen(text, path).paragraphs) == 4


def test_chinese_lines_are_as_long_as_they_look() -> None:
    lines = [
        "灯塔没有人看守以后，还是要有人打扫，海鸥不在乎灯是谁点的，也不在乎开关在哪里，"
        "它们照样飞来，照样把玻璃弄脏。",
        "塔里有一百四十级台阶，每一级的中间都比两边低一点，那是九个守塔人的靴子走出来的，"
        "一年又一年，一天又一天。",
        "现在由一所学校照看这座塔，每个月的第一个星期天，孩子们给爬得上来的人讲解"
        "那块大透镜的原理，还有钟的故事。",
    ]
    for path in ("p1.txt", "p1.md"):
        assert seen("\n".join(lines), path).paragraphs == lines
        assert seen("\n".join(f"\u3000\u3000{line}" for line in lines), path).paragraphs == lines


def test_a_list_a_quote_and_a_rule_keep_their_place_between_paragraph_lines() -> None:
    text = f"{LEAD}\n- one lamp\n- one lens\n{STAIRS}\n> “Up!”\n{OIL}\n---\n{SWITCH}\n{NOW}\n"
    for path in ("p1.txt", "p1.md"):
        html = seen(text, path).html
        assert [part for part in PARAGRAPHS if f"<p>{part}</p>" in html] == list(PARAGRAPHS)
        assert html.count("<li>") == 2
        assert html.count("<hr>") == 1
        assert "<h2" not in html


def test_a_paragraph_line_below_a_list_is_not_part_of_its_last_item() -> None:
    assert seen(f"Bring:\n- a lamp\n- a rope\n{LEAD}\n").paragraphs[-1] == LEAD


def test_a_line_that_begins_with_a_year_is_not_a_list() -> None:
    years = [f"{year}. In that year {OIL}" for year in (1850, 1851, 1860)]
    assert seen("\n".join(years)).paragraphs == years


@pytest.mark.parametrize("path", ["p1.txt", "p1.md"])
def test_wrapped_lines_are_joined(path: str) -> None:
    text = f"{wrapped(LEAD)}\n### The stairs\n{wrapped(f'{STAIRS} {OIL}')}\n"
    found = seen(text, path)
    assert found.paragraphs == [LEAD, f"{STAIRS} {OIL}"]
    spaced = "\n\n".join(map(wrapped, PARAGRAPHS))
    assert seen(spaced, path).paragraphs == list(PARAGRAPHS)


def test_wrapped_lines_are_joined_in_plain_text_and_explained() -> None:
    assert seen(wrapped(f"{LEAD} {STAIRS}")).article.inferred["paragraphs"] == JOINED


def test_a_short_last_line_of_wrapped_text_ends_a_paragraph() -> None:
    parts = ["The lamp was lit at dusk and put out at dawn, and in between it had to be turned by "
             "hand every time the clockwork stopped.",
             "In winter that was sixteen hours. The keepers took turns, and the one who slept did "
             "so with a string around his wrist, which was tied to the machine."]  # fmt: skip
    text = "\n".join(map(wrapped, parts))
    assert seen(text).paragraphs == parts
    assert seen(text).article.inferred["paragraphs"] == f"{JOINED}, {SHORT_LAST}"


@pytest.mark.parametrize("columns", [60, 66, 72, 76, 80, 100])
def test_the_width_of_wrapped_text_does_not_matter(columns: int) -> None:
    text = "\n\n".join(wrapped(part, columns) for part in PARAGRAPHS)
    assert seen(text).paragraphs == list(PARAGRAPHS)


POEM = "slow water\nin the pond\nwaits for the moon\n\nand the miller\nwaits too\n"


def test_verse_keeps_its_lines_in_plain_text() -> None:
    found = seen(POEM)
    assert found.paragraphs == [
        "slow water | in the pond | waits for the moon",
        "and the miller | waits too",
    ]
    assert found.article.inferred["paragraphs"] == VERSE
    assert "\\" not in found.article.title
    assert "<br>" not in seen(POEM, "p1.md").html


def test_long_verse_is_recognised_by_its_capitals() -> None:
    lines = ["When all the lamps along the coast are lit and every door is closed,",
             "And nothing moves upon the road except the rain, the wind, and me,",
             "I count the seconds in the dark between one flash and then the next,",
             "And think of whoever it was that first thought of a light for strangers"]  # fmt: skip
    assert seen("\n".join(lines)).paragraphs == [" | ".join(lines)]


def test_a_signature_below_wrapped_text_keeps_its_lines() -> None:
    text = "\n\n".join([*map(wrapped, PARAGRAPHS), "Kind regards,\nAnn Lee\nThe Lighthouse"])
    found = seen(text)
    assert found.paragraphs == [*PARAGRAPHS, "Kind regards, | Ann Lee | The Lighthouse"]
    assert found.article.inferred["paragraphs"] == f"{JOINED}, {VERSE}"


@pytest.mark.parametrize("indent", ["    ", "\t", "  ", "        ", "\u3000", "\u3000\u3000"])
def test_an_indented_paragraph_of_plain_text_is_not_code(indent: str) -> None:
    spaced = "\n\n".join(f"{indent}{part}" for part in PARAGRAPHS)
    tight = "\n".join(f"{indent}{part}" for part in PARAGRAPHS)
    book = "\n".join(wrapped(part, indent=indent.replace("\t", "    ")) for part in PARAGRAPHS)
    for text in (spaced, tight, book):
        assert seen(text).paragraphs == list(PARAGRAPHS)
        assert "<pre>" not in seen(text).html
    assert seen(book).article.inferred["paragraphs"] == INDENTED


def test_markup_behind_an_indentation_of_plain_text_is_text() -> None:
    text = "Here is how.\n\n    # not a heading\n\n    > not a quote\n\n    ```\n\nEnd.\n"
    assert seen(text).paragraphs == [
        "Here is how.", "# not a heading", "> not a quote", "```", "End.",
    ]  # fmt: skip


def test_an_indented_list_of_plain_text_is_a_list() -> None:
    assert seen("We need:\n\n    - a lamp\n    - a rope\n      of hemp\n").html.count("<li>") == 2


def test_indented_code_in_markdown_stays_code() -> None:
    text = f"{LEAD}\n{STAIRS}\n\n    lamp = on\n    turn(lamp)\n\n### Next\n{OIL}\n{SWITCH}\n"
    found = seen(text, "p1.md")
    assert "<pre><code>lamp = on\nturn(lamp)\n</code></pre>" in found.html
    assert len(found.paragraphs) == 4


def test_a_fence_keeps_its_lines() -> None:
    code = "```\nFirst line.\nSecond line.\n\n\tThird line.\n```"
    for path in ("p1.txt", "p1.md"):
        found = seen(f"{LEAD}\n{STAIRS}\n{code}\n{OIL}\n{NOW}\n", path)
        assert "First line.\nSecond line.\n\n\tThird line.\n</code>" in found.html
        assert found.paragraphs == [LEAD, STAIRS, OIL, NOW]


@pytest.mark.parametrize(
    "part",
    ["| lamp | oil |\n|---|---|\n| one | two |", "lamp | oil\n--- | ---\none | two",
     "1. one\n2. two\n\n   in two\n3. three", "- one\n  - two\n    - three", "> one\n> two\n>\n> 3",
     "<div>\nLine one.\n<b>Line</b> two.\n</div>", "Term\n\n: Meaning", "[^1]: A note.\n    More."],
)  # fmt: skip
def test_blocks_of_markdown_without_a_header_stay_as_they_are(part: str) -> None:
    text = f"{LEAD}[^1]\n\n{STAIRS}\n\n{part}\n\n{OIL}\n"
    assert detect_layout(text, Format.MARKDOWN).each_line is False
    assert arrange(text, detect_layout(text, Format.MARKDOWN)).text == text
    tight = f"{LEAD}[^1]\n{STAIRS}\n\n{part}\n\n{OIL}\n"
    assert part in arrange(tight, detect_layout(tight, Format.MARKDOWN)).text


def test_markdown_with_a_header_keeps_its_meaning() -> None:
    found = seen(f"---\ntitle: The tower\n---\n{TIGHT}", "p1.md")
    assert len(found.paragraphs) == 3
    assert "paragraphs" not in found.article.inferred


def test_plain_text_with_a_header_is_still_plain_text() -> None:
    assert seen(f"Title: The tower\n\n{TIGHT}").paragraphs == list(PARAGRAPHS)
    assert "<br>" in seen(f"Title: The pond\n\n{POEM}").html


def test_one_sentence_to_a_line_stays_one_paragraph_where_blank_lines_part_them() -> None:
    text = "The lamp is lit.\nIt turns.\n\nThe oil is low.\nIt lasts.\n\nThe sea is calm.\nGood.\n"
    assert len(seen(text, "p1.md").paragraphs) == 3


def test_two_blanks_at_the_ends_of_short_lines_are_breaks_in_markdown() -> None:
    assert "<br>" in seen("Ann Lee.  \nThe Lighthouse.  \nOne Road.\n", "p1.md").html


def test_the_line_of_a_finding_is_the_line_of_the_file() -> None:
    text = TIGHT.replace(SWITCH, f"{SWITCH} ![lens](missing.png)")
    for path in ("p1.txt", "p1.md"):
        lines = [finding.line for finding in seen(text, path).findings]
        assert lines == [6]


def test_tags_in_plain_text_are_shown_as_text() -> None:
    text = f"{LEAD}\n<b>{STAIRS}</b>\n<script>{OIL}</script>\n{NOW}\n"
    assert seen(text).paragraphs == [LEAD, f"<b>{STAIRS}</b>", f"<script>{OIL}</script>", NOW]


def test_a_summary_marker_on_its_own_line_ends_the_lead() -> None:
    text = f"{LEAD}\n{STAIRS}\n<!--more-->\n{OIL}\n{SWITCH}\n{NOW}\n"
    for path in ("p1.txt", "p1.md"):
        found = seen(text, path)
        assert found.paragraphs == [*PARAGRAPHS]
        assert found.summary.startswith("A lighthouse")


def test_a_text_without_end_keeps_the_paragraphs_of_markdown() -> None:
    for text in ("Ab cd.\n" * (MAX_LINES + 1), f"{'x' * MAX_LENGTH}.\ny.\n"):
        assert arrange(text, detect_layout(text, Format.TEXT)).text == text


PIECES = st.sampled_from(
    [LEAD, "Short line", "It rains.", "", "", "# Top", "### Part", "- item", "1. item", "> quote",
     "    indented", "\tindented", "\u3000段落。", "```", "| a | b |", "|---|---|", "---", "===",
     "<div>", "</div>", "1999. That year", "two  ", "a\\", "[^1]: note", "[x]: y", "Tags: a, b",
     "one, two, three", "#tag #other", "by Ann Lee", "2026-03-04", "Yours, Ann", "* * *", "$x$"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12), st.sampled_from([Format.TEXT, Format.MARKDOWN]))
def test_arranging_changes_only_white_space_and_escapes(lines: list[str], form: Format) -> None:
    text = "\n".join(lines)
    arranged = arrange(text, detect_layout(text, form)).text
    assert arranged.replace("\\", "").split() == text.replace("\\", "").split()


WORDS = st.sampled_from(
    ["lamp", "tower", "Ann", "the", "oil,", "sea.", "3", "#", "-", "Tags:", "by", "#light", "a.",
     "*", "2026-03-04", "Küste", "灯塔", "。", "und"]
)  # fmt: skip
ROWS = st.lists(WORDS, max_size=30).map(" ".join)


@given(st.lists(st.one_of(ROWS, st.just(""), PIECES), min_size=1, max_size=10))
def test_no_word_of_a_plain_text_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    if not text.strip() or text.lstrip().startswith(("---", "Tags", "|")):
        return
    try:
        found = seen(text)
    except Exception as error:  # noqa: BLE001 a header that cannot be read is refused, with a place
        assert type(error).__name__ == "ArticleError"  # noqa: PT017
        return
    one = found.article
    shown = " ".join((found.html, one.title, *one.tags, *one.authors, str(one.date)))
    for word in ("lamp", "tower", "Ann", "oil", "Küste", "灯塔"):
        assert word not in text or word in shown
