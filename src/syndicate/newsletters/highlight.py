"""Syntax highlighting of code in articles, as classes for the style sheet.

Limited to what email can carry: six kinds of tokens, and no long listings, because each coloured
token costs some sixty bytes and a lexer may be slow. Importing this imports Pygments.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from lxml.html import Element, HtmlElement
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType
from pygments.util import ClassNotFound

MAX_LENGTH, MAX_LINE_LENGTH = 4_000, 500
"""Characters of a listing that is still coloured, and of a line in it: some lexers take time
quadratic in the length of a line."""

# The first that holds a token's type decides.
KINDS = (
    (Token.Comment, "c"),
    (Token.Generic.Deleted, "d"),
    (Token.Generic.Inserted, "i"),
    (Token.Keyword, "k"),
    (Token.Name.Tag, "k"),
    (Token.Operator.Word, "k"),
    (Token.Name.Function, "f"),
    (Token.Name.Class, "f"),
    (Token.Name.Attribute, "f"),
    (Token.Name.Decorator, "f"),
    (Token.Literal.Number, "n"),
    (Token.Literal.String, "s"),
)


def highlight(code: HtmlElement, language: str) -> None:
    """Wrap the parts of `code`, an element of text alone, in spans of class c, d, f, i, k, n or s.

    Its text stays the same. A language unknown to Pygments stays plain, as does a long listing.
    """
    text = code.text or ""
    longest_line = max(map(len, text.split("\n")))
    if len(code) or len(text) > MAX_LENGTH or longest_line > MAX_LINE_LENGTH:
        return
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return
    parts = [(kind, text) for kind, text in _parts(lexer.get_tokens(text))]
    if "".join(part for _, part in parts) != text:  # a lexer that changes what it reads
        return
    code.text = ""
    for kind, part in parts:
        _append(code, kind, part)


def _parts(tokens: Iterator[tuple[_TokenType, str]]) -> Iterator[tuple[str, str]]:
    """Adjacent parts of one kind joined; white space belongs to the part before it."""
    before = ""
    marked = []
    for token, text in tokens:
        before = _kind(token) if text.strip() else before
        marked.append((before, text))
    for kind, group in groupby(marked, key=lambda each: each[0]):
        yield kind, "".join(text for _, text in group)


def _kind(token: _TokenType) -> str:
    return next((name for kind, name in KINDS if kind in (token, *token.split())), "")


def _append(code: HtmlElement, kind: str, text: str) -> None:
    if kind:
        span = Element("span")
        span.set("class", kind)
        span.text = text
        code.append(span)
    elif len(code):
        code[-1].tail = (code[-1].tail or "") + text
    else:
        code.text = (code.text or "") + text
