"""Shortcodes and template tags of other generators, found in a body and taken out of it.

Hugo `{{< x >}}` and `{{% x %}}`, Zola `{{ x(k="v") }}` and `{% x() %}…{% end %}`, Liquid
`{% x %}`. Each becomes a token: a number between two control characters that no body contains,
which Markdown leaves alone and `Token.html` replaces afterwards. Nothing is ever evaluated, and
what stands in code stays as it is. Time is linear in the length of the body.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

from syndicate.content.embeds import EMBEDS, Arguments, credit

OPEN, CLOSE = "\x02", "\x03"
MAX_LENGTH = 4000  # characters in one tag: more is not a tag, and bounds the time spent looking


@dataclass(slots=True)
class Token:
    """What a shortcode becomes (HTML, not yet safe), and how it was written."""

    html: str
    source: str
    block: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at an offset of the body."""

    offset: int
    rule: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Expanded:
    """A body without shortcodes, what its tokens stand for, and what went wrong."""

    text: str
    tokens: tuple[Token, ...] = ()
    problems: tuple[Problem, ...] = ()


def expand(
    body: str, *, article_url: Callable[[str], str | None], markdown: bool = True
) -> Expanded:
    """Take the shortcodes out of `body`; `article_url` says where a link to an article goes."""
    if "{{" not in body and "{%" not in body:
        return Expanded(body)
    return _Expansion(body, article_url, markdown).run()


_MARKDOWN_CODE = r"""
  ^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<fence>`{3,}(?![^\n]*`)|~{3,})[^\n]*
  | (?P<ticks>`+)
  | \\[\\`{<]
"""
_TAGS = r"""
  <(?P<element>pre|code|script|style|textarea)\b
  | (?P<comment><!--)
  | (?P<tag>\{\{[<%]?|\{%)
"""
_FLAGS = re.VERBOSE | re.MULTILINE | re.IGNORECASE
_IN_MARKDOWN = re.compile(f"{_MARKDOWN_CODE}|{_TAGS}", _FLAGS)
_IN_HTML = re.compile(_TAGS, _FLAGS)
_ESCAPED = re.compile(r"\{\{([<%])/\*([^{}\n]*)\*/([>%])\}\}")
_LINE = re.compile(r"([ \t]*)((?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$))?([^\n]*)\n?")
_NAME = re.compile(r"[A-Za-z_][\w./-]*")
_ARGUMENT = re.compile(
    r"""(?:([\w.-]+)\s*=\s*)?(?:"((?:[^"\\]|\\.)*)(?:"|$)|'((?:[^'\\]|\\.)*)(?:'|$)"""
    r"""|`([^`]*)(?:`|$)|([^\s"'`=,][^\s"'`,]*))"""
)
_SITE = re.compile(r"\s*site\.(?:url|baseurl)\s*(?:\|[^}]*)?")
_ADDRESS = re.compile(
    r"""\s*(?:"([^"]*)"|'([^']*)')\s*\|\s*(?:relative_url|absolute_url|prepend:\s*site\.)[^}]*"""
)
_VALUE = re.compile(r"\s*(?:page|site|post|layout|include|content)\b[\w.\s|:'\"%,-]*")
_ZOLA = re.compile(r"\s*([A-Za-z_][\w:]*)\(\s*(|\w+\s*=.*)\)\s*(?:\|\s*safe\s*)?", re.DOTALL)
_REFERENCES = {"ref", "relref", "link", "post_url"}
_QUOTES = {"quote", "blockquote", "pullquote"}
_LITERAL = {"highlight", "codeblock", "raw", "verbatim", "comment", "math", "katex", "mermaid"}


@dataclass(frozen=True, slots=True)
class _Opened:
    """The opening tag of what may be a pair, and the HTML its closing tag becomes."""

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
    at: int = 0
    parts: list[str] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unknown: dict[str, list[int]] = field(default_factory=dict)
    opened: list[_Opened] = field(default_factory=list)
    pairs: Counter[str] = field(default_factory=Counter)
    spans: dict[int, int] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)  # closing marks that do not follow any more
    reported: set[tuple[str, str]] = field(default_factory=set)

    def run(self) -> Expanded:
        event = _IN_MARKDOWN if self.markdown else _IN_HTML
        code = _indented_code(self.body) if self.markdown else []
        starts = [start for start, _ in code]
        looking = 0
        while match := event.search(self.body, looking):
            inside = bisect_right(starts, match.start()) - 1
            if inside >= 0 and match.start() < code[inside][1]:
                looking = code[inside][1]
            elif match.lastgroup == "tag":
                looking = self._tag(match)
            else:
                looking = self._skip(match)
        self.parts.append(self._between(self.body[self.at :]))
        for opened in self.opened:
            self._unclosed(opened)
        return Expanded("".join(self.parts), tuple(self.tokens), self._all_problems())

    # Code and comments

    def _skip(self, match: re.Match[str]) -> int:
        kind = match.lastgroup
        if kind == "fence":
            return self._after_fence(match)
        if kind == "ticks":
            return self._after_ticks(match)
        if kind == "element":
            return self._after(f"</{match['element']}", match.end())
        return self._after("-->", match.end()) if kind == "comment" else match.end()

    def _after_fence(self, match: re.Match[str]) -> int:
        mark = match["fence"]
        end = re.compile(rf"^[ \t>]*{mark[0]}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        found = end.search(self.body, match.end())
        return found.end() if found else len(self.body)

    def _after_ticks(self, match: re.Match[str]) -> int:
        """The end of a code span; a run of backticks without its pair is text."""
        if not self.spans:
            self.spans = _code_spans(self.body)
        pair = self.spans.get(match.start(), 0)
        if not pair or self.body.find("\n\n", match.end(), pair) >= 0:
            return match.end()
        return pair

    def _after(self, mark: str, start: int) -> int:
        if mark.lower() in self.absent:
            return start
        found = re.compile(re.escape(mark), re.IGNORECASE).search(self.body, start)
        if found is None:
            self.absent.add(mark.lower())
        return found.end() if found else start

    @staticmethod
    def _between(text: str) -> str:
        """Text between shortcodes; Hugo's way to show one, {{</* x */>}}, is undone."""
        return _ESCAPED.sub(r"{{\1\2\3}}", text) if "/*" in text else text

    # Tags

    def _tag(self, match: re.Match[str]) -> int:
        mark, start, inner = match["tag"], match.start(), match.end()
        closing = {"{{<": ">}}", "{{%": "%}}", "{{": "}}", "{%": "%}"}[mark]
        end = self.body.find(closing, inner, inner + MAX_LENGTH)
        text = self.body[inner:end] if end >= 0 else ""
        if end < 0 or mark in text:
            if mark in ("{{<", "{{%") or (mark == "{%" and _NAME.match(text.strip())):
                self._problem(start, "shortcode-unbalanced", f"{mark} is never closed", "close")
            return inner
        end += len(closing)
        if mark == "{{":
            return self._output(text, start, end)
        return self._shortcode(text, start, end, mark)

    def _output(self, text: str, start: int, end: int) -> int:
        """{{ … }}: a Zola shortcode, an address, or text that stays as it is."""
        if start and self.body[start - 1] == "$":
            return end
        if _SITE.fullmatch(text):
            self._put(start, "" if self.body[end : end + 1] in ("/", "{") else "/")
        elif found := _ADDRESS.fullmatch(text):
            self._put(start, _from_top(found[1] or found[2] or ""))
        elif (found := _ZOLA.fullmatch(text)) and found[1] == "get_url":
            target = _arguments(found[2]).get("path")
            below = target.startswith("@/")
            self._put(start, self._reference(target[1:], start) if below else _from_top(target))
        elif found:
            self._embed(found[1].rpartition("::")[2], _arguments(found[2]), start, end)
        else:
            if _VALUE.fullmatch(text):
                tag = self.body[start:end]
                self._problem(start, "template-left", f"{tag} stays as text", "write the value")
            return end
        self.at = end
        return end

    def _shortcode(self, text: str, start: int, end: int, mark: str) -> int:
        inner = text.strip().removeprefix("-").removesuffix("-").strip()
        if inner.startswith("/*") and inner.endswith("*/"):
            return end
        closing, inner = inner.startswith("/"), inner.removeprefix("/").strip()
        name = _NAME.match(inner)
        if name is None:
            return end
        word = name[0].removesuffix("/") or name[0]
        if mark == "{%" and word.startswith("end"):
            self._close(word[3:], start, end)
        elif closing:
            self._close(word, start, end)
        elif word in _LITERAL:
            end = self._literal(word, inner[name.end() :], start, end, mark)
        else:
            given = inner[name.end() :].removesuffix("/").strip()
            zola = given.startswith("(") and given.endswith(")")
            self._open(word, _arguments(given[1:-1] if zola else given), start, end, zola)
        self.at = end
        return end

    def _open(self, name: str, given: Arguments, start: int, end: int, zola: bool) -> None:
        key = "" if zola else name
        if name in _REFERENCES:
            self._put(start, self._reference(given.first("path"), start))
        elif name in _QUOTES:
            token = self._token(start, end, "<blockquote>", block=True)
            self._push(key, token, start, f"{credit(given)}</blockquote>")
        elif name == "details":
            summary = given.first("summary", "title") or "Details"
            html = f"<details><summary>{summary}</summary>"
            self._push(key, self._token(start, end, html, block=True), start, "</details>")
        elif not self._embed(name, given, start, end) or zola:
            self._push(key, Token("", ""), start)

    def _push(self, key: str, token: Token, start: int, closing: str = "") -> None:
        self.opened.append(_Opened(key, token, start, closing))
        self.pairs[key] += 1

    def _embed(self, name: str, given: Arguments, start: int, end: int) -> bool:
        """Put in what `name` embeds; one that is not known is left out, and may be a pair."""
        maker = EMBEDS.get(name.lower())
        html = maker(given) if maker else None
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
            self._problem(start, "link-missing", message, "correct the name")
        return (url or quote(path)) + mark + quote(fragment)

    def _close(self, key: str, start: int, end: int) -> None:
        """A closing tag; what was opened inside of its pair and never closed is no pair."""
        if not self.pairs[key]:
            tag = self.body[start:end]
            self._put(start, "")
            self._problem(start, "shortcode-unbalanced", f"{tag} closes nothing", "remove")
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
        """A pair without its end shows nothing of itself; one that is not known may be no pair."""
        token = opened.token
        if token.html:
            message = f"{token.source} is never closed"
            self._problem(opened.offset, "shortcode-unbalanced", message, "close")
            token.html = ""

    def _literal(self, name: str, rest: str, start: int, end: int, mark: str) -> int:
        """A pair whose inside is shown as it stands, or (comment) not at all."""
        tag = (
            rf"\{{%-?\s*end{name}\s*-?%\}}"
            if mark == "{%"
            else rf"\{{\{{[<%]\s*/\s*{name}\s*[>%]\}}\}}"
        )
        close = None if tag in self.absent else re.compile(tag).search(self.body, end)
        if close is None:
            self.absent.add(tag)
            self._put(start, "")
            self._problem(start, "shortcode-unbalanced", f"{name} is never closed", "close")
            return end
        inside = self.body[end : close.start()]
        if name in ("raw", "verbatim", "math", "katex"):
            self._put(start, inside)
        elif name == "comment":
            self._put(start, "")
        else:
            self._token(start, close.end(), _listing(name, rest, inside), block=True)
        return close.end()

    # Output

    def _put(self, start: int, text: str) -> None:
        self.parts += (self._between(self.body[self.at : start]), text)

    def _token(self, start: int, end: int, html: str, *, block: bool) -> Token:
        token = Token(html, self.body[start:end], block)
        around = "\n\n" if block and self.markdown and self._alone(start, end) else ""
        self._put(start, f"{around}{OPEN}{len(self.tokens)}{CLOSE}{around}")
        self.tokens.append(token)
        return token

    def _alone(self, start: int, end: int) -> bool:
        """Whether a tag is all there is on its line, not indented (as it would be in a list)."""
        line_end = self.body.find("\n", end)
        after = self.body[end : line_end if line_end >= 0 else len(self.body)]
        return (start == 0 or self.body[start - 1] == "\n") and not after.strip()

    def _problem(self, offset: int, rule: str, message: str, hint: str) -> None:
        if (rule, message) not in self.reported:
            self.reported.add((rule, message))
            self.problems.append(Problem(offset, rule, message, _WAYS_OUT[hint]))

    def _all_problems(self) -> tuple[Problem, ...]:
        for name, offsets in self.unknown.items():
            times = f" ({len(offsets)} times)" if len(offsets) > 1 else ""
            message = f"the shortcode {name} is not known and left out{times}"
            self.problems.append(
                Problem(offsets[0], "shortcode-unknown", message, _WAYS_OUT["write"])
            )
        return tuple(sorted(self.problems, key=lambda problem: problem.offset))


_WAYS_OUT = {
    "close": "add the closing tag, or put the text in `code`",
    "remove": "remove it, or add the opening tag",
    "write the value": "write the value itself, or put the text in `code`",
    "correct the name": "write the file name of an article, or a full address",
    "write": "write Markdown or HTML instead, or put it in `code` to show it",
}


def _from_top(target: str) -> str:
    """A path below the site, with or without its slash, or a whole address."""
    whole = target.startswith("/") or "://" in target
    return ("" if whole else "/") + quote(target, safe="/:?&=%#._-~")


def _arguments(text: str) -> Arguments:
    positional: list[str] = []
    named: dict[str, str] = {}
    for name, *values in _ARGUMENT.findall(text):
        value = next(filter(None, values), "")
        if "\\" in value:
            value = re.sub(r"\\(.)", r"\1", value)
        if name:
            named.setdefault(name.lower(), value)
        else:
            positional.append(value)
    return Arguments(tuple(positional), named, text)


def _listing(name: str, rest: str, inside: str) -> str:
    """A highlight or codeblock as an ordinary listing."""
    given = _arguments(rest)
    words = [word.removeprefix("lang:") for word in given.positional if "title:" not in word]
    written = given.get("lang", "language") or (words[0] if words else "")
    usable = written if name == "highlight" or "lang:" in rest else ""
    marked = f' class="language-{escape(usable)}"' if re.fullmatch(r"[\w+#.-]+", usable) else ""
    return f"<pre><code{marked}>{escape(inside.strip(chr(10)), quote=False)}\n</code></pre>"


_TICKS = re.compile("`+")


def _code_spans(body: str) -> dict[int, int]:
    """For each run of backticks with a next one of its length: where that one ends."""
    spans: dict[int, int] = {}
    last: dict[int, int] = {}
    for match in _TICKS.finditer(body):
        length = match.end() - match.start()
        if length in last:
            spans[last[length]] = match.end()
        last[length] = match.start()
    return spans


def _indented_code(body: str) -> list[tuple[int, int]]:
    """Where lines indented by four or more are code: after a blank line and not in a list."""
    ranges: list[tuple[int, int]] = []
    blank, inside, item = True, False, 0
    for match in _LINE.finditer(body):
        indent, marker, text = len(match[1].expandtabs(4)), match[2], match[3]
        if not marker and not text.strip():
            blank = True
            continue
        if indent >= item + 4 and (blank or inside):
            ranges.append(match.span())
            inside = True
        else:
            inside = False
            if marker:
                item = indent + len(marker.expandtabs(4))
            elif blank and indent < 2:
                item = 0
        blank = False
    return ranges
