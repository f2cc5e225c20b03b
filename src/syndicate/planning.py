"""What the next build and the next slots would do, worked out on a copy of the store.

Reads all files that changed, and makes every document, to hold it against the one on disk. Changes
nothing that lasts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from syndicate.app import set_up, site_of
from syndicate.build import Progress, Site, build_seen, built
from syndicate.composing import compose
from syndicate.config.model import Newsletter
from syndicate.config.named import newsletter_named
from syndicate.content.folder import Seen
from syndicate.findings import Finding
from syndicate.issuing import due_now, upcoming
from syndicate.next_issue import articles_of
from syndicate.schedule.due import Due
from syndicate.schedule.slots import Slot
from syndicate.store.copied import Copied

SLOTS = 3


@dataclass(frozen=True, slots=True)
class NextIssue:
    """What an issue made now would be. `articles` are titles; without any there is nothing new.

    `blocking` says why it could not be made; `due` are slots whose time has come, `slots` the next.
    `told` are the hooks that get it: those who send it on, for this program knows no addresses.
    """

    newsletter: Newsletter
    subject: str
    articles: tuple[str, ...]
    blocking: tuple[Finding, ...]
    due: Due
    slots: tuple[Slot, ...]
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen: documents that would be written, by path, and issues."""

    changed: int
    documents: tuple[str, ...]
    issues: tuple[NextIssue, ...]


def plan(
    config_file: Path,
    environment: Mapping[str, str],
    progress: Progress,
    now: datetime,
    newsletter: str | None,
) -> Plan:
    """Plan for one newsletter, or for all. Raises SyndicateError as a build does."""
    setup = set_up(config_file, environment)
    known = setup.config.newsletters
    names = [newsletter_named(setup.config, newsletter).name] if newsletter else list(known)
    copied = Copied(setup.config.store.url, setup.base)
    try:
        site = site_of(setup, copied.database(), progress)
        report = build_seen(site, now, Seen(setup.places.scan()), rehearse=True)
        issues = tuple(_issues(site, [known[name] for name in names], now))
    finally:
        copied.close()
    return Plan(report.changed, report.written, issues)


def _issues(site: Site, newsletters: list[Newsletter], now: datetime) -> Iterator[NextIssue]:
    outputs = built(site, now)
    heard = {"issue-made", "issue-approved"}
    told = tuple(name for name, hook in site.config.hooks.items() if heard & set(hook.on))
    for newsletter in newsletters:
        found = due_now(site, newsletter, now)
        slots = tuple(islice(upcoming(site, newsletter, now), SLOTS))
        carried = articles_of(outputs, newsletter)
        if not carried:
            yield NextIssue(newsletter, "", (), (), found, slots, told)
            continue
        plain = replace(newsletter, merge="none")
        made = compose(outputs, plain, carried, site.config_file)
        titles = tuple(article.title for article in carried)
        subject = made.rendered.subject
        yield NextIssue(newsletter, subject, titles, made.blocking, found, slots, told)
