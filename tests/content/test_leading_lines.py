"""Title lines, bylines and dates at the top of a text without front matter."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from layout_bench import LEAD, OIL, PARAGRAPHS, SPACED, STAIRS, TIGHT, seen, wrapped

from syndicate.content.article import Format
from syndicate.content.leading_lines import read

TITLE = "The lamp that nobody lights"


@pytest.mark.parametrize("path", ["p1.txt", "p1.md", "a-day-at-sea.txt", "a-day-at-sea.md"])
@pytest.mark.parametrize(
    "text",
    [f"{TITLE}\n\n{SPACED}", f"{TITLE}\n{TIGHT}", f"{TITLE}\n\n{TIGHT}", f"{TITLE}  \n\n\n{SPACED}",
     f"\n\n{TITLE}\n\n{SPACED}", f"**{TITLE}**\n\n{SPACED}", f"# {TITLE}\n{TIGHT}",
     f"{TITLE}\n=====\n{TIGHT}"],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_title_line_is_the_title_and_not_repeated(path: str, text: str, end: str) -> None:
    found = seen(text.replace("\n", end).encode(), path)
    assert found.article.title == TITLE
    assert found.article.inferred["title"] in ("title line", "first heading")
    assert found.paragraphs == list(PARAGRAPHS)
    assert TITLE not in found.text
    assert found.summary.startswith("A lighthouse that nobody tends")


@pytest.mark.parametrize(
    "title",
    ["Why does the lamp turn?", "THE LAMP", "Lamps!", "灯塔", "A day in March 2026", "C#",
     "the lamp",
     "Der Leuchtturm: ein Nachruf", "Ann’s lamp", "Lamps & oil", "Ein Tag am Meer", "3 lamps"],
)  # fmt: skip
def test_short_lines_with_a_blank_line_below_are_titles(title: str) -> None:
    for path in ("p1.txt", "p1.md"):
        found = seen(f"{title}\n\n{SPACED}", path)
        assert found.article.title == title
        assert found.paragraphs == list(PARAGRAPHS)


@pytest.mark.parametrize(
    "first",
    ["It rained.", "Dear all", "Dear readers,", "Hello everyone", "Hi folks!", "We came:",
     "We are so happy to announce it!", "- item", "1. item", "> quote", "[link](a.md)",
     "![pic](a.png)", "https://example.org/", "Well, it began like this;", "--- Ann",
     "{{ page.x }}",
     "And so on…", "*", "***", "Liebe Leute", "| a | b |", "今日は雨です。",
     "This line goes on and on and on, without any end, and without a full stop either, until even"
     " the most patient of all readers must see that it is no title"],
)  # fmt: skip
def test_other_first_lines_stay_in_the_text(first: str) -> None:
    for path in ("p1.txt", "p1.md"):
        found = seen(f"{first}\n\n{SPACED}", path)
        assert found.article.inferred.get("title") != "title line"
        assert found.article.body.startswith(first)


@pytest.mark.parametrize("title", ["Why is the lamp dark?", "Oil and/or wicks", "Oil / wicks?"])
@pytest.mark.parametrize("path", ["p1.txt", "p1.md"])
def test_a_question_or_a_slash_directly_above_the_text_is_the_title(title: str, path: str) -> None:
    for text in (TIGHT, f"{LEAD}\n", wrapped(f"{LEAD} {STAIRS}")):
        found = seen(f"{title}\n{text}", path)
        assert found.article.title == title
        assert title not in found.text


def test_a_question_among_short_lines_is_text() -> None:
    talk = "Who is there?\nIt is only me.\nCome in, then.\nThe lamp is out.\n"
    assert seen(talk, "p1.txt").article.body.startswith("Who is there?")


@pytest.mark.parametrize("path", ["p1.txt", "p1.md"])
@pytest.mark.parametrize("title", [f"{TITLE}\n\n", f"\n{TITLE}\n\n", f"\n# {TITLE}\n"])
def test_a_date_and_tags_may_stand_above_the_title(path: str, title: str) -> None:
    found = seen(f"4 March 2026\nTags: oil, sea\n{title}by Ann Lee\n\n{SPACED}", path)
    assert (found.article.title, found.article.date) == (TITLE, datetime(2026, 3, 4, tzinfo=UTC))
    assert (found.article.tags, found.article.authors) == (("oil", "sea"), ("Ann Lee",))
    assert found.paragraphs == list(PARAGRAPHS)


@pytest.mark.parametrize("path", ["p1.txt", "p1.md"])
@pytest.mark.parametrize("line", ["Tags: oil, sea", "Schlagwörter: oil, sea", "#oil #sea"])
def test_labelled_tags_may_stand_directly_above_the_text(path: str, line: str) -> None:
    found = seen(f"{line}\n{TIGHT}", path)
    assert found.article.tags[:2] == ("oil", "sea")
    assert line not in found.text
    assert found.paragraphs == list(PARAGRAPHS)


def test_a_first_verse_is_not_a_title() -> None:
    verse = "slow water\nin the pond\nwaits for the moon"
    assert seen(f"{verse}\n\nand the miller\nwaits too\n").article.body.startswith("slow water")
    found = seen(f"Low tide\n\n{verse}\n")
    assert (found.article.title, found.paragraphs) == ("Low tide", [verse.replace("\n", " | ")])


def test_the_first_line_of_wrapped_text_is_not_a_title() -> None:
    assert seen(wrapped(f"{LEAD} {STAIRS}")).article.inferred["title"] == "first sentence"
    found = seen(f"{TITLE}\n{wrapped(f'{LEAD} {STAIRS}')}\n")
    assert (found.article.title, found.paragraphs) == (TITLE, [f"{LEAD} {STAIRS}"])


def test_a_title_line_above_one_long_line_is_a_title() -> None:
    found = seen(f"{TITLE}\n{LEAD}\n")
    assert (found.article.title, found.paragraphs) == (TITLE, [LEAD])


def test_an_underlined_first_line_of_plain_text_is_the_title() -> None:
    found = seen(f"THE LAMP\n--------\n\n{SPACED}")
    assert (found.article.title, found.paragraphs) == ("THE LAMP", list(PARAGRAPHS))


def test_a_centred_first_line_of_plain_text_is_the_title() -> None:
    found = seen(f"                THE LAMP\n\n{SPACED}")
    assert (found.article.title, found.paragraphs) == ("THE LAMP", list(PARAGRAPHS))


def test_a_first_level_heading_further_down_is_not_overruled() -> None:
    assert seen(f"Notes\n\n# {TITLE}\n\n{SPACED}", "p1.md").article.body.startswith("Notes")


@pytest.mark.parametrize(
    ("byline", "authors"),
    [
        ("by Ann Lee", ("Ann Lee",)),
        ("By Ann Lee", ("Ann Lee",)),
        ("BY ANN LEE", ("ANN LEE",)),
        ("*by Ann Lee*", ("Ann Lee",)),
        ("by Ann Lee and Bo Ek", ("Ann Lee", "Bo Ek")),
        ("by Ann Lee, Bo Ek & C. D. Fox", ("Ann Lee", "Bo Ek", "C. D. Fox")),
        ("Written by Ludwig van der Berg", ("Ludwig van der Berg",)),
        ("von Anna Groß und Ben Ott", ("Anna Groß", "Ben Ott")),
        ("par Zoé Roux et Ed Roi", ("Zoé Roux", "Ed Roi")),
        ("por José Ruiz y Ana Gil", ("José Ruiz", "Ana Gil")),
        ("Author: Ann Lee", ("Ann Lee",)),
        ("Text: Ann Lee", ("Ann Lee",)),
        ("作者：李明", ("李明",)),
        ("文／田中葵", ("田中葵",)),
        ("بقلم: يوسف عماري", ("يوسف عماري",)),
        ("Автор: Анна Ли", ("Анна Ли",)),
    ],
)
@pytest.mark.parametrize("gap", ["", "\n"])
def test_a_byline_below_the_title_names_the_authors(
    byline: str, authors: tuple[str, ...], gap: str
) -> None:
    for title in (TITLE, f"# {TITLE}"):
        found = seen(f"{title}\n{gap}{byline}\n\n{SPACED}")
        assert found.article.title == TITLE
        assert found.article.authors == authors
        assert found.article.inferred["authors"] == "byline"
        assert found.paragraphs == list(PARAGRAPHS)


@pytest.mark.parametrize("line", ["by the sea", "By then it was late", "Ann Lee", "by 2026", "by"])
def test_other_lines_below_the_title_are_text(line: str) -> None:
    found = seen(f"# {TITLE}\n\n{line}\n\n{SPACED}")
    assert found.article.authors == ()
    assert found.paragraphs[0] == line


@pytest.mark.parametrize(
    "about",
    ["by Ann Lee\n2026-03-04", "by Ann Lee\n4 March 2026", "2026-03-04\nby Ann Lee",
     "by Ann Lee, 4 March 2026", "By Ann Lee | March 4, 2026", "by Ann Lee – 4 March 2026",
     "by Ann Lee\n\n2026-03-04", "Author: Ann Lee\nDate: 2026-03-04"],
)  # fmt: skip
def test_author_and_date_may_both_stand_below_the_title(about: str) -> None:
    found = seen(f"{TITLE}\n{about}\n\n{SPACED}")
    assert found.article.title == TITLE
    assert found.article.authors == ("Ann Lee",)
    assert found.article.date == datetime(2026, 3, 4, tzinfo=UTC)
    assert found.article.inferred["date"] == "date line"
    assert found.paragraphs == list(PARAGRAPHS)


@pytest.mark.parametrize("text", [TIGHT, f"{wrapped(f'{LEAD} {STAIRS}')}\n", f"{LEAD}\n"])
def test_a_title_and_a_byline_may_stand_directly_above_the_text(text: str) -> None:
    found = seen(f"{TITLE}\nby Ann Lee\n2026-03-04\n{text}")
    assert (found.article.title, found.article.authors) == (TITLE, ("Ann Lee",))
    assert found.paragraphs == seen(text).paragraphs


@pytest.mark.parametrize("path", ["p1.txt", "p1.md"])
@pytest.mark.parametrize("about", ["", "by Ann Lee\n", "4 March 2026\n"])
def test_a_title_above_sections_of_few_lines_is_the_title(path: str, about: str) -> None:
    text = f"{LEAD}\n### The stairs\n{STAIRS}\nNobody counts them.\n"
    found = seen(f"{TITLE}\n{about}{text}lamps, stairs, boots\n", path)
    assert found.article.title == TITLE
    assert found.paragraphs == [LEAD, STAIRS, "Nobody counts them."]
    assert found.article.tags == ("lamps", "stairs", "boots")
    assert found.summary == LEAD


@pytest.mark.parametrize("title", [f"# {TITLE}", TITLE])
def test_hashtags_below_the_title_are_tags(title: str) -> None:
    found = seen(f"{title}\n#lamps #oil/whale\n\n{LEAD}\n", "p1.md")
    assert found.article.tags == ("lamps", "oil/whale")
    assert found.article.inferred["tags"] == "hashtags below the title"
    assert found.paragraphs == [LEAD]
    assert found.summary == LEAD


def test_labelled_tags_below_the_title_add_to_those_at_the_end() -> None:
    found = seen(f"{TITLE}\nTags: lamps, oil\n\n{SPACED}#sea\n")
    assert found.article.tags == ("lamps", "oil", "sea")
    assert found.article.inferred["tags"] == (
        "labelled line 'Tags:', hashtags in the last line"
    )  # fmt: skip


def test_a_byline_without_a_title_is_text() -> None:
    assert seen(f"by Ann Lee\n\n{SPACED}").article.authors == ()


def test_the_first_lines_count_in_the_lines_of_findings() -> None:
    text = f"{TITLE}\nby Ann Lee\n\n{LEAD}\n{OIL} ![lens](missing.png)\n"
    for path in ("p1.txt", "p1.md"):
        found = seen(text, path)
        assert [finding.line for finding in found.findings] == [5]
        assert found.article.body_line == 4


def test_a_title_line_below_a_header_is_not_repeated_in_plain_text() -> None:
    stated = seen(f"---\ntitle: {TITLE}\n---\n{TITLE.upper()}\n\n{SPACED}")
    assert stated.paragraphs == list(PARAGRAPHS)
    unstated = seen(f"---\ndate: 2026-03-04\n---\n{TITLE}\n\n{SPACED}")
    assert (unstated.article.title, unstated.paragraphs) == (TITLE, list(PARAGRAPHS))
    assert unstated.article.body_line == 6


def test_markdown_with_a_header_has_no_title_line() -> None:
    found = seen(f"---\ndate: 2026-03-04\n---\n{TITLE}\n\n{SPACED}", "p1.md")
    assert found.article.body.startswith(TITLE)


def test_a_text_never_becomes_empty() -> None:
    for text in (TITLE, f"{TITLE}\n", f"{TITLE}\nby Ann Lee\n", f"{TITLE}\n\n2026-03-04\n"):
        assert read(text, Format.TEXT, UTC, has_title=False).end == 0
        assert seen(text).article.body.strip()


@pytest.mark.parametrize("line", ["a " * 400_000, "\n" * 900_000, "x" * 900_000,
                                  f"{TITLE}\n" + "by A\n" * 200_000,
                                  f"{TITLE}\n" + "2026-03-04\n" * 90_000])  # fmt: skip
def test_very_long_first_lines_are_read_quickly(line: str) -> None:
    read(f"{line}\n\nText.", Format.TEXT, UTC, has_title=False)
