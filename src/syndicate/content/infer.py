"""A title from the body of an article: a heading that opens it, or its first sentence. Pure."""

from __future__ import annotations

import re

from syndicate.content import plaintext
from syndicate.content.article import Format

MAX_TITLE_LENGTH = 80  # characters of a title taken from a sentence
_LONGEST_HEADING = 500
_LEAD_WINDOW = 20_000  # how far into the body the first sentence is looked for

_H1 = re.compile(r"<h1(?:\s[^<>]*)?>(.*?)</h1\s*>[ \t]*\n?", re.DOTALL | re.IGNORECASE)
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)+")
_OWN_TITLE = re.compile(r"\{\{-?\s*(?:page\.)?title\s*(?:\|[^{}]*)?-?\}\}")
_NOT_PROSE = re.compile(
    r"[#<>|{]|!\[|:::|={3}|\[[^\]\n]*\]:|[-*+][ \t]|\d+[.)][ \t]|(?:[-*_][ \t]*){3}|    |\t|\.\. "
    r"|[^\n]+\n[-=]{3,}[ \t]*(?:\n|\Z)"
)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
_HARD_BREAK = re.compile(r"[,;:，、；：]?(?:(?<! )  +|\\)\n")
_GREETING = re.compile(r"[^\n]{1,40}[,，、]\s*")
_SENTENCE_END = re.compile(r"[.!?…؟]+[\"'”’)»]*(?=\s|$)|[。！？]+[」』）]*")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|vs|etc|No|Nr|approx|ca|bzw|resp|Vol|Fig|cf)|\b\w|\.\w)\.$"
)


def heading(body: str, form: Format) -> tuple[str, int] | None:
    """The first-level heading that opens the body, as plain text, and where the body goes on.

    `# ATX`, an underline of `===`, or `<h1>`. The text is "" where the heading is template code
    for the stated title (`# {{ page.title }}`). None when the body opens with anything else.
    """
    end = body.find("\n")
    first = body[: end if end >= 0 else len(body)].strip()
    if first.startswith("<") and form is not Format.TEXT:
        return _html_heading(body)
    if form is Format.HTML or not 0 < len(first) <= _LONGEST_HEADING:
        return None
    if body.startswith(("    ", "\t")):
        return None
    if first.startswith(("# ", "#\t")):
        markup, after = _unclosed(first[1:].strip()), end + 1 if end >= 0 else len(body)
    elif end >= 0 and body.startswith("=", end + 1) and not _NOT_PROSE.match(first):
        stop = body.find("\n", end + 1)
        if body[end + 1 : stop if stop >= 0 else len(body)].rstrip().strip("="):
            return None
        markup, after = first, stop + 1 if stop >= 0 else len(body)
    else:
        return None
    title = plaintext.from_markdown(markup)
    if not title and not _OWN_TITLE.fullmatch(markup):
        return None
    return title, _past_blank(body, after)


def _html_heading(body: str) -> tuple[str, int] | None:
    match = _H1.match(body[: plaintext.MAX_MARKUP_LENGTH].lstrip())
    if match is None:
        return None
    skipped = len(body) - len(body.lstrip())
    title = plaintext.from_html(match[1])
    return (title, _past_blank(body, skipped + match.end())) if title else None


def _unclosed(text: str) -> str:
    """A heading without its closing `##` (CommonMark section 4.2)."""
    bare = text.rstrip("#")
    return bare.rstrip() if bare != text and bare[-1:] in ("", " ", "\t") else text


def _past_blank(body: str, at: int) -> int:
    blank = _BLANK_LINES.match(body, at)
    return blank.end() if blank else at


def first_sentence(body: str, form: Format) -> str | None:
    """The first sentence of the first paragraph of prose, cut at a word when it is long."""
    window = body[:_LEAD_WINDOW]
    if form is Format.HTML:
        lead = plaintext.from_html(window)
    else:
        blocks = _paragraphs(window)
        paragraphs = map(plaintext.from_markdown, blocks[_is_greeting(blocks) :])
        lead = next(filter(None, paragraphs), "")
    if not any(char.isalnum() for char in lead):
        return None
    return _cut(_sentence(lead))


def _is_greeting(blocks: list[str]) -> bool:
    """Whether the first of several paragraphs is a short line like `Dear all,`."""
    return len(blocks) > 1 and bool(_GREETING.fullmatch(blocks[0]))


def _paragraphs(window: str) -> list[str]:
    """The blocks that are prose: no headings, lists, quotes, tables, code, HTML or templates.

    Of a block whose line breaks are kept (verse, an address), its first line.
    """
    paragraphs, fence = [], ""
    for block in re.split(r"\n[ \t]*\n", window):
        text = block.strip("\n")
        if not fence and text and not _NOT_PROSE.match(text) and not _FENCE.match(text):
            paragraphs.append(_HARD_BREAK.split(text, maxsplit=1)[0])
        for mark in _FENCE.findall(block):
            if not fence:
                fence = mark
            elif mark.startswith(fence):
                fence = ""
    return paragraphs


def _sentence(lead: str) -> str:
    for end in _SENTENCE_END.finditer(lead):
        sentence = lead[: end.end()]
        if len(sentence) > 200:
            break
        following = lead[end.end() :].lstrip()[:1]
        if not _ABBREVIATION.search(sentence) and not following.islower():
            return sentence
    return lead


def _cut(sentence: str) -> str:
    if len(sentence) <= MAX_TITLE_LENGTH:
        ends_plainly = sentence.endswith((".", "。")) and not sentence.endswith(("..", "。。"))
        return (sentence[:-1].rstrip() if ends_plainly else sentence) or sentence
    window = sentence[:MAX_TITLE_LENGTH]
    words = window.rpartition(" ")[0]
    kept = words if len(words) >= MAX_TITLE_LENGTH // 2 else window[: MAX_TITLE_LENGTH - 20]
    return kept.rstrip(" ,;:–—-.、，") + "…"
