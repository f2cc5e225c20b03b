"""The configuration in force, shown to a person: complete, and without secrets."""

from __future__ import annotations

import pytest
import yaml

from syndicate.config.loader import parse
from syndicate.config.show import as_yaml

SITE = "site: {title: Lake Notes, url: https://example.org/}\n"
SECRET = "hunter2"


def shown(text: str, **environment: str) -> str:
    return as_yaml(parse(text, "config.yaml", environment, lambda name: SECRET))


def test_every_setting_is_shown_and_loads_again() -> None:
    text = f"{SITE}newsletters:\n  weekly: {{title: W ö, sender: a@example.org, include: [x]}}\n"
    once = shown(text)
    assert shown(once) == once
    values = yaml.safe_load(once)
    assert values["feeds"]["entries"] == 20
    assert values["newsletters"]["weekly"]["include"] == ["x"]
    assert "W ö" in once


def test_an_external_value_is_shown_as_its_source_only() -> None:
    text = "site: {title: {env: TITLE}, url: https://example.org/}\ncontent: {file: secret.txt}\n"
    values = yaml.safe_load(shown(text, TITLE=SECRET))
    assert values["site"]["title"] == "*** (env: TITLE)"
    assert values["content"] == "*** (file: secret.txt)"


@pytest.mark.parametrize(
    "url",
    [
        *(f"postgresql://ada:{SECRET}@host/db", f"postgresql://ada:a@{SECRET}@host/db"),
        *(f"postgresql://:{SECRET}@host/db", f"postgresql://ada@host/db?password={SECRET}"),
        f"postgresql://host/db?sslmode=require&password={SECRET}&user=ada",
        *(f"postgresql://ada:{SECRET}/x@host/db", f"postgresql://ada:x:{SECRET}@host/db"),
        *(f"postgresql://ada:{SECRET}#x@host/db", f"postgresql://ada:{SECRET}?x@host/db"),
        f"postgresql://ada:a%40{SECRET}@host/db?application_name=x",
    ],
)
def test_passwords_of_the_database_are_masked(url: str) -> None:
    text = shown(f'{SITE}store: {{url: "{url}"}}\n')
    assert SECRET not in text
    assert "postgresql://" in text


def test_an_address_without_password_is_shown_whole() -> None:
    for url in ("sqlite:///notes.db", "postgresql://ada@host:5432/db?sslmode=require"):
        assert yaml.safe_load(shown(f"{SITE}store: {{url: '{url}'}}\n"))["store"]["url"] == url
