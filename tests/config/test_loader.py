"""config.yaml becomes values, or all its problems are reported, each with its line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicate.config.loader import Loaded, load, parse
from syndicate.errors import ConfigError, ConfigProblem

SITE = "site:\n  title: Lake Notes\n  url: https://example.org/\n"
WEEKLY = "newsletters:\n  weekly:\n    title: Weekly\n    sender: a@example.org\n"
SECRET = "hunter2hunter2"


def no_file(name: str) -> str:
    raise FileNotFoundError(2, "No such file or directory")


def loaded(text: str, **environment: str) -> Loaded:
    return parse(text, "config.yaml", environment, no_file)


def faults(text: str, **environment: str) -> list[ConfigProblem]:
    with pytest.raises(ConfigError) as caught:
        loaded(text, **environment)
    assert all(fault.message for fault in caught.value.faults)
    assert {fault.place.path for fault in caught.value.faults} == {"config.yaml"}
    return list(caught.value.faults)


def fault(text: str, **environment: str) -> ConfigProblem:
    (only,) = faults(text, **environment)
    return only


# -- what loads -----------------------------------------------------------------------------------


def test_title_and_address_are_enough() -> None:
    config = loaded(SITE).config
    assert (config.site.title, config.site.url) == ("Lake Notes", "https://example.org/")
    assert (config.feeds.entries, config.content, config.store.url) == (
        20,
        "content",
        "sqlite:///syndicate.db",
    )


def test_every_kind_of_setting_is_read() -> None:
    text = f"""{SITE}  pages: false
feeds: {{entries: 3, text: summary, formats: [atom, json]}}
{WEEKLY}    include: [birds, "2026"]
    backlog: 0
"""
    config = loaded(text).config
    assert config.site.pages is False
    assert (config.feeds.entries, config.feeds.text) == (3, "summary")
    assert config.feeds.formats == ("atom", "json")
    weekly = config.newsletters["weekly"]
    assert (weekly.name, weekly.include, weekly.backlog) == ("weekly", ("birds", "2026"), 0)


@pytest.mark.parametrize("number", ["0.5", "2", "1e1"])
def test_a_number_may_have_a_fraction_where_that_makes_sense(number: str) -> None:
    assert loaded(
        f"{SITE}service: {{poll_interval: {number}}}\n"
    ).config.service.poll_interval == float(number)


@pytest.mark.parametrize("value", ["soon", "true", ".nan", ".inf", "[1]", "0", "-1.5", "1e9"])
def test_a_number_out_of_range_is_refused(value: str) -> None:
    said = fault(f"{SITE}service: {{poll_interval: {value}}}\n")
    assert said.message.startswith("service.poll_interval")
    assert said.hint


def test_the_configuration_of_the_demonstration_loads() -> None:
    load(Path(__file__).parents[2] / "config.yaml", {})


def test_an_empty_setting_has_its_default() -> None:
    config = loaded(SITE + "  author:\nfeeds:\nnewsletters:\n").config
    assert (config.site.author, config.feeds.entries, dict(config.newsletters)) == ("", 20, {})


def test_the_schedule_of_a_newsletter_is_read() -> None:
    text = f"""{SITE}{WEEKLY}    every: monday at 08:00
    time_zone: Europe/Berlin
    catch_up: none
    max_age: 2 days
  birds: {{title: B, sender: a@example.org, cron: 0 8 * * mon}}
  other: {{title: O, sender: a@example.org}}
"""
    weekly, birds, other = loaded(text).config.newsletters.values()
    assert (weekly.every, weekly.cron, weekly.time_zone) == ("monday at 08:00", "", "Europe/Berlin")
    assert (weekly.catch_up, weekly.max_age) == ("none", "2 days")
    assert (birds.every, birds.cron, birds.time_zone) == ("", "0 8 * * mon", "")
    assert (other.every, other.cron, other.catch_up, other.max_age) == (
        "",
        "",
        "latest",
        "24 hours",
    )


def test_a_problem_in_a_schedule_has_its_line() -> None:
    found = fault(f"{SITE}{WEEKLY}    every: mondey at 08:00\n")
    assert (found.place.line, found.hint) == (8, "did you mean monday?")
    assert found.message == "newsletters.weekly.every has 'mondey' in place of a weekday"


def test_anchors_and_aliases_are_fine() -> None:
    text = f"{SITE}newsletters:\n  a: &a {{title: A, sender: a@example.org}}\n  b: *a\n"
    assert loaded(text).config.newsletters["b"].title == "A"


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + SITE.replace("\n", "\r\n").encode())
    assert load(file, {}).config.site.title == "Lake Notes"


def test_words_that_old_yaml_took_for_something_else_stay_text() -> None:
    config = loaded(f"{SITE}  author: no\n  description: 2026-11-22\n").config
    assert (config.site.author, config.site.description) == ("no", "2026-11-22")


# -- what does not --------------------------------------------------------------------------------


def test_all_problems_are_reported_at_once_with_their_lines() -> None:
    text = """site:
  titel: Lake Notes
  url: example.org
  language: english!
  pages: yes please
feeds:
  entries: 0
  formats: [rss, xml]
newsletters:
  Weekly News:
    title: W
contnet: notes
"""
    found = {(f.place.line, f.message.split(" ")[0]) for f in faults(text)}
    assert found == {
        (2, "site.titel"),
        (1, "site.title"),
        (3, "site.url"),
        (4, "site.language"),
        (5, "site.pages"),
        (7, "feeds.entries"),
        (8, "feeds.formats.1"),
        (10, "newsletters.Weekly"),
        (12, "contnet"),
    } | {found_ for found_ in found if found_[0] == 10}
    lines = [f.place.line or 0 for f in faults(text)]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("titel", "title"), ("langauge", "language"), ("time-zone", "time_zone"), ("URL", None)],
)
def test_an_unknown_setting_suggests_the_nearest(written: str, meant: str | None) -> None:
    found = fault(f"{SITE}  {written}: x\n")
    assert found.message == f"site.{written} is not a setting"
    assert found.place.line == 4
    assert found.hint == f"did you mean {meant}?" if meant else "known here" in found.hint


@pytest.mark.parametrize(
    ("setting", "line", "words"),
    [
        ("feeds: {entries: many}", 4, "a whole number"),
        ("feeds: {entries: true}", 4, "a whole number"),
        ("feeds: {entries: 2.5}", 4, "a whole number"),
        ("feeds: {entries: 99999999999999999999}", 4, "feeds.entries"),
        ("feeds: {pages: 1}", 4, "not a setting"),
        ("feeds: {<<: {entries: 1}}", 4, "<< is not a setting"),
        ("feeds: {tags: 1}", 4, "true or false"),
        ("feeds: {text: half}", 4, "'half'"),
        ("feeds: {text: [full]}", 4, "feeds.text"),
        ("feeds: {text: {a: b}}", 4, "feeds.text"),
        ("feeds: {formats: rss}", 4, "must be a list"),
        ("feeds: {formats: []}", 4, "is empty"),
        ("feeds: {formats: [[rss]]}", 4, "feeds.formats.0"),
        ("feeds: [entries]", 4, "must be a group"),
        ("feeds: rss", 4, "must be a group"),
        ("newsletters: [weekly]", 4, "must be a group"),
        ("newsletters: {weekly: daily}", 4, "must be a group"),
        ("content: 2026", 4, "must be text"),
        ("content: [a]", 4, "must be text"),
        ("content: .", 4, "a folder of its own"),
        ("output: content", 4, "the same folder"),
        ("output: ./content/", 4, "the same folder"),
        ("output: content/../content", 4, "the same folder"),
        ("output: content/public", 4, "is inside content"),
        ("store: {url: mysql://x}", 4, "not a database address"),
        ("? [a, b]\n: c", 4, "not a setting"),
        ("1: 2", 4, "not a setting"),
        ("true: 2", 4, "not a setting"),
        ("~: 2", 4, "not a setting"),
    ],
)
def test_an_invalid_value_is_reported_with_its_line(setting: str, line: int, words: str) -> None:
    found = fault(f"{SITE}{setting}\n")
    assert words in found.message
    # Of a key that is no text only the group is known.
    assert found.place.line in ({1, line} if setting[0] in "?t~" else {line})


@pytest.mark.parametrize("setting", ["2026", "~", "true", "1.5"])
def test_the_name_of_a_newsletter_is_text_whatever_its_type_in_yaml(setting: str) -> None:
    text = f"{SITE}newsletters:\n  {setting}: {{title: W, sender: a@example.org}}\n"
    if setting == "2026":
        (newsletter,) = loaded(text).config.newsletters.values()
        assert newsletter.name == "2026"
    else:
        assert "is not a valid name" in fault(text).message


def test_a_missing_setting_is_reported_with_its_meaning() -> None:
    found = fault("site:\n  title: Lake Notes\n")
    assert found.message == "site.url is missing"
    assert "https://" in found.hint
    assert [f.message for f in faults("")] == ["site is missing"]
    assert "must be a group" in fault("- a\n- b\n").message
    assert "must be a group" in fault("just text").message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("site:\n  title: [a\n", None),
        ("site:\n  title: a\n title: b\n", 3),
        ("site:\n\ttitle: a\n", 2),
        ('site:\n  title: "a\n', None),
        ("site: {title: a}}\n", 1),
        ("site:\n  title: a: b\n", 2),
        ("site: *nowhere\n", 1),
        ("%YAML 9\nsite: a\n", None),
    ],
)
def test_invalid_yaml_is_reported_with_its_line(text: str, line: int | None) -> None:
    found = fault(text)
    assert "YAML" in found.message
    assert found.place.line is not None
    assert line in (None, found.place.line)
    assert found.hint


def test_a_duplicate_setting_is_reported_at_its_second_line() -> None:
    found = fault(f"{SITE}feeds:\n  entries: 1\n  tags: true\n  entries: 2\n")
    assert found.place.line == 7
    found = fault("? [a]\n: 1\nfeeds: {}\nfeeds: {}\n")
    assert found.place.line in (3, 4)


def test_two_documents_in_one_file_are_refused() -> None:
    assert faults(f"{SITE}---\n{SITE}")


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        SITE + BOMB,
        "site: &a\n  title: *a\n",
        "a: &a\n  b: *a\na: 1\n",
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 50_000,
        "".join(" " * depth + "a:\n" for depth in range(1000)),
        "? " * 10_000,
        "a: " + "&b " * 10_000,
        "!!a " * 10_000,
    ],
    ids=str.split,
)
def test_yaml_that_would_exhaust_the_machine_is_refused(text: str, tmp_path: Path) -> None:
    """In a process of its own: a parser out of stack takes all of it down."""
    file = tmp_path / "config.yaml"
    file.write_text(text)
    program = (
        "import sys; from pathlib import Path\n"
        "from syndicate.config.loader import load; from syndicate.errors import ConfigError\n"
        "try: load(Path(sys.argv[1]), {})\n"
        "except ConfigError as error: print('refused', len(error.faults))"
    )
    command = [sys.executable, "-c", program, str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.stdout.startswith("refused"), ran.stderr[-500:]


# -- the file -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words", "line"),
    [
        (b"site:\n  title: caf\xe9\n", "UTF-8", 2),
        (b"\xff\xfes\0i\0t\0e\0", "UTF-8", 1),
        (b"#" * 1_000_001, "1 MB", None),
        (b"site:\n  title: a\0b\n", "YAML", 2),
        (b'site:\n  title: "a\\0b"\n  url: https://example.org/\n', "XML forbids", 2),
    ],
)
def test_a_file_that_is_not_text_is_an_error(
    tmp_path: Path, data: bytes, words: str, line: int | None
) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=words) as caught:
        load(file, {})
    assert caught.value.place
    assert caught.value.place.path == str(file)
    assert line in (None, caught.value.place.line)


def test_a_missing_file_is_an_error_with_a_hint(tmp_path: Path) -> None:
    for path in (tmp_path / "config.yaml", tmp_path):
        with pytest.raises(ConfigError) as caught:
            load(path, {})
        assert "syndicate init" in caught.value.hint


# -- from outside ---------------------------------------------------------------------------------


def test_text_may_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "title.txt").write_text("Lake Notes\n", encoding="utf-8")
    file = tmp_path / "config.yaml"
    file.write_text("site:\n  title: {file: title.txt}\n  url: {env: SITE_URL}\n")
    site = load(file, {"SITE_URL": "https://example.org/"}).config.site
    assert (site.title, site.url) == ("Lake Notes", "https://example.org/")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("{env: MISSING}", "no variable MISSING"),
        ("{file: missing.txt}", "cannot be read"),
        ("{file: '.'}", "cannot be read"),
        ("{file: latin.txt}", "not UTF-8"),
        ('{file: "a\\0b"}', "cannot be read"),
        ("{env: A, file: B}", "must be text"),
        ("{}", "must be text"),
        ("{shell: ls}", "must be text"),
        ("{env: [A]}", "must be text"),
    ],
)
def test_a_missing_external_value_is_an_error(tmp_path: Path, value: str, words: str) -> None:
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    file = tmp_path / "config.yaml"
    file.write_text(f"site:\n  url: https://example.org/\n  title: {value}\n")
    with pytest.raises(ConfigError, match=words) as caught:
        load(file, {})
    (only,) = caught.value.faults
    assert only.place.line == 3


FROM_OUTSIDE = [
    "site: {title: T, url: {env: S}}",
    *(
        f"{SITE}  {name}: {{env: S}}"
        for name in ("language", "time_zone", "email", "permalink", "description")
    ),
    f"{SITE}feeds: {{hub: {{env: S}}, text: {{env: S}}, formats: [{{env: S}}]}}",
    f"{SITE}store: {{url: {{env: S}}}}",
    f"{WEEKLY}    unsubscribe: {{env: S}}\n    include: [{{env: S}}]\n    exclude: [{{env: S}}]",
    f"{SITE}content: {{env: S}}\noutput: {{env: S}}\n",
    f"{SITE}newsletters: {{weekly: {{title: {{env: S}}, sender: {{env: S}}}}}}",
]


@pytest.mark.parametrize("text", FROM_OUTSIDE)
@pytest.mark.parametrize("secret", [SECRET, f"a {SECRET} b", f"{{{SECRET}}}", f"x://a:{SECRET}@b"])
def test_an_external_value_never_appears_in_a_message(text: str, secret: str) -> None:
    try:
        loaded(text, S=secret)
    except ConfigError as error:
        for each in error.faults:
            assert SECRET not in each.message + each.hint


# -- anything -------------------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        *("site:", "  title: T", "  url: https://example.org/", "  pages: false", "  title: T2"),
        *("feeds:", "  entries: 3", "  formats: [rss]", "  entries: &x 4", "  hub: *x", "x"),
        *("newsletters:", "  weekly:", "    title: W", "    sender: a@b.cd", "  weekly: 1", "---"),
        *("? a", ": b", "- c", "{", "]", "'", '"', "# remark", "\t", "!!str a: b", "<<: {a: b}"),
        *("  1: 2", "  ~: 3", "store: {url: {env: X}}", "é: \u2028", "a: |", "   text", "\x85"),
    ]
)


@given(st.one_of(st.text(), st.lists(LINES).map("\n".join), st.binary()))
@example("\ud800")
@example("a: \x80")
@example("site: !!python/object:os.system {}")
@example("é: 1\n\x07")
@example("{}: a")
@example("? {a: b}\n: c")
@example('"\\ud800": 1')
@example("a\u2028b: c")
@example("site: {title: T, url: https://example.org/, <<: {pages: false}}")
def test_any_file_loads_or_is_refused_with_a_place(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    data = content.encode(errors="surrogatepass") if isinstance(content, str) else content
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(data)
    try:
        load(file, {})
    except ConfigError as error:
        for each in error.faults:
            assert each.place.path == str(file)
            assert each.message
            each.message.encode()
