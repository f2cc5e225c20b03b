"""Owners whose documents the next build has to write, in the store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from syndicate.catalogue.owners import SITE, Owner, OwnerKind
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.meta import Key, Meta


def has_pending(site: Site) -> bool:
    """Whether documents are still to be written by the next build."""
    meta = Meta(site.database).all()
    return meta.get(Key.UNFINISHED_BUILD) == "yes" or bool(pending_owners(meta))


def pending_owners(meta: Mapping[str, str]) -> list[Owner]:
    """The owners whose documents the next build has to write."""
    return [Owner.parse(text) for text in json.loads(meta.get(Key.PENDING_DOCUMENTS, "[]"))]


def pending_values(owners: Iterable[Owner]) -> dict[str, str]:
    """What to keep in the table `meta` so that `pending_owners` returns these."""
    return {Key.PENDING_DOCUMENTS: json.dumps([str(owner) for owner in dict.fromkeys(owners)])}


def mark_pending(articles: Articles, newsletter: str, slots: Iterable[str]) -> None:
    """Have the next build write what an issue changes, inside a transaction."""
    meta = Meta(articles.database)
    changed = [
        *(Owner.issue(newsletter, slot) for slot in slots),
        Owner(OwnerKind.ISSUE_ARCHIVE, newsletter),
        Owner(OwnerKind.NEXT_ISSUE, newsletter),
        SITE,
    ]
    meta.set(pending_values([*pending_owners(meta.all()), *changed]))
