"""Markdown as people write it for blogs, turned into HTML that is not yet safe.

CommonMark and GitHub's extensions by comrak; on top of it what Kramdown, Hugo and Pelican add:
heading ids, attribute lists, tables of contents. Pure. Must always be followed by `sanitise`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape, unescape

import comrak

from syndicate.content.shortcodes import CLOSE, OPEN, Token

# Tables without end: a row of "x" below 3,000 columns becomes 3,000 cells (as cmark-gfm limits it).
MAX_CELLS = 500_000
MAX_QUOTES = 50  # levels of ">"; comrak takes time quadratic in them


def _extensions() -> comrak.ExtensionOptions:
    options = comrak.ExtensionOptions()
    options.table = options.strikethrough = options.tasklist = options.autolink = True
    options.footnotes = options.description_lists = options.alerts = True
    options.cjk_friendly_emphasis = True
    return options


def _raw_html(*, kept: bool) -> comrak.RenderOptions:
    options = comrak.RenderOptions()
    options.unsafe_ = kept
    options.escape = not kept
    return options


def to_html(text: str, tokens: Sequence[Token] = (), *, raw_html: bool = True) -> str:
    """HTML of Markdown, its tokens replaced; `raw_html=False` shows tags as text instead."""
    bounded = _bounded(text)
    html = comrak.render_markdown(bounded, _extensions(), None, _raw_html(kept=raw_html))
    if "{" in html or "TOC" in html:
        html = _without_marks(html)
    if "<h" in html:
        html = _with_heading_ids(html)
    if 'type="checkbox"' in html:
        html = html.replace(_UNCHECKED, "☐").replace(_CHECKED, "☑")
    return replace_tokens(html, tokens) if tokens else html


_UNCHECKED = '<input type="checkbox" disabled="" />'
_CHECKED = '<input type="checkbox" checked="" disabled="" />'
_QUOTED = re.compile(r"^[ \t>]{100,}", re.MULTILINE)
_DELIMITERS = re.compile(r"^(?=[ \t>|:-]*\|)[ \t>|:-]*-[ \t>|:-]*$", re.MULTILINE)


def _bounded(text: str) -> str:
    """The text without quotes and tables that would take minutes or gigabytes."""
    if text.count(">") > MAX_QUOTES:
        text = _QUOTED.sub(_shallower, text)
    columns = MAX_CELLS // (text.count("\n") + 1)
    if text.count("|") > columns:
        text = _DELIMITERS.sub(
            lambda row: row[0] if row[0].count("|") <= columns else "\\" + row[0].lstrip(), text
        )
    return text


def _shallower(match: re.Match[str]) -> str:
    return match[0] if match[0].count(">") <= MAX_QUOTES else ">" * MAX_QUOTES + " "


# Code is matched first so that nothing inside it is touched; unclosed, it is code to the end.
_CODE = r"<pre\b(?:.*?</pre>|.*)|<code\b(?:.*?</code>|.*)"
_MARKS = re.compile(
    rf"(?P<code>{_CODE})"
    r"|<[ou]l>\n<li>[^<\n]{0,200}\n\{:\s?toc[^{}\n]*\}</li>\n</[ou]l>\n?"  # Kramdown's contents
    r"|<p>\[\[?(?:_|<em>)?TOC(?:_|</em>)?\]?\]</p>\n?"  # Pelican's, Hugo's old themes', GitLab's
    r"|<p>\{:[^{}\n]*\}</p>\n?"
    r"|\n?\{:[^{}\n]*\}(?=</p>|</li>|</td>|\n|$)"
    r"|(?<=[/amgedl]>)\{(?:[:.#]|\w+=)[^{}\n]*\}(?!</h)",
    re.DOTALL,
)
_AFTER_CODE = re.compile(r"(</code>)\{:[^{}\n]*\}")


def _without_marks(html: str) -> str:
    html = _AFTER_CODE.sub(r"\1", html) if "</code>{:" in html else html
    return _MARKS.sub(lambda match: match["code"] or "", html)


_HEADING = re.compile(r"<h([1-6])>(.{0,500}?)</h\1>")
_STATED = re.compile(r"\s*\{:?\s*#([\w:.-]+)[^{}]*\}$")
_ID = re.compile(r'\sid="([^"]*)"')
_NOT_IN_IDS = re.compile(r"[^\w\s-]")


def _with_heading_ids(html: str) -> str:
    """Every Markdown heading gets the id it states, or one made of its text as GitHub does."""
    ids = _Ids(_ID.findall(html))

    def heading(match: re.Match[str]) -> str:
        level, text = match[1], match[2]
        stated = _STATED.search(text)
        if stated:
            text = text[: stated.start()]
        name = ids.unique(stated[1] if stated else _slug(text))
        return f'<h{level} id="{escape(name)}">{text}</h{level}>' if name else match[0]

    return _HEADING.sub(heading, html)


def _slug(html: str) -> str:
    text = unescape(re.sub(r"<[^<>]*>|\x02\d+\x03", "", html)).strip().lower()
    return re.sub(r"\s", "-", _NOT_IN_IDS.sub("", text))


class _Ids:
    """The ids of one document, each with the last number that was added to it."""

    def __init__(self, used: Iterable[str]) -> None:
        self._used = dict.fromkeys(used, 0)

    def unique(self, name: str) -> str:
        """The name, with a number if it is used."""
        fresh = name
        while fresh in self._used:
            self._used[name] += 1
            fresh = f"{name}-{self._used[name]}"
        self._used[fresh] = 0
        return fresh


_TOKENS = re.compile(
    rf"(?P<code>{_CODE})|(?P<open><p>)|(?P<close></p>)|{OPEN}(\d+){CLOSE}", re.DOTALL
)
_TOKEN = re.compile(rf"{OPEN}(\d+){CLOSE}")
_EMPTY = re.compile(r"<p>\s*</p>\n?")


def replace_tokens(html: str, tokens: Sequence[Token]) -> str:
    """Replace tokens by their HTML; in code, by their source."""
    in_paragraph = False

    def replaced(match: re.Match[str]) -> str:
        nonlocal in_paragraph
        if match["code"]:
            return _TOKEN.sub(lambda m: escape(tokens[int(m[1])].source, quote=False), match[0])
        if match["open"] or match["close"]:
            in_paragraph = bool(match["open"])
            return match[0]
        token = tokens[int(match[4])]
        return f"</p>{token.html}\n<p>" if in_paragraph and token.block else token.html

    return _EMPTY.sub("", _TOKENS.sub(replaced, html))
