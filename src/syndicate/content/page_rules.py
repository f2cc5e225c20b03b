"""Which files are pages of the site (About, Privacy, Search) and not articles. Pure.

In this order: the header (`type`, `layout`), then a place that only pages have (`pages/` or
`about.md` at the root, `_index.md`), then a date, then the folder (`pages/`), then the site around
it: if articles are in `_posts/`, all other files are pages, dated or not; an undated file at the
root is a page if the articles have their own folders. A rule applies only where generators agree;
other files are articles.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from syndicate.content.article import Format
from syndicate.content.keys import Role
from syndicate.content.naming import dated_folders, dated_name, is_article, slug_of

EMPTY = "a page without text is not built"
FRONT = "syndicate makes the front page"

BESIDE_POSTS = "outside _posts/, where articles lie"
INDEX = "undated index of a folder with dated articles"
AT_ROOT = "undated at the root, while dated articles lie in folders"
OUTSIDE = "undated, in a folder without dated articles, which lie in others"
CALLED = "has the name of a page, beside dated articles"
UNDATED_POST = "no day in its name, which most files in _posts/ have"
BY_SURROUNDING = frozenset((BESIDE_POSTS, INDEX, AT_ROOT, OUTSIDE, CALLED))
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
_NAME_WORDS = (
    "about about-me about-us about-this-site archive archives categories colophon contact "
    "contact-me contact-us friends blogroll guestbook imprint impressum legal legal-notice "
    "links now privacy privacy-policy cookie-policy disclaimer terms terms-of-service terms- "
    "of-use search sitemap tags uses datenschutz datenschutzerklaerung datenschutzerklärung "
    "kontakt ueber ueber-mich ueber-uns über über-mich über-uns suche archiv schlagwörter "
    "schlagwoerter a-propos à-propos mentions-legales mentions-légales confidentialite "
    "confidentialité recherche sobre sobre-mi sobre-mí acerca acerca-de contacto privacidad "
    "aviso-legal contatti chi-siamo chi-sono sobre-mim contato contacten over-mij o-mnie "
    "kontaktai om-mig om-oss obo-mne 关于 關於 友链 归档 标签"
)
_NAMES = frozenset(_NAME_WORDS.split())
"""Names that pages have at the root of a site, also with a date."""
_UNDATED_WORDS = (
    "bio blogroll bookshelf contribute cv donate donations faq feeds gallery hire-me home "
    "newsletter portfolio press projects project-list projekte proyectos projets publications "
    "reading-list resume speaking sponsor sponsors start-here subscribe support talks team "
    "work-with-me"
)
_UNDATED_NAMES = frozenset(_UNDATED_WORDS.split())
"""Names that pages have at the root, which an article may have as well: without a date, or where
articles are in folders."""
_TEXT_NAMES = frozenset(
    ("about", "about-me", "colophon", "contact", "datenschutz", "impressum", "imprint", "kontakt",
     "legal-notice", "privacy", "privacy-policy")
)  # fmt: skip
"""Names by which even plain text without a date is a page."""
_CONTAINERS = frozenset(("content", "source", "src", "site", "i18n", "locales"))
_LANGUAGE_WORDS = (  # of ISO 639-1
    "aa ab af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv "
    "cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho "
    "hr ht hu hy hz ia id ie ig ii ik in io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks "
    "ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl "
    "nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl "
    "sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve "
    "vi vo wa wo xh yi yo za zh zu"
)
_LANGUAGE_CODES = frozenset(_LANGUAGE_WORDS.split())
_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_](?:[a-z]{2}|[a-z]{4}|\d{3})){0,2}", re.IGNORECASE)
_IN_LANGUAGE = re.compile(r"[-_]([a-z]{2})(?:[-_][a-z]{2})?$")
_FEW = 5
"""So many undated files at the root are pages even where there are fewer dated articles."""
_SUFFIX = re.compile(r"\.(?:html?|njk|liquid|astro|vue|jsx?|tsx?|md|hbs|ejs|pug|twig)$")


class Placed(NamedTuple):
    """What follows from one file alone. `reason` names the rule that makes it a page."""

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
    if reason := _at_root(path, form, dated=dated):
        return Placed(page=True, reason=reason)
    if is_section(path):
        return Placed(page=True, reason="_index is the page of a section")
    if dated:
        return Placed(may_be_page=form is not Format.TEXT and _is_outside_collections(path))
    if folder := next((folder for folder in folders if folder.lower() in _FOLDERS), ""):
        return Placed(page=True, reason=f"folder {folder}/")
    return Placed(may_be_page=form is not Format.TEXT and "_drafts" not in folders)


def _at_root(path: str, form: Format, *, dated: bool) -> str:
    """Why a file is a page by its place, often even with a date in its header; "" if it is not.

    The root is that of the site or of one of its languages. A day in the path makes it an article
    all the same.
    """
    if dated_name(path)[0] or dated_folders(path):
        return ""
    inner = _inside(path)
    first, _, rest = inner.partition("/")
    if rest and first.lower() in _PAGES_AT_ROOT:
        return f"folder {first}/"
    if name := _page_name(inner, form, dated=dated):
        root = path[: len(path) - len(inner)]
        return f"called {name}, at the root of {root}" if root else f"called {name}"
    return ""


def _inside(path: str) -> str:
    """The path seen from the root of its language: `content/pt-br/about.md` -> `about.md`."""
    while "/" in path:
        first, _, rest = path.partition("/")
        if first.lower() not in _CONTAINERS and not _is_language(first):
            break
        path = rest
    return path


def _is_language(folder: str) -> bool:
    match = _LANGUAGE.fullmatch(folder)
    return bool(match and match[1].lower() in _LANGUAGE_CODES)


def _page_name(inner: str, form: Format, *, dated: bool) -> str:
    """The name by which a file at a root is a page; "" if it has none such, or lies deeper.

    `about.md`, `about/index.md`, `about.de.md` and `about_de.md` have the name `about`.
    """
    name = _name_at_root(inner)
    if form is Format.TEXT:
        return name if name in _TEXT_NAMES and not dated else ""
    return name if name in _NAMES or (name in _UNDATED_NAMES and not dated) else ""


def _name_at_root(inner: str) -> str:
    first, _, rest = inner.partition("/")
    name = first if _is_index(rest) else "" if rest else first.partition(".")[0]
    name = unicodedata.normalize("NFC", name).lower().strip().replace(" ", "-").replace("_", "-")
    match = _IN_LANGUAGE.search(name)
    if name not in _NAMES and match and match[1] in _LANGUAGE_CODES:
        return name[: match.start()]
    return name


def _is_outside_collections(path: str) -> bool:
    """Whether Jekyll and Hexo treat a file as a page: no day in its name, no folder with `_`."""
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
    """The folder of an article; of a bundle (`trip/index.md`) the one above."""
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[0] if _is_index(name) else folder


def _is_index(name: str) -> bool:
    return name.lower().partition(".")[0] in ("index", "_index")


@dataclass(frozen=True, slots=True)
class Surrounding:
    """What a site is like around a file that may be a page, counted from its other files.

    The root is that of the site, or of one of its languages.
    """

    dated_at_root: int
    dated_below: int
    undated_outside: int
    """How many undated files outside `sections` may be pages, at the root or not."""
    sections: frozenset[str]
    """Folders with dated articles, at any depth."""
    has_posts: bool
    """Whether articles are in `_posts/`, as in Jekyll and Hexo."""
    in_post_folders: bool
    """Whether all dated articles are in folders with names such as `posts` or `blog`."""
    posts_have_days: bool
    """Whether most files in `_posts/` have a day in their names, as Jekyll requires."""

    def withholds(self, path: str, *, dated: bool) -> str:
        """Why a file in `_posts/` is not a post, and not published; "" if it may be one."""
        return UNDATED_POST if self.posts_have_days and not dated and _is_post(path) else ""

    def reason(self, path: str, *, dated: bool = False) -> str:
        """Why a file that may be a page is one; "" if it is an article."""
        folder, _, name = path.rpartition("/")
        if self.has_posts:
            return "" if _is_post(path) else BESIDE_POSTS
        if dated:
            named = _name_at_root(_inside(path)) in _UNDATED_NAMES
            return CALLED if named and self._articles_lie_in_folders else ""
        if _is_index(name) and (
            folder in self.sections or (not _inside(path).count("/") and self._has_dated)
        ):
            return INDEX
        if location(path) in self.sections and _name_at_root(name) in _NAMES:
            return CALLED
        return self._outside(path) if self._articles_lie_in_folders else ""

    def _outside(self, path: str) -> str:
        """Why an undated file is a page, where all dated articles are in folders."""
        enough = self.undated_outside <= max(_FEW, self.dated_below) or self.in_post_folders
        if not enough:
            return ""
        if _is_at_root(path):
            return AT_ROOT
        return "" if _is_within(path, self.sections) else OUTSIDE

    @property
    def _articles_lie_in_folders(self) -> bool:
        return self.dated_below > 0 and not self.dated_at_root

    @property
    def _has_dated(self) -> bool:
        return bool(self.dated_at_root or self.dated_below)


def _is_at_root(path: str) -> bool:
    return not location(_inside(path))


def _is_within(path: str, sections: Container[str]) -> bool:
    """Whether a folder above the file, below the root, has dated articles."""
    root = len(path) - len(_inside(path))
    return any(above in sections for above in _above(location(path)) if len(above) > root)


def surrounding(dated: Iterable[str], undated: Iterable[str], paths: Iterable[str]) -> Surrounding:
    """Summarise a site: its dated articles, undated ones that may be pages, and all paths."""
    named = _NAMES | _UNDATED_NAMES
    posts = [path for path in paths if _is_post(path) and is_article(path)]
    articles = [path for path in dated if _name_at_root(_inside(path)) not in named]
    at_root = sum(map(_is_at_root, articles))
    sections = frozenset(above for path in articles for above in _above(location(path)))
    return Surrounding(
        dated_at_root=at_root,
        dated_below=len(articles) - at_root,
        undated_outside=sum(
            _is_at_root(path) or not _is_within(path, sections) for path in undated
        ),
        sections=sections,
        has_posts=bool(posts),
        posts_have_days=2 * sum(bool(dated_name(path)[0]) for path in posts) > len(posts),
        in_post_folders=all(_is_in_post_folder(path) for path in articles),
    )


def _is_post(path: str) -> bool:
    return "_posts/" in path and "_posts" in path.split("/")


def _is_in_post_folder(path: str) -> bool:
    """Whether the topmost folder of an article, below the root, has a name for articles."""
    folders = _inside(path).lower().split("/")[:-1]
    return bool(folders) and folders[0].lstrip("_") in _ARTICLES


def _above(place: str) -> list[str]:
    parts = place.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)] if place else []


def left_out(path: str, url: str | None, *, has_text: bool) -> str:
    """Why no web page is made of a page; "" if one is."""
    if not has_text:
        return EMPTY
    return "" if url or default_path(path, "a") else FRONT


def default_path(path: str, slug: str) -> str:
    """The default URL path of a page below the site: `pages/About.md` -> `about/`; "" the front.

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
