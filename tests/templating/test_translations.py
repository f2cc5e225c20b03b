"""The words of templates: all are translated, and a site's language decides which are shown."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from syndicate.errors import TemplateError
from syndicate.templating.environment import environment, render_template
from syndicate.templating.translations import tongue

REPOSITORY = Path(__file__).parents[2]
TEMPLATES = REPOSITORY / "templates"
CATALOGUES = sorted((TEMPLATES / "translations").glob("*.po"))
DAY = date(2026, 3, 22)
NOON = datetime(2026, 3, 22, 12, tzinfo=UTC)
EMPTY = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'


def words_of_templates() -> set[str]:
    """What templates say, as `make translations` extracts it."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["babel"]
    mappings = settings["mappings"]
    patterns = [(each, one["method"]) for one in mappings for each in one["pattern"]]
    options = {each: one for one in mappings for each in one["pattern"]}
    found = extract_from_dir(TEMPLATES, method_map=patterns, options_map=options)
    return {str(message) for _, _, message, _, _ in found}


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def markup(text: str) -> Counter[str]:
    """Placeholders and tags."""
    return Counter(re.findall(r"%\(\w+\)s|<[^>]+>", text))


def write(folder: Path, tag: str, **words: str) -> Path:
    path = folder / "translations" / f"{tag}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = "".join(f'\nmsgid "{key}"\nmsgstr "{word}"\n' for key, word in words.items())
    path.write_text(EMPTY + entries, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_translates_every_word_and_no_other(path: Path) -> None:
    entries = [message for message in catalogue(path) if message.id]
    assert {message.id for message in entries} == words_of_templates()
    for message in entries:
        assert message.string, message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_translation_keeps_placeholders_and_tags(path: Path) -> None:
    for message in catalogue(path):
        if message.id:
            assert markup(str(message.string)) == markup(str(message.id))


def test_all_words_of_templates_are_translatable() -> None:
    unmarked = re.compile(r">[^<>=]*[A-Za-z]{3,}[^<>=]*<|(?:label|alt|title)=\"[A-Za-z]")
    code = re.compile(r"\{#.*?#\}|\{% trans.*?endtrans %\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", re.S)
    for file in [*TEMPLATES.glob("web/*.html"), *TEMPLATES.glob("emails/*.html")]:
        assert not unmarked.findall(code.sub("", file.read_text())), file.name


def test_without_a_catalogue_texts_are_english() -> None:
    for language in ("en", "en-GB", "ar", "tlh"):
        spoken = tongue([TEMPLATES], language)
        assert spoken.words == "en"
        assert spoken.messages.gettext("Subscribe") == "Subscribe"


def test_a_region_falls_back_to_its_language() -> None:
    spoken = tongue([TEMPLATES], "de-AT")
    assert spoken.words == "de"
    assert spoken.messages.gettext("Subscribe") == "Abonnieren"
    assert spoken.day(date(2026, 1, 22)) == "22. Jänner 2026"


def test_dates_are_in_the_language_of_the_site_even_without_a_catalogue() -> None:
    days = {tag: tongue([TEMPLATES], tag).day(DAY) for tag in ("en", "de", "fr", "ja", "tlh")}
    assert days == {
        "en": "22 March 2026",
        "de": "22. März 2026",
        "fr": "22 mars 2026",
        "ja": "2026年3月22日",
        "tlh": "22 March 2026",
    }


def test_names_are_listed_as_people_do() -> None:
    english, german = tongue([], "en"), tongue([TEMPLATES], "de")
    assert [english.listed("abc"[:count]) for count in range(4)] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert german.listed("abc") == "a, b und c"


def test_one_template_is_rendered_in_the_language_of_each_site(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("{{ ['a', 'b'] | listed }}: {% trans %}Save{% endtrans %}")
    write(tmp_path, "de", Save="Sichern")
    spoken = {tag: environment(tmp_path, TEMPLATES, language=tag) for tag in ("en", "de")}
    assert {tag: render_template(env, "list.txt") for tag, env in spoken.items()} == {
        "en": "a and b: Save",
        "de": "a und b: Sichern",
    }


def test_a_template_that_changed_is_read_by_the_next_environment(tmp_path: Path) -> None:
    for text in ("first", "then"):
        (tmp_path / "page.txt").write_text(text)
        assert render_template(environment(tmp_path, TEMPLATES), "page.txt") == text


def test_a_catalogue_of_the_user_takes_precedence_and_may_be_partial(tmp_path: Path) -> None:
    write(tmp_path, "de", Subscribe="Bestellen")
    messages = tongue([tmp_path, TEMPLATES], "de").messages
    assert messages.gettext("Subscribe") == "Bestellen"
    assert messages.gettext("Save") == "Speichern"


def test_a_new_language_is_one_file(tmp_path: Path) -> None:
    write(tmp_path, "pt-BR", Subscribe="Assinar")
    env = environment(tmp_path, TEMPLATES, language="pt-BR")
    assert env.from_string("{% trans %}Subscribe{% endtrans %}").render() == "Assinar"
    assert env.from_string("{{ word_language }} {{ date_language }}").render() == "pt-BR pt-BR"
    assert env.from_string("{{ when | day }}").render(when=NOON) == "22 de março de 2026"


@pytest.mark.parametrize(
    ("content", "line"),
    [(EMPTY + '\nmsgid "Save"\nSpeichern\n', 6), (b'msgid "\xff"\nmsgstr ""\n', None)],
)
def test_an_invalid_catalogue_is_reported_with_its_line(
    tmp_path: Path, content: str | bytes, line: int | None
) -> None:
    file = write(tmp_path, "de")
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(TemplateError) as caught:
        environment(tmp_path, TEMPLATES, language="de")
    assert caught.value.place is not None
    assert (caught.value.place.path, caught.value.place.line) == (str(file), line)
    assert caught.value.hint


def test_a_translation_with_a_name_that_does_not_exist_is_a_fault_in_the_template(
    tmp_path: Path,
) -> None:
    write(tmp_path, "de", **{"Hello %(name)s": "Hallo %(nmae)s"})
    (tmp_path / "a.html").write_text("{% trans name=name %}Hello {{ name }}{% endtrans %}")
    with pytest.raises(TemplateError, match="nmae"):
        render_template(environment(tmp_path, TEMPLATES, language="de"), "a.html", name="x")


def test_values_in_a_translation_are_escaped() -> None:
    env = environment(None, TEMPLATES, language="de")
    frame = {"titles": ["<script>"], "site": {"title": "a & b"}}
    source = env.from_string(
        "{% autoescape true %}{% trans title=titles | listed %}Unsubscribe from {{ title }}?"
        "{% endtrans %}{% endautoescape %}"
    )
    assert source.render(frame) == "Von &lt;script&gt; abmelden?"
