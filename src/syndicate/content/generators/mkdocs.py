"""What `mkdocs.yml` sets for files: not built, not in the navigation, pages -> statements. Pure.

https://www.mkdocs.org/user-guide/configuration/ (`exclude_docs`, `draft_docs`, `not_in_nav`) and,
for the folder of posts, https://squidfunk.github.io/mkdocs-material/plugins/blog/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from syndicate.content import frontmatter
from syndicate.content.generators.source import (
    Source,
    as_map,
    statement,
    text,
    values_of,
)
from syndicate.content.inherited import Force, Statement, Syntax

SITE_FILES = ("mkdocs.yml", "mkdocs.yaml")
_KEYS = ("draft_docs", "exclude_docs", "not_in_nav")
_PLUGINS = re.compile(r"^plugins[ \t]*:.*\n(?:(?:[ \t].*|-.*|#.*|)\n)*", re.MULTILINE)
_BLOGS = ("blog", "material/blog")
_TAG = re.compile(r"(?<=[\s:\[,-])!{1,2}[A-Za-z][\w/.:-]*")


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
    posts = _post_folders(source)
    force = Force.PAGE if posts else Force.UNDATED_PAGE
    label = f"outside the posts of the blog in {source.path}" if posts else source.path
    rows = ("**", *(f"!{each}/**" for each in posts))
    yield from statement(label, rows, syntax=Syntax.ORDERED, force=force)


def _post_folders(source: Source) -> list[str]:
    """The folders of posts of all blogs; empty if the site has none."""
    block = _PLUGINS.search(f"{source.text.removeprefix(chr(0xFEFF))}\n".replace("\r\n", "\n"))
    if block is None:
        return []
    plugins = frontmatter.parse(source.path, "yaml", _TAG.sub("", block[0])).get("plugins")
    entries = [plugins] if isinstance(plugins, Mapping) else plugins
    found: list[str] = []
    for entry in entries if isinstance(entries, list) else ():
        options = {entry: {}} if isinstance(entry, str) else as_map(entry)
        found += [_posts(as_map(own)) for name, own in options.items() if name in _BLOGS]
    return found


def _posts(options: Mapping[object, object]) -> str:
    blog = text(options.get("blog_dir")) or "blog"
    posts = (text(options.get("post_dir")) or "{blog}/posts").replace("{blog}", blog)
    return posts.removeprefix("./").strip("/")
