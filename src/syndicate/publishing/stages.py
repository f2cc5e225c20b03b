"""The order in which documents are published. Pure.

Nothing appears before what it refers to: files such as pictures and style sheets come first, then
pages of articles and issues, then pages that list them, then feeds.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from syndicate.catalogue.owners import OwnerKind
from syndicate.store.published import PendingDocument
from syndicate.web.media_types import kind_of

TEXTS = (OwnerKind.PAGE, OwnerKind.ISSUE)
"""Owners whose pages others list."""


class Stage(IntEnum):
    """A group of documents that may be published in any order, after the groups before it."""

    FILES = 1
    TEXTS = 2
    LISTS = 3
    FEEDS = 4


def stage_of(document: PendingDocument) -> Stage:
    """The stage that a document belongs to."""
    kind = kind_of(document.path)
    if kind.is_feed or kind.format == "opml":
        return Stage.FEEDS
    if kind.format != "page":
        return Stage.FILES
    return Stage.TEXTS if document.owner.kind in TEXTS else Stage.LISTS


def in_stages(documents: Iterable[PendingDocument]) -> list[list[PendingDocument]]:
    """Documents by stage, in the order in which they are published; no stage is empty."""
    stages: dict[Stage, list[PendingDocument]] = {}
    for document in sorted(documents, key=lambda each: each.path):
        stages.setdefault(stage_of(document), []).append(document)
    return [stages[stage] for stage in sorted(stages)]
