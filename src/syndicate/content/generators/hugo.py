"""What files of Hugo and Zola hold back -> statements. Pure.

Sources: https://gohugo.io/configuration/all/ (`ignoreFiles`, `disableLanguages`, `disableKinds`),
/configuration/module/ (mounts), /configuration/cascade/, /configuration/introduction/ (`config/`),
/content-management/page-bundles/, and
https://www.getzola.org/documentation/getting-started/configuration/ (`ignored_content`).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from syndicate.content import frontmatter
from syndicate.content.generators.source import (
    Source,
    as_map,
    checked_expressions,
    maps,
    named,
    statement,
    text,
    texts,
    values_of,
)
from syndicate.content.header_parsers import parse
from syndicate.content.inherited import Force, Statement, Syntax
from syndicate.content.keys import Role, role_of
from syndicate.content.visibility import yes_or_no
from syndicate.errors import ArticleError

_ROOT_KEYS = (
    *("cascade", "ignored_content", "ignorefiles", "module", "languages", "disablelanguages"),
    *("disablekinds", "contentdir", "baseurl", "defaultcontentlanguage"),
)
_PARTS = ("cascade", "module", "languages")
_SUFFIXES = ("toml", "yaml", "yml", "json")
_ENVIRONMENTS = ("_default", "production")

SITE_FILES = (
    *(f"{name}.{suffix}" for name in ("hugo", "config") for suffix in _SUFFIXES),
    "zola.toml",
    *(
        f"config/{environment}/{name}.{suffix}"
        for environment in _ENVIRONMENTS
        for name in ("hugo", "config", *_PARTS)
        for suffix in _SUFFIXES
    ),
)
"""Configuration files of a site; of one setting the last that states it counts."""


# -- files of folders


def section(source: Source) -> Iterator[Statement]:
    """A page of a section: what it cascades, and whether the whole section is a draft.

    Hugo and Zola leave out every page of a section that is a draft or has expired. A translated
    `_index.fr.md` speaks for translations to its language.
    """
    if not re.search(r"cascade|draft|expir|unpublish", source.text[:70_000], re.IGNORECASE):
        return
    values = frontmatter.split(source.path, source.text.lstrip("\ufeff")).values
    language = source.name.split(".")[1] if source.name.count(".") > 1 else ""
    own = {
        key: value
        for key, value in values.items()
        if (key_role := role_of(key)) and key_role[0] in (Role.DRAFT, Role.EXPIRY)
    }
    if own:
        yield Statement(source.path, own, source.folder, force=Force.ALWAYS, language=language)
    label = f"cascade in {source.path}"
    yield from _cascades(label, named(values, "cascade"), source.folder, language)


def bundle(source: Source, *, leaf: bool) -> Iterator[Statement]:
    """An `index` file. In a headless bundle nothing is published; in a `leaf` bundle only itself.

    https://gohugo.io/content-management/page-bundles/: other texts of a leaf bundle are resources.
    """
    if leaf:
        rows = (f"{source.folder}/**", f"!{source.folder}/index.*")
        label = f"a resource of the leaf bundle {source.path}"
        yield from statement(label, rows, syntax=Syntax.ORDERED, folder=source.folder)
    if "headless" in source.text[:70_000].lower():
        values = frontmatter.split(source.path, source.text.lstrip("\ufeff")).values
        if yes_or_no(named(values, "headless")):
            yield Statement(source.path, {"headless": True}, source.folder, force=Force.ALWAYS)


def _cascades(label: str, value: object, folder: str, language: str = "") -> Iterator[Statement]:
    """`cascade`: a map of values, or a list of them, each with the target it is for."""
    for part in maps(value):
        targets = maps(named(part, "target") or named(part, "_target") or {})
        values = {key: each for key, each in part.items() if isinstance(key, str)}
        for target in targets:
            if not _is_for_pages(target):
                continue
            path = text(named(target, "path")).lower()
            yield Statement(
                label,
                values,
                folder,
                patterns=(path,) if path else None,
                syntax=Syntax.LOGICAL,
                language=language or _language(target),
            )


def _is_for_pages(target: Mapping[object, object]) -> bool:
    """Whether a target can mean pages in production. See /configuration/cascade/."""
    environment = text(named(target, "environment"))
    kind = text(named(target, "kind"))
    production = "production" in environment or "*" in environment or not environment
    return production and (not kind or "page" in kind or "*" in kind)


def _language(target: Mapping[object, object]) -> str:
    language = text(named(target, "lang")).strip("{}").lower()
    return "" if "*" in language or "," in language else language


# -- configurations


class _Settings:
    """The settings of a site from all its files: each with the file that states it."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[object, str]] = {}

    def add(self, source: Source) -> None:
        for key, value in _settings(source).items():
            before = self._found.get(key, (None, ""))[0]
            if isinstance(before, Mapping) and isinstance(value, Mapping):
                value = _merged(before, value)
            self._found[key] = (value, source.path)

    def __contains__(self, key: str) -> bool:
        return key in self._found

    def get(self, key: str) -> object:
        return self._found.get(key, (None, ""))[0]

    def label(self, key: str) -> str:
        return f"{key} in {self._found[key][1]}" if key in self._found else key


def _merged(
    first: Mapping[object, object], second: Mapping[object, object]
) -> dict[object, object]:
    """Two maps as Hugo merges them: maps within them key by key, anything else is replaced."""
    both = dict(first)
    for key, value in second.items():
        before = both.get(key)
        nested = isinstance(before, Mapping) and isinstance(value, Mapping)
        both[key] = {**as_map(before), **as_map(value)} if nested else value
    return both


def _settings(source: Source) -> dict[str, object]:
    """The settings in one file; a file named for a setting holds its value."""
    part = source.name.partition(".")[0]
    if "config/" not in source.path or part not in _PARTS:
        return values_of(source, _ROOT_KEYS)
    kind = source.name.rpartition(".")[2].replace("yml", "yaml")
    body = source.text.removeprefix("\ufeff").replace("\r\n", "\n").removeprefix("---\n")
    if kind == "yaml":
        body = f"{part}:\n{textwrap.indent(body, '  ')}"
    elif kind == "json":
        body = f'{{"{part}": {body}}}'
    values = parse(source.path, kind, body)
    inner = values.get(part, values) if kind == "toml" else values.get(part)
    return {part: named(as_map(inner), part) or inner}


def site(sources: Sequence[Source]) -> Iterator[Statement]:
    """The statements of a configuration. One for a file that cannot be read has its error.

    `sources` are in the order of SITE_FILES.
    """
    settings = _Settings()
    for source in sources:
        try:
            settings.add(source)
        except ArticleError as error:
            yield Statement(source.path, error=error)
    try:
        yield from _site(settings)
    except ArticleError as error:
        label = error.place.path if error.place else "the configuration"
        yield Statement(label, error=error)


def is_hugo_or_zola(sources: Sequence[Source]) -> bool:
    """Whether the files show that one of the two is used: both have leaf bundles."""
    return any(
        source.name.startswith(("hugo.", "zola."))
        or "config/" in source.path
        or re.search(r"(?im)^[\"']?base_?url[\"']?[ \t]*[=:]", source.text)
        for source in sources
    )


def _site(settings: _Settings) -> Iterator[Statement]:
    content = text(settings.get("contentdir")).strip("./") or "content"
    yield from _cascades(settings.label("cascade"), settings.get("cascade"), "")
    ignored = texts(settings.get("ignored_content"))
    label = settings.label("ignored_content")
    yield from statement(label, ignored, syntax=Syntax.GITIGNORE)
    yield from _ignored_files(settings, content)
    disabled = _disabled_languages(settings)
    yield from _languages(settings, content, disabled)
    yield from _mounts(settings, content, disabled)
    if "page" in map(str.lower, texts(settings.get("disablekinds"))):
        yield from statement(settings.label("disablekinds"), ("**",))


def _ignored_files(settings: _Settings, content: str) -> Iterator[Statement]:
    """`ignoreFiles`: regular expressions that are looked for in the path of a file."""
    label = settings.label("ignorefiles").replace("ignorefiles", "ignoreFiles")
    rows = checked_expressions(label, texts(settings.get("ignorefiles")))
    yield from statement(label, rows, syntax=Syntax.REGEX, prefix=f"{content}/")


def _disabled_languages(settings: _Settings) -> dict[str, str]:
    """Languages that are not built, in lower case, each with the setting that disables it."""
    named_so = {
        each.lower(): settings.label("disablelanguages").replace("disablel", "disableL")
        for each in texts(settings.get("disablelanguages"))
    }
    off = {
        str(name).lower(): settings.label("languages")
        for name, options in as_map(settings.get("languages")).items()
        if yes_or_no(named(as_map(options), "disabled"))
    }
    return off | named_so


def _languages(
    settings: _Settings, content: str, disabled: Mapping[str, str]
) -> Iterator[Statement]:
    """Files of languages that are not built: `post.fr.md`, and the content folder of a language."""
    languages = as_map(settings.get("languages"))
    for language, label in disabled.items():
        options = as_map(named(languages, language))
        folder = text(named(options, "contentdir")).strip("./")
        rows = (f"{folder}/**",) if folder and folder != content else ()
        yield from statement(label, rows, prefix=f"{content}/")
        yield Statement(label, language=language, force=Force.EXCLUDED)


def _mounts(settings: _Settings, content: str, disabled: Mapping[str, str]) -> Iterator[Statement]:
    """Mounts of content: with one or more, only what they name and do not exclude is built."""
    mounts = [
        mount
        for mount in maps(named(as_map(settings.get("module")), "mounts") or [])
        if text(named(mount, "target")).strip("/").partition("/")[0] == "content"
    ]
    rows = [row for mount in mounts if not _is_disabled(mount, disabled) for row in _mount(mount)]
    if mounts:
        label = settings.label("module").replace("module", "module.mounts", 1)
        yield from statement(label, ("**", *rows), syntax=Syntax.ORDERED, prefix=f"{content}/")


def _is_disabled(mount: Mapping[object, object], disabled: Mapping[str, str]) -> bool:
    return text(named(mount, "lang")).lower() in disabled


def _mount(mount: Mapping[object, object]) -> Iterator[str]:
    """The patterns of one mount, in which `!` names what is built."""
    source = text(named(mount, "source")).removeprefix("./").strip("/")
    if source.startswith("..") or not source:
        return
    files = [each.strip() for each in texts(named(mount, "files"))]
    included = [*texts(named(mount, "includefiles")), *(f for f in files if not f.startswith("!"))]
    excluded = [
        *texts(named(mount, "excludefiles")),
        *(f.removeprefix("!").strip() for f in files if f.startswith("!")),
    ]
    yield from (f"!{source}/{each.strip('/')}" for each in included or ("**",))
    yield from (f"{source}/{each.strip('/')}" for each in excluded)
