"""The source and the documentation use fewer and fewer discouraged words.

tests/discouraged_words.txt has a line for each word or phrase: its ceiling, which may only fall.
Run this file (`.venv/bin/python tests/test_language.py`) to lower every ceiling to the present
count. Identifiers are counted by their parts: `_desk_of` contains `desk`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
CEILINGS_FILE = Path(__file__).with_name("discouraged_words.txt")


def read_ceilings() -> dict[str, int]:
    lines = CEILINGS_FILE.read_text(encoding="utf-8").splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return {words: int(ceiling) for ceiling, words in pairs}


def sources() -> list[Path]:
    """Files that the ceilings are for. Migrations are history and stay as they are."""
    package = REPOSITORY / "src" / "syndicate"
    code = [path for path in package.rglob("*.py") if "migrations" not in path.parts]
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]
    return sorted([*code, *pages])


def plain_words(text: str) -> str:
    """The words of a text in lowercase, each between spaces; identifiers as their parts."""
    return f" {'  '.join(re.findall(r'[a-z]+', text.lower()))} "


def count(text: str, words: str) -> int:
    """How often a word or phrase occurs in what `plain_words` returns."""
    return text.count(f" {'  '.join(words.split())} ")


TEXTS = {path: plain_words(path.read_text(encoding="utf-8")) for path in sources()}
CEILINGS = read_ceilings()


def total(words: str) -> int:
    return sum(count(text, words) for text in TEXTS.values())


@pytest.mark.parametrize("words", CEILINGS)
def test_a_discouraged_word_does_not_spread(words: str) -> None:
    found = {path: number for path, text in TEXTS.items() if (number := count(text, words))}
    places = "\n".join(f"{path.relative_to(REPOSITORY)}: {n}" for path, n in found.items())
    assert sum(found.values()) <= CEILINGS[words], f"{words}: use a plainer word\n{places}"


def test_words_are_counted_also_in_identifiers_and_across_lines() -> None:
    text = plain_words("Nobody told\nNOBODY_TOLD; by\n    itself (foretold)")
    assert count(text, "nobody") == 2
    assert count(text, "told") == 2
    assert count(text, "by itself") == 1


def lower_ceilings() -> None:
    """Lower each ceiling to the present count; never raise one."""
    text = CEILINGS_FILE.read_text(encoding="utf-8")
    head = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    lines = [f"{min(limit, total(words)):4} {words}\n" for words, limit in CEILINGS.items()]
    CEILINGS_FILE.write_text(head + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    lower_ceilings()
