"""When articles expire. The store keeps the next and the last moment, so that builds are quick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from syndicate.catalogue.records import expires
from syndicate.store.articles import LAST_EXPIRY, NEXT_EXPIRY, Articles, Change


def has_expiring(meta: Mapping[str, str], now: str) -> bool:
    """Whether an article expires by `now`."""
    return bool(meta.get(NEXT_EXPIRY)) and meta[NEXT_EXPIRY] <= now


def has_returning(meta: Mapping[str, str], now: str) -> bool:
    """Whether an article is withdrawn that has not expired at `now`: the clock was ahead."""
    return meta.get(LAST_EXPIRY, "") > now


def expiry_times(
    articles: Articles, meta: Mapping[str, str], changes: Sequence[Change], now: str
) -> dict[str, str]:
    """The next and the last expiry as meta values; empty if they cannot have changed."""
    changed = any(expires(record) for pair in changes for record in pair if record)
    if not changed and not has_expiring(meta, now) and not has_returning(meta, now):
        return {}
    ahead, behind = (
        list(filter(None, map(expires, records)))
        for records in (articles.expiring(), articles.expired())
    )
    return {NEXT_EXPIRY: min(ahead, default=""), LAST_EXPIRY: max(behind, default="")}
