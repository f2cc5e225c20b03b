"""A configuration file of a site generator, and how values are taken from it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from syndicate.content import linear_regex
from syndicate.content.header_parsers import parse
from syndicate.content.inherited import Force, Statement, Syntax
from syndicate.errors import ArticleError, Location

MAX_PATTERNS = 500
SCRIPTS = (".js", ".ts", ".mjs", ".mts", ".cjs")


class Source(NamedTuple):
    """A file of a generator. `path` is below the content folder, or begins with `../`.

    `inside` is what stands before the paths of articles, seen from the folder of the file; `root`
    is the name of the content folder.
    """

    path: str
    text: str
    inside: str = ""
    root: str = ""

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder of the file; "" above the content folder."""
        return "" if self.path.startswith("../") else self.path.rpartition("/")[0]


def statement(
    label: str,
    patterns: Iterable[str],
    *,
    syntax: Syntax = Syntax.GLOB,
    prefix: str = "",
    folder: str = "",
    force: Force = Force.EXCLUDED,
) -> Iterator[Statement]:
    """What applies to the files that fit the patterns; nothing without patterns.

    `label` is what `explain` names. Raises ArticleError for more patterns than are read.
    """
    rows = tuple(patterns)
    if len(rows) > MAX_PATTERNS:
        raise ArticleError(
            f"there are more than {MAX_PATTERNS} patterns",
            place=Location(label.rpartition(" ")[2]),
            hint="write fewer patterns, of folders instead of files",
        )
    if rows:
        yield Statement(
            label, patterns=rows, prefix=prefix, syntax=syntax, folder=folder, force=force
        )


def checked_expressions(label: str, rows: Sequence[str]) -> Sequence[str]:
    """The regular expressions themselves. Raises ArticleError for one that is not understood.

    `label` is the key and the file, as `statement` has it.
    """
    key, _, path = label.rpartition(" in ")
    steps = 0
    for row in rows:
        try:
            steps += len(linear_regex.compiled(row).steps)
        except ValueError as error:
            raise ArticleError(
                f"the regular expression {row[:80]!r} in {key} is not understood: {error}",
                place=Location(path),
                hint="write a simpler one",
            ) from error
        if steps > linear_regex.MAX_STEPS:
            raise ArticleError(
                f"the regular expressions in {key} are too long",
                place=Location(path),
                hint="shorten them",
            )
    return rows


def values_of(source: Source, keys: Iterable[str]) -> dict[str, object]:
    """The values of these keys, in lower case, of a configuration in YAML, TOML or JSON.

    Of YAML the rest is not read where it can be avoided: it may have tags of a generator.
    """
    suffix = source.name.rpartition(".")[2].lower()
    text = source.text.removeprefix("\ufeff").replace("\r\n", "\n")
    if suffix in ("toml", "json"):
        values = parse(source.path, suffix, text)
    else:
        values = _of_yaml(source.path, text, keys)
    return {key.lower(): value for key, value in values.items()}


def _of_yaml(path: str, text: str, keys: Iterable[str]) -> dict[str, object]:
    names = "|".join(map(re.escape, keys))
    blocks = re.findall(
        rf"^[\"']?(?:{names})[\"']?[ \t]*:.*\n(?:(?:[ \t].*|-.*|#.*|)\n)*",
        f"{text}\n",
        re.MULTILINE | re.IGNORECASE,
    )
    try:
        return parse(path, "yaml", "".join(blocks))
    except ArticleError:
        return parse(path, "yaml", text)


def named(values: Mapping[object, object] | Mapping[str, object], name: str) -> object:
    """A value by its name, however it is capitalised."""
    return next((v for k, v in values.items() if isinstance(k, str) and k.lower() == name), None)


def as_map(value: object) -> Mapping[object, object]:
    """The value if it is a map, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str:
    """The value if it is text, else ""."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> list[str]:
    """The texts of a list, or the one text."""
    if isinstance(value, str):
        return [value]
    parts = value if isinstance(value, list | tuple) else ()
    return [each for each in parts if isinstance(each, str)]


def maps(value: object) -> list[Mapping[object, object]]:
    """The maps of a list, or the one map."""
    parts = value if isinstance(value, list) else [value]
    return [each for each in parts if isinstance(each, Mapping)]
