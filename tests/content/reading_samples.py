"""Read text as the file of an article."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from syndicate.content.article import Article
from syndicate.content.reader import Reading, read
from syndicate.errors import ArticleError

BERLIN = ZoneInfo("Europe/Berlin")


def reading(text: str, path: str = "posts/x.md") -> Reading:
    """A text, read as the file at `path`, with its findings."""
    return read(path, text.encode(), BERLIN)


def article(text: str, path: str = "posts/x.md") -> Article:
    """The article that a text becomes."""
    return reading(text, path).article


def rules(text: str, path: str = "posts/x.md") -> list[tuple[str, int | None]]:
    """The rule and the line of each finding."""
    return [(finding.rule, finding.line) for finding in reading(text, path).findings]


def refusal(text: str | bytes, path: str = "posts/x.md") -> ArticleError:
    """The refusal of a text, which names the file and has a hint."""
    with pytest.raises(ArticleError) as refused:
        read(path, text.encode() if isinstance(text, str) else text, BERLIN)
    error = refused.value
    assert error.place is not None
    assert error.place.path == path
    assert error.hint
    return error


def line(error: ArticleError) -> int | None:
    """The line that a refusal names."""
    return error.place.line if error.place else None
