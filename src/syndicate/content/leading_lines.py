"""Title, authors, date and tags from the first lines of a text without front matter.

A title line is a short first line without a full stop that stands apart from the text: a blank
line or a section follows it, or the text below has one paragraph per line or is wrapped wider.
A byline (`by Ann Lee`) may follow the title; a date that can mean only one day, labelled tags and
hashtags may be above or below it. In doubt, a first line stays in the text: it may be a sentence, a
verse, a greeting or markup. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from syndicate.content import plaintext
from syndicate.content.article import Format
from syndicate.content.date_lines import read_date_line
from syndicate.content.keywords import is_sentence
from syndicate.content.layout import detect_layout
from syndicate.content.line_measures import LONG_LINE, ends_sentence
from syndicate.content.tag_lines import MAX_LINE, hashtags, labelled_tags
from syndicate.text_width import width

TITLE_LINE, BYLINE, DATE_LINE = "title line", "byline", "date line"
HASHTAG_LINE = "hashtags below the title"

_MAX_TITLE = 100  # columns of a title with a blank line below
_MAX_TITLE_WORDS = 18
_MAX_TIGHT_TITLE = 80  # columns of a title directly above the text
_MAX_LINES = 8  # lines at the top that can be metadata
_WINDOW = 20_000  # characters

_NO_TITLE = re.compile(
    r"[#>|<{\\`~+=\s\u3000]|[-*+•–—]{1,9}[ \t]|\d{1,9}[.)][ \t]|!?\[|:::|!!!|: "
    r"|(?:[-*_][ \t]*){3,}$"
    r"|(?:(?:dear|hi|hey|liebe|lieber|hallo|chère|chers|cher|estimad[oa]s?|querid[oa]s?|kära|kjære)"
    r"(?:\s|$)|(?:hello|good (?:morning|evening|day)) (?:all|every|folks|friends|there|again|dear))"
    r"|(?:https?|mailto|ftp):|www\.",
    re.IGNORECASE,
)
_OPEN_END = re.compile(r"[.,;:…。，、；：．．，؛،।]$|--?$|\\$")
_MARK_END = re.compile(rf"[!！]$|{_OPEN_END.pattern}")
_QUESTION = re.compile(r"[?？؟]$")
_CODE = re.compile(r"\]\(|\{[{%]|://")
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1$")
_UNDERLINE = re.compile(r"(?:={3,}|-{3,})[ \t]*$")
_FIRST_HEADING = re.compile(r"#[ \t]|[^\n]*\n={3,}[ \t]*(?:\n|$)")
_SECTION = re.compile(r"#{2,6}[ \t]")

_BY = re.compile(
    r"(?:(?:(?:written |text |words |story |posted )?by|(?:text )?von|par|(?:escrito )?por|di|door"
    r"|av|af|от|بقلم|מאת)\s+"
    r"|(?:by|authors?|autor(?:a|e|en|es)?|auteure?s?|text|texte|words|автор|作者|文|著者|作成者|撰文|글"
    r"|작성자|지은이|بقلم|الكاتب|نویسنده|מאת)\s*[:：／/]\s*)(.+)$",
    re.IGNORECASE,
)
_PARTICLE_WORDS = (
    "von van de der den del della di da dos du la le el al bin ibn ben af av zu zur y i ten ter"
)
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_AND = re.compile(r"\s*(?:[,;、，；&]|\s(?:and|und|et|y|e|och|og|en|ja|и)\s)\s*")
_BEFORE_DATE = re.compile(r"\s*(?:[,|•·]|\s[-–—/])\s+")


@dataclass(frozen=True, slots=True)
class Opening:
    """The metadata of the first lines. The text continues at `end`, the start of a line."""

    end: int = 0
    title: str = ""
    authors: tuple[str, ...] = ()
    date: datetime | None = None
    tags: tuple[str, ...] = ()
    rules: dict[str, str] = field(default_factory=dict)  # by field of the article


def read(body: str, form: Format, zone: tzinfo, *, has_title: bool) -> Opening:
    """Read the first lines of a body that begins with a line that is not blank.

    `has_title`: a heading above it is the title. A date without an offset is in `zone`. At least
    one line of the body stays text; `end` is 0 when all of it is text.
    """
    window = body[:_WINDOW]
    # Above the title line, a byline may be text.
    opening = _with_metadata(window, Opening(), zone, bylines=has_title)
    if not has_title and (title_match := title_line(body[opening.end :], form, zone)):
        title, end = title_match
        rules = {"title": TITLE_LINE, **opening.rules}
        opening = replace(opening, end=opening.end + end, title=title, rules=rules)
        opening = _with_metadata(window, opening, zone)
    return opening if body[opening.end :].strip() else Opening()


def is_title_line(body: str, title: str) -> int:
    """Where the text continues if the body begins with a line that repeats the title; else 0."""
    first, _, rest = body.partition("\n")
    if not title or len(first) > _WINDOW or not rest.strip():
        return 0
    if " ".join(first.split()).casefold() != title.casefold():
        return 0
    below = rest.partition("\n")[0]
    if below.strip() and not _UNDERLINE.match(below):
        return 0
    return _next_text(body, len(first) + 1 + (len(below) + 1 if below.strip() else 0))


def title_line(body: str, form: Format, zone: tzinfo) -> tuple[str, int] | None:
    """The title in the first line, and where the text continues; None if that line is text."""
    end = body.find("\n")
    line = body[: max(end, 0)].rstrip()
    if not 0 < len(line) <= _WINDOW or _FIRST_HEADING.match(body):
        return None
    title = _title(line.lstrip() if form is Format.TEXT else line)
    rest = body[end + 1 :]
    if not title or not rest.strip():
        return None
    if form is Format.TEXT and _UNDERLINE.match(rest.partition("\n")[0]):
        end = body.find("\n", end + 1)
        return (title, _next_text(body, end + 1)) if end > 0 else None
    text = rest[_with_metadata(rest[:_WINDOW], Opening(), zone).end :]
    if _is_apart(rest, text) or _is_above_text(line, text, form):
        return title, _next_text(body, end + 1)
    return None


def _title(line: str) -> str:
    """The line as a title in plain text; "" if it cannot be one."""
    bold = _BOLD.match(line)
    text = bold[2] if bold else line
    if _NO_TITLE.match(text) or _OPEN_END.search(text) or _CODE.search(text):
        return ""
    if width(text) > _MAX_TITLE or len(text.split()) > _MAX_TITLE_WORDS:
        return ""
    if not any(map(str.isalpha, text)) or labelled_tags(text):
        return ""
    if text.endswith(("!", "！")) and (len(text.split()) > 8 or is_sentence(text)):
        return ""
    return plaintext.from_markdown(text)


def _is_apart(rest: str, text: str) -> bool:
    """Whether a blank line or a section separates the title, with the metadata below it, from the
    text."""
    if not rest.partition("\n")[0].strip():
        return not _FIRST_HEADING.match(rest.lstrip()[:_WINDOW])
    metadata = rest[: len(rest) - len(text)]
    blank = bool(metadata) and not metadata[:-1].rpartition("\n")[2].strip()
    return blank or bool(_SECTION.match(text))


def _is_above_text(line: str, rest: str, form: Format) -> bool:
    """Whether the line is too short to belong to the paragraphs directly below it."""
    columns = width(line)
    below = rest.partition("\n")[0]
    if columns > _MAX_TIGHT_TITLE or _MARK_END.search(line) or below[:1].islower():
        return False
    layout = detect_layout(rest, form)
    is_question = bool(_QUESTION.search(line))  # above short lines, perhaps part of a dialogue
    if layout.each_line and (layout.long or (layout.count > 2 and not is_question)):
        return True
    if layout.width:
        return columns <= layout.width * 0.6 and width(below) >= layout.width * 0.75
    return width(below) > LONG_LINE and ends_sentence(below)


# -- below the title -------------------------------------------------------------------------


def _with_metadata(window: str, opening: Opening, zone: tzinfo, *, bylines: bool = True) -> Opening:
    """The opening with the metadata of the next lines."""
    for _ in range(_MAX_LINES):
        end = window.find("\n", opening.end)
        if end < 0 or (more := _metadata_of(window[opening.end : end], zone)) is None:
            break
        merged = _merged(opening, more)
        if merged is None or (more.authors and not bylines):
            break
        opening = replace(merged, end=_next_text(window, end + 1))
    return opening


def _merged(opening: Opening, more: Opening) -> Opening | None:
    """Both together; None if both have authors, or both a date, so that one of them is text."""
    if (opening.authors and more.authors) or (opening.date and more.date):
        return None
    return Opening(
        opening.end,
        opening.title,
        opening.authors or more.authors,
        opening.date or more.date,
        (*opening.tags, *more.tags),
        {**opening.rules, **more.rules},
    )


def _metadata_of(line: str, zone: tzinfo) -> Opening | None:
    """The metadata of one line; None if it is text."""
    text = line.strip()
    if not text or len(text) > MAX_LINE:
        return None
    if labelled := labelled_tags(text):
        return Opening(tags=labelled.tags, rules={"tags": labelled.rule})
    if tags := hashtags(text):
        return Opening(tags=tags, rules={"tags": HASHTAG_LINE})
    if day := read_date_line(text, zone):
        return Opening(date=day.date, rules={"date": DATE_LINE})
    plain = plaintext.from_markdown(text) if text[0] in "*_" else text
    return _byline(plain, zone)


def _byline(text: str, zone: tzinfo) -> Opening | None:
    """`by Ann Lee`, `By Ann Lee and Bo Ek`, `By Ann Lee, 4 March 2026`."""
    match = _BY.match(text) if len(text) <= _MAX_TITLE else None
    if match is None:
        return None
    if names := _names(match[1]):
        return Opening(authors=names, rules={"authors": BYLINE})
    for gap in _BEFORE_DATE.finditer(match[1]):
        names, day = (
            _names(match[1][: gap.start()]),
            read_date_line(match[1][gap.end() :], zone),
        )
        if names and day:
            return Opening(
                authors=names, date=day.date, rules={"authors": BYLINE, "date": DATE_LINE}
            )
    return None


def _names(text: str) -> tuple[str, ...]:
    """The people in a byline; () if one of them is not a name."""
    names = tuple(plaintext.line(name) for name in _AND.split(text.strip()))
    return names if all(map(_is_name, names)) else ()


def _is_name(text: str) -> bool:
    """Whether it is up to five words that begin with a capital, or are in a script without case.

    Particles such as `von` may be lowercase.
    """
    words = text.split()
    if not 0 < len(words) <= 5 or len(text) > 60 or any(map(str.isdigit, text)):
        return False
    if text[-1] in "!?:;。！？" or (text[-1] == "." and len(words[-1]) > 3):
        return False
    others = [word for word in words if word.lower() not in _PARTICLES]
    return bool(others) and all(word[0].isalpha() and not word[0].islower() for word in others)


def _next_text(body: str, at: int) -> int:
    """The start of the next line that is not blank, at or after `at`."""
    while at < len(body):
        end = body.find("\n", at)
        if body[at : end if end >= 0 else len(body)].strip():
            return at
        if end < 0:
            return len(body)
        at = end + 1
    return len(body)
