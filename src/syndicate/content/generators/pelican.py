"""What `pelicanconf.py` and `publishconf.py` of Pelican hold back -> statements. Pure.

https://docs.getpelican.com/en/latest/settings.html (`PATH`, `ARTICLE_PATHS`, `PAGE_PATHS` and
their excludes, `IGNORE_FILES`, `DEFAULT_METADATA`). The programs are never run: plain values that
they give to these names are read, and what they compute is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from syndicate.content.generators.source import Source, as_map, statement, text, texts
from syndicate.content.inherited import Force, Statement, Syntax
from syndicate.errors import ArticleError, Location

SITE_FILES = ("pelicanconf.py", "publishconf.py")
MAX_LENGTH = 100_000
_NAMES = frozenset(
    ("PATH", "ARTICLE_PATHS", "ARTICLE_EXCLUDES", "PAGE_PATHS", "PAGE_EXCLUDES", "IGNORE_FILES",
     "DEFAULT_METADATA")
)  # fmt: skip


def site(sources: Sequence[Source]) -> Iterator[Statement]:
    """The statements of the settings of a site; `publishconf.py`, read last, overrules."""
    values: dict[str, object] = {}
    for source in sources:
        try:
            values |= _settings(source)
        except ArticleError as error:
            yield Statement(source.path, error=error)
    if sources:
        yield from _site(values, sources[-1].path)


def _site(values: Mapping[str, object], path: str) -> Iterator[Statement]:
    root = text(values.get("PATH")).strip("./") or "content"
    defaults = as_map(values.get("DEFAULT_METADATA"))
    if defaults:
        own = {key: value for key, value in defaults.items() if isinstance(key, str)}
        yield Statement(f"DEFAULT_METADATA in {path}", own)
    pages = _folders(values.get("PAGE_PATHS", ["pages"]))
    articles = _folders(values.get("ARTICLE_PATHS", [""]))
    kinds = (("ARTICLE_EXCLUDES", articles), ("PAGE_EXCLUDES", pages))
    for name, _ in kinds:
        rows = [row for each in _folders(values.get(name)) for row in _below(root, each)]
        yield from statement(f"{name} in {path}", rows, prefix=f"{root}/")
    ignored = texts(values.get("IGNORE_FILES"))
    yield from statement(f"IGNORE_FILES in {path}", ignored, syntax=Syntax.GITIGNORE)
    if "" not in articles:
        rows = [f"!{row}" for each in (*articles, *pages) for row in _below(root, each)]
        label = f"ARTICLE_PATHS in {path}"
        yield from statement(label, ("**", *rows), syntax=Syntax.ORDERED, prefix=f"{root}/")
    rows = [row for each in pages if each for row in _below(root, each)]
    rows += [f"!{row}" for each in articles if each for row in _below(root, each)]
    label = f"PAGE_PATHS in {path}"
    yield from statement(label, rows, syntax=Syntax.ORDERED, prefix=f"{root}/", force=Force.PAGE)


def _folders(value: object) -> list[str]:
    return [each.replace("\\", "/").removeprefix("./").strip("/") for each in texts(value)]


def _below(root: str, folder: str) -> tuple[str, ...]:
    """Patterns for all of a folder, or for the file, as the settings name either."""
    return (f"{root}/{folder}", f"{root}/{folder}/**") if folder else (f"{root}/**",)


def _settings(source: Source) -> dict[str, object]:
    """The plain values that the program gives to the names that are asked for."""
    if len(source.text) > MAX_LENGTH:
        raise ArticleError(
            f"it has more than {MAX_LENGTH:,} characters",
            place=Location(source.path),
            hint="move what it computes into another file",
        )
    try:
        program = ast.parse(source.text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ArticleError(
            "it is not a Python program", place=Location(source.path), hint="correct it"
        ) from error
    values: dict[str, object] = {}
    for each in program.body:
        target = each.targets[0] if isinstance(each, ast.Assign) else None
        if isinstance(each, ast.AnnAssign):
            target = each.target
        value = getattr(each, "value", None)
        if isinstance(target, ast.Name) and target.id in _NAMES and value is not None:
            values |= _plain(target.id, value)
    return values


def _plain(name: str, value: ast.expr) -> dict[str, object]:
    try:
        return {name: ast.literal_eval(value)}
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return {}
