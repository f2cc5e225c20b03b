"""What `_config.yml` of Jekyll or Hexo holds back -> statements. Pure.

Jekyll's rules: https://jekyllrb.com/docs/configuration/options/, /docs/collections/ and, for names
that begin with `_`, its EntryFilter; a file of `_posts/` without a day in its name is no post.
Hexo's: https://hexo.io/docs/configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syndicate.content.generators.source import (
    Source,
    as_map,
    maps,
    named,
    statement,
    text,
    texts,
    values_of,
)
from syndicate.content.inherited import UNDATED_POSTS, Force, Statement, Syntax
from syndicate.content.visibility import yes_or_no

_OF_HEXO = (
    *("source_dir", "public_dir", "skip_render", "new_post_name", "default_layout"),
    *("render_drafts", "post_asset_folder", "filename_case", "code_dir", "i18n_dir"),
)
_KEYS = (*_OF_HEXO, "defaults", "exclude", "ignore", "include", "collections", "source")
_PAGE_FOLDERS = ("!_posts/", "!_drafts/")
_JEKYLL_EXCLUDES = ("vendor/bundle", "vendor/cache", "vendor/gems", "vendor/ruby", "node_modules")


def site(source: Source) -> Iterator[Statement]:
    """The statements of the configuration of a site."""
    values = values_of(source, _KEYS)
    hexo = not values.keys().isdisjoint(_OF_HEXO)
    root = text(values.get("source_dir" if hexo else "source")) or ("source" if hexo else "")
    inside = "" if hexo or source.inside.strip("/") == root.strip("./") else source.inside
    yield from _left_out(source, values, inside, hexo=hexo)
    yield from _underscored(source, values, hexo=hexo)
    if not hexo:
        label = f"a post without a day in its name, by {source.path}"
        yield Statement(label, kind=UNDATED_POSTS, force=Force.EXCLUDED)
        yield from _defaults(source, values.get("defaults"), inside)


def _left_out(
    source: Source, values: Mapping[str, object], inside: str, *, hexo: bool
) -> Iterator[Statement]:
    """`exclude` of both; Hexo copies what fits `skip_render` as it is.

    The folder may be a copy of the whole source, so patterns count with and without `inside`.
    """
    for key in ("exclude", "ignore", *(("skip_render",) if hexo else ())):
        label = f"{key} in {source.path}"
        patterns = [each for one in texts(values.get(key)) for each in _start_of(one, hexo=hexo)]
        yield from statement(label, patterns, prefix=inside)
        if inside:
            yield from statement(label, patterns)
        if hexo and not source.inside:
            folder = text(values.get("source_dir")).strip("./") or "source"
            yield from statement(label, [f"{folder}/{each}" for each in patterns])
    posts = named(as_map(values.get("collections")), "posts")
    if not hexo and yes_or_no(as_map(posts).get("output")) is False:
        label = f"collections in {source.path}"
        yield from statement(label, ("_posts/",), syntax=Syntax.GITIGNORE)
    if not hexo and "exclude" not in values:
        rows = [f"/{each}/" for each in _JEKYLL_EXCLUDES]
        yield from statement(f"excluded, as in {source.path}", rows, syntax=Syntax.GITIGNORE)


def _start_of(pattern: str, *, hexo: bool) -> tuple[str, ...]:
    """A pattern as Jekyll reads it: whatever begins so, and whatever fits with `*` across folders.

    Hexo's patterns are globs, and fit as they are.
    """
    base = pattern.strip().removeprefix("./").strip("/")
    if not base or base.startswith("!"):
        return ()
    if hexo:
        return (base, f"{base}/**") if "*" not in base else (base,)
    if "*" not in base:
        return (base, f"{base}/**", *(() if pattern.endswith("/") else (f"{base}*", f"{base}*/**")))
    return (base, f"{base}/**", f"**/{base}")


def _underscored(
    source: Source, values: Mapping[str, object], *, hexo: bool
) -> Iterator[Statement]:
    """Names that begin with `_` are left out, except posts, drafts, and what is included."""
    output = [] if hexo else _output(values.get("collections"))
    included = [each.strip().strip("/") for each in texts(values.get("include"))]
    shown = [each for each in (*included, *output) if each]
    yield from statement(
        f"included by {source.path}",
        shown,
        syntax=Syntax.GITIGNORE,
        force=Force.INCLUDED,
    )
    lines = [
        *("_*/", *_PAGE_FOLDERS, *(f"!{each}/" for each in shown)),
        # Within a folder that is shown, such names are left out again.
        *(line for each in ("_posts", *output) for line in (f"**/{each}/_*", f"**/{each}/**/_*")),
        *(f"!{each}" for each in included if "*" not in each),
    ]
    label = f"name with _, not included in {source.path}"
    yield from statement(label, lines, syntax=Syntax.GITIGNORE)


def _output(collections: object) -> list[str]:
    """The folders of Jekyll's collections that have pages."""
    return [
        f"_{name}"
        for name, options in as_map(collections).items()
        if name != "posts" and yes_or_no(as_map(options).get("output"))
    ]


def _defaults(source: Source, defaults: object, inside: str) -> Iterator[Statement]:
    """Jekyll's `defaults`, the most specific path first."""
    parts = [part for part in maps(defaults) if isinstance(part.get("values"), Mapping)]
    scopes = [_scope(source, part, inside) for part in parts]
    yield from (each for _, each in sorted(scopes, key=lambda pair: pair[0], reverse=True))


def _scope(
    source: Source, part: Mapping[object, object], inside: str
) -> tuple[tuple[int, bool], Statement]:
    """Values for the files below a path, of a type; and how specific that is."""
    scope = as_map(part.get("scope"))
    path, kind = text(scope.get("path")).strip("/"), text(scope.get("type"))
    values = as_map(part["values"])
    return (len(path), bool(kind)), Statement(
        f"defaults in {source.path}",
        {key: each for key, each in values.items() if isinstance(key, str)},
        patterns=(path, f"{path}/**", f"{path}.*") if path else None,
        prefix=inside,
        kind=kind,
    )
