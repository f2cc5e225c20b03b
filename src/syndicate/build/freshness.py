"""What is out of date: renderings whose references changed, and the recipe of all documents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import file_digest, sha256
from pathlib import Path

from syndicate import __version__
from syndicate.config.model import ServiceSettings, Store
from syndicate.content import folder
from syndicate.content.folder import Stat
from syndicate.content.path_set import PathSet
from syndicate.content.versions import RENDERER_VERSION
from syndicate.documents.navigation import in_navigation, weight_of
from syndicate.documents.render_cache import (
    address_at,
    address_of,
    stale_renderings,
)
from syndicate.documents.site_documents import content_folder
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.meta import Key, Meta


def stale_article_ids(
    site: Site,
    files: Mapping[str, Stat],
    uses: Iterable[tuple[str, str, str]],
    moved: PathSet,
) -> set[str]:
    """Ids of articles to render again: one of their `uses` changed, or they could not be read.

    `moved` are the paths of articles that may have another address now.
    """
    articles = Articles(site.database)
    address_of = partial(address_at, articles, site.config.site, site.zone)
    stale = stale_renderings(uses, content_folder(site, files), address_of, moved)
    return stale | set(json.loads(Meta(site.database).all().get(Key.FAILED_ARTICLES, "[]")))


def navigation_of(site: Site) -> list[tuple[object, ...]]:
    """What the navigation, which every web page has, is made from."""
    if not site.config.site.pages:
        return []
    records = Articles(site.database).beside_articles()
    kept = filter(in_navigation, records)
    return [(r.title, address_of(r, site.config.site, site.zone), weight_of(r)) for r in kept]


def recipe_of(
    site: Site, files: Mapping[str, folder.Stat], navigation: list[tuple[object, ...]]
) -> str:
    """What every document depends on besides articles: settings, templates, this program, logos,
    and the pages in the navigation.

    Templates count by their text: neither another folder nor another time makes a document new.
    """
    templates = [_texts(design) for design in site.places.designs]
    config = replace(site.config, store=Store(), service=ServiceSettings())
    logos = [files.get(each.brand.logo) for each in config.newsletters.values()]
    facts = (__version__, RENDERER_VERSION, config, templates, logos, *navigation)
    return sha256(repr(facts).encode()).hexdigest()


def _texts(design: Path) -> list[tuple[str, str]]:
    """The files of a folder of templates: name and hash."""
    return [
        (path.relative_to(design).as_posix(), _hash(path))
        for path in sorted(design.rglob("*"))
        if path.is_file()
    ]


def _hash(path: Path) -> str:
    """The hash of a file; its error if it cannot be read, which matters only where it is used."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return str(error.errno)
