"""What the tests of texts without markup share: an article of its shape, read and rendered."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from html import unescape
from zoneinfo import ZoneInfo

from rendering_bench import FOLDER, URL

from syndicate.content.article import Article
from syndicate.content.reader import read
from syndicate.content.render import render
from syndicate.findings import Finding

ZONE = ZoneInfo("UTC")

LEAD = (
    "A lighthouse that nobody tends still has to be cleaned, because gulls do not care whether "
    "the lamp is lit by a person or by a switch in another county."
)
STAIRS = (
    "There are one hundred and forty steps, and every one of them is a little lower in the "
    "middle than at the sides. The boots of nine keepers did that."
)
OIL = (
    "The oil came in barrels twice a year, and was carried up by whoever was youngest. Nothing "
    "in the log says that anybody complained about it."
)
SWITCH = (
    "When the switch came, the last keeper was given a clock and a week to pack his things. He "
    "left the clock on the window sill, where it still is."
)
NOW = (
    "Today a school looks after the tower, and on the first Sunday of the month the children "
    "explain the lens to anyone who has the breath to climb up to it."
)
PARAGRAPHS = (LEAD, STAIRS, OIL, SWITCH, NOW)
TIGHT = f"{LEAD}\n### The stairs\n{STAIRS}\n{OIL}\n### The switch\n{SWITCH}\n{NOW}\n"
SPACED = f"{LEAD}\n\n### The stairs\n\n{STAIRS}\n\n{OIL}\n\n### The switch\n\n{SWITCH}\n\n{NOW}\n"


def wrapped(text: str, columns: int = 72, indent: str = "") -> str:
    """The text as an editor or mail program wraps it."""
    return textwrap.fill(text, columns, initial_indent=indent)


@dataclass(frozen=True)
class Seen:
    """An article as readers get it."""

    article: Article
    html: str
    summary: str
    findings: tuple[Finding, ...]

    @property
    def paragraphs(self) -> list[str]:
        """The text of each paragraph, with a | for each line break."""
        found = re.findall(r"<p>(.*?)</p>", self.html, re.DOTALL)
        return [_text(part.replace("<br>", " | ")) for part in found]

    @property
    def text(self) -> str:
        return _text(self.html)


def _text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def seen(text: str | bytes, path: str = "p1.txt") -> Seen:
    data = text if isinstance(text, bytes) else text.encode()
    reading = read(path, data, ZONE)
    rendering, findings = render(reading.article, url=URL, surroundings=FOLDER)
    findings = (*reading.findings, *findings)
    return Seen(reading.article, rendering.html, rendering.summary, findings)
