"""The environment of all templates: safe, strict, and clear about where a fault is."""

from __future__ import annotations

import locale
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syndicate.errors import Location, TemplateError
from syndicate.templating.environment import (
    direction,
    environment,
    render_string,
    render_template,
    within,
)

WHEN = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    user, builtin = tmp_path / "user", tmp_path / "builtin"
    user.mkdir()
    builtin.mkdir()
    return user, builtin


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def fault(folder: Path, name: str, **values: object) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        render_template(environment(None, folder), name, **values)
    assert caught.value.hint
    return caught.value


def test_a_file_of_the_users_replaces_the_built_in_of_that_name_only(
    folders: tuple[Path, Path],
) -> None:
    user, builtin = folders
    write(builtin, "a.txt", "built-in a, {% include 'b.txt' %}")
    write(builtin, "b.txt", "built-in b")
    write(user, "b.txt", "mine")
    assert render_template(environment(user, builtin), "a.txt") == "built-in a, mine"
    assert render_template(environment(None, builtin), "a.txt") == "built-in a, built-in b"


def test_a_missing_template_folder_of_the_user_is_ignored(
    folders: tuple[Path, Path],
) -> None:
    user, builtin = folders
    write(builtin, "a.txt", "built in")
    assert render_template(environment(user / "missing", builtin), "a.txt") == "built in"


def test_templates_of_the_user_take_precedence_over_built_in_ones(
    folders: tuple[Path, Path],
) -> None:
    user, builtin = folders
    write(
        builtin, "shared/a.txt", "{% include 'b.txt' %} {% include 'c.txt' %} {% include 'd.txt' %}"
    )
    for name in "bcd":
        write(builtin, f"shared/{name}.txt", f"built-in {name}")
    write(user, "shared/c.txt", "my c")
    write(user, "shared/d.txt", "my d")
    write(user, "own/d.txt", "own d")
    env = environment(user, builtin)
    assert render_template(within(env, "own", "shared"), "a.txt") == "built-in b my c own d"
    assert render_template(within(env, "shared", "shared"), "a.txt") == "built-in b my c my d"


def test_within_a_folder_that_is_nowhere_is_an_error(folders: tuple[Path, Path]) -> None:
    write(folders[1], "shared/a.txt", "a")
    with pytest.raises(TemplateError, match="there is no folder own") as caught:
        within(environment(*folders), "own", "shared")
    assert caught.value.place == Location(str(folders[0] / "own"))


def test_html_and_xml_escape_what_they_print_and_text_does_not(
    folders: tuple[Path, Path],
) -> None:
    _, builtin = folders
    for name in ("a.html", "a.xml", "a.txt"):
        write(builtin, name, "{{ value }}")
    env = environment(None, builtin)
    assert render_template(env, "a.html", value="<b>") == "&lt;b&gt;"
    assert render_template(env, "a.xml", value="<b>") == "&lt;b&gt;"
    assert render_template(env, "a.txt", value="<b>") == "<b>"


def test_a_value_is_never_a_template(folders: tuple[Path, Path]) -> None:
    write(folders[1], "a.html", "{{ value }}")
    assert (
        render_template(environment(None, folders[1]), "a.html", value="{{ 7 * 7 }}")
        == "{{ 7 * 7 }}"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n{{ nothing }}\n", 2),
        ("a\n\n{% if %}", 3),
        ("{{ 1 / 0 }}", 1),
        ('\n{{ "a" + 1 }}', 2),
        ("\n{{ ''.__class__.__mro__ }}", 2),
        ("\n{{ values.append(1) }}", 2),
        ("\n\n{{ 5 | day }}", 3),
        ("\n{% macro m() %}\n{{ 1 + no }}\n{% endmacro %}{{ m() }}", 3),
    ],
)
def test_a_fault_names_its_file_and_line(folders: tuple[Path, Path], text: str, line: int) -> None:
    path = write(folders[1], "a.html", text)
    assert fault(folders[1], "a.html", values=[]).place == Location(str(path), line)


def test_an_error_in_an_included_file_has_its_place(folders: tuple[Path, Path]) -> None:
    write(folders[1], "a.html", "\n\n\n{% include 'parts/b.html' %}")
    path = write(folders[1], "parts/b.html", "\n{{ nothing }}")
    assert fault(folders[1], "a.html").place == Location(str(path), 2)


def test_a_missing_file_is_named_where_it_is_asked_for(folders: tuple[Path, Path]) -> None:
    path = write(folders[1], "a.html", "\n{% include 'b.html' %}")
    missing = fault(folders[1], "a.html")
    assert "b.html does not exist" in missing.message
    assert missing.place == Location(str(path), 2)
    assert fault(folders[1], "no.html").place == Location("no.html")


def test_a_template_in_a_string_is_plain_text_and_its_errors_have_their_place(
    folders: tuple[Path, Path],
) -> None:
    env = environment(None, folders[1])
    place = Location("config.yaml", 7)
    assert render_string(env, "{{ title }} & more", place, title="<b>") == "<b> & more"
    for text in ("{{ nothing }}", "{% if %}"):
        with pytest.raises(TemplateError) as caught:
            render_string(env, text, place)
        assert caught.value.place == place


def test_dates_are_in_the_given_zone_and_in_english_whatever_the_locale(
    folders: tuple[Path, Path],
) -> None:
    write(folders[1], "a.txt", "{{ when | day }} {{ when | iso }}")
    env = environment(None, folders[1], ZoneInfo("Europe/Berlin"))
    before = locale.setlocale(locale.LC_TIME)
    try:
        locale.setlocale(locale.LC_TIME, "")
        text = render_template(env, "a.txt", when=WHEN)
    finally:
        locale.setlocale(locale.LC_TIME, before)
    assert text == "23 November 2026 2026-11-23T00:30:00+01:00"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "ltr"),
        ("pt-BR", "ltr"),
        ("ar", "rtl"),
        ("he-IL", "rtl"),
        ("FA", "rtl"),
        ("ur_PK", "rtl"),
        ("az-Arab", "rtl"),
        ("ar-Latn", "ltr"),
        ("zh-Hant", "ltr"),
        ("", "ltr"),
    ],
)
def test_the_direction_of_a_language(language: str, expected: str) -> None:
    assert direction(language) == expected
