"""Articles to measure with: as a blog of many years has them, and the same ones every time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

SIZE = 5_840
"""Bytes a file has at least; the last paragraph makes it 6 KB in the middle."""

FIRST = datetime(2002, 1, 1, 6, 30, tzinfo=UTC)
APART = timedelta(hours=8)
WRITTEN = 1_700_000_000
"""When every file was last changed, in seconds since 1970: long ago, as in a settled folder."""

_WORDS = (
    "harbour tide rope window bread morning ferry swift cloud letter stone lamp winter summer "
    "door table map engine paper gull anchor north south river bridge market garden kettle "
    "corner island shelf mirror coat button needle thread basket ladder candle chimney roof "
    "field hedge lane station clock ticket pocket drawer copper iron salt flour yeast oven spoon "
    "bottle barrel wheel hammer nail plank paint brush canvas sail mast keel rudder compass star "
    "moon rain wind snow frost thaw spring autumn leaf root branch bark seed apple plum pear "
    "walks carries mends watches keeps finds loses writes reads asks answers waits turns opens "
    "closes lifts lowers counts folds cuts ties bakes sings listens remembers forgets returns "
    "quiet early late narrow wide heavy light old new grey green blue warm cold slow patient "
    "careful empty full broken whole small tall round plain sudden steady distant familiar the "
    "the the the a a a of of of in in on under over beside without and and but or because when "
    "while before after it she he they we nobody everyone somebody"
)
WORDS = _WORDS.split()
_TAGS = (
    "tides weather bread birds mending boats letters gardens walks tools history recipes stars "
    "winter harbour people maps music books paint"
)
TAGS = _TAGS.split()
CATEGORIES = ("notes", "essays", "how-to", "log", "reviews")
AUTHORS = ("Maren Holt", "Ilse Brandt", "Tom Okafor")


def write_articles(folder: Path, count: int) -> list[Path]:
    """Write `count` articles into `folder`, oldest first, and give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder, number) for number in range(count)]


def change(path: Path, mark: str, moment: int) -> None:
    """Add a paragraph to an article, as if at `moment` (seconds after all were written)."""
    path.write_text(f"{path.read_text()}\n{mark}\n")
    os.utime(path, (WRITTEN + moment, WRITTEN + moment))


def _write(folder: Path, number: int) -> Path:
    random = Random(number)
    title = _phrase(random, 5).capitalize()
    date = FIRST + number * APART
    lines = [
        "---",
        f"title: {title}",
        f"date: {date:%Y-%m-%dT%H:%M:%SZ}",
        f"lastmod: {date + timedelta(days=random.randint(0, 30)):%Y-%m-%dT%H:%M:%SZ}",
        f"author: {random.choice(AUTHORS)}",
        f"categories: [{random.choice(CATEGORIES)}]",
        f"tags: [{', '.join(random.sample(TAGS, 3))}]",
        f"description: {_sentence(random)}",
        "---",
        "",
    ]
    head = "\n".join(lines)
    path = folder / f"{title.lower().replace(' ', '-')}-{number:05}.md"
    path.write_text(head + _body(random, number, SIZE - len(head)))
    os.utime(path, (WRITTEN, WRITTEN))
    return path


def _body(random: Random, number: int, size: int) -> str:
    """Paragraphs, and among them each of what articles have besides."""
    parts = [
        _paragraph(random, number),
        f"## {_phrase(random, 4).capitalize()}\n",
        _paragraph(random, number),
        "".join(f"- {_sentence(random)}\n" for _ in range(4)),
        f"> {_sentence(random)} {_sentence(random)}\n",
        f"![{_phrase(random, 6).capitalize()}](/images/picture-{number % 40}.jpg)\n",
        f"### {_phrase(random, 3).capitalize()}\n",
        "".join(f"{i}. {_sentence(random)}\n" for i in range(1, 4)),
        '```python\ndef depth(hour):\n    if hour < 6:\n        return "rising"\n'
        f"    return {random.randint(1, 90)} - hour\n```\n",
    ]
    length = sum(map(len, parts)) + len(parts)
    while length < size:
        parts.append(_paragraph(random, number))
        length += len(parts[-1]) + 1
    return "\n" + "\n".join(parts)


def _paragraph(random: Random, number: int) -> str:
    link = f"https://example.net/{number % 97}/{random.choice(WORDS)}"
    marked = f"*{_phrase(random, 2)}* {_phrase(random, 5)} [{_phrase(random, 3)}]({link})"
    return (
        f"{_sentence(random)} {_sentence(random)} {_phrase(random, 4).capitalize()} {marked} and "
        f"**{_phrase(random, 2)}**. {_sentence(random)} `{random.choice(WORDS)}` "
        f"{_phrase(random, 6)}.\n"
    )


def _sentence(random: Random) -> str:
    return f"{_phrase(random, random.randint(7, 15)).capitalize()}."


def _phrase(random: Random, words: int) -> str:
    return " ".join(random.choices(WORDS, k=words))
