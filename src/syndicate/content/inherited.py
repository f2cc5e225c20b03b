"""What files beside an article say about its publication: values it inherits, exclusions. Pure.

Generators let a folder or the whole site decide: Hugo's `cascade`, Jekyll's `defaults`, Eleventy's
data files, Zola's draft sections, MkDocs' `exclude_docs`. `generators` reads their files into
statements; this module says which statements apply to a path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from syndicate.content import globs
from syndicate.content.keys import Role, normal, role_of
from syndicate.errors import ArticleError, Location

PUBLISHING = frozenset(
    (
        *(Role.DRAFT, Role.PUBLISHED, Role.STATUS, Role.VISIBILITY, Role.STAGE, Role.WITHHELD),
        *(Role.SHOWN, Role.UNLISTED, Role.LISTED, Role.BUILD, Role.PASSWORD, Role.EXPIRY),
        *(Role.DATE, Role.URL),
    )
)
"""Roles of the keys that an article inherits: those that decide whether it is published."""


class Force(Enum):
    """DEFAULT: the article's own header overrules it. ALWAYS: it does not. EXCLUDED: no page."""

    DEFAULT = auto()
    ALWAYS = auto()
    EXCLUDED = auto()


class Inherited(NamedTuple):
    """One value for an article. `source` is the file it stands in, with the key that leads to it"""

    key: str
    value: object
    source: str
    always: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """Values for the articles in `folder` ("" for all), as far as one of `patterns` fits.

    `stem`: for one article only, a path without suffix. `kind` is Jekyll's type: `pages`, or a
    collection. `prefix` is put before a path when it is compared; `logical`: paths are compared as
    Hugo has them, lowercase, without suffix and `index`; `gitignore`: the patterns are lines of
    such a file. `error`: the file cannot be read, so nothing is known.
    """

    source: str
    values: Mapping[str, object] = field(default_factory=dict)
    folder: str = ""
    stem: str = ""
    patterns: tuple[str, ...] | None = None
    kind: str = ""
    prefix: str = ""
    logical: bool = False
    gitignore: bool = False
    force: Force = Force.DEFAULT
    error: ArticleError | None = None

    def fits(self, path: str) -> bool:
        """Whether it applies to a file of its folder or stem."""
        if self.kind and not _is_kind(path if self.folder else f"{self.prefix}{path}", self.kind):
            return False
        if self.patterns is None:
            return True
        name = logical_path(path) if self.logical else f"{self.prefix}{path}"
        if self.gitignore:
            return bool(globs.ignored(name, self.patterns))
        return any(globs.matches(name, pattern) for pattern in self.patterns)


class FolderRules:
    """The statements of a content folder, found by path."""

    def __init__(self, statements: Iterable[Statement] = ()) -> None:
        self._by_folder: dict[str, list[Statement]] = {}
        self._by_stem: dict[str, list[Statement]] = {}
        for each in statements:
            at, place = (self._by_stem, each.stem) if each.stem else (self._by_folder, each.folder)
            at.setdefault(place, []).append(each)

    def of(self, path: str) -> tuple[Inherited, ...]:
        """The values for the article at `path`; the nearest first.

        Raises the ArticleError of a file that cannot be read and might hold the article back.
        """
        if not (self._by_folder or self._by_stem):
            return ()
        found: list[Inherited] = []
        for each in self._statements(path):
            if each.source == path or not each.fits(path):
                continue
            if each.error:
                raise _unknown(path, each)
            found += _inherited(each)
        return tuple(found)

    def _statements(self, path: str) -> list[Statement]:
        stem = path.rpartition(".")[0] or path
        found = list(self._by_stem.get(stem, ()))
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            found += self._by_folder.get(folder, ())
        return found


def _is_kind(path: str, kind: str) -> bool:
    """Whether a file is of a type of Jekyll: a page lies in no folder that begins with `_`."""
    folders = path.split("/")[:-1]
    if kind == "pages":
        return not any(folder.startswith("_") for folder in folders)
    return f"_{kind}" in folders


def logical_path(path: str) -> str:
    """A path as Hugo compares it: `posts/My Trip/index.md` -> `posts/my-trip`."""
    folder, _, name = path.lower().replace(" ", "-").rpartition("/")
    stem = name.partition(".")[0]
    return folder if stem in ("index", "_index") else f"{folder}/{stem}".lstrip("/")


def _inherited(statement: Statement) -> list[Inherited]:
    if statement.force is Force.EXCLUDED:
        return [Inherited("", True, statement.source, always=True)]
    always = statement.force is Force.ALWAYS
    pairs = ((str(key), value) for key, value in statement.values.items())
    return [
        Inherited(key, value, statement.source, always)
        for key, value in pairs
        if _decides(key, value)
    ]


def _decides(key: str, value: object) -> bool:
    """Whether a key with this value decides on publication.

    Of dates only a stated day of publication, of addresses only Eleventy's `permalink: false`.
    """
    known = role_of(key)
    if known is None or known[0] not in PUBLISHING or value is None:
        return False
    if known[0] is Role.DATE:
        return normal(key).startswith("publi") or normal(key) in ("pubdate", "datepublished")
    return known[0] is not Role.URL or value is False


def _unknown(path: str, statement: Statement) -> ArticleError:
    error = statement.error
    why = f": {error.message}" if error else ""
    return ArticleError(
        f"{statement.source} may hold the article back and cannot be read{why}",
        place=Location(path),
        hint=f"correct {statement.source}",
    )
