"""Files with which site generators hold articles back -> statements for `inherited`. Pure.

Read are Hugo's `_index` pages (`cascade`, drafts) and configuration, headless bundles, Zola's
`_index` pages and `config.toml`, Jekyll's and Hexo's `_config.yml`, Eleventy's data files and
ignores, Quarto's `_metadata.yml` and `_quarto.yml`, `mkdocs.yml`, `pelicanconf.py`, and what
Quartz, VitePress and Docusaurus leave out. Programs (`.js`, `.py`) are never run: plain values are
looked for in their text, and what they compute is not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from syndicate.content import frontmatter
from syndicate.content.inherited import Force, Statement
from syndicate.content.keys import Role, role_of
from syndicate.content.visibility import yes_or_no
from syndicate.errors import ArticleError, Location

MAX_PATTERNS = 500


class Source(NamedTuple):
    """A file of a generator. `path` is below the content folder, or begins with `../`.

    `inside` is what stands before the paths of articles, seen from the folder of the file.
    """

    path: str
    text: str
    inside: str = ""

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder it speaks for: "" is the whole site."""
        site = self.path.startswith("../") or self.path in _SITE_FILES
        return "" if site else self.path.rpartition("/")[0]


def statements(source: Source) -> list[Statement]:
    """What a file says about articles. One that cannot be read says that nothing is known."""
    reader = _reader(source.name)
    if reader is None:
        return []
    try:
        return list(reader(source))
    except ArticleError as error:
        return [Statement(source.path, folder=source.folder, error=error)]


_DATA = re.compile(r"(.+?)(?:\.11tydata)?\.(?:json|js|cjs|mjs)$")
_SITE_FILES = (
    *("hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.toml", "config.json"),
    *(f"config/_default/{name}" for name in ("hugo.toml", "hugo.yaml", "hugo.json")),
    *(f"config/_default/{name}" for name in ("config.toml", "config.yaml", "config.json")),
    *(f"config/_default/{name}" for name in ("cascade.toml", "cascade.yaml", "cascade.json")),
    *("_config.yml", "_config.yaml", "mkdocs.yml", "mkdocs.yaml", "pelicanconf.py"),
    *("_quarto.yml", "_quarto.yaml", "quartz.config.ts", ".eleventyignore", ".eleventy.js"),
    *(f"eleventy.config.{suffix}" for suffix in ("js", "mjs", "cjs")),
    *(f"docusaurus.config.{suffix}" for suffix in ("js", "ts", "mjs", "cjs")),
    *(f".vitepress/config.{suffix}" for suffix in ("js", "ts", "mjs", "mts")),
)


def site_files() -> Sequence[str]:
    """Names of the files that speak for a whole site, below its folder."""
    return _SITE_FILES


def is_folder_file(path: str, is_article: bool) -> bool:
    """Whether a file of the content folder may speak for others: `_index`, data files."""
    folder, _, name = path.rpartition("/")
    if is_article:
        return name.startswith("_index.")
    if name in ("_metadata.yml", "_metadata.yaml"):
        return True
    if name.endswith((".json", ".js", ".cjs", ".mjs")):
        return ".11tydata." in name or name.partition(".")[0] == folder.rpartition("/")[2]
    return False


def _reader(name: str) -> Callable[[Source], Iterable[Statement]] | None:
    if name.startswith("_index."):
        return _section
    if name.startswith("index."):
        return _bundle
    if name.startswith(("hugo.", "config.", "cascade.")) and not name.endswith(_SCRIPTS):
        return _hugo_or_zola
    if name.startswith("_config."):
        return _jekyll_or_hexo
    if name.startswith("mkdocs."):
        return _mkdocs
    if name.startswith("_quarto."):
        return _quarto
    if name.startswith("_metadata."):
        return _folder_values
    return _SPECIAL.get(name) or (_scripted if name.endswith(_SCRIPTS) else _eleventy_data)


_SCRIPTS = (".js", ".ts", ".mjs", ".mts", ".cjs")


# -- Hugo and Zola


def _section(source: Source) -> Iterator[Statement]:
    """A page of a section: what it cascades, and whether the whole section is a draft.

    Hugo and Zola leave out every page of a section that is a draft or has expired.
    """
    if not re.search(r"cascade|draft|expir|unpublish", source.text[:70_000], re.IGNORECASE):
        return
    values = frontmatter.split(source.path, source.text.lstrip("\ufeff")).values
    own = {
        key: value
        for key, value in values.items()
        if (known := role_of(key)) and known[0] in (Role.DRAFT, Role.EXPIRY)
    }
    if own:
        yield Statement(source.path, own, source.folder, force=Force.ALWAYS)
    yield from _cascades(source, _named(values, "cascade"))


def _bundle(source: Source) -> Iterator[Statement]:
    """A headless bundle: nothing in its folder has a page."""
    if "headless" in source.text[:70_000].lower():
        values = frontmatter.split(source.path, source.text.lstrip("\ufeff")).values
        if yes_or_no(_named(values, "headless")):
            yield Statement(source.path, {"headless": True}, source.folder, force=Force.ALWAYS)


def _cascades(source: Source, value: object) -> Iterator[Statement]:
    """`cascade`: a map of values, or a list of them, each with the target it is for."""
    parts = value if isinstance(value, list) else [value]
    for part in parts:
        if not isinstance(part, Mapping):
            continue
        target = _named(part, "target") or _named(part, "_target")
        patterns = _target(target) if isinstance(target, Mapping) else None
        if patterns == ():
            continue
        values = {key: each for key, each in part.items() if isinstance(key, str)}
        label = f"cascade in {source.path}"
        yield Statement(label, values, source.folder, patterns=patterns, logical=True)


def _target(target: Mapping[object, object]) -> tuple[str, ...] | None:
    """The paths a target names, None for all, () if it is for no page in production."""
    environment = _text(_named(target, "environment"))
    if environment and environment not in ("*", "**") and "production" not in environment:
        return ()
    kind = _text(_named(target, "kind"))
    if kind and "page" not in kind and "*" not in kind:
        return ()
    path = _text(_named(target, "path")).lower()
    return (path,) if path else None


def _hugo_or_zola(source: Source) -> Iterator[Statement]:
    """The configuration of Hugo, or Zola's `ignored_content`."""
    if not re.search(r"(?i)cascade|ignored_content", f"{source.name} {source.text}"):
        return
    values = _values(source, ("cascade", "ignored_content"))
    if source.name.startswith("cascade."):
        yield from _cascades(source, _named(values, "cascade") or values)
    else:
        yield from _cascades(source, _named(values, "cascade"))
    ignored = _texts(values.get("ignored_content"))
    yield from _excluded(source, "ignored_content", ignored, gitignore=True)


# -- Jekyll and Hexo


def _jekyll_or_hexo(source: Source) -> Iterator[Statement]:
    keys = (
        *("defaults", "exclude", "ignore", "include", "collections"),
        *("source", "source_dir", "public_dir", "skip_render"),
    )
    values = _values(source, keys)
    hexo = not values.keys().isdisjoint(("source_dir", "public_dir", "skip_render"))
    root = _text(values.get("source_dir" if hexo else "source")) or ("source" if hexo else "")
    inside = "" if source.inside.strip("/") == root.strip("./") else source.inside
    for key in ("exclude", "ignore"):
        patterns = [each for one in _texts(values.get(key)) for each in _start_of(one)]
        yield from _excluded(source, key, patterns, prefix=inside)
    shown = [*_texts(values.get("include")), *([] if hexo else _output(values.get("collections")))]
    lines = ["_*/", "!_posts/", "!_drafts/", *(f"!{each.strip('/')}/" for each in shown)]
    yield from _excluded(source, "folder with _, not included", lines, gitignore=True)
    yield from () if hexo else _defaults(source, values.get("defaults"), inside)


def _output(collections: object) -> list[str]:
    """The folders of Jekyll's collections that have pages."""
    if not isinstance(collections, Mapping):
        return []
    return [
        f"_{name}/"
        for name, options in collections.items()
        if isinstance(options, Mapping) and yes_or_no(options.get("output"))
    ]


def _defaults(source: Source, defaults: object, inside: str) -> Iterator[Statement]:
    """Jekyll's `defaults`, the most specific path first."""
    found = [
        _scope(source, part, inside)
        for part in (defaults if isinstance(defaults, list) else ())
        if isinstance(part, Mapping) and isinstance(part.get("values"), Mapping)
    ]
    yield from (each for _, each in sorted(found, key=lambda pair: pair[0], reverse=True))


def _scope(
    source: Source, part: Mapping[object, object], inside: str
) -> tuple[tuple[int, bool], Statement]:
    """Values for the files below a path, of a type; and how specific that is."""
    scope, values = part.get("scope"), part["values"]
    scope = scope if isinstance(scope, Mapping) else {}
    path, kind = _text(scope.get("path")).strip("/"), _text(scope.get("type"))
    assert isinstance(values, Mapping)
    return (len(path), bool(kind)), Statement(
        f"defaults in {source.path}",
        {key: each for key, each in values.items() if isinstance(key, str)},
        patterns=(path, f"{path}/**", f"{path}.*") if path else None,
        prefix=inside,
        kind=kind,
    )


def _start_of(pattern: str) -> tuple[str, ...]:
    """As Jekyll does: whatever begins so, and whatever fits with `*` across folders."""
    base = pattern.strip("/")
    return (base, f"{base}/**", f"**/{base}") if "*" in base else (base, f"{base}/**")


# -- MkDocs, Quarto, Pelican, Eleventy and programs


def _mkdocs(source: Source) -> Iterator[Statement]:
    values = _values(source, ("draft_docs", "exclude_docs", "docs_dir"))
    for key in ("draft_docs", "exclude_docs"):
        lines = _text(values.get(key)).splitlines()
        yield from _excluded(source, key, lines, gitignore=True)


def _quarto(source: Source) -> Iterator[Statement]:
    website = _values(source, ("website",)).get("website")
    drafts = _texts(website.get("drafts")) if isinstance(website, Mapping) else []
    yield from _excluded(source, "drafts", drafts, prefix=source.inside)


def _folder_values(source: Source) -> Iterator[Statement]:
    """Quarto's `_metadata.yml`: values for the files of its folder."""
    kind = "json" if source.name.endswith(".json") else "yaml"
    yield Statement(source.path, frontmatter.parse(source.path, kind, source.text), source.folder)


def _eleventy_data(source: Source) -> Iterator[Statement]:
    """Eleventy's data of a folder (`posts/posts.json`) or of one template."""
    if not re.search(_PLAIN_KEYS, source.text):
        return
    if source.name.endswith(_SCRIPTS):
        found = re.findall(_PLAIN, _COMMENTS.sub("", source.text))
        values: Mapping[str, object] = {key: answer == "true" for key, answer in found}
    elif ".11tydata." in source.name or _may_be_values(source.text):
        values = frontmatter.parse(source.path, "json", source.text)
    else:
        return
    named = _DATA.match(source.name)
    stem = named[1] if named else source.name
    if stem == source.folder.rpartition("/")[2]:
        yield Statement(source.path, values, source.folder)
    else:
        yield Statement(source.path, values, stem=f"{source.folder}/{stem}".lstrip("/"))


def _may_be_values(text: str) -> bool:
    """Whether a JSON file that bears the name of a folder may be Eleventy's: an object, not big."""
    return text.lstrip().startswith("{") and len(text) <= frontmatter.MAX_HEADER_LENGTH


_COMMENTS = re.compile(r"(?<![:\w])//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_PLAIN_KEYS = r"(?i)draft|publish|permalink|exclude|hidden|private|status|visib|render|unlisted"
_PLAIN = (
    r"""["']?\b(eleventyExcludeFromCollections|permalink|draft|isDraft|published|hidden|private"""
    r"""|unlisted)["']?[ \t]*:[ \t]*(true|false)\b"""
)


def _scripted(source: Source) -> Iterator[Statement]:
    """A program: Eleventy's data, or a configuration with a plain list of what to leave out."""
    if ".11tydata." in source.name or source.folder.rpartition("/")[2] == source.name.split(".")[0]:
        yield from _eleventy_data(source)
        return
    for key in ("ignorePatterns", "srcExclude"):
        found = re.search(rf"\b{key}\s*:\s*\[([^\]]{{0,5000}})\]", source.text)
        rows = re.findall(r"""["'`]([^"'`\n]{1,300})["'`]""", found[1]) if found else []
        yield from _excluded(source, key, rows, gitignore=True)
    rows = re.findall(r"""\bignores\.add\(\s*["'`]([^"'`\n]{1,300})["'`]""", source.text)
    yield from _excluded(source, "ignores", rows, gitignore=True, prefix=source.inside)
    if source.name.startswith("docusaurus."):
        yield from _excluded(source, "exclude", ("**/_*/**",))


def _ignore_file(source: Source) -> Iterator[Statement]:
    lines = [line.removeprefix("./") for line in source.text.splitlines()]
    yield from _excluded(source, "", lines, gitignore=True, prefix=source.inside)


def _pelican(source: Source) -> Iterator[Statement]:
    """Pelican's DEFAULT_METADATA, and the folders and files it leaves out."""
    defaults = _literal(source.text, "DEFAULT_METADATA")
    if isinstance(defaults, Mapping):
        yield Statement(f"DEFAULT_METADATA in {source.path}", defaults)
    folders = _texts(_literal(source.text, "ARTICLE_EXCLUDES"))
    yield from _excluded(source, "ARTICLE_EXCLUDES", (f"{each.strip('/')}/**" for each in folders))
    names = _texts(_literal(source.text, "IGNORE_FILES"))
    yield from _excluded(source, "IGNORE_FILES", (f"**/{each}" for each in names))


_SPECIAL: Mapping[str, Callable[[Source], Iterable[Statement]]] = {
    ".eleventyignore": _ignore_file,
    "pelicanconf.py": _pelican,
}


def _literal(text: str, name: str) -> object:
    """The plain value that a Python program gives to a name; None if it computes one."""
    found = re.search(rf"^{name}\s*=\s*([\[({{][^#=]{{0,2000}}?[\])}}])[ \t]*(?:#.*)?$", text, re.M)
    if found is None:
        return None
    import ast

    try:
        return ast.literal_eval(found[1])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


# -- values


def _excluded(
    source: Source,
    key: str,
    patterns: Iterable[str],
    *,
    gitignore: bool = False,
    prefix: str = "",
) -> Iterator[Statement]:
    rows = tuple(patterns)
    if len(rows) > MAX_PATTERNS:
        raise ArticleError(
            f"there are more than {MAX_PATTERNS} patterns",
            place=Location(source.path),
            hint="write fewer patterns, of folders instead of files",
        )
    if rows:
        label = f"{key} in {source.path}" if key else source.path
        yield Statement(
            label, patterns=rows, prefix=prefix, gitignore=gitignore, force=Force.EXCLUDED
        )


def _values(source: Source, keys: tuple[str, ...]) -> dict[str, object]:
    """The values of these keys of a configuration.

    Of YAML the rest is not read where it can be avoided: it may have tags of a generator.
    """
    suffix = source.name.rpartition(".")[2]
    text = source.text.removeprefix("\ufeff").replace("\r\n", "\n")
    if suffix in ("toml", "json"):
        return frontmatter.parse(source.path, suffix, text)
    names = "|".join(map(re.escape, keys))
    blocks = re.findall(
        rf"^(?:{names})[ \t]*:.*\n(?:(?:[ \t].*|-.*|#.*|)\n)*", f"{text}\n", re.MULTILINE
    )
    try:
        return frontmatter.parse(source.path, "yaml", "".join(blocks))
    except ArticleError:
        return frontmatter.parse(source.path, "yaml", text)


def _named(values: Mapping[object, object] | Mapping[str, object], name: str) -> object:
    """A value by its name, however it is capitalised."""
    return next((v for k, v in values.items() if isinstance(k, str) and k.lower() == name), None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value if isinstance(value, list | tuple) else ()
    return [each for each in parts if isinstance(each, str)]
