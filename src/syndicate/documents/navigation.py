"""The navigation: the pages that every web page links to, in order."""

from __future__ import annotations

import json
from collections.abc import Iterable

from syndicate.catalogue.records import Record, State
from syndicate.content import page_rules


def navigation_records(records: Iterable[Record]) -> list[Record]:
    """Those of the records that the navigation has, by weight and title."""
    kept = filter(in_navigation, records)
    return sorted(kept, key=lambda r: (weight_of(r), r.title.casefold(), r.path))


def in_navigation(record: Record) -> bool:
    """Whether every web page links to it: a page; deep in folders, an explicit one."""
    if record.state != State.PAGE:
        return False
    rule = json.loads(record.metadata).get("inferred", {}).get("page", "")
    deep = page_rules.default_path(record.path, record.slug).count("/") > 1
    return not (deep and (rule in page_rules.BY_SURROUNDING or page_rules.is_section(record.path)))


def weight_of(record: Record) -> float:
    """The position of a page in the navigation: its `weight` or `order`; without one, last."""
    extra = json.loads(record.metadata).get("extra", {})
    stated = (extra.get(key) for key in ("weight", "nav_order", "order"))
    return next((float(n) for n in stated if isinstance(n, int | float)), float("inf"))
