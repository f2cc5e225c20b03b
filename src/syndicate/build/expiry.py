"""When articles expire. The store keeps the next and the last moment, so that builds are quick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from syndicate.store.articles import Articles, Change
from syndicate.store.meta import Key


def has_expiring(meta: Mapping[str, str], now: str) -> bool:
    """Whether an article expires by `now`."""
    return bool(meta.get(Key.NEXT_EXPIRY)) and meta[Key.NEXT_EXPIRY] <= now


def has_returning(meta: Mapping[str, str], now: str) -> bool:
    """Whether an article is withdrawn that has not expired at `now`: the clock was ahead."""
    return meta.get(Key.LAST_EXPIRY, "") > now


def expiry_times(
    articles: Articles, meta: Mapping[str, str], changes: Sequence[Change], now: str
) -> dict[str, str]:
    """The next and the last expiry as meta values; empty if they cannot have changed."""
    changed = any(record.expires for pair in changes for record in pair if record)
    if not changed and not has_expiring(meta, now) and not has_returning(meta, now):
        return {}
    ahead, behind = (
        [record.expires for record in records if record.expires]
        for records in (articles.expiring(), articles.expired())
    )
    return {Key.NEXT_EXPIRY: min(ahead, default=""), Key.LAST_EXPIRY: max(behind, default="")}
