"""Publish to each target what it lacks: in stages, with retries, removals last.

The store lists what each target has, so a publisher that was killed continues, and nothing is
written twice without need. One target delays no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from syndicate.backoff import Backoff
from syndicate.config.model import PublishTarget
from syndicate.publishing.stages import in_stages
from syndicate.publishing.targets import PublishError, Target, destination_of, target_of
from syndicate.site import Site
from syndicate.store.events import EventKind, Events
from syndicate.store.incarnation import Incarnation
from syndicate.store.published import PendingDocument, PublishedDocuments, TargetState
from syndicate.timestamps import format_timestamp

T = TypeVar("T")

BACKOFF = Backoff(timedelta(seconds=30), timedelta(hours=1))

MAX_REMOVALS = 256
"""More documents are not removed from a target at once without a confirmation."""


@dataclass(frozen=True, slots=True)
class PublishOutcome:
    """What was done at a target. `failure` is the reason why it is incomplete, or "".

    `unconfirmed` counts documents that are not removed without a confirmation.
    """

    target: str
    written: int = 0
    removed: int = 0
    unconfirmed: int = 0
    failure: str = ""


def publish(site: Site, now: datetime) -> list[PublishOutcome]:
    """Publish to every target that is due; the outcome of each.

    Nothing is published while it is in doubt which store this is: a copy must not replace the site.
    """
    if not site.config.publish or Incarnation(site.database, site.sent_record).doubt():
        return []
    published = PublishedDocuments(site.database)
    with site.database.transaction():
        for name in published.states().keys() - site.config.publish.keys():
            published.forget(name)
    return [_publish_if_due(site, target, now) for target in site.config.publish.values()]


def _publish_if_due(site: Site, target: PublishTarget, now: datetime) -> PublishOutcome:
    state = _current_state(site, PublishedDocuments(site.database), target)
    if _is_due(state, now):
        return publish_to(site, target, now)
    return PublishOutcome(target.name, failure=state.reason)


def publish_to(
    site: Site, target: PublishTarget, now: datetime, *, remove_any: bool = False
) -> PublishOutcome:
    """Publish to one target, due or not. `remove_any` confirms any number of removals."""
    published = PublishedDocuments(site.database)
    state = _current_state(site, published, target)
    work = _Work(site, published, target.name, format_timestamp(now))
    try:
        work.run(target_of(site, target), remove_any=remove_any)
    except PublishError as error:
        state = state._replace(
            attempts=state.attempts + 1,
            next_try=format_timestamp(now + BACKOFF.delay(state.attempts)),
            reason=str(error),
        )
    else:
        state = TargetState(target.name, state.destination, format_timestamp(now))
    with site.database.transaction():
        published.save(state)
    return replace(work.outcome, failure=state.reason)


def _is_due(state: TargetState, now: datetime) -> bool:
    """Whether its next try has come. A later one than possible is from a clock that was ahead."""
    return not format_timestamp(now) < state.next_try <= format_timestamp(now + BACKOFF.longest)


def _current_state(site: Site, published: PublishedDocuments, target: PublishTarget) -> TargetState:
    """The state of a target; one that is new, or somewhere else now, has no documents."""
    state = published.states().get(target.name)
    if state and state.destination == destination_of(target):
        return state
    state = TargetState(target.name, destination_of(target))
    with site.database.transaction():
        published.forget(target.name)
        published.save(state)
    return state


class _Work:
    """What is done at one target."""

    def __init__(self, site: Site, published: PublishedDocuments, name: str, at: str) -> None:
        self._site = site
        self._published = published
        self._name = name
        self._at = at
        self._has_hooks = any(
            EventKind.DOCUMENTS_CHANGED in hook.on for hook in site.config.hooks.values()
        )
        self.outcome = PublishOutcome(name)

    def run(self, target: Target, *, remove_any: bool) -> None:
        """Write what is missing, then remove what is obsolete. Raises PublishError."""
        for stage in in_stages(self._published.pending(self._name)):
            for batch in _batches(stage, target.batch):
                self._write(target, batch)
        obsolete = self._published.obsolete(self._name)
        if len(obsolete) > MAX_REMOVALS and not remove_any:
            self.outcome = replace(self.outcome, unconfirmed=len(obsolete))
            return
        for paths in _batches(obsolete, target.batch):
            self._remove(target, paths)

    def _write(self, target: Target, batch: Sequence[PendingDocument]) -> None:
        with self._site.database.transaction():
            self._published.begin(self._name, batch)
        target.write(batch)
        with self._site.database.transaction():
            self._published.finish(self._name, batch)
            self._report([each.path for each in batch])
        self.outcome = replace(self.outcome, written=self.outcome.written + len(batch))

    def _remove(self, target: Target, paths: Sequence[str]) -> None:
        target.remove(paths)
        with self._site.database.transaction():
            self._published.remove(self._name, paths)
            self._report(paths)
        self.outcome = replace(self.outcome, removed=self.outcome.removed + len(paths))

    def _report(self, paths: Sequence[str]) -> None:
        """Add an event for hooks that purge caches; inside the transaction of what it reports."""
        if self._has_hooks:
            Events(self._site.database).add_documents_changed(self._name, paths, self._at)


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
