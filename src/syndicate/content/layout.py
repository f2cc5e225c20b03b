"""Paragraphs in texts whose only markup is their layout -> Markdown with the same paragraphs.

In plain text, and in Markdown without front matter, line ends and indentation may be all the
markup there is. Explicit rules decide what they mean, and each has a name that `explain` shows:

- one paragraph per line: no blank line parts paragraphs, and nearly all lines end a sentence, most
  are long, or one is wider than text is wrapped;
- wrapped lines joined: lines of one width that end where the next word would not have fitted;
- a short last line ends a paragraph: in wrapped text without blank lines;
- first lines are indented: as in books, with blanks, a tab or an ideographic space;
- line breaks kept: short lines of plain text (verse, addresses, signatures).

Pure, in time linear to the text. Adds and removes white space, and backslashes before characters
that would otherwise become markup; never a word. Code, lists, quotes, tables and HTML are kept.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from syndicate.content.article import Format

MAX_LENGTH = 1_000_000  # characters; longer texts keep the paragraphs of Markdown,
MAX_LINES = 20_000  # and so do texts of more lines
LONG_LINE = 100  # columns; people do not wrap text wider than this, with few exceptions
_SAMPLE = 200_000  # characters that are looked at to see how a text is laid out
_MAX_WRAP = 130  # columns; a line beyond was not wrapped
_MIN_WRAP = 60  # columns; narrower lines are verse, unless the next word never fits
_MAX_HEADING = 80  # columns of a line that an underline makes a heading

_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"
    "\uff01-\uff60\uffe0-\uffe6\U0001f300-\U0001faff\U00020000-\U0003fffd]"
)
_CLOSERS = r"""(?:["'”’»›)\]」』）】*_`]|\[\^?\w{1,9}\]|</\w{1,9}>)*$"""
_SENTENCE_END = re.compile(rf"[.!?…。．！？؟।۔]{_CLOSERS}")
_LINE_END = re.compile(rf"[.!?…:。．！？：؟।۔]{_CLOSERS}")

_FIRST_LETTER = re.compile(r"(?:<[^<>]{0,80}>)?[\W_]*([^\W_])")

_BULLET = re.compile(r"\s*[•‣◦▪●·–—]")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
_ITEM = re.compile(r"(?:[-*+]|\d{1,2}[.)])(?:[ \t]+\S|[ \t]*$)")
_INDENTED = re.compile(r"(?: {2}|\t|\u3000)")
_DELIMITERS = re.compile(r"[ \t|:-]*$")
_HTML = re.compile(
    r" {0,3}(?:<!--|<[?!]|</?(?:address|article|aside|audio|blockquote|body|center|dd|details|div"
    r"|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|iframe|img|li|link"
    r"|main|math|nav|ol|p|picture|pre|script|section|style|summary|svg|table|tbody|td|textarea|tfoot"
    r"|th|thead|tr|ul|video)\b|</?[a-z][\w-]*(?:\s[^<>]*)?>[ \t]*$)",
    re.IGNORECASE,
)
_WHOLE_HTML = re.compile(
    r"[ \t]*(?:<!--.*-->|<(?:img|hr|br|link)\b[^<>]*>|<([a-z][\w-]*)\b.*</\1>)[ \t]*$",
    re.IGNORECASE,
)
# Footnotes, link definitions, contents, templates, containers, descriptions, abbreviations.
_OTHER = re.compile(r" {0,3}(?:\[[^\]\n]+\]:|\*\[[^\]\n]+\]:|\[\[?_?TOC|\{[{%:]|:::|!!!|: )")
_MARKUP = re.compile(
    r"(?:#{1,6}(?=[ \t]|$)|[>|]|[-*+](?=[ \t]|$)|`{3}|~{3}|[=-]+[ \t]*$|\[[^\]\n]+\]:)"
)
_TAG = re.compile(r"<(?![a-zA-Z][a-zA-Z0-9+.-]*:|[\w.+-]+@)")
_NUMBER = re.compile(r"(\d{3,9})([.)])(?=[ \t]|$)")


class Rule(StrEnum):
    """How lines became paragraphs."""

    LINES = "one paragraph per line"
    JOINED = "wrapped lines joined"
    SHORT_LAST = "a short last line ends a paragraph"
    INDENTED = "first lines are indented"
    VERSE = "line breaks kept"


class _Kind(Enum):
    BLANK = auto()
    PROSE = auto()
    ITEM = auto()  # of a list, and what belongs to it
    QUOTE = auto()
    OTHER = auto()  # headings, code, tables, HTML and whatever else has markup of its own


@dataclass(frozen=True, slots=True)
class Plan:
    """How a text is laid out. `width` is the column at which it is wrapped, 0 if it is not.

    `long`: most of its line ends follow more than LONG_LINE columns. `compact`: no blank line
    parts two paragraphs. `count`: line ends within paragraphs.
    """

    form: Format
    each_line: bool = False
    width: int = 0
    long: bool = False
    compact: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Arranged:
    """A text as Markdown, and the rules by which its lines became paragraphs."""

    text: str
    rules: tuple[Rule, ...] = ()


def width(line: str) -> int:
    """Columns on a terminal: Chinese, Japanese and Korean characters take two."""
    return len(line) if line.isascii() else len(line) + len(_WIDE.findall(line))


def ends_sentence(line: str) -> bool:
    """Whether the line ends with a sentence mark, perhaps inside quotes or brackets."""
    return bool(_SENTENCE_END.search(line[-60:].rstrip()))


# -- what the lines are ----------------------------------------------------------------------


def _kinds(lines: Sequence[str], form: Format) -> list[_Kind]:
    scanner = _Scanner(form)
    kinds: list[_Kind] = []
    for at, line in enumerate(lines):
        kind = scanner.kind(line, lines[at + 1] if at + 1 < len(lines) else "")
        if kind is _Kind.PROSE and kinds and kinds[-1] is _Kind.PROSE and _UNDERLINE.match(line):
            kind = _Kind.OTHER
            alone = len(kinds) < 2 or kinds[-2] is not _Kind.PROSE
            if alone and _is_heading(lines[at - 1]):
                kinds[-1] = _Kind.OTHER
        kinds.append(kind)
    return kinds


def _is_heading(line: str) -> bool:
    """Whether an underline makes this a heading, and not the end of a paragraph above a rule."""
    return width(line) <= _MAX_HEADING and not _ends_line(line)


@dataclass(slots=True)
class _Scanner:
    """Goes through the lines of a text and remembers what is open."""

    form: Format
    fence: str = ""
    in_list: bool = False
    in_html: bool = False
    in_table: bool = False
    before: _Kind = _Kind.BLANK

    def kind(self, line: str, following: str) -> _Kind:
        self.before = self._kind(line, following)
        return self.before

    def _kind(self, line: str, following: str) -> _Kind:
        if self.fence:
            self._close_fence(line)
            return _Kind.OTHER
        if not line or line.isspace():
            self.in_html = self.in_table = False
            return _Kind.BLANK
        if self.in_list and _INDENTED.match(line):
            return _Kind.ITEM
        if self.in_html or self._is_code(line):
            return _Kind.OTHER
        return self._opened(line, following)

    def _opened(self, line: str, following: str) -> _Kind:
        in_list, self.in_list = self.in_list, False
        if found := _FENCE.match(line):
            self.fence = found[1]
            return _Kind.OTHER
        if _HEADING.match(line) or _OTHER.match(line) or self._is_table(line, following):
            return _Kind.OTHER
        if _RULE.match(line):
            return _Kind.PROSE if _UNDERLINE.match(line) else _Kind.OTHER
        if line.lstrip(" ").startswith(">") and not line.startswith("    "):
            return _Kind.QUOTE
        if _ITEM.match(line.lstrip(" \t") if self._is_plain or in_list else _shifted(line)):
            self.in_list = True
            return _Kind.ITEM
        if not self._is_plain and _HTML.match(line):
            self.in_html = not _WHOLE_HTML.match(line)
            return _Kind.OTHER
        return _Kind.PROSE

    def _is_code(self, line: str) -> bool:
        """Whether Markdown takes the line for code because it is indented; plain text has none."""
        return (
            not self._is_plain
            and self.before is not _Kind.PROSE
            and line.startswith(("    ", "\t", " \t", "  \t", "   \t"))
        )

    @property
    def _is_plain(self) -> bool:
        return self.form is Format.TEXT

    def _close_fence(self, line: str) -> None:
        if line.lstrip(" ").startswith(self.fence) and not line.strip(f" \t{self.fence[0]}"):
            self.fence = ""

    def _is_table(self, line: str, following: str) -> bool:
        if "|" not in line:
            self.in_table = False
        elif "-" in following and "|" in following and _DELIMITERS.match(following):
            self.in_table = True
        return self.in_table or line.lstrip(" ").startswith("|")


def _shifted(line: str) -> str:
    """The line without the three blanks at most that Markdown allows before a list."""
    return line[len(line[:3]) - len(line[:3].lstrip(" ")) :]


# -- how they are laid out -------------------------------------------------------------------


def plan(text: str, form: Format) -> Plan:
    """How the text is laid out. `form` is TEXT, or MARKDOWN for one without front matter."""
    if "\n" not in text or _is_too_long(text):
        return Plan(form)
    lines = text[:_SAMPLE].split("\n")
    kinds = _kinds(lines, form)
    ends = [
        (lines[at - 1], lines[at])
        for at in range(1, len(lines))
        if kinds[at] is kinds[at - 1] is _Kind.PROSE
    ]
    if not ends:
        return Plan(form, each_line=_has_long_line_below_list(lines, kinds), compact=True)
    spaced = _spaced(kinds)
    widths = [width(above.rstrip()) for above, _ in ends]
    long = _share(size > LONG_LINE for size in widths) > 0.5
    wrap = _wrap_width(ends, widths)
    each_line = not wrap and _is_each_line(ends, spaced, form, long=long)
    return Plan(form, each_line, wrap, long, spaced == 0, len(ends))


def _has_long_line_below_list(lines: Sequence[str], kinds: Sequence[_Kind]) -> bool:
    """Whether a paragraph of one long line stands directly below a list or quote."""
    marked = (_Kind.ITEM, _Kind.QUOTE)
    return any(
        kinds[at] is _Kind.PROSE and kinds[at - 1] in marked and width(lines[at]) > LONG_LINE
        for at in range(1, len(lines))
    )


def _spaced(kinds: Sequence[_Kind]) -> int:
    """How often blank lines alone part two lines of prose."""
    count, before, blank = 0, _Kind.OTHER, False
    for kind in kinds:
        if kind is _Kind.BLANK:
            blank = True
            continue
        count += blank and before is kind is _Kind.PROSE
        before, blank = kind, False
    return count


def _is_each_line(
    ends: Sequence[tuple[str, str]], spaced: int, form: Format, *, long: bool
) -> bool:
    if spaced and not (long and spaced * 8 <= len(ends)):
        return False
    if form is Format.MARKDOWN and any(_is_hard_break(above) for above, _ in ends):
        return False
    unwrapped = long or (not spaced and any(_is_beyond_wrap(*lines) for lines in ends))
    if unwrapped and _share(_goes_on(above, below) for above, below in ends) < 0.2:
        return True
    enough = long or form is Format.TEXT or len(ends) > 1
    return enough and _share(_ends_line(above) for above, _ in ends) >= 0.8


def _is_beyond_wrap(above: str, below: str) -> bool:
    """Whether one of the lines is wider than text is wrapped, so that line ends are meant."""
    return max(width(above), width(below)) > _MAX_WRAP


def _goes_on(above: str, below: str) -> bool:
    """Whether a sentence goes on in the next line."""
    return not _starts_high(below) and not _ends_line(above)


def _is_hard_break(line: str) -> bool:
    return line.endswith(("\\", "  ")) and width(line.rstrip()) <= LONG_LINE


def _ends_line(line: str) -> bool:
    """Whether the line ends a sentence, or announces what follows with a colon."""
    return bool(_LINE_END.search(line.rstrip()[-60:]))


def _wrap_width(ends: Sequence[tuple[str, str]], widths: Sequence[int]) -> int:
    """The column at which lines are wrapped; 0 if they are not.

    A short line that ends a sentence is the last of its paragraph, and says nothing of the width.
    """
    column = sorted(widths)[(len(widths) * 19) // 20]
    if not _MIN_WRAP <= column <= _MAX_WRAP:
        return 0
    if _share(_ends_line(above) for above, _ in ends) >= 0.7:
        return 0
    sizes = zip(ends, widths, strict=True)
    filled = [
        size >= column * 0.75
        for (above, below), size in sizes
        if size >= column * 0.75 or not _ends_early(above, below, column)
    ]
    return column if _share(iter(filled)) >= 0.7 else 0


def _share(values: Iterator[bool]) -> float:
    counted = list(values)
    return sum(counted) / len(counted)


# -- what becomes of them --------------------------------------------------------------------


def arrange(text: str, plan: Plan) -> Arranged:
    """The text as Markdown, by the plan that was made for it."""
    if _is_too_long(text):
        return Arranged(text)
    if plan.form is not Format.TEXT and not plan.each_line and not _is_tight_wrap(plan):
        return Arranged(text)
    arranger = _Arranger(plan)
    lines = text.split("\n")
    for kind, line in zip(_kinds(lines, plan.form), lines, strict=True):
        arranger.add(kind, line)
    arranger.flush()
    arranged = "\n".join(arranger.out)
    if plan.form is Format.MARKDOWN and arranged == text:
        return Arranged(text)
    return Arranged(arranged, tuple(arranger.rules))


def _is_too_long(text: str) -> bool:
    return len(text) > MAX_LENGTH or text.count("\n") > MAX_LINES


def _is_tight_wrap(plan: Plan) -> bool:
    return plan.width > 0 and plan.compact and plan.count >= 4


@dataclass(slots=True)
class _Arranger:
    """Takes lines one by one, and writes paragraphs."""

    plan: Plan
    out: list[str]
    rules: dict[Rule, None]
    _run: list[str]
    _before: _Kind
    _dedent: int

    def __init__(self, plan: Plan) -> None:
        self.plan, self.out, self.rules = plan, [], {}
        self._run, self._before, self._dedent = [], _Kind.BLANK, 0

    def add(self, kind: _Kind, line: str) -> None:
        if kind is _Kind.PROSE:
            if not self._run and self._before is not _Kind.BLANK and self.plan.each_line:
                self._part()
            self._run.append(line)
        else:
            parted = bool(self._run) and kind is not _Kind.BLANK
            self.flush()
            if parted and (self.plan.each_line or _UNDERLINE.match(line)):
                self._part()
            self.out.append(self._item(line) if kind is _Kind.ITEM else line)
        self._before = kind

    def _part(self) -> None:
        self.out.append("")
        if self.plan.each_line:
            self.rules[Rule.LINES] = None

    def _item(self, line: str) -> str:
        """A line of a list; in plain text, a list may be indented as a whole."""
        if self.plan.form is not Format.TEXT:
            return line
        if self._before is not _Kind.ITEM:
            self._dedent = len(line) - len(line.lstrip(" \t"))
        indent = min(self._dedent, len(line) - len(line.lstrip(" \t")))
        return line[indent:]

    def flush(self) -> None:
        """Write the lines of prose that were collected."""
        run, self._run = self._run, []
        if not run:
            return
        rule = self._rule(run)
        if rule is Rule.VERSE:
            self.out.extend(f"{_plain(line, self.plan.form)}  " for line in run[:-1])
            self.out.append(_plain(run[-1], self.plan.form))
            return
        for number, paragraph in enumerate(self._paragraphs(run, rule)):
            if number:
                self.out.append("")
            self.out.extend(paragraph)

    def _rule(self, run: Sequence[str]) -> Rule:
        rule = Rule.LINES if self.plan.each_line else _rule_of(run, self.plan)
        if len(run) > 1:
            self.rules[rule] = None
        elif self.plan.form is Format.TEXT and run[0].startswith(("    ", "\t", "\u3000")):
            self.rules[Rule.INDENTED] = None
        return rule

    def _paragraphs(self, run: Sequence[str], rule: Rule) -> Iterator[list[str]]:
        paragraph: list[str] = []
        for at, line in enumerate(run):
            if at and self._begins(run[at - 1], line, rule):
                yield paragraph
                paragraph = []
            paragraph.append(self._prose(line, first=not paragraph))
        yield paragraph

    def _prose(self, line: str, *, first: bool) -> str:
        if self.plan.form is not Format.TEXT and not (self.plan.each_line and first):
            return line
        return _plain(line, self.plan.form)

    def _begins(self, above: str, line: str, rule: Rule) -> bool:
        """Whether a line begins another paragraph than the line above it belongs to."""
        if rule is Rule.LINES:
            return True
        if rule is Rule.INDENTED:
            return bool(_INDENTED.match(line))
        early = _is_tight_wrap(self.plan) and _ends_early(above, line, self.plan.width)
        if early:
            self.rules[Rule.SHORT_LAST] = None
        return early


def _plain(line: str, form: Format) -> str:
    """A line of prose without its indentation, and with no markup because of that."""
    text = line.strip()
    if (text != line and _MARKUP.match(text)) or (form is Format.TEXT and _TAG.match(text)):
        return f"\\{text}"
    return _NUMBER.sub(r"\1\\\2", text, count=1) if _NUMBER.match(text) else text


def _ends_early(above: str, following: str, column: int) -> bool:
    """Whether a wrapped paragraph ends here: a sentence does, and there was room for more."""
    word = (following.split(maxsplit=1) or [""])[0]
    room = column - width(above.rstrip()) - 1 - width(word)
    return room > 4 and ends_sentence(above) and _starts_high(following)


def _first_letter(line: str) -> str:
    found = _FIRST_LETTER.match(line[:120])
    return found[1] if found else ""


def _starts_high(line: str) -> bool:
    """Whether a line begins with anything but a lowercase letter, such as a bullet or a dash."""
    return bool(_BULLET.match(line)) or not _first_letter(line).islower()


def _rule_of(run: Sequence[str], plan: Plan) -> Rule:
    """The rule for some lines of prose in a text that is not one paragraph per line."""
    if plan.form is not Format.TEXT or len(run) < 2:
        return Rule.JOINED
    indented = [bool(_INDENTED.match(line)) for line in run]
    above = run[:-1]
    widths = [width(line.strip()) for line in above]
    widest = max(*widths, width(run[-1].strip()))
    if not all(indented) and any(indented) and widest >= _MIN_WRAP:
        return Rule.INDENTED
    if widest > _MAX_WRAP and _share(size > LONG_LINE for size in widths) > 0.5:
        pairs = zip(above, run[1:], strict=True)
        return Rule.JOINED if _share(itertools.starmap(_goes_on, pairs)) >= 0.2 else Rule.LINES
    if _is_wrapped(run, widths, plan):
        return Rule.JOINED
    return Rule.VERSE if widest <= LONG_LINE else Rule.JOINED


def _is_wrapped(run: Sequence[str], widths: Sequence[int], plan: Plan) -> bool:
    """Whether the lines end where they do because the next word would not have fitted."""
    if plan.width:
        filled = [size >= plan.width * 0.75 for size in widths]
        return _share(iter(filled)) >= 0.5 and not _is_capitalised(run)
    column = max(*widths, width(run[-1].strip()))
    if column < 40 or _is_capitalised(run):
        return False
    words = [width((line.split(maxsplit=1) or [""])[0]) for line in run[1:]]
    full = (size + 1 + word > column for size, word in zip(widths, words, strict=True))
    return column >= _MIN_WRAP - 10 and _share(full) >= 0.8


def _is_capitalised(run: Sequence[str]) -> bool:
    """Whether every line begins with a capital, as most verse does."""
    return len(run) > 3 and all(_first_letter(line).isupper() for line in run)
