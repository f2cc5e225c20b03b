"""Which files are pages of the site (About, Privacy, Search) and not articles. Pure.

In this order: what the header says (`type`, `layout`), then a place that only pages have (`pages/`
or `about.md` at the root, `_index.md`), then a date, then the folder (`pages/`), then the site
around it: where articles lie in `_posts/`, whatever lies elsewhere is a page, dated or not; an
undated file at the root is a page where the articles have folders of their own. A rule applies only
where generators agree; whatever is left is an article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from syndicate.content.article import Format
from syndicate.content.keys import Role
from syndicate.content.naming import dated_folders, dated_name, slug_of

EMPTY = "a page without text is not built"
FRONT = "syndicate makes the front page"

BESIDE_POSTS = "outside _posts/, where articles lie"
INDEX = "undated index of a folder with dated articles"
AT_ROOT = "undated at the root, while dated articles lie in folders"
BY_SURROUNDING = frozenset((BESIDE_POSTS, INDEX, AT_ROOT))
"""What follows from the files around one; once decided, it stays until the file itself changes."""

_PAGES = frozenset(("page", "pages", "static", "search", "archive", "archives", "home", "homepage"))
# Words that also stand above dated articles, such as a list of links of the week.
_UNDATED_PAGES = frozenset(
    ("about", "contact", "imprint", "privacy", "landing", "tags", "categories", "links", "friends")
)
_ARTICLE_WORDS = (
    "post posts article articles blog blogpost blogposts entry entries note notes news story"
)
_ARTICLES = frozenset(_ARTICLE_WORDS.split())
_FOLDERS = frozenset(("page", "pages", "_pages", "_tabs"))
# Where generators publish pages even with a date: Pelican's `pages/`, Jekyll's `_pages/`, and
# `about/index.md`, into which `hexo new page` and `hugo new` write one.
_PAGES_AT_ROOT = frozenset(("pages", "_pages"))
_NAMES_AT_ROOT = frozenset(
    ("about", "about-me", "archive", "archives", "categories", "contact", "friends", "impressum",
     "imprint", "links", "privacy", "privacy-policy", "search", "tags")
)  # fmt: skip
_POSTS = frozenset(("_posts", "_drafts"))
_FEW = 5
"""So many undated files at the root are pages even where there are fewer dated articles."""
_SUFFIX = re.compile(r"\.(?:html?|njk|liquid|astro|vue|jsx?|tsx?|md|hbs|ejs|pug|twig)$")


class Placed(NamedTuple):
    """What one file alone says. `reason` names the rule of a page."""

    page: bool = False
    may_be_page: bool = False
    reason: str = ""


def of(path: str, form: Format, words: Mapping[Role, str], *, dated: bool, by: str = "") -> Placed:
    """Whether a file is a page, judged alone. `words` are those of its header.

    `by` names the configuration of a generator that makes it one.
    """
    folders = path.split("/")[:-1]
    for role, key in ((Role.TYPE, "type"), (Role.LAYOUT, "layout"), (Role.TEMPLATE, "template")):
        if role is not Role.TYPE and "_posts" in folders:
            break
        word = _word(words.get(role, ""))
        if word in _ARTICLES:
            return Placed()
        # Zola renders every article with `page.html`.
        strong = word in _PAGES and not (role is Role.TEMPLATE and word.startswith("page"))
        if strong or (word in _UNDATED_PAGES and not dated):
            return Placed(page=True, reason=f"{key}: {words[role][:40]}")
    if by:
        return Placed(page=True, reason=by)
    if reason := _at_root(path, form):
        return Placed(page=True, reason=reason)
    if is_section(path):
        return Placed(page=True, reason="_index is the page of a section")
    if dated:
        return Placed(may_be_page=form is not Format.TEXT and _is_outside_collections(path))
    if folder := next((folder for folder in folders if folder.lower() in _FOLDERS), ""):
        return Placed(page=True, reason=f"folder {folder}/")
    return Placed(may_be_page=form is not Format.TEXT and _POSTS.isdisjoint(folders))


def _at_root(path: str, form: Format) -> str:
    """Why a file is a page even if its header has a date; "" if its place does not say so.

    A day in the path makes it an article all the same.
    """
    if dated_name(path)[0] or dated_folders(path):
        return ""
    first, _, rest = path.partition("/")
    if rest and first.lower() in _PAGES_AT_ROOT:
        return f"folder {first}/"
    name = (first if _is_index(rest) else "" if rest else first.partition(".")[0]).lower()
    return f"called {name}" if form is not Format.TEXT and name in _NAMES_AT_ROOT else ""


def _is_outside_collections(path: str) -> bool:
    """Whether Jekyll and Hexo take a file for a page, dated or not: no day, no folder with `_`."""
    folders = path.split("/")[:-1]
    spelled = dated_name(path)[0] or dated_folders(path)
    return not spelled and not any(folder.startswith("_") for folder in folders)


def is_section(path: str) -> bool:
    """Whether the file is Hugo's or Zola's page of a section; without text it is common."""
    return path.rpartition("/")[2].lower().startswith("_index.")


def _word(value: str) -> str:
    """`layouts/page.njk` -> `page`."""
    return _SUFFIX.sub("", value.strip().lower().rpartition("/")[2]).replace("-", "")


def location(path: str) -> str:
    """The folder an article stands in; that of a bundle (`trip/index.md`) is the one above."""
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[0] if _is_index(name) else folder


def _is_index(name: str) -> bool:
    return name.lower().partition(".")[0] in ("index", "_index")


@dataclass(frozen=True, slots=True)
class Surrounding:
    """What a site is like around a file that may be a page, counted from its other files."""

    dated_at_root: int
    dated_below: int
    undated_at_root: int
    sections: frozenset[str]
    """Folders that hold dated articles, at any depth."""
    has_posts: bool
    """Whether articles lie in `_posts/`, as Jekyll and Hexo have it."""

    def reason(self, path: str, *, dated: bool = False) -> str:
        """Why a file that may be a page is one; "" if it is an article."""
        folder, _, name = path.rpartition("/")
        if self.has_posts:
            return BESIDE_POSTS
        if dated:
            return ""
        if _is_index(name) and (folder in self.sections or (not folder and self._has_dated)):
            return INDEX
        if location(path) or self.dated_at_root or not self.dated_below:
            return ""
        return "" if self.undated_at_root > max(_FEW, self.dated_below) else AT_ROOT

    @property
    def _has_dated(self) -> bool:
        return bool(self.dated_at_root or self.dated_below)


def surrounding(dated: Iterable[str], undated: Iterable[str], paths: Iterable[str]) -> Surrounding:
    """Sum a site up: paths of dated articles, of undated ones that may be pages, and all files."""
    places = [location(path) for path in dated]
    return Surrounding(
        dated_at_root=places.count(""),
        dated_below=sum(map(bool, places)),
        undated_at_root=sum(not location(path) for path in undated),
        sections=frozenset(above for place in set(places) for above in _above(place)),
        has_posts=any("_posts/" in path and "_posts" in path.split("/") for path in paths),
    )


def _above(place: str) -> list[str]:
    parts = place.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)] if place else []


def left_out(path: str, url: str | None, *, has_text: bool) -> str:
    """Why no web page is made of a page; "" if one is."""
    if not has_text:
        return EMPTY
    return "" if url or address(path, "a") else FRONT


def address(path: str, slug: str) -> str:
    """The natural address of a page below the site: `pages/About.md` -> `about/`; "" the front.

    `slug` is that of the article, of an index the folder's.
    """
    folders, _, name = path.rpartition("/")
    parts = [part for part in folders.split("/") if part and part.lower() not in _FOLDERS]
    parts = [slug_of(part, path) for part in parts]
    if not _is_index(name):
        parts.append(slug)
    elif parts:
        parts[-1] = slug
    return "".join(f"{part}/" for part in parts)
