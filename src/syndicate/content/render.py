"""An article's body as safe HTML, a lead, a summary and its pictures.

Pure apart from asking `surroundings`; never reads a file, never fetches, never evaluates anything
written in an article.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape, unescape
from urllib.parse import unquote

from syndicate.content.addresses import LocalFile, Surroundings
from syndicate.content.allowed_html import SUMMARY_END, clean
from syndicate.content.article import Article, Format, Rendering
from syndicate.content.definitions import hidden_notes, repeated_as_text
from syndicate.content.element_rewriter import HtmlProblem
from syndicate.content.excerpt import summarise
from syndicate.content.layout import Layout, detect_layout
from syndicate.content.markdown import replace_tokens, to_html
from syndicate.content.paragraphs import arrange
from syndicate.content.sanitise import sanitise
from syndicate.content.shortcodes import CLOSE, OPEN, Expanded, ShortcodeProblem, Token, expand
from syndicate.findings import Finding, Level

__all__ = ["LocalFile", "Surroundings", "render"]

_Problem = ShortcodeProblem | HtmlProblem

# Hugo, Zola, WordPress (with its own text), Jekyll, Docusaurus, Nikola, Pelican.
_MARK = (
    r"<!--\s*(?:more|more\s[^<>\n]{0,100}?|read-?\s?more|wp:more|truncate|teaser_end"
    r"|excerpt(?:[-_ ]?(?:end|separator))?|end[-_ ]?(?:of[-_ ]?)?excerpt|pelican_end_summary)\s*-->"
)
_MORE = re.compile(_MARK, re.IGNORECASE)
_MORE_LINE = re.compile(rf"^[ ]{{0,3}}{_MARK}[ \t]*$", re.IGNORECASE | re.MULTILINE)
_RAW_HTML = re.compile(rf"<[a-zA-Z/]|{OPEN}")
_NEWLINE = re.compile("\n")
_UNDESCRIBED = re.compile(r"!\[\s*\]\(\s*<?([^\s<>)]+)")
_NO_ALT = re.compile(r'<img src="([^"]*)" alt="\s*"')
_EMPTY = re.compile(r"<p>\s*</p>\n?")
_MARKER_PARAGRAPH = re.compile(rf"<p>\s*{SUMMARY_END}\s*</p>\n?|{SUMMARY_END}\n?")


def render(
    article: Article, *, url: str, surroundings: Surroundings
) -> tuple[Rendering, tuple[Finding, ...]]:
    """`article` as published at `url` (absolute), and what its author should know.

    Nothing is raised for anything written in a body.
    """
    body = _without_token_marks(article.body)
    text_layout = detect_layout(body, article.format) if _is_laid_out(article) else None
    expanded, html = _html(body, article.format, surroundings, text_layout)
    if "<!--" in html:
        html = _MORE.sub(SUMMARY_END, html, count=1)
    regular = article.format is Format.TEXT or (
        article.format is Format.MARKDOWN and not _RAW_HTML.search(expanded.text)
    )
    safe = sanitise(html, base=url, surroundings=surroundings, regular=regular)
    whole, lead = _split_at_summary_end(safe.html)
    summary = summarise(
        whole,
        stated=article.summary,
        lead=lead,
        title=article.title,
        alts=[image.alt for image in safe.images if image.alt],
    )
    problems: tuple[_Problem, ...] = (
        *expanded.problems,
        *safe.problems,
        *_undescribed(body, html),
        *_unused_notes(expanded.text, html),
    )
    findings = _findings(article, body, problems)
    return Rendering(whole, summary, lead, safe.images), tuple(findings)


def _without_token_marks(body: str) -> str:
    if OPEN in body or CLOSE in body:
        return body.replace(OPEN, "").replace(CLOSE, "")
    return body


def _is_laid_out(article: Article) -> bool:
    """Whether paragraphs are made from line ends and indentation: in plain text, and where the
    reader found that they are."""
    return article.format is Format.TEXT or "paragraphs" in article.inferred


def _html(
    body: str, form: Format, surroundings: Surroundings, layout: Layout | None
) -> tuple[Expanded, str]:
    """The body as HTML, not yet safe. Offsets of problems are those in the body as written."""
    if form is Format.TEXT:
        # Plain text has no tags or shortcodes, only what reads as structure.
        marks: list[Token] = []

        def mark(match: re.Match[str]) -> str:
            marks.append(Token(SUMMARY_END, match[0]))
            return f"\n\n{OPEN}{len(marks) - 1}{CLOSE}\n\n"

        text = _MORE_LINE.sub(mark, body, count=1) if "<!--" in body else body
        text = arrange(text, layout).text if layout else text
        return Expanded(body), to_html(text, marks, raw_html=False)
    markdown = form is Format.MARKDOWN
    expanded = expand(body, article_url=surroundings.article_anywhere, markdown=markdown)
    if markdown:
        text = arrange(expanded.text, layout).text if layout else expanded.text
        return expanded, to_html(repeated_as_text(text), expanded.tokens)
    return expanded, replace_tokens(expanded.text, expanded.tokens)


def _undescribed(body: str, html: str) -> Iterator[HtmlProblem]:
    """Problems of pictures written `![](x)`. In HTML, alt="" states that one is decorative."""
    if "![" in body:
        shown = {unquote(unescape(source)) for source in _NO_ALT.findall(html)}
        for picture in _UNDESCRIBED.finditer(body):
            if unquote(picture[1]) in shown:
                message = f"the picture {picture[1]} has no alternative text"
                hint = 'describe it in ![…], or write <img src="…" alt=""> if it is decorative'
                yield HtmlProblem("image-alt-missing", message, picture[0], hint)


def _unused_notes(text: str, html: str) -> Iterator[HtmlProblem]:
    """Problems of footnotes to which nothing refers, so that Markdown does not show them."""
    for note in hidden_notes(text, html):
        message = f"nothing refers to the footnote {note.label}, so it is not shown"
        hint = f"write {note.label} where the note belongs, or delete the note"
        yield HtmlProblem("footnote-unused", message, note.written, hint)


def _split_at_summary_end(html: str) -> tuple[str, str]:
    """The HTML without its summary marker, and the part before it."""
    at = html.find(SUMMARY_END)
    if at < 0:
        return html, ""
    lead = html[:at]
    whole = _MARKER_PARAGRAPH.sub("", html, count=1).replace(SUMMARY_END, "")
    return whole, _EMPTY.sub("", clean(lead)).strip()


def _findings(article: Article, body: str, problems: Sequence[_Problem]) -> Iterator[Finding]:
    if not problems:
        return
    lines = [match.start() for match in _NEWLINE.finditer(body)]

    def finding(rule: str, message: str, hint: str, line: int | None) -> Finding:
        return Finding(Level.WARNING, rule, message, article.path, line, hint)

    after: dict[str, int] = {}  # problems of one rule come in the order of the text, mostly
    for problem in _first_alike(problems):
        if isinstance(problem, ShortcodeProblem):
            offset = problem.offset
        else:
            start = after.get(problem.rule, 0)
            offset = _written_at(body, problem.written, start)
            after[problem.rule] = max(start, offset + 1)
        line = None if offset < 0 else article.body_line + bisect_left(lines, offset)
        yield finding(problem.rule, problem.message, problem.hint, line)
    for rule, number in Counter(problem.rule for problem in problems).items():
        if number > MAX_ALIKE:
            message = f"{number - MAX_ALIKE:,} more findings of this kind are not listed"
            yield finding(rule, message, "correct those that are listed first", None)


MAX_ALIKE = 50
"""Findings of one kind in one article that are listed."""


def _first_alike(problems: Sequence[_Problem]) -> Iterator[_Problem]:
    """The first problems of each rule."""
    count: Counter[str] = Counter()
    for problem in problems:
        count[problem.rule] += 1
        if count[problem.rule] <= MAX_ALIKE:
            yield problem


def _written_at(body: str, written: str, start: int) -> int:
    """Where an address stands in the body, which may spell it with escapes or entities; or -1."""
    for begin in (start, 0):
        for spelling in (written, unquote(written), escape(written)):
            if spelling and (position := body.find(spelling, begin)) >= 0:
                return position
    return -1
