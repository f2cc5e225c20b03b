"""What the tests of rendering share: an article, and a folder it may refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from syndicate.content.article import Article, Format, Rendering
from syndicate.content.render import LocalFile, render
from syndicate.findings import Finding

URL = "https://example.org/articles/knots/"


@dataclass(frozen=True)
class Folder:
    """The articles and files that exist, by the target that names them."""

    articles: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, LocalFile] = field(default_factory=dict)

    base: str = "https://example.org/"

    def article_url(self, target: str) -> str | None:
        return self.articles.get(target)

    def article_anywhere(self, target: str) -> str | None:
        return self.article_url(target)

    def file(self, target: str) -> LocalFile | None:
        return self.files.get(target)


def picture(url: str, width: int | None = 600, height: int | None = 400) -> LocalFile:
    return LocalFile(url, width, height, "image/png", 1234)


FOLDER = Folder(
    articles={
        "../bends.md": "https://example.org/articles/bends/",
        "/bends.md": "https://example.org/articles/bends/",
        "bends.md": "https://example.org/articles/bends/",
        "bends": "https://example.org/articles/bends/",
        "2019-01-01-bends": "https://example.org/articles/bends/",
        "two words.md": "https://example.org/articles/two-words/",
    },
    files={
        "rope.png": picture("https://example.org/media/rope.png"),
        "/rope.png": picture("https://example.org/media/rope.png"),
        "my rope.png": picture("https://example.org/media/my rope.png"),
        "paper.pdf": LocalFile(
            "https://example.org/media/paper.pdf", None, None, "application/pdf", 9
        ),
    },
)


def rendered(
    body: str,
    *,
    form: Format = Format.MARKDOWN,
    summary: str | None = None,
    body_line: int = 1,
    folder: Folder = FOLDER,
) -> tuple[Rendering, tuple[Finding, ...]]:
    article = Article(
        path="knots.md",
        title="Knots",
        body=body,
        format=form,
        slug="knots",
        summary=summary,
        body_line=body_line,
    )
    return render(article, url=URL, surroundings=folder)


def html(body: str, *, form: Format = Format.MARKDOWN) -> str:
    return rendered(body, form=form)[0].html


def rules(body: str, *, form: Format = Format.MARKDOWN) -> list[tuple[str, int | None]]:
    return [(finding.rule, finding.line) for finding in rendered(body, form=form)[1]]
