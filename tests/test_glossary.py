"""docs/glossary.md and the vocabulary of ARCHITECTURE.md are generated from glossary.yaml.

Run this file (`.venv/bin/python tests/test_glossary.py`) to write both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml_rs

REPOSITORY = Path(__file__).parents[1]
SOURCE = REPOSITORY / "glossary.yaml"
PAGE = REPOSITORY / "docs" / "glossary.md"
ARCHITECTURE = REPOSITORY / "ARCHITECTURE.md"

PAGE_HEAD = """# Glossary

Look up here what a word means in these pages, in messages and in settings.

| word | meaning |
|---|---|
"""
VOCABULARY = re.compile(
    r"(?s)(?<=## Vocabulary\n\n\| word \| meaning \|\n\|---\|---\|\n).*?(?=\n# )"
)


@dataclass(frozen=True)
class Entry:
    """A row of the glossary; `only` names the one document it is for."""

    term: str
    meaning: str
    code: str = ""
    see: str = ""
    only: Literal["", "docs", "code"] = ""


def read_entries() -> list[Entry]:
    rows: Any = yaml_rs.loads(SOURCE.read_text(encoding="utf-8"))
    return [Entry(**row) for row in rows]


ENTRIES = read_entries()


def page() -> str:
    """The text of docs/glossary.md, in alphabetical order."""
    chosen = sorted((e for e in ENTRIES if e.only != "code"), key=lambda e: e.term.lower())
    return PAGE_HEAD + "".join(_page_row(entry) for entry in chosen)


def _page_row(entry: Entry) -> str:
    link = f" [More]({entry.see})" if entry.see else ""
    return f"| **{entry.term}** | {entry.meaning}{link} |\n"


def architecture() -> str:
    """The text of ARCHITECTURE.md with its vocabulary, in the order of glossary.yaml."""
    chosen = (entry for entry in ENTRIES if entry.only != "docs")
    rows = [f"| {e.term} | {' '.join([e.meaning, e.code]).rstrip()} |\n" for e in chosen]
    text = ARCHITECTURE.read_text(encoding="utf-8")
    return VOCABULARY.sub(lambda _: "".join(rows), text, count=1)


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_vocabulary_of_the_architecture_is_current() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    assert VOCABULARY.search(text)
    assert text == architecture()


def test_no_term_is_defined_twice() -> None:
    terms = [term for entry in ENTRIES for term in _terms(entry)]
    assert len(terms) == len(set(terms))


def _terms(entry: Entry) -> list[str]:
    return entry.term.lower().split(", ")


def _corpus() -> str:
    """Words of code and documentation, without the glossary, as one lowercase line."""
    paths = [
        *(REPOSITORY / "src").rglob("*.py"),
        *(path for path in (REPOSITORY / "docs").glob("*.md") if path != PAGE),
    ]
    text = " ".join(path.read_text(encoding="utf-8") for path in paths)
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


CORPUS = _corpus()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.term)
def test_each_term_occurs_in_code_or_documentation(entry: Entry) -> None:
    for term in _terms(entry):
        words = " ".join(re.findall(r"[a-z0-9]+", term))
        assert re.search(rf"\b{words}(s|es)?\b", CORPUS), term


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    ARCHITECTURE.write_text(architecture(), encoding="utf-8")
