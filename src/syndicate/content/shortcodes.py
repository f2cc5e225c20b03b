"""Shortcodes and template tags of other generators, replaced by tokens in a body.

`shortcode_syntax` lists the generators. Each shortcode becomes a token: a number between two
control characters that no body contains, which Markdown does not change and `Token.html` replaces
afterwards. Nothing is ever evaluated, and shortcodes in code stay as they are. Time is linear in
the length of the body.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from syndicate.content.embeds import EMBEDS, code_block, credit
from syndicate.content.shortcode_finder import TagFinder
from syndicate.content.shortcode_syntax import (
    CLOSING_MARKS,
    FILTERED_PATH,
    MAX_LENGTH,
    SITE_URL,
    TEMPLATE_VALUE,
    Arguments,
    Call,
    Tag,
    begins_with_name,
    parse_call,
    parse_tag,
)

OPEN, CLOSE = "\x02", "\x03"
_ESCAPED = re.compile(r"\{\{([<%])/\*([^{}\n]*)\*/([>%])\}\}")
_REFERENCES = {"ref", "relref", "link", "post_url"}
_QUOTES = {"quote", "blockquote", "pullquote"}
_LITERAL = {"highlight", "codeblock", "raw", "verbatim", "comment", "math", "katex", "mermaid"}


class Hint(StrEnum):
    """What the author can do about a problem."""

    CLOSE = "add the closing tag, or put the text in `code`"
    REMOVE = "remove it, or add the opening tag"
    WRITE_VALUE = "write the value itself, or put the text in `code`"
    CORRECT_NAME = "write the file name of an article, or a full URL"
    WRITE_MARKUP = "write Markdown or HTML instead, or put it in `code` to show it"


@dataclass(slots=True)
class Token:
    """A shortcode: its HTML, not yet safe, and its source."""

    html: str
    source: str
    block: bool = False


@dataclass(frozen=True, slots=True)
class ShortcodeProblem:
    """A problem at an offset of the body."""

    offset: int
    rule: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Expanded:
    """A body with tokens instead of shortcodes, the tokens, and the problems."""

    text: str
    tokens: tuple[Token, ...] = ()
    problems: tuple[ShortcodeProblem, ...] = ()


def expand(
    body: str, *, article_url: Callable[[str], str | None], markdown: bool = True
) -> Expanded:
    """Replace the shortcodes of `body`. `article_url` gives the URL of an article by its path."""
    if "{{" not in body and "{%" not in body:
        return Expanded(body)
    return _Expansion(body, article_url, markdown).run()


@dataclass(frozen=True, slots=True)
class _Opened:
    """An opening tag that may have a closing one, and the HTML of the closing tag."""

    key: str
    token: Token
    offset: int
    closing: str


@dataclass(slots=True)
class _Expansion:
    """The state of one pass over one body."""

    body: str
    article_url: Callable[[str], str | None]
    markdown: bool
    position: int = 0  # up to which the body is expanded
    parts: list[str] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    problems: list[ShortcodeProblem] = field(default_factory=list)
    unknown: dict[str, list[int]] = field(default_factory=dict)
    opened: list[_Opened] = field(default_factory=list)
    pairs: Counter[str] = field(default_factory=Counter)
    absent: set[str] = field(default_factory=set)  # closing tags that do not occur any more
    reported: set[tuple[str, str]] = field(default_factory=set)

    def run(self) -> Expanded:
        finder = TagFinder.of(self.body, markdown=self.markdown)
        position = 0
        while match := finder.next_tag(position):
            position = self._tag(match["tag"], match.start(), match.end())
        self.parts.append(self._between(self.body[self.position :]))
        for opened in self.opened:
            self._unclosed(opened)
        return Expanded("".join(self.parts), tuple(self.tokens), self._all_problems())

    @staticmethod
    def _between(text: str) -> str:
        """Text between shortcodes; {{</* x */>}}, with which Hugo shows a shortcode, is undone."""
        return _ESCAPED.sub(r"{{\1\2\3}}", text) if "/*" in text else text

    # Tags

    def _tag(self, mark: str, start: int, inner: int) -> int:
        """Replace the tag at `start`, whose text is at `inner`; return where the search goes on."""
        closing = CLOSING_MARKS[mark]
        end = self.body.find(closing, inner, inner + MAX_LENGTH)
        text = self.body[inner:end] if end >= 0 else ""
        if end < 0 or mark in text:
            if mark in ("{{<", "{{%") or (mark == "{%" and begins_with_name(text)):
                message = f"{mark} is not closed"
                self._problem(start, "shortcode-unbalanced", message, Hint.CLOSE)
            return inner
        end += len(closing)
        if mark == "{{":
            return self._expression(text, start, end)
        tag = parse_tag(text, mark)
        return self._shortcode(tag, start, end, mark) if tag else end

    def _expression(self, text: str, start: int, end: int) -> int:
        """Replace {{ … }} if it is a URL or a shortcode of Zola; other text stays."""
        if start and self.body[start - 1] == "$":
            return end
        if SITE_URL.fullmatch(text):
            self._put(start, "" if self.body[end : end + 1] in ("/", "{") else "/")
        elif match := FILTERED_PATH.fullmatch(text):
            self._put(start, _site_path(match[1] or match[2] or ""))
        elif call := parse_call(text):
            self._call(call, start, end)
        else:
            if TEMPLATE_VALUE.fullmatch(text):
                message = f"{self.body[start:end]} is not replaced by its value"
                self._problem(start, "template-left", message, Hint.WRITE_VALUE)
            return end
        self.position = end
        return end

    def _call(self, call: Call, start: int, end: int) -> None:
        if call.name == "get_url":
            path = call.arguments.get("path")
            is_article = path.startswith("@/")
            self._put(start, self._reference(path[1:], start) if is_article else _site_path(path))
        else:
            self._embed(call.name.rpartition("::")[2], call.arguments, start, end)

    def _shortcode(self, tag: Tag, start: int, end: int, mark: str) -> int:
        if tag.closes:
            self._close(tag.name, start, end)
        elif tag.name in _LITERAL:
            end = self._literal(tag, start, end, mark)
        else:
            self._open(tag, start, end)
        self.position = end
        return end

    def _open(self, tag: Tag, start: int, end: int) -> None:
        name, arguments = tag.name, tag.arguments
        key = "" if tag.is_call else name
        if name in _REFERENCES:
            self._put(start, self._reference(arguments.first("path"), start))
        elif name in _QUOTES:
            token = self._token(start, end, "<blockquote>", block=True)
            self._push(key, token, start, f"{credit(arguments)}</blockquote>")
        elif name == "details":
            summary = arguments.first("summary", "title") or "Details"
            html = f"<details><summary>{summary}</summary>"
            self._push(key, self._token(start, end, html, block=True), start, "</details>")
        elif not self._embed(name, arguments, start, end) or tag.is_call:
            self._push(key, Token("", ""), start)

    def _push(self, key: str, token: Token, start: int, closing: str = "") -> None:
        self.opened.append(_Opened(key, token, start, closing))
        self.pairs[key] += 1

    def _embed(self, name: str, arguments: Arguments, start: int, end: int) -> bool:
        """Put a token for an embed. False if the name is unknown: it is removed, may be a pair."""
        maker = EMBEDS.get(name.lower())
        html = maker(arguments) if maker else None
        if html is None:
            self.unknown.setdefault(name, []).append(start)
            self._put(start, "")
        else:
            self._token(start, end, html, block=True)
        return html is not None

    def _reference(self, target: str, start: int) -> str:
        path, mark, fragment = target.partition("#")
        if not path:
            return f"#{quote(fragment)}"
        url = self.article_url(path)
        if url is None:
            message = f"there is no article {path}"
            self._problem(start, "link-missing", message, Hint.CORRECT_NAME)
        return (url or quote(path)) + mark + quote(fragment)

    def _close(self, key: str, start: int, end: int) -> None:
        """Replace a closing tag. Tags opened inside the pair and not closed are not pairs."""
        if not self.pairs[key]:
            tag = self.body[start:end]
            self._put(start, "")
            message = f"{tag} has no opening tag"
            self._problem(start, "shortcode-unbalanced", message, Hint.REMOVE)
            return
        while (opened := self.opened.pop()).key != key:
            self.pairs[opened.key] -= 1
            self._unclosed(opened)
        self.pairs[key] -= 1
        if opened.closing:
            self._token(start, end, opened.closing, block=True)
        else:
            self._put(start, "")

    def _unclosed(self, opened: _Opened) -> None:
        """Remove a pair without its end. An unknown shortcode without an end is not a pair."""
        token = opened.token
        if token.html:
            message = f"{token.source} is not closed"
            self._problem(opened.offset, "shortcode-unbalanced", message, Hint.CLOSE)
            token.html = ""

    def _literal(self, tag: Tag, start: int, end: int, mark: str) -> int:
        """Replace a pair whose content is shown as it is written, or (comment) not at all."""
        name = tag.name
        pattern = (
            rf"\{{%-?\s*end{name}\s*-?%\}}"
            if mark == "{%"
            else rf"\{{\{{[<%]\s*/\s*{name}\s*[>%]\}}\}}"
        )
        close = None if pattern in self.absent else re.compile(pattern).search(self.body, end)
        if close is None:
            self.absent.add(pattern)
            self._put(start, "")
            self._problem(start, "shortcode-unbalanced", f"{name} is not closed", Hint.CLOSE)
            return end
        content = self.body[end : close.start()]
        if name in ("raw", "verbatim", "math", "katex"):
            self._put(start, content)
        elif name == "comment":
            self._put(start, "")
        else:
            self._token(start, close.end(), code_block(tag, content), block=True)
        return close.end()

    # Output

    def _put(self, start: int, text: str) -> None:
        self.parts += (self._between(self.body[self.position : start]), text)

    def _token(self, start: int, end: int, html: str, *, block: bool) -> Token:
        token = Token(html, self.body[start:end], block)
        around = "\n\n" if block and self.markdown and self._alone(start, end) else ""
        self._put(start, f"{around}{OPEN}{len(self.tokens)}{CLOSE}{around}")
        self.tokens.append(token)
        return token

    def _alone(self, start: int, end: int) -> bool:
        """Whether a tag is alone on its line, and not indented (as it would be in a list)."""
        line_end = self.body.find("\n", end)
        after = self.body[end : line_end if line_end >= 0 else len(self.body)]
        return (start == 0 or self.body[start - 1] == "\n") and not after.strip()

    def _problem(self, offset: int, rule: str, message: str, hint: Hint) -> None:
        if (rule, message) not in self.reported:
            self.reported.add((rule, message))
            self.problems.append(ShortcodeProblem(offset, rule, message, hint))

    def _all_problems(self) -> tuple[ShortcodeProblem, ...]:
        for name, offsets in self.unknown.items():
            times = f" ({len(offsets)} times)" if len(offsets) > 1 else ""
            message = f"the shortcode {name} is unknown and removed{times}"
            self.problems.append(
                ShortcodeProblem(offsets[0], "shortcode-unknown", message, Hint.WRITE_MARKUP)
            )
        return tuple(sorted(self.problems, key=lambda problem: problem.offset))


def _site_path(target: str) -> str:
    """A path from the top of the site, with or without its slash, or a full URL."""
    complete = target.startswith("/") or "://" in target
    return ("" if complete else "/") + quote(target, safe="/:?&=%#._-~")
