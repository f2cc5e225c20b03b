"""What `mkdocs.yml` sets for files: not built, not in the navigation, pages -> statements. Pure.

https://www.mkdocs.org/user-guide/configuration/ (`exclude_docs`, `draft_docs`, `not_in_nav`) and,
for the folder of posts, https://squidfunk.github.io/mkdocs-material/plugins/blog/. The plugin
mkdocs-exclude is read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from syndicate.content.generators.source import (
    Source,
    as_map,
    checked_expressions,
    statement,
    text,
    texts,
    values_of,
)
from syndicate.content.header_parsers import parse
from syndicate.content.inherited import Force, Statement, Syntax

SITE_FILES = ("mkdocs.yml", "mkdocs.yaml")
_KEYS = ("draft_docs", "exclude_docs", "not_in_nav")
_PLUGINS = re.compile(r"^plugins[ \t]*:.*\n(?:(?:[ \t].*|-.*|#.*|)\n)*", re.MULTILINE)
_GLOB_PART = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)
_BLOGS = ("blog", "material/blog")
_TAG = re.compile(r"(?<=[\s:\[,-])!{1,2}[A-Za-z][\w/.:-]*(?=[\s,}]|$)")


def site(source: Source) -> Iterator[Statement]:
    """The statements of the configuration of a site."""
    values = values_of(source, _KEYS)
    for key in ("draft_docs", "exclude_docs"):
        lines = text(values.get(key)).splitlines()
        if key == "exclude_docs":
            lines.insert(0, "/templates/")  # as MkDocs does
        yield from statement(f"{key} in {source.path}", lines, syntax=Syntax.GITIGNORE)
    lines = text(values.get("not_in_nav")).splitlines()
    yield from statement(
        f"not_in_nav in {source.path}",
        lines,
        syntax=Syntax.GITIGNORE,
        force=Force.OUT_OF_NAVIGATION,
    )
    plugins = _plugins(source)
    for name, options in plugins:
        if name == "exclude":
            yield from _excluded(source, options)
    posts = [_posts(options) for name, options in plugins if name in _BLOGS]
    force = Force.PAGE if posts else Force.UNDATED_PAGE
    label = f"outside the posts of the blog in {source.path}" if posts else source.path
    rows = ("**", *(f"!{each}/**" for each in posts))
    yield from statement(label, rows, syntax=Syntax.ORDERED, force=force)


def _plugins(source: Source) -> list[tuple[str, Mapping[object, object]]]:
    """The plugins by name, each with its options."""
    block = _PLUGINS.search(f"{source.text.removeprefix(chr(0xFEFF))}\n".replace("\r\n", "\n"))
    if block is None:
        return []
    plugins = parse(source.path, "yaml", _TAG.sub("", block[0])).get("plugins")
    entries = [plugins] if isinstance(plugins, Mapping) else plugins
    plugins_by_name: list[tuple[str, Mapping[object, object]]] = []
    for entry in entries if isinstance(entries, list) else ():
        options = {entry: {}} if isinstance(entry, str) else as_map(entry)
        plugins_by_name += [(text(name), as_map(each)) for name, each in options.items()]
    return plugins_by_name


def _excluded(source: Source, options: Mapping[object, object]) -> Iterator[Statement]:
    """The exclusions of the plugin `exclude`: `glob`, in which * matches / too, and `regex`."""
    label = f"plugins.exclude in {source.path}"
    rows = [_expression(each) for each in texts(options.get("glob"))]
    rows += [f"^/(?:{each.removeprefix('^')})" for each in texts(options.get("regex"))]
    yield from statement(label, checked_expressions(label, rows), syntax=Syntax.REGEX)


def _expression(glob: str) -> str:
    """A glob of Python's fnmatch as a regular expression for a path that begins with /."""
    parts = _GLOB_PART.findall(glob)
    return f"^/{''.join(map(_expression_of_part, parts))}$"


def _expression_of_part(part: str) -> str:
    if len(part) > 1:
        return f"[^{part[2:]}" if part[1] == "!" else part
    return {"*": ".*", "?": "."}.get(part) or re.sub(r"[^\w\s]", r"\\\g<0>", part)


def _posts(options: Mapping[object, object]) -> str:
    blog = text(options.get("blog_dir")) or "blog"
    posts = (text(options.get("post_dir")) or "{blog}/posts").replace("{blog}", blog)
    return posts.removeprefix("./").strip("/")
