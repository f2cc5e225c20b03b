"""The JSON Schema for editors agrees with what the loader accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from syndicate.config.json_schema import json_schema
from syndicate.config.loader import load
from syndicate.errors import ConfigError

STARTER = Path(__file__).parents[2] / "config.yaml"
SITE = {"title": "Lake Notes", "url": "https://example.org/"}
WEEKLY = {"title": "Weekly", "sender": "a@example.org", "postal_address": "1 Pier, Lake"}
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def is_loadable(config: Any, folder: Path) -> bool:
    file = folder / "config.yaml"
    file.write_text(json.dumps(config), encoding="utf-8")
    try:
        load(file, {"TITLE": "Lake Notes"})
    except ConfigError:
        return False
    return True


def test_it_is_a_schema_and_the_starter_configuration_follows_it() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    VALIDATOR.validate(yaml.safe_load(STARTER.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("config", "good"),
    [
        ({"site": SITE}, True),
        ({"site": {**SITE, "title": {"env": "TITLE"}}}, True),
        ({"site": SITE, "feeds": None}, True),
        ({"site": SITE, "feeds": {"formats": ["rss"], "entries": None}}, True),
        ({"site": SITE, "newsletters": {"weekly": WEEKLY | {"approval": "manual"}}}, True),
        ({"site": SITE, "service": {"poll_interval": 2}}, True),
        ({}, False),
        ({"site": {"title": "Lake Notes"}}, False),
        ({"site": SITE, "fedes": {}}, False),
        ({"site": SITE, "feeds": {"entries": 0}}, False),
        ({"site": SITE, "feeds": {"entries": "20"}}, False),
        ({"site": SITE, "feeds": {"formats": ["rdf"]}}, False),
        ({"site": SITE, "feeds": {"tags": 1}}, False),
        ({"site": {**SITE, "title": {"path": "x"}}}, False),
        ({"site": SITE, "newsletters": {"weekly": WEEKLY | {"name": "x"}}}, False),
        ({"site": SITE, "newsletters": {"weekly": {"title": "Weekly"}}}, False),
        ({"site": SITE, "sending": {"servers": {"main": {"port": 25}}}}, False),
    ],
)
def test_the_schema_accepts_what_the_loader_accepts(
    config: Any, good: bool, tmp_path: Path
) -> None:
    assert VALIDATOR.is_valid(config) == is_loadable(config, tmp_path) == good
