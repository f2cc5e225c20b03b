"""Files with which site generators hold articles back -> statements for `inherited`. Pure.

One module for each family of generators; this one knows which file is whose. No program (`.js`,
`.py`) is ever run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from syndicate.content.generators import eleventy, hugo, jekyll, mkdocs, pelican
from syndicate.content.generators.source import SCRIPTS, Source
from syndicate.content.inherited import Statement
from syndicate.errors import ArticleError

__all__ = ["Source", "is_folder_file", "site_files", "statements"]

_JEKYLL = ("_config.yml", "_config.yaml", "_config.toml", "_config.json")
_SITE_FILES = (
    *hugo.SITE_FILES,
    *_JEKYLL,
    *mkdocs.SITE_FILES,
    *pelican.SITE_FILES,
    *eleventy.SITE_FILES,
)
_ALONE: dict[str, Callable[[Source], Iterable[Statement]]] = {
    **dict.fromkeys(_JEKYLL, jekyll.site),
    **dict.fromkeys(mkdocs.SITE_FILES, mkdocs.site),
    **dict.fromkeys(("_quarto.yml", "_quarto.yaml"), eleventy.quarto),
    **dict.fromkeys(("_metadata.yml", "_metadata.yaml"), eleventy.quarto_folder),
    ".eleventyignore": eleventy.ignore_file,
}


def site_files() -> Sequence[str]:
    """Names of the files that speak for a whole site, below its folder."""
    return _SITE_FILES


def is_folder_file(path: str, root: str, *, is_article: bool) -> bool:
    """Whether a file of the content folder may speak for others: `_index`, data files.

    `root` is the name of the content folder.
    """
    folder, _, name = path.rpartition("/")
    if is_article:
        return name.startswith("_index.")
    if name in ("_metadata.yml", "_metadata.yaml"):
        return True
    if name.endswith((".json", ".js", ".cjs", ".mjs")):
        above = folder.rpartition("/")[2] or root
        return ".11tydata." in name or name.partition(".")[0] == above
    return False


def statements(sources: Sequence[Source]) -> Iterator[Statement]:
    """The statements of files about articles. One for a file that cannot be read has its error.

    Files of a whole site come in the order of `site_files`.
    """
    ours = [each for each in sources if _site_path(each) in hugo.SITE_FILES]
    settings = [each for each in sources if _site_path(each) in pelican.SITE_FILES]
    yield from hugo.site(ours)
    yield from pelican.site(settings)
    leaf_bundles = hugo.is_hugo_or_zola(ours)
    for source in sources:
        if source in ours or source in settings:
            continue
        try:
            yield from list(_statements(source, leaf_bundles=leaf_bundles))
        except ArticleError as error:
            folder = "" if _site_path(source) in _SITE_FILES else source.folder
            yield Statement(source.path, folder=folder, error=error)


def _statements(source: Source, *, leaf_bundles: bool) -> Iterable[Statement]:
    name = source.name
    if name.startswith("_index."):
        return hugo.section(source)
    if name.startswith("index."):
        return hugo.bundle(source, leaf=leaf_bundles)
    if name in _ALONE:
        return _ALONE[name](source)
    return eleventy.program(source) if name.endswith(SCRIPTS) else eleventy.data(source)


def _site_path(source: Source) -> str:
    return source.path.removeprefix("../")
