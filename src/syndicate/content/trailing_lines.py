"""Tags and a date from the last lines of a text without front matter.

Explicit rules, each with a name that `explain` shows:

- labelled line 'Tags:': a label in one of many languages, then the tags; also a list below it;
- hashtags in the last line: nothing but hashtags;
- keyword line at the end: nothing but short phrases between separators, below a sentence, a list
  or a blank line.

Several such lines in a row are all taken, and a line with nothing but a date among them. In doubt,
a line stays in the text: sentences, closings, addresses, attributions, captions, ingredients. Pure.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from syndicate.content.date_lines import read_date_line
from syndicate.content.keywords import is_keyword
from syndicate.content.line_labels import lone_label, unwrapped
from syndicate.content.line_measures import ends_sentence
from syndicate.content.metadata import MAX_TAG_LENGTH
from syndicate.content.tag_lines import (
    MAX_LINE,
    TAG_SEPARATOR,
    bare_keywords,
    hashtags,
    labelled_tags,
    listed_tags,
)

_MAX_LINES = 8  # lines at the end that can be metadata
_MAX_ITEMS = 50  # of a list below a label
_MAX_WRAPPED = 4  # line ends in one wrapped list of keywords

KEYWORDS, HASHTAGS = "keyword line at the end", "hashtags in the last line"
_ITEM = re.compile(r"[ \t]{0,6}(?:[-*+•]|\d{1,2}[.)])[ \t]+(.*\S)[ \t]*$")
_DATE_SHAPE = re.compile(r"[\d\s./年月日-]+$")
_INTRODUCES = re.compile(r"[#|]|!\[|<|=+$|-+$|[-_*]{3}|.*[:：,，、]$", re.DOTALL)
_ENDS_WITH_SEPARATOR = re.compile(r"[,;、，；،؛][ \t]*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Closing:
    """The metadata of the last lines, and the text above them. `rules` found the tags."""

    body: str
    tags: tuple[str, ...]
    rules: tuple[str, ...]
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of metadata, and the text above it.

    `sure`: it is metadata whatever the text above is. `apart`: a blank line is above it.
    """

    rest: str
    apart: bool = False
    tags: tuple[str, ...] = ()
    rule: str = ""
    sure: bool = True
    date: datetime | None = None


def read(body: str, zone: tzinfo, *, indented: bool = False) -> Closing | None:
    """Read the tags and the date at the end of a body; None if there are none.

    A date without an offset is in `zone`. `indented`: indentation of lines is ignored. At least one
    line of the body stays text.
    """
    lines = _last_lines(body, zone, indented=indented)
    while lines and not _is_metadata(lines):
        lines.pop()
    if not any(line.tags for line in lines) and not any(line.sure for line in lines):
        return None
    if _ends_inside_block(lines[-1].rest):
        return None
    tags = [tag for line in reversed(lines) for tag in line.tags]
    rules = dict.fromkeys(line.rule for line in reversed(lines) if line.rule)
    date = next((line.date for line in lines if line.date), None)
    spellings = {tag.casefold(): tag for tag in reversed(tags)}
    unique = tuple(spellings[key] for key in dict.fromkeys(map(str.casefold, tags)))
    return Closing(lines[-1].rest + "\n", unique, tuple(rules), date)


def _last_lines(body: str, zone: tzinfo, *, indented: bool) -> list[_Line]:
    """The lines at the end that may be tags or a date, from the last upwards."""
    lines: list[_Line] = []
    rest = _unwrap_last_line(body.rstrip())
    while len(lines) < _MAX_LINES:
        if indented:
            above, newline, last = rest.rpartition("\n")
            rest = f"{above}{newline}{last.lstrip()}"
        line = _below_label(rest) or _last_line(rest, zone, dated=any(o.date for o in lines))
        if line is None or not line.rest:
            break
        lines.append(line)
        rest = line.rest
    return lines


def _unwrap_last_line(text: str) -> str:
    """The text with its last line in one piece, if that is a list wrapped after its commas."""
    above, newline, last = text.rpartition("\n")
    for _ in range(_MAX_WRAPPED):
        before, more, line = above.rpartition("\n")
        if not newline or not _ENDS_WITH_SEPARATOR.search(line) or len(line) + len(last) > MAX_LINE:
            break
        above, newline, last = before, more, f"{line.rstrip()} {last.lstrip()}"
    whole = above + newline + last
    return whole if last != text.rpartition("\n")[2] and _is_tag_line(last) else text


def _is_tag_line(line: str) -> bool:
    return bool(labelled_tags(line) or hashtags(line) or bare_keywords(line))


def _last_line(text: str, zone: tzinfo, *, dated: bool) -> _Line | None:
    above, newline, last = text.rpartition("\n")
    if not newline or len(last) > MAX_LINE:
        return None
    rest = above.rstrip()
    apart = "\n" in above[len(rest) :]
    if labelled := labelled_tags(last):
        return _Line(rest, apart, *labelled)
    if tags := hashtags(last):
        return _Line(rest, apart, tags, HASHTAGS)
    if not dated and (day := read_date_line(last, zone)):
        return _Line(rest, apart, date=day.date, sure=day.labelled)
    if (phrases := bare_keywords(last)) and (apart or len(phrases) > 2):
        return _Line(rest, apart, phrases, KEYWORDS, sure=False)
    return None


def _is_metadata(lines: Sequence[_Line]) -> bool:
    """Whether the uppermost of the lines is metadata, given the text above it."""
    line, below = lines[-1], lines[-2] if len(lines) > 1 else None
    if line.sure:
        return True
    if line.date:
        return any(other.tags for other in lines)
    if below and below.apart and not below.sure:
        return False
    return _may_be_keywords(line)


def _may_be_keywords(line: _Line) -> bool:
    """Whether phrases may be keywords below that text.

    Not if they are an attribution, a caption, the end of a sentence, or follow a heading or colon.
    """
    above = line.rest.rpartition("\n")[2].strip()
    if above.startswith(">"):
        return len(line.tags) > 2 and line.tags[0][:1].islower()
    if _INTRODUCES.match(above):
        return False
    marked = _ITEM.match(above) or _FENCE.match(above) or _DATE_SHAPE.match(above)
    return line.apart or bool(marked) or ends_sentence(above)


def _below_label(text: str) -> _Line | None:
    """Tags in a list, or in a line, below a line or heading that contains only a label."""
    above, newline, last = text.rpartition("\n")
    items: list[str] = []
    while newline and len(items) < _MAX_ITEMS and (item := _ITEM.match(last)):
        items.insert(0, item[1])
        above, newline, last = above.rpartition("\n")
    if items:
        above = f"{above}\n{last}" if newline else ""
    elif newline and len(last) <= MAX_LINE and TAG_SEPARATOR.search(last):
        items = [unwrapped(last.strip())]
    else:
        above, items = _split_keyword_lines(text)
    rest, _, title = above.rstrip().rpartition("\n")
    label = lone_label(title) if items else None
    tags = [listed_tags(item, strict=True) for item in items]
    if label is None or not all(tags):
        return None
    return _Line(rest.rstrip(), True, tuple(itertools.chain.from_iterable(tags)), label.rule)


def _split_keyword_lines(text: str) -> tuple[str, list[str]]:
    """The text above the last lines that have one keyword each, and these keywords."""
    above, items = text, list[str]()
    while len(items) < _MAX_ITEMS and "\n" in above:
        rest, _, last = above.rpartition("\n")
        if len(last) > MAX_TAG_LENGTH or not is_keyword(last.strip() or " "):
            break
        above, items = rest, [last.strip(), *items]
    return above, items


def _ends_inside_block(text: str) -> bool:
    """Whether code, a comment or a raw element that begins above is still open at the end."""
    fence = ""
    for mark in _FENCE.findall(text) if "```" in text or "~~~" in text else ():
        if not fence:
            fence = mark
        elif mark.startswith(fence):
            fence = ""
    pairs = (("<!--", "-->"), ("<pre", "</pre"), ("<script", "</script"), ("<style", "</style"),
             ("{% highlight", "{% endhighlight"), ("{% raw", "{% endraw"))  # fmt: skip
    return bool(fence) or any(text.rfind(start) > text.rfind(end) for start, end in pairs)
