"""Single settings that are well-formed but cannot work, and the hint for each."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_problems import SITE, WEEKLY, problems

from syndicate.colours import contrast
from syndicate.config.loader import parse
from syndicate.config.value_checks import PAPERS
from syndicate.errors import ConfigError

DESIGNS = Path(__file__).parents[2] / "templates"


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("title", ["x", "東京"], ["", "  "]),
        (
            "url",
            ["http://localhost:8000", "https://example.org/blog", "https://[::1]/"],
            ["example.org", "ftp://example.org", "https://", "https:///x", "https://[::1", "/x"],
        ),
        ("url", [], ["https://example.org/?a=b", "https://example.org/#a", "https://a b/"]),
        (
            "url",
            ["https://xn--bcher-kva.example/", "https://xn--i-7iq.ws/"],
            ["https://a:b@c.org/"],
        ),
        ("url", [], ["https://xn--/", "https://xn--zzzzzz-.org/", "https://a.xn--ascii-.org/"]),
        ("url", [], ["https://exam\nple.org/", "https://example.org/\t", " https://example.org"]),
        ("language", ["en", "pt-BR", "zh-Hant-TW"], ["", "english!", "e", "en_GB", "en-"]),
        ("email", ["", "a@b.cd"], ["a", "a@b", "a b@c.de", "<a@b.cd>", "a@b.cd,c@d.ef"]),
        (
            "time_zone",
            ["UTC", "Europe/Berlin", "Etc/GMT+5"],
            ["", "Europe", "../x", "Berlin", "/etc/passwd", "Europe/Berlin\0", "a" * 300],
        ),
        (
            "permalink",
            ["{slug}", "{year}/{month}/{day}/{slug}.html", "{path}/", "https://a.bc/{slug}"],
            ["posts/", "{title}/{slug}", "", "{section}"],
        ),
    ],
)
def test_a_setting_of_the_site(key: str, good: list[str], bad: list[str]) -> None:
    for value in good:
        assert problems(site=SITE | {key: value}) == {}, value
    for value in bad:
        assert list(problems(site=SITE | {key: value})) == [f"site.{key}"], value


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        (
            "sender",
            ["a@example.org", "Lake <a@example.org>", '"A, B" <a@example.org>'],
            ["", "Lake", "a@b", "Lake <a@b.cd> <c@d.ef>", "Lake <a@b.cd", "A\nB <a@b.cd>"],
        ),
        ("unsubscribe", ["", "mailto:a@b.cd", "https://a.bc/x"], ["a@b.cd", "javascript:x", "/x"]),
        ("max_articles", [1, 100], [0, -1]),
        ("backlog", [0, 5], [-1]),
        ("title", ["x"], [" "]),
        ("every", ["", "monday at 08:00", "2 hours"], [" ", "mondey at 08:00", "5 hours"]),
        ("cron", ["", "0 8 * * mon"], [" ", "0 8 * *", "0 25 * * *"]),
        ("time_zone", ["", "Europe/Berlin"], ["Berlin", "../x"]),
        ("catch_up", ["latest", "all", "none"], ["", "some"]),
        ("max_age", ["24 hours", "90 minutes", "1 week"], ["", "24", "0 hours", 24]),
    ],
)
def test_a_setting_of_a_newsletter(key: str, good: list[object], bad: list[object]) -> None:
    for value in good:
        assert problems(newsletters={"w": WEEKLY | {key: value}}) == {}, value
    for value in bad:
        assert list(problems(newsletters={"w": WEEKLY | {key: value}})) == [
            f"newsletters.w.{key}"
        ], value


@pytest.mark.parametrize("name", ["Weekly", "a b", "a/b", "..", "", "-a", "a--b", "é", "a."])
def test_the_name_of_a_newsletter_is_the_name_of_a_folder(name: str) -> None:
    assert problems(newsletters={name: WEEKLY})


def test_a_schedule_in_words_excludes_a_cron_expression() -> None:
    both = WEEKLY | {"every": "monday at 08:00", "cron": "0 8 * * mon"}
    assert problems(newsletters={"w": both}) == {"newsletters.w.cron": "keep one of them"}


def test_a_misspelt_weekday_suggests_the_nearest() -> None:
    found = problems(newsletters={"w": WEEKLY | {"every": "thrusday at 08:00"}})
    assert found == {"newsletters.w.every": "did you mean thursday?"}


def test_an_unknown_time_zone_suggests_the_nearest() -> None:
    found = problems(site=SITE | {"time_zone": "Europe/Berln"})
    assert found == {"site.time_zone": "did you mean Europe/Berlin?"}


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("sqlite:///x.db", True),
        ("sqlite:////var/x.db", True),
        ("postgresql://host/db", True),
        ("postgres://host/db", True),
        ("postgresql+psycopg://host/db", True),
        ("sqlite://", False),
        ("sqlite:///", False),
        ("x.db", False),
        ("mysql://host/db", False),
        ("postgresql+asyncpg://host/db", False),
    ],
)
def test_the_url_of_the_database(url: str, good: bool) -> None:
    assert list(problems(store={"url": url})) == ([] if good else ["store.url"])


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("accent", ["#0b5f8a", "#0B5F8A"], ["", "red", "#06c", "0b5f8a", "#0b5f8aff", "#zzzzzz"]),
        ("accent_dark", ["#7cc4f0"], ["#0b5f8a", "#fff"]),
        (
            "logo",
            ["", "logo.png", "a/b.JPG", "https://e.org/a.gif?b=c"],
            ["/etc/a.png", "../a.png", "a.svg", "http://e.org/a.png", "https:///a.png", "a"],
        ),
        ("heading_font", ["auto", "serif", "sans", "humanist", "mono"], ["Georgia", ""]),
        ("social", [{}, {"A": "https://e.org/@a"}], [{"A": "http://e.org"}, {"A": "@a"}, ["a"]]),
    ],
)
def test_a_setting_of_a_brand(key: str, good: list[object], bad: list[object]) -> None:
    for value in good:
        assert problems(newsletters={"w": WEEKLY | {"brand": {key: value}}}) == {}, value
    for value in bad:
        found = problems(newsletters={"w": WEEKLY | {"brand": {key: value}}})
        assert list(found) == [f"newsletters.w.brand.{key}"], value


def test_a_design_is_one_of_three() -> None:
    found = problems(newsletters={"w": WEEKLY | {"design": "poster"}})
    assert found == {"newsletters.w.design": "write digest or letter or magazine"}


@pytest.mark.parametrize(("key", "colour"), [("accent", "#ffcc00"), ("accent_dark", "#333333")])
def test_a_colour_with_too_little_contrast_is_refused_with_one_that_has_enough(
    key: str, colour: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_brand({key: colour})
    (fault,) = caught.value.faults
    ratio = contrast(colour, PAPERS[key])
    assert f"has a contrast of {ratio:.1f}" in fault.message
    assert "needs at least 4.5" in fault.hint
    parse_brand({key: fault.hint.rpartition('"#')[2].join(("#", "")).strip('"')})


def parse_brand(brand: dict[str, str]) -> None:
    import json

    settings = {"site": SITE, "newsletters": {"w": WEEKLY | {"brand": brand}}}
    parse(json.dumps(settings), "config.yaml", {}, str)


def test_a_colour_without_quotes_is_a_comment_and_the_hint_explains_it() -> None:
    text = "site: {title: A, url: https://e.org/}\nnewsletters:\n  w:\n    title: W\n"
    text += "    sender: a@e.org\n    brand:\n      accent: #0b5f8a\n"
    with pytest.raises(ConfigError) as caught:
        parse(text, "config.yaml", {}, str)
    (fault,) = caught.value.faults
    assert fault.message == "newsletters.w.brand.accent is empty"
    assert "in quotes" in fault.hint
    assert fault.place.line == 7


def test_accents_are_compared_with_the_backgrounds_of_the_designs() -> None:
    sheet = (DESIGNS / "newsletter" / "email.css").read_text()
    light, dark = sheet.partition("{% set dark")[::2]
    assert f'"panel": "{PAPERS["accent"]}"' in light
    assert f'"panel": "{PAPERS["accent_dark"]}"' in dark


@pytest.mark.parametrize(
    ("quiet", "good"),
    [
        ("", True),
        ("22:00-07:00", True),
        ("22-7", False),
        ("24:00-07:00", False),
        ("22:00-22:00", False),
    ],
)
def test_quiet_hours_are_a_part_of_the_day(quiet: str, good: bool) -> None:
    assert problems(sending={"quiet_hours": quiet}) == (
        {} if good else {"sending.quiet_hours": "write them such as 22:00-07:00"}
    )


P256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"
KEY = (  # the generator of the curve
    P256
    + "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q=="
)


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        (
            "ses",
            ["", "arn:aws:sns:eu-west-1:123456789012:a", "arn:aws-cn:sns:cn-1:123456789012:a_b-c"],
            ["a", "arn:aws:sqs:eu-west-1:123456789012:a", "arn:aws:sns:eu-west-1:1:a"],
        ),
        (
            "postmark",
            ["", "user:0123456789abcdef", "user:0123456789:abcdef"],
            ["user", "user:short", ":0123456789abcdef"],
        ),
        ("sendgrid", ["", KEY], ["key", KEY[:-4], KEY + "!", P256 + "A" * 88]),
        ("mailgun", ["", "key"], []),
    ],
)
def test_the_key_of_a_provider(key: str, good: list[str], bad: list[str]) -> None:
    for value in good:
        assert problems(bounces={"webhooks": {key: value}}) == {}, value
    for value in bad:
        found = problems(bounces={"webhooks": {key: value}})
        assert list(found) == [f"bounces.webhooks.{key}"], value


def test_bounce_reports_go_to_an_address() -> None:
    assert problems(bounces={"address": "bounces@example.org"}) == {}
    assert list(problems(bounces={"address": "bounces"})) == ["bounces.address"]
