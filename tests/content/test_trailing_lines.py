"""Tags and dates in the last lines of a text without front matter, and lines that only look so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from layout_bench import LEAD, NOW, PARAGRAPHS, SPACED, STAIRS, TIGHT, seen, wrapped

from syndicate.content import trailing_lines
from syndicate.content.trailing_lines import HASHTAGS, KEYWORDS

FIVE = ("lighthouses", "sea marks", "local history", "clockwork", "whale oil")


def tags(body: str) -> tuple[str, ...]:
    found = trailing_lines.read(body, UTC)
    return found.tags if found else ()


@pytest.mark.parametrize("path", ["p1.txt", "p1.md"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "  \n"])
@pytest.mark.parametrize("text", [TIGHT, SPACED, f"{SPACED}\n"])
@pytest.mark.parametrize("behind", ["", "\n", "\n\n", ",", "  "])
def test_a_line_of_phrases_at_the_end_becomes_the_tags(
    path: str, end: str, text: str, behind: str
) -> None:
    text += ", ".join(FIVE) + behind
    found = seen(text.replace("\n", end).encode(), path)
    assert found.article.tags == FIVE
    assert found.article.inferred["tags"] == KEYWORDS
    assert found.paragraphs == list(PARAGRAPHS)
    assert "sea marks" not in found.html + found.summary + found.article.body


@pytest.mark.parametrize(
    "line",
    ["python, web feeds, email", "python; web feeds; email", "python · web feeds · email",
     "python | web feeds | email", "python • web feeds • email", "*python, web feeds, email*",
     "_python, web feeds, email_", "(python, web feeds, email)", "**python, web feeds, email**",
     '"python", "web feeds", "email"', "“python”, “web feeds”, “email”",
     "„python“, „web feeds“, „email“", "«python», «web feeds», «email»",
     "python, web feeds, email,",
     "python, web feeds, email.", "python,web feeds,email", "python, web feeds; email",
     "python; web feeds, email", "python / web feeds / email", "python|web feeds|email",
     "python,\nweb feeds, email", "python, web feeds,\nemail", "python;\nweb feeds;\nemail"],
)  # fmt: skip
@pytest.mark.parametrize("gap", ["", "\n"])
def test_phrases_may_be_written_in_many_ways(line: str, gap: str) -> None:
    assert tags(f"{LEAD}\n{gap}{line}\n") == ("python", "web feeds", "email")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("C++, C#, web 2.0", ("C++", "C#", "web 2.0")),
        ("C++, .NET, R&D", ("C++", ".NET", "R&D")),
        ("#travel, #slow food", ("travel", "slow food")),
        ("日本、料理、旅行", ("日本", "料理", "旅行")),
        ("灯塔，航海，海岸，历史", ("灯塔", "航海", "海岸", "历史")),
        ("灯塔；航海；海岸", ("灯塔", "航海", "海岸")),
        ("سفر، طعام", ("سفر", "طعام")),
        ("machine learning, python", ("machine learning", "python")),
        ("Reisen, Kochen, Bücher", ("Reisen", "Kochen", "Bücher")),
        ("best practices, python", ("best practices", "python")),
        ("lamps, 20th century, 1911, glass", ("lamps", "20th century", "1911", "glass")),
        ("lamps, a, lamps, glass", ("lamps", "a", "glass")),
        ("lamps, early electric light in coastal towns, glass",
         ("lamps", "early electric light in coastal towns", "glass")),
    ],
)  # fmt: skip
def test_a_bare_last_line_of_phrases_becomes_the_tags(line: str, expected: tuple[str, ...]) -> None:
    found = trailing_lines.read(f"Lead.\n\n### Part\n\nText.\n\n{line}\n\n", UTC)
    assert found is not None
    assert (found.tags, found.body) == (expected, "Lead.\n\n### Part\n\nText.\n")
    assert found.rules == ((HASHTAGS,) if line.startswith("#") else (KEYWORDS,))


@pytest.mark.parametrize(
    "label",
    ["Tags:", "Tag:", "tags:", "TAGS:", "Tags :", "Tags：", "**Tags:**", "**Tags**:", "*Tags:*",
     "_Tags_:", "__Tags:__", "Tags -", "KEYWORDS –", "Keywords —", "🏷️ Tags:", "🏷 ", "Keywords:",
     "Keyword:", "Key words:", "Tagged:", "Tagged with:", "Hashtags:", "Filed under:",
     "Posted in:", "Topics:", "Labels:", "Categories:", "Category:", "Index terms —",
     "关键词：", "關鍵詞：", "标签：", "标签:", "キーワード：", "タグ：", "키워드:", "태그:",
     "Schlagwörter:", "Schlagworte:", "Stichwörter:", "Stichworte:", "Kategorien:", "Mots-clés :",
     "Mots clés\u202f:", "Étiquettes :", "Palabras clave:", "Etiquetas:", "Parole chiave:",
     "Etichette:", "Palavras-chave:", "Ключевые слова:", "Теги:", "Метки:", "Ключові слова:",
     "الكلمات المفتاحية:", "الوسوم:", "کلیدواژه‌ها:", "מילות מפתח:", "Trefwoorden:", "Nyckelord:",
     "Nøkkelord:", "Nøgleord:", "Emneord:", "Słowa kluczowe:", "Tagi:", "Avainsanat:",
     "Anahtar kelimeler:", "Etiketler:", "Klíčová slova:", "Štítky:", "Kulcsszavak:", "Címkék:",
     "Λέξεις-κλειδιά:", "Ετικέτες:", "Cuvinte cheie:", "Ključne riječi:", "Từ khóa:", "Kata kunci:",
     "คำสำคัญ:", "Efnisorð:", "Märksõnad:", "Raktažodžiai:", "Atslēgvārdi:", "Ключови думи:"],
)  # fmt: skip
@pytest.mark.parametrize("gap", ["", "\n"])
def test_a_labelled_line_at_the_end_becomes_the_tags(label: str, gap: str) -> None:
    if label == "🏷 ":
        label = "🏷 Tags:"
    found = trailing_lines.read(f"{LEAD}\n{gap}{label} sea marks, Küste, 灯塔\n", UTC)
    assert found is not None
    assert (found.tags, found.body) == (("sea marks", "Küste", "灯塔"), f"{LEAD}\n")
    assert found.rules[0].startswith("labelled line '")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Tags: lamp", ("lamp",)),
        ("Tags:lamp,oil", ("lamp", "oil")),
        ("Tags: sea marks", ("sea marks",)),
        ("Tags: #lamp #oil", ("lamp", "oil")),
        ("Tags: #lamp, #sea marks", ("lamp", "sea marks")),
        ("Tags: lamp; oil", ("lamp", "oil")),
        ("Tags: lamp | oil", ("lamp", "oil")),
        ("Tags: lamp · oil", ("lamp", "oil")),
        ("Tags: lamp / oil", ("lamp", "oil")),
        ("Tags: lamp, oil.", ("lamp", "oil")),
        ("Tags: lamp, oil,", ("lamp", "oil")),
        ('Tags: "lamp", "oil"', ("lamp", "oil")),
        ("Tags: `lamp`, `oil`", ("lamp", "oil")),
        ("Tags: **lamp**, *oil*", ("lamp", "oil")),
        ("*Tags: lamp, oil*", ("lamp", "oil")),
        ("**Tags: lamp, oil**", ("lamp", "oil")),
        ("[Tags: lamp, oil]", ("lamp", "oil")),
        ("(Tags: lamp, oil)", ("lamp", "oil")),
        ("Tags: lamp, Lamp, oil", ("lamp", "oil")),
        ("Tags: Yahoo!, oil", ("Yahoo!", "oil")),
        ("Tags: .NET, 3D, 1984, C#", (".NET", "3D", "1984", "C#")),
        ("タグ：灯台 海 歴史", ("灯台", "海", "歴史")),
        ("标签：灯塔　航海", ("灯塔", "航海")),
        ("关键词：灯塔；航海", ("灯塔", "航海")),
        ("الوسوم: منارة، بحر", ("منارة", "بحر")),
        ("Keywords:\nlamp, oil", ("lamp", "oil")),
        ("**Keywords**\nlamp, oil", ()),
        ("Keywords:\n- lamp\n- sea marks", ("lamp", "sea marks")),
        ("Tags:\n\n* lamp\n* oil", ("lamp", "oil")),
        ("### Tags\nlamp, oil", ("lamp", "oil")),
        ("## Keywords\n\n- lamp\n- oil", ("lamp", "oil")),
        ("Topics: the sea, oil", ("the sea", "oil")),
    ],
)
def test_the_text_after_a_label_is_read_as_tags(line: str, expected: tuple[str, ...]) -> None:
    assert tags(f"{LEAD}\n{line}\n") == expected
    assert tags(f"{LEAD}\n\n{line}\n") == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("#lamp #oil", ("lamp", "oil")),
        ("#lamp", ("lamp",)),
        ("#lamp, #oil", ("lamp", "oil")),
        ("#sea-marks; #20thCentury", ("sea-marks", "20thCentury")),
        ("#lamp#oil", ("lamp", "oil")),
        ("＃灯台　＃海", ("灯台", "海")),
        ("#灯塔# #航海#", ("灯塔", "航海")),
        ("_#lamp #oil_", ("lamp", "oil")),
        ("#Küste #Öl", ("Küste", "Öl")),
    ],
)
@pytest.mark.parametrize("gap", ["", "\n"])
def test_hashtags_alone_on_the_last_line_are_tags(
    line: str, expected: tuple[str, ...], gap: str
) -> None:
    found = seen(f"{TIGHT}{gap}{line}\n", "p1.md")
    assert found.article.tags == expected
    assert found.article.inferred["tags"] == HASHTAGS
    assert "#" not in found.text


@pytest.mark.parametrize("line", ["#1 #2", "See #lamp", "#lamp is a tag", "# lamp", "###", "#"])
def test_other_number_signs_are_not_hashtags(line: str) -> None:
    assert tags(f"{LEAD}\n\n{line}\n") == ()


@pytest.mark.parametrize(
    "line",
    ["Tags: these are what we call the labels on clothes.", "Keywords: use them wisely.",
     "Topics: we spoke about how the lamp turned, and why it stopped.", "Note: lamps, oil, sea",
     "Ingredients: flour, water, salt", "Thanks: Ann, Bob, Carl", "Tags:", "https://a.example/b,c",
     "Tags: read more at [the page](https://a.example/)", "- Tags: lamp, oil", "> Tags: lamp, oil",
     f"Tags: {'x' * 101}, b", "Tags: ---"],
)  # fmt: skip
def test_a_label_before_a_sentence_stays_in_the_text(line: str) -> None:
    assert tags(f"{LEAD}\n\n{line}\n") == ()


@pytest.mark.parametrize(
    "line",
    [
        "Yours, Anna", "Best, Tom", "Thanks for reading, Anna", "Viele Grüße, Anna", "Cheers, T",
        "We came, we saw, we won", "roses are red, violets are blue", "so it goes, my love",
        "flour, milk, and eggs", "Berlin, 12 March 2024", "12 Main Street, Springfield",
        "ul. Krótka 5, Gdańsk, Polska", "Apartment 4, Lamp House, Kiel", "Seeweg 3, Kiel, Holstein",
        "3 Lamp Terrace, Hove, Sussex", "港区芝公園1-2-3, 東京, 日本",
        "Piazza Nuova 5, Bari, Italia",
        "Springfield, IL 62704", "no, no, no", "Main Street, Springfield, Illinois",
        "silver moon rising, golden sun", "a, b.", "a, b!", "a, , b", "roses, violets,",
        "- a, b", "> a, b", "# a, b", "[a](b), c", "<b>a</b>, c", "`a`, b", "a: b, c", "[^1]: a, b",
        "one phrase only", "  a, b", "1, 2, 3", "“quoted”, words", "Hello, world", "No, thanks",
        "a phrase that has too many words in it, b", f"{'x' * 41}, b", "a, b (c), d",
        "lamps, glass and oil", "Sun, sand, sea.", "Ann, Bob, and Carl came.", "1850 | 1851",
        "lamp | oil", "lamp; oil", "Ann and Bob, Carl",
        "lamp, over the sea by night in the rain, b",
        "the early history of lamps, the price of whale oil, the sea and its moods",
    ],
)  # fmt: skip
def test_prose_sign_offs_and_addresses_stay_in_the_text(line: str) -> None:
    assert tags(f"Lead.\n\nText.\n\n{line}\n") == ()
    assert tags(f"Lead.\nText.\n{line}\n") == ()


@pytest.mark.parametrize(
    "above",
    ["", "```\ncode\n\n", "Ingredients:\n\n", "Best regards,\n\n", "## Ingredients\n\n",
     "## Ingredients\n", "Ingredients\n-----------\n\n", "![pic](a.png)\n\n", "<!--\n\n",
     "<pre>\n\n", "| a | b |\n\n", "We need\n", "Best,\n", "Ann Lee\n", "Text,\n", "```\ncode\n"],
)  # fmt: skip
def test_the_text_above_can_show_that_a_line_is_not_tags(above: str) -> None:
    assert tags(f"{above}salt, pepper, oil\n") == ()


@pytest.mark.parametrize(
    "above",
    ["Text.\n", "“Text.”\n", "Text!\n", "Is it?\n", "*Text.*\n", "Text (mostly).\n", "文。\n",
     "Text…\n", "- item\n", "1. item\n", "> A quote\n", "> A quote\n\n", "```\ncode\n```\n",
     "```\ncode\n```\n\n", "- item\n\n", "Text\n\n"],
)  # fmt: skip
def test_keywords_may_stand_below_a_sentence_a_list_a_quote_or_code(above: str) -> None:
    found = trailing_lines.read(f"Lead.\n\n{above}salt, pepper, oil\n", UTC)
    assert found is not None
    assert found.tags == ("salt", "pepper", "oil")
    assert found.body == f"Lead.\n\n{above.rstrip()}\n"


def test_keywords_below_a_list_are_not_in_its_last_item() -> None:
    found = seen(f"{LEAD}\n- one lamp\n- one lens\nlamps, glass, clockwork\n")
    assert found.article.tags == ("lamps", "glass", "clockwork")
    assert "glass" not in found.text


def test_an_attribution_stays_below_the_quote() -> None:
    assert tags("Text.\n\n> The sea is near.\n\nAnn Lee, Keeper, Scotland\n") == ()


def test_keywords_below_wrapped_text_are_tags() -> None:
    found = seen(f"{wrapped(f'{LEAD} {STAIRS}')}\n" + ", ".join(FIVE))
    assert (found.article.tags, found.paragraphs) == (FIVE, [f"{LEAD} {STAIRS}"])


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("lamps, glass, oil\nWales, Brittany, Essex", "lamps glass oil Wales Brittany Essex"),
        ("lamps, glass, oil,\nWales, Brittany, Essex", "lamps glass oil Wales Brittany Essex"),
        ("lamps, glass, oil\n#Wales #Essex", "lamps glass oil Wales Essex"),
        ("#Wales #Essex\n#lamps", "Wales Essex lamps"),
        ("Tags: lamps, glass\nCategories: Wales", "lamps glass Wales"),
        ("Categories: Wales\n\nTags: lamps, wales", "Wales lamps"),
    ],
)
@pytest.mark.parametrize("gap", ["", "\n"])
def test_all_lines_of_tags_at_the_end_are_read(end: str, expected: str, gap: str) -> None:
    found = seen(f"{TIGHT}{gap}{end}\n")
    assert " ".join(found.article.tags) == expected
    assert found.paragraphs == list(PARAGRAPHS)


def test_a_verse_above_keywords_is_not_read_as_their_first_line() -> None:
    text = "The tide comes in,\nit takes the quay,\nit takes the boats.\nsea, quays, boats\n"
    assert seen(text).article.tags == ("sea", "quays", "boats")
    assert tags("The tide comes in,\nit takes the quay, it takes the boats\n") == ()


def test_two_rules_are_both_named() -> None:
    assert seen(f"{TIGHT}Tags: lamps\n#oil\n").article.inferred["tags"] == (
        f"labelled line 'Tags:', {HASHTAGS}"
    )


@pytest.mark.parametrize(
    "line",
    ["2026-03-04", "4 March 2026", "March 4, 2026", "2026/3/4", "Wed, 04 Mar 2026", "2026年3月4日",
     "*2026-03-04*", "Date: 2026-03-04", "Published: 4 March 2026", "Datum: 2026-03-04",
     "日期：2026-03-04", "(4 March 2026)"],
)  # fmt: skip
@pytest.mark.parametrize("end", ["{}\nlamps, glass, oil\n", "{}\n\nTags: lamps, glass, oil\n",
                                 "\n{}\n\nlamps, glass, oil\n",
                                 "lamps, glass, oil\n{}\n"])  # fmt: skip
def test_a_date_beside_the_tags_is_the_date(line: str, end: str) -> None:
    found = seen(TIGHT + end.format(line))
    assert found.article.date == datetime(2026, 3, 4, tzinfo=UTC)
    assert found.article.tags == ("lamps", "glass", "oil")
    assert found.article.inferred["date"] == "date line"
    assert found.paragraphs == list(PARAGRAPHS)


@pytest.mark.parametrize(
    "line",
    ["03/04/2026", "March 2026", "1911", "20260304", "1850-1900", "on 4 March 2026 it ended"],
)
def test_a_line_that_may_be_several_days_is_not_a_date(line: str) -> None:
    found = seen(f"{TIGHT}{line}\nTags: lamps, glass\n")
    assert found.article.date is None
    assert line in found.text


def test_a_date_alone_at_the_end_stays_in_the_text_and_a_labelled_one_does_not() -> None:
    assert seen(f"{TIGHT}2026-03-04\n").article.date is None
    assert seen(f"{TIGHT}Published: 2026-03-04\n").article.date is not None


@pytest.mark.parametrize("end", ["lamp", "Ann Lee", "The end.", "lamps, glass and oil"])
def test_a_single_phrase_and_a_sentence_stay_in_the_text(end: str) -> None:
    for text in (TIGHT, SPACED, f"{SPACED}\n"):
        found = seen(f"{text}{end}\n")
        assert found.article.tags == ()
        assert found.paragraphs[-1] == end


def test_ingredients_below_a_heading_stay_in_the_text() -> None:
    for gap in ("", "\n"):
        found = seen(f"{LEAD}\n### What you need\n{gap}flour, water, salt, yeast\n")
        assert found.article.tags == ()
        assert found.paragraphs[-1] == "flour, water, salt, yeast"


def test_a_text_that_is_nothing_but_tags_stays_a_text() -> None:
    assert tags("lamps, glass, oil\n") == ()
    assert tags("Tags: lamps, glass\n") == ()
    assert tags("#lamps #glass\n#oil\n") == ("oil",)


def test_more_tags_than_an_article_may_have_are_reported() -> None:
    found = seen(f"{NOW}\nTags: {', '.join(f'tag {number}' for number in range(60))}\n")
    assert len(found.article.tags) == 50
    assert [finding.rule for finding in found.findings] == ["tags-too-many"]


@pytest.mark.parametrize(
    "line",
    ["a, " * 300_000, "#a" * 500_000, "#a " * 300_000, "Tags: " + "a, " * 300_000, '"' * 900_000,
     "*" * 900_000, "Tags" + " " * 900_000 + ":", "a " * 400_000, "- a\n" * 200_000 + "- a",
     "Tags: a\n" * 100_000, "#a\n" * 300_000, "-" * 900_000, "Tags:" * 180_000],
    ids=range(13),
)  # fmt: skip
def test_a_very_long_last_line_is_read_quickly(line: str) -> None:
    trailing_lines.read(f"Text.\n{line}", UTC)


TEXT = "The quay is empty since the ferry stopped.\nThe second hut leaks.\n"


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("quay, huts, war, rope", ("quay", "huts", "war", "rope")),
        ("civil war, sons, father and son", ()),
        ("cold war, US politics, IT, wills", ("cold war", "US politics", "IT", "wills")),
        ("das war gut, schnell, neu", ()),
        ("us and them, quay, rope", ()),
        ("\N{LABEL}\N{VARIATION SELECTOR-16} quay, ferry, dusk", ("quay", "ferry", "dusk")),
        ("\N{LABEL} Tags: quay, ferry", ("quay", "ferry")),
        ("Keywords:\nquay\nold ferries\ndusk", ("quay", "old ferries", "dusk")),
        ("**Tags:**\n\nquay\ndusk", ("quay", "dusk")),
        ("We met:\nAnn Lee\nBo Ek", ()),
        ("Keywords:\nquay\nIt was dusk when we left.", ()),
    ],
)
def test_words_that_are_nouns_too_signs_and_lines_of_one_keyword(
    end: str, expected: tuple[str, ...]
) -> None:
    found = trailing_lines.read(f"{TEXT}{end}\n", UTC)
    assert (found.tags if found else ()) == expected
    assert found is None or found.body.strip() == TEXT.strip()


def test_an_indented_line_of_keywords_counts_in_plain_text_only() -> None:
    text = "    The quay is empty.\n    The hut leaks.\n    quay, ferry, dusk\n"
    found = trailing_lines.read(text, UTC, indented=True)
    assert found
    assert found.tags == ("quay", "ferry", "dusk")
    assert trailing_lines.read(text, UTC) is None
