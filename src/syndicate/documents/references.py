"""Resolve what an article refers to: other articles and files in the content folder. Never writes.

Each reference is recorded with a fingerprint of its target, so that a later build knows whether a
rendering is stale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import quote, urljoin

from syndicate.content.addresses import LocalFile
from syndicate.content.folder import Stat, opened
from syndicate.content.reader import is_article
from syndicate.errors import ArticleError

AddressAt = Callable[[str], str | None]
"""Path of an article in the content folder -> its absolute address, None without such."""

MISSING = ""
OUTSIDE = re.compile(r"\.{0,2}\Z|\.\./|[^\0]*\0")
"""What is no path below the content folder."""
_SUFFIXES = (".md", ".markdown", ".html", ".txt")


class ReferenceResolver:
    """The folder as one article sees it; `uses` collects target -> fingerprint."""

    def __init__(
        self,
        path: str,
        url: str,
        *,
        root: Path,
        files: Mapping[str, Stat],
        links: Sequence[Path] = (),
        base: str,
        address_at: AddressAt,
    ) -> None:
        self._path = path
        self._folder = PurePosixPath(path).parent.as_posix()
        self._url = url
        self._root = root
        self._files = files
        self._links = links
        self.base = base
        self._address_at = address_at
        self.uses: dict[str, str] = {}

    def article_url(self, target: str) -> str | None:
        """The address of another article, named by path (with or without suffix) or folder."""
        for path in self._article_paths(target):
            if path in self._files and is_article(path):
                address = self._address_at(path)
                self.uses[path] = address or MISSING
                if address:
                    return address
        for place in self._places(target.rstrip("/")):
            if not PurePosixPath(place).suffix:
                self.uses.setdefault(f"{place}.md", MISSING)
                self.uses.setdefault(f"{place}/index.md", MISSING)
        return None

    def article_anywhere(self, target: str) -> str | None:
        """As `article_url`; a name without a folder may also be that of one article elsewhere.

        Hugo and Jekyll refer like this. A name that several articles have means none of them.
        """
        url = self.article_url(target)
        if url is not None or "/" in target.strip("/"):
            return url
        for place in self._places(target):
            self.uses.setdefault(place, MISSING)
        named = self._named(target.strip("/"))
        for path in named:
            self.uses[path] = self._address_at(path) or MISSING
        return (self.uses[named[0]] or None) if len(named) == 1 else None

    def _named(self, name: str) -> list[str]:
        """The articles of a name, and the bundles, in whichever folder."""
        stem = name.removesuffix(PurePosixPath(name).suffix) if is_article(name) else name
        if not stem:
            return []
        ends = tuple(f"/{stem}{end}{s}" for s in _SUFFIXES for end in ("", "/index"))
        return [path for path in self._files if f"/{path}".endswith(ends) and is_article(path)]

    def file(self, target: str) -> LocalFile | None:
        """A file in the content folder, named relative to the article or to the folder."""
        for path in self._places(target):
            if path in self._files and not is_article(path):
                self.uses[path] = file_fingerprint(self._files[path])
                return self._local(path)
        for path in self._places(target):
            self.uses[path] = MISSING
        return None

    def _places(self, target: str) -> list[str]:
        """Where in the content folder `target` may lie; nothing outside of it."""
        below = target.lstrip("/")
        places = [normpath(f"{self._folder}/{below}"), normpath(below)]
        if target.startswith("/"):
            places.reverse()
        inside = (p.removeprefix("./") for p in places)
        return list(dict.fromkeys(p for p in inside if not OUTSIDE.match(p)))

    def _article_paths(self, target: str) -> list[str]:
        places = self._places(target.rstrip("/"))
        return [
            path
            for place in places
            for path in (
                place,
                *(place + suffix for suffix in _SUFFIXES),
                *(f"{place}/index{suffix}" for suffix in _SUFFIXES),
            )
        ]

    def _local(self, path: str) -> LocalFile:
        import mimetypes

        width, height = size_of(self._root, path, self._links)
        return LocalFile(
            url=file_url(path, self._path, self._url, self.base),
            width=width,
            height=height,
            type=mimetypes.guess_type(path)[0],
            length=self._files[path][0],
        )


def file_fingerprint(stat: Stat) -> str:
    """How a file was: another fingerprint means it changed."""
    return f"{stat[0]}:{stat[1]}"


def file_url(path: str, article: str, url: str, base: str) -> str:
    """Where a file of the content folder is served, for the article at `article` and `url`.

    The files of a bundle (`name/index.md`) lie beside its page; every other keeps its path.
    """
    index = PurePosixPath(article)
    bundle = f"{index.parent.as_posix()}/"
    if index.stem == "index" and path.startswith(bundle) and url.endswith("/"):
        return urljoin(url, quote(path.removeprefix(bundle)))
    return urljoin(base, quote(path))


def size_of(root: Path, path: str, links: Sequence[Path] = ()) -> tuple[int | None, int | None]:
    """Width and height in pixels as a file in the content folder states, None without."""
    import imagesize

    try:
        with opened(root, path, links) as file:
            width, height = imagesize.get(BufferedReader(file))
    except (ArticleError, ValueError):  # a file that cannot be read is reported where it is copied
        return None, None
    return (int(width), int(height)) if width > 0 and height > 0 else (None, None)
