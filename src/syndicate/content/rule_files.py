"""The files of site generators that hold articles back: which exist on disk, and their statements.

They are in the content folder and, for the whole site, beside it. Only their sizes and times are
read until their statements are needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from syndicate.content import folder, generators
from syndicate.content.folder import Stat
from syndicate.content.generators import Source
from syndicate.content.inherited import FolderRules, Statement
from syndicate.content.naming import FORMATS, format_of, is_article
from syndicate.errors import ArticleError

MAX_BYTES = 1_000_000

RuleFiles = Mapping[str, Stat]
"""Files that speak for articles: path, from the content folder -> stat."""


def find(root: Path, files: Mapping[str, Stat]) -> RuleFiles:
    """The files that may hold articles back, among `files` of the content folder and beside it.

    The nearest come last; those of one article (Nikola's `.meta`) are among them, so that a change
    of theirs is noticed.
    """
    paths = [path for path in files if path.endswith(_SUFFIXES) or "_index." in path]
    rule_files = {
        path: files[path] for path in paths if files[path][0] >= 0 and _speaks(root, path, files)
    }
    rule_files |= {path: files[path] for path in _leaders(files)}
    for name in generators.site_files():
        for path in (name, f"../{name}"):
            stat = folder.stat_of(root, path)
            if stat and (root / path).is_file():
                rule_files[path] = stat
    return rule_files


_SUFFIXES = (".json", ".meta", ".js", ".cjs", ".mjs", "_metadata.yml", "_metadata.yaml")


def fingerprint(rule_files: RuleFiles) -> str:
    """A short text that differs when one of the files does; "" without any."""
    if not rule_files:
        return ""
    return sha256(repr(sorted(rule_files.items())).encode("utf-8", "replace")).hexdigest()[:16]


def load(root: Path, rule_files: RuleFiles, links: Sequence[Path] = ()) -> FolderRules:
    """The statements of the files. One that cannot be read makes its whole folder unknown."""
    files = [_source(root, path, links) for path in rule_files if not path.endswith(_WITH_ARTICLE)]
    unread = [each for each in files if isinstance(each, Statement)]
    sources = [each for each in files if isinstance(each, Source)]
    return FolderRules((*unread, *generators.statements(sources)))


_WITH_ARTICLE = ".meta"  # files that are read with their article


def _speaks(root: Path, path: str, files: Mapping[str, Stat]) -> bool:
    name = path.rpartition("/")[2]
    if name.endswith((".meta", ".json")):
        stem = path.rpartition(".")[0]
        if any(f"{stem}{suffix}" in files for suffix in FORMATS):
            return True
    return generators.is_folder_file(path, root.name, is_article=format_of(path) is not None)


def _leaders(files: Mapping[str, Stat]) -> list[str]:
    """`index` files beside which other articles lie."""
    bundles = {
        path.rpartition("/")[0]: path
        for path, stat in files.items()
        if "/index." in path and stat[0] >= 0 and format_of(path) is not None
    }
    if not bundles:
        return []
    led = {
        above
        for path in files
        if "/index." not in path and is_article(path)
        for above in _folders(path)
        if above in bundles
    }
    return sorted(bundles[each] for each in led)


def _folders(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _source(root: Path, path: str, links: Sequence[Path]) -> Source | Statement:
    """One file with its text; of a file that cannot be read, a statement with the error."""
    inside = f"{root.name}/" if path.startswith("../") else ""
    try:
        return Source(path, _text(root, path, links), inside, root.name)
    except ArticleError as error:
        in_site = path in generators.site_files()
        folder = "" if in_site else Source(path, "").folder
        return Statement(path, folder=folder, error=error)


def _text(root: Path, path: str, links: Sequence[Path]) -> str:
    """The text of a file; bytes that are no UTF-8 are replaced, for they stand in comments.

    Nothing of the files for a whole site is published, so links from them may lead anywhere.
    """
    if path.startswith("../"):
        data = folder.read(root / "..", path.removeprefix("../"), MAX_BYTES, _ANYWHERE)
    elif path in generators.site_files():
        data = folder.read(root, path, MAX_BYTES, _ANYWHERE)
    else:
        data = folder.read(root, path, MAX_BYTES, links)
    return data[:MAX_BYTES].decode(errors="replace")


_ANYWHERE = (Path("/"),)
