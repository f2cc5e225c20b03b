"""What data files and ignores of Eleventy, Quarto and JavaScript generators hold back. Pure.

https://www.11ty.dev/docs/data-template-dir/, /docs/ignores/; https://quarto.org/docs/websites/
(`drafts`, `_metadata.yml`); `ignorePatterns` of Quartz, `srcExclude` of VitePress. Programs are
never run: plain values are looked for in their text, and what they compute is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from syndicate.content.generators.source import (
    SCRIPTS,
    Source,
    as_map,
    named,
    statement,
    texts,
    values_of,
)
from syndicate.content.header import MAX_HEADER_LENGTH
from syndicate.content.header_parsers import parse
from syndicate.content.inherited import Statement, Syntax

SITE_FILES = (
    *("_quarto.yml", "_quarto.yaml", "quartz.config.ts", ".eleventyignore", ".eleventy.js"),
    *(f"eleventy.config.{suffix}" for suffix in ("js", "mjs", "cjs")),
    *(f"docusaurus.config.{suffix}" for suffix in ("js", "ts", "mjs", "cjs")),
    *(f".vitepress/config.{suffix}" for suffix in ("js", "ts", "mjs", "mts")),
)
_DATA = re.compile(r"(.+?)(?:\.11tydata)?\.(?:json|js|cjs|mjs)$")
_COMMENTS = re.compile(
    r"""("(?:\\.|[^"\\\n])*+"|'(?:\\.|[^'\\\n])*+'|`(?:\\.|[^`\\])*+`)"""
    r"""|(?<![:\w])//[^\n]*|/\*.*?(?:\*/|\Z)""",
    re.DOTALL,
)
"""Comments; and strings, which may contain what looks like one (`"posts/*"`)."""

_PLAIN_KEYS = re.compile(
    r"draft|publish|permalink|exclude|hidden|private|status|visib|render|unlisted", re.IGNORECASE
)
_PLAIN = re.compile(
    r"""["']?\b(eleventyExcludeFromCollections|permalink|draft|isDraft|published|hidden|private"""
    r"""|unlisted)["']?[ \t]*:[ \t]*(true|false)\b"""
)
_IGNORES_ADD = re.compile(r"""\bignores\.add\(\s*["'`]([^"'`\n]{1,300})["'`]""")
_QUOTED = re.compile(r"""["'`]([^"'`\n]{1,300})["'`]""")


def data(source: Source) -> Iterator[Statement]:
    """Eleventy's data of a folder (`posts/posts.json`) or of one template."""
    if not _PLAIN_KEYS.search(source.text):
        return
    if source.name.endswith(SCRIPTS):
        pairs = _PLAIN.findall(_without_comments(source.text))
        values: Mapping[str, object] = {key: answer == "true" for key, answer in pairs}
    elif ".11tydata." in source.name or _may_be_values(source.text):
        values = parse(source.path, "json", source.text)
    else:
        return
    match = _DATA.match(source.name)
    stem = match[1] if match else source.name
    computed = as_map(named(values, "eleventycomputed"))
    values = {**values, **{str(key): value for key, value in computed.items()}}
    if stem == (source.folder.rpartition("/")[2] or source.root):
        yield Statement(source.path, values, source.folder)
    else:
        yield Statement(source.path, values, stem=f"{source.folder}/{stem}".lstrip("/"))


def _without_comments(program: str) -> str:
    return _COMMENTS.sub(lambda match: match[1] or "", program)


def _may_be_values(text: str) -> bool:
    """Whether a JSON file that bears the name of a folder may be Eleventy's: an object, not big."""
    return text.lstrip().startswith("{") and len(text) <= MAX_HEADER_LENGTH


def program(source: Source) -> Iterator[Statement]:
    """A program: Eleventy's data, or a configuration with a plain list of what to leave out."""
    name, folder = source.name, source.folder.rpartition("/")[2] or source.root
    if ".11tydata." in name or folder == name.split(".")[0]:
        yield from data(source)
        return
    plain = _without_comments(source.text)
    for key in ("ignorePatterns", "srcExclude"):
        rows = [row for listed in _lists(key, plain) for row in _QUOTED.findall(listed)]
        yield from statement(f"{key} in {source.path}", rows, syntax=Syntax.GITIGNORE)
    rows = [row.removeprefix("./") for row in _IGNORES_ADD.findall(plain)]
    label = f"ignores in {source.path}"
    yield from statement(label, rows, syntax=Syntax.GITIGNORE, prefix=source.inside)
    if name.startswith("docusaurus."):
        excluded = [row for listed in _lists("exclude", plain) for row in _QUOTED.findall(listed)]
        # Relative to the folder of a plugin, which the text need not name.
        rows = [f"**/{row.removeprefix('**/')}" for row in excluded]
        yield from statement(f"exclude in {source.path}", rows, syntax=Syntax.GITIGNORE)
        yield from statement(f"exclude in {source.path}", ("**/_*/**",))


def _lists(key: str, program: str) -> list[str]:
    """The insides of the plain lists that a program gives a key."""
    return re.findall(rf"\b{key}\s*:\s*\[([^\]]{{0,5000}})\]", program)


def ignore_file(source: Source) -> Iterator[Statement]:
    """`.eleventyignore`: lines as of .gitignore."""
    lines = [re.sub(r"^(!?)\./", r"\1", line) for line in source.text.splitlines()]
    yield from statement(source.path, lines, syntax=Syntax.GITIGNORE, prefix=source.inside)


def quarto(source: Source) -> Iterator[Statement]:
    """Quarto's list of drafts."""
    drafts = texts(as_map(values_of(source, ("website",)).get("website")).get("drafts"))
    yield from statement(f"drafts in {source.path}", drafts, prefix=source.inside)


def quarto_folder(source: Source) -> Iterator[Statement]:
    """Quarto's `_metadata.yml`: values for the files of its folder."""
    yield Statement(source.path, parse(source.path, "yaml", source.text), source.folder)
