"""Documents that the next build has to write, as kept in the store."""

from __future__ import annotations

import json
from collections.abc import Iterable

from syndicate.catalogue.owners import ARCHIVE, SITE, owner_of
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.meta import Meta


def has_pending(site: Site) -> bool:
    """Whether documents are still to be written by the next build."""
    meta = Meta(site.database).all()
    return meta.get("unfinished") == "yes" or meta.get("owed", "[]") != "[]"


def mark_pending(articles: Articles, newsletter: str, slots: Iterable[str]) -> None:
    """Have the next build write what an issue changes, inside a transaction."""
    owed = json.loads(Meta(articles.database).all().get("owed", "[]"))
    owed += [owner_of(newsletter, slot) for slot in slots]
    owed += [f"{ARCHIVE}{newsletter}", f"newsletter:{newsletter}", SITE]
    Meta(articles.database).remember({"owed": json.dumps(list(dict.fromkeys(owed)))})
