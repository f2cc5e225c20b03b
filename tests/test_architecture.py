"""ARCHITECTURE.md describes the code as it is: its layers, its paths and its names exist."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import pytest

import syndicate
from syndicate.config.model import Config
from syndicate.store.schema import metadata

REPOSITORY = Path(__file__).parents[1]
PACKAGE = Path(syndicate.__file__).parent
TESTS = REPOSITORY / "tests"
TEXT = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
SPANS = sorted(set(re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```$", "", TEXT))))
URLS = {"subscribe/", "preferences/", "unsubscribe/"}  # paths of the site
LAYERS = re.findall(r"(?m)^ ?(\d+) +([a-z_].*)$", TEXT)
PATHS = [
    span for span in SPANS if re.fullmatch(r"[\w/]+(?:/|\.py|\.sql)", span) and span not in URLS
]
PACKAGES = {path.stem for path in PACKAGE.iterdir()}
DOTTED = [
    span
    for span in SPANS
    if re.fullmatch(r"[a-z_]+(?:\.\w+)+", span) and span.split(".")[0] in PACKAGES
    if span not in PATHS
]


@cache
def module_of(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(f"syndicate.{name}")
    except ModuleNotFoundError:
        return None


def is_name(dotted: str) -> bool:
    """Whether this is a module below syndicate, or something defined in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        value: object = module_of(".".join(parts[:length]))
        if value is None:
            continue
        for part in parts[length:]:
            if not hasattr(value, part):
                return False
            value = getattr(value, part)
        return True
    return False


def is_setting_or_column(dotted: str) -> bool:
    """Whether this is a setting of config.yaml (`site.url`) or a column (`requests.base`)."""
    group, _, name = dotted.partition(".")
    settings = get_type_hints(Config).get(group)
    columns = metadata.tables[group].columns if group in metadata.tables else ()
    return name in getattr(settings, "__dataclass_fields__", {}) or name in columns


@pytest.mark.parametrize("path", PATHS)
def test_each_path_exists(path: str) -> None:
    assert (PACKAGE / path).exists()


@pytest.mark.parametrize("name", DOTTED)
def test_each_dotted_name_exists(name: str) -> None:
    assert is_name(name) or is_setting_or_column(name)


def test_each_class_exists() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    classes = set(re.findall(r"(?m)^class (\w+)", code))
    headers = {"Origin", "Vary"}
    names = {span for span in SPANS if re.fullmatch(r"(?:[A-Z][a-z]+)+", span)}
    assert names - headers <= classes


def test_each_folder_of_tests_mirrors_a_package() -> None:
    folders = {path.parent.relative_to(TESTS) for path in TESTS.glob("*/**/test_*.py")}
    packages = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("__init__.py")}
    assert folders - packages == set()


def test_names_are_found() -> None:
    assert len(PATHS) > 40
    assert len(DOTTED) > 60


def test_the_picture_of_layers_is_the_contract() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    contract = project["tool"]["importlinter"]["contracts"][0]["layers"]
    assert [layer for _, layer in LAYERS] == contract
    assert [int(number) for number, _ in LAYERS] == list(range(len(contract), 0, -1))


def test_each_package_is_in_the_table() -> None:
    table = TEXT.split("| package |")[1].split("\n\n")[0]
    cells = "".join(re.findall(r"(?m)^\| (.*?) \|", table))
    packages = {name for number, layer in LAYERS if number != "1" for name in layer.split(" | ")}
    assert {Path(span).stem for span in re.findall(r"`(.+?)`", cells)} == packages


def test_each_table_of_the_store_is_described() -> None:
    state = TEXT.split("# State")[1].split("\n# ")[0]
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", state)) == set(metadata.tables)


@pytest.mark.slow
def test_no_two_public_classes_share_a_name() -> None:
    places: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}
