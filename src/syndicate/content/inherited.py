"""What other files state about the publication of an article: inherited values, exclusions. Pure.

Generators let a folder or the whole site decide: Hugo's `cascade`, Jekyll's `defaults`, Eleventy's
data files, Zola's draft sections, MkDocs' `exclude_docs`. `generators` reads their files into
statements; this module finds the statements that apply to a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from syndicate.content import globs, linear_regex
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
    """What a statement is for.

    Values: DEFAULT, the article's own header overrules them; ALWAYS, it does not. Without values:
    EXCLUDED, the generator builds nothing of the file; INCLUDED, it does in spite of a name with
    `_`; PAGE, it is no article; UNDATED_PAGE, it is none without a date; OUT_OF_NAVIGATION, a page
    that is not linked there.
    """

    DEFAULT = auto()
    ALWAYS = auto()
    EXCLUDED = auto()
    INCLUDED = auto()
    PAGE = auto()
    UNDATED_PAGE = auto()
    OUT_OF_NAVIGATION = auto()


class Syntax(Enum):
    """How patterns are read.

    GLOB: one of them fits. ORDERED: the last that fits decides, and `!` takes back. GITIGNORE:
    lines of such a file. LOGICAL: globs for paths as Hugo has them, lowercase, without suffix and
    `index`. REGEX: a regular expression is found in the path, which begins with `/`.
    """

    GLOB = auto()
    ORDERED = auto()
    GITIGNORE = auto()
    LOGICAL = auto()
    REGEX = auto()


UNDATED_POSTS = "posts without a day"
"""A `kind`: files in `_posts/` that Jekyll does not take for posts, for want of a day."""

_JEKYLL_POST = re.compile(r"\d{2,4}-\d{1,2}-\d{1,2}-.", re.ASCII)


class Inherited(NamedTuple):
    """One value for an article. `source` is the file it stands in, with the key that leads to it.

    Where `force` is one without values, `key` is empty.
    """

    key: str
    value: object
    source: str
    force: Force = Force.DEFAULT


@dataclass(frozen=True, slots=True)
class Statement:
    """Values for the articles in `folder` ("" for all), as far as one of `patterns` fits.

    `stem`: for one article only, a path without suffix. `kind` is Jekyll's type: `pages`, or a
    collection. `language`: only for files in it, by their names (`x.fr.md`). `prefix` is put before
    a path when it is compared, unless it begins so. `error`: the file cannot be read, so nothing is
    known.
    """

    source: str
    values: Mapping[str, object] = field(default_factory=dict)
    folder: str = ""
    stem: str = ""
    patterns: tuple[str, ...] | None = None
    kind: str = ""
    prefix: str = ""
    language: str = ""
    syntax: Syntax = Syntax.GLOB
    force: Force = Force.DEFAULT
    error: ArticleError | None = None

    def fits(self, path: str) -> bool:
        """Whether it applies to a file of its folder or stem."""
        if self.kind and not _is_kind(path if self.folder else f"{self.prefix}{path}", self.kind):
            return False
        if self.language and not _is_in_language(path, self.language):
            return False
        return self.patterns is None or self._matches(path, self.patterns)

    def _matches(self, path: str, patterns: Sequence[str]) -> bool:
        name = path if path.startswith(self.prefix) else f"{self.prefix}{path}"
        match self.syntax:
            case Syntax.GITIGNORE:
                return bool(globs.ignored(name, patterns))
            case Syntax.ORDERED:
                return globs.last_match(name, patterns)
            case Syntax.REGEX:
                return any(linear_regex.compiled(each).is_in(f"/{name}") for each in patterns)
            case Syntax.LOGICAL:
                name = logical_path(path)
        return any(globs.matches(name, pattern) for pattern in patterns)


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
        values: list[Inherited] = []
        for each in self._statements(path):
            if each.source == path or not each.fits(path):
                continue
            if each.error:
                raise _unknown(path, each)
            values += _inherited(each)
        return tuple(values)

    def _statements(self, path: str) -> list[Statement]:
        stem = path.rpartition(".")[0] or path
        statements = list(self._by_stem.get(stem, ()))
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            statements += self._by_folder.get(folder, ())
        return statements


def _is_kind(path: str, kind: str) -> bool:
    """Whether a file is of a type of Jekyll: a page lies in no folder that begins with `_`."""
    folders, name = path.split("/")[:-1], path.rpartition("/")[2]
    if kind == UNDATED_POSTS:
        return "_posts" in folders and not _JEKYLL_POST.match(name)
    if kind == "pages":
        return not any(folder.startswith("_") for folder in folders)
    return f"_{kind}" in folders


def _is_in_language(path: str, language: str) -> bool:
    """Whether Hugo reads the file for that language because of its name: `post.fr.md`."""
    parts = path.rpartition("/")[2].lower().split(".")
    return len(parts) > 2 and parts[-2] == language.lower()


def logical_path(path: str) -> str:
    """A path as Hugo compares it: `posts/My Trip/index.md` -> `posts/my-trip`."""
    folder, _, name = path.lower().replace(" ", "-").rpartition("/")
    stem = name.partition(".")[0]
    return folder if stem in ("index", "_index") else f"{folder}/{stem}".lstrip("/")


def _inherited(statement: Statement) -> list[Inherited]:
    if statement.force not in (Force.DEFAULT, Force.ALWAYS):
        return [Inherited("", True, statement.source, statement.force)]
    pairs = ((str(key), value) for key, value in statement.values.items())
    return [
        Inherited(key, value, statement.source, statement.force)
        for key, value in pairs
        if _decides(key, value)
    ]


def _decides(key: str, value: object) -> bool:
    """Whether a key with this value decides on publication.

    Of dates only a stated day of publication; of addresses Eleventy's `permalink: false`, and any
    other that overrules one farther away.
    """
    key_role = role_of(key)
    if key_role is None or key_role[0] not in PUBLISHING or value is None:
        return False
    if key_role[0] is Role.DATE:
        return normal(key).startswith("publi") or normal(key) in ("pubdate", "datepublished")
    return True


def _unknown(path: str, statement: Statement) -> ArticleError:
    error = statement.error
    why = f": {error.message}" if error else ""
    return ArticleError(
        f"{statement.source} may hold the article back and cannot be read{why}",
        place=Location(path),
        hint=f"correct {statement.source}",
    )
