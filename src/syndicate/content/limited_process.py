"""Rendering in a separate process with limits, for texts that could exhaust memory or time, or
crash a library.

The parent starts this module as a program, once, and sends one article after the other. Requests
and answers are JSON, one a line. What an article refers to is asked of the parent. The program
ends when its input does, so it never outlives the parent.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from html import escape
from typing import Any, BinaryIO

from syndicate.content.addresses import LocalFile, Surroundings
from syndicate.content.article import Article, Format, Image, Rendering
from syndicate.content.excerpt import shorten
from syndicate.content.plaintext import from_html, from_markdown
from syndicate.content.render import render
from syndicate.findings import Finding, Level, from_json, to_json

SHORT = 20_000
"""Characters of a body that is rendered without this: nothing so short takes long."""
MAX_SECONDS = 5
"""Of processor time for one text."""
MAX_MEMORY = 250_000_000
"""Bytes of memory for one text, the interpreter's own among them."""
MAX_QUESTIONS = 10_000
"""Files and articles that one text may refer to."""
MAX_HTML = 1_000_000
"""Characters of HTML that one text may become; feed readers give up at less."""

_PROGRAM = """
import sys
sys.path[:] = sys.argv[1:]
from syndicate.content.limited_process import serve
serve()
"""


class TooMuchError(Exception):
    """The text cannot be rendered within the limits; the message names the limit."""


def render_confined(
    process: Confined, article: Article, *, url: str, surroundings: Surroundings
) -> tuple[Rendering, tuple[Finding, ...]]:
    """As `render.render`; a text that exceeds a limit is replaced by a summary, with a finding."""
    try:
        if len(article.body) <= SHORT:
            rendering, findings = render(article, url=url, surroundings=surroundings)
        else:
            rendering, findings = process.render(article, url, surroundings)
    except TooMuchError as error:
        return _summarised(article), (_finding(article, str(error)),)
    if len(rendering.html) > MAX_HTML:
        why = f"as HTML it has {len(rendering.html):,} characters, and at most {MAX_HTML:,} are"
        return _summarised(article, rendering.summary), (
            _finding(article, f"{why} published"),
            *findings,
        )
    return rendering, findings


def _finding(article: Article, why: str) -> Finding:
    message = f"the text exceeds a limit: {why}; a summary is published instead"
    hint = "split the article, or shorten what is repeated thousands of times in it"
    return Finding(Level.ERROR, "text-too-much", message, article.path, article.body_line, hint)


def _summarised(article: Article, summary: str = "") -> Rendering:
    """The beginning of an article as its whole text."""
    read = from_html if article.format is Format.HTML else from_markdown
    text = article.summary or summary or shorten(read(article.body[:2000])) or article.title
    return Rendering(f"<p>{escape(text, quote=False)}</p>", text)


class Confined:
    """The process, as its parent sees it: started when first needed, and again after it died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def render(
        self, article: Article, url: str, surroundings: Surroundings
    ) -> tuple[Rendering, tuple[Finding, ...]]:
        """As `render.render`. Raises TooMuchError."""
        process = self._process = self._process or self._start()
        try:
            answer = self._answer(process, _request(article, url, surroundings), surroundings)
        except (OSError, ValueError, EOFError):  # it died, in the middle of a line perhaps
            self._process = None
            raise TooMuchError(_why(_ended(process))) from None
        if "too much" in answer:
            raise TooMuchError(answer["too much"])
        fields = answer["rendering"]
        fields["images"] = tuple(Image(**image) for image in fields["images"])
        return Rendering(**fields), tuple(from_json(answer["findings"]))

    def _start(self) -> subprocess.Popen[bytes]:
        # -P, and no empty path: no file of the user's may be taken for a module.
        command = [sys.executable, "-P", "-c", _PROGRAM, *filter(None, sys.path)]
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and program
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        weakref.finalize(self, _ended, process)
        return process

    def _answer(
        self, process: subprocess.Popen[bytes], request: dict[str, Any], around: Surroundings
    ) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        _write(process.stdin, request)
        for message in _messages(process.stdout):
            if "ask" not in message:
                return dict(message)
            _write(process.stdin, _answer_to(around, *message["ask"]))
        raise EOFError


def _request(article: Article, url: str, surroundings: Surroundings) -> dict[str, Any]:
    fields = ("path", "title", "body", "format", "slug", "body_line", "summary")
    return {
        "article": {name: getattr(article, name) for name in fields},
        "url": url,
        "base": surroundings.base,
    }


def _answer_to(around: Surroundings, question: str, target: str) -> Any:
    match question:
        case "article_url":
            return around.article_url(target)
        case "article_anywhere":
            return around.article_anywhere(target)
        case "file":
            file = around.file(target)
            return file and asdict(file)
    raise ValueError(question)


def _ended(process: subprocess.Popen[bytes]) -> int:
    """End the process if it still runs; how it ended (negative: by which signal)."""
    if process.stdin:
        with suppress(OSError):  # what it did not read is lost with it
            process.stdin.close()
    if process.stdout:
        process.stdout.close()
    try:
        return process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _why(code: int) -> str:
    import signal

    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"rendering it takes more than {MAX_SECONDS} seconds"
    if code == -signal.SIGABRT:
        return f"rendering it takes more than {MAX_MEMORY // 1_000_000} MB of memory"
    return f"rendering it ends with code {code}"


def _write(file: Any, message: Any) -> None:
    file.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    file.flush()


def _messages(file: Any) -> Iterator[Any]:
    for line in file:
        yield json.loads(line)


# In the process itself


def serve() -> None:
    """Render the articles that come on standard input until there are no more."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit(resource.RLIMIT_AS, MAX_MEMORY)
    requests = _messages(sys.stdin.buffer)
    for request in requests:
        _limit(resource.RLIMIT_CPU, math.ceil(_seconds()) + MAX_SECONDS)
        article = request["article"]
        article["format"] = Format(article["format"])
        around = _Asking(request["base"], requests, sys.stdout.buffer)
        try:
            rendering, findings = render(
                Article(**article), url=request["url"], surroundings=around
            )
            answer = {"rendering": asdict(rendering), "findings": to_json(findings)}
        except TooMuchError as error:
            answer = {"too much": str(error)}
        except MemoryError:
            answer = {"too much": f"it needs more than {MAX_MEMORY // 1_000_000} MB of memory"}
        _write(sys.stdout.buffer, answer)


def _limit(what: int, maximum: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (maximum if hard < 0 else min(maximum, hard), hard))


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class _Asking:
    """What is around an article, asked of the parent."""

    def __init__(self, base: str, answers: Iterator[Any], out: BinaryIO) -> None:
        self.base = base
        self._answers = answers
        self._out = out
        self._asked = 0

    def article_url(self, target: str) -> str | None:
        return self._asked_for_url("article_url", target)

    def article_anywhere(self, target: str) -> str | None:
        return self._asked_for_url("article_anywhere", target)

    def file(self, target: str) -> LocalFile | None:
        fields = self._ask("file", target)
        return LocalFile(**fields) if fields else None

    def _asked_for_url(self, question: str, target: str) -> str | None:
        url = self._ask(question, target)
        return None if url is None else str(url)

    def _ask(self, question: str, target: str) -> Any:
        self._asked += 1
        if self._asked > MAX_QUESTIONS:
            raise TooMuchError(f"it refers to more than {MAX_QUESTIONS:,} files and articles")
        _write(self._out, {"ask": (question, target)})
        return next(self._answers)
