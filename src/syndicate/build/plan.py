"""What the next build and the next slots would do, computed on a copy of the store.

Reads all files that changed, and makes every document to compare it with the one on disk. Changes
nothing permanent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from syndicate.build.builder import build_scanned
from syndicate.build.freshness import stale_article_ids
from syndicate.build.site_ingest import ingest_changes
from syndicate.config.model import Newsletter
from syndicate.config.named import newsletter_named
from syndicate.content.article import Published
from syndicate.content.folder import FolderScan
from syndicate.content.path_set import ALL_PATHS
from syndicate.documents.site_documents import SiteDocuments, current_documents, site_documents
from syndicate.errors import Location, SyndicateError
from syndicate.findings import Finding
from syndicate.issues.compose import compose
from syndicate.issues.due_slots import due_slots, upcoming
from syndicate.issues.next_issue import articles_of, carried_by
from syndicate.issues.next_issue import select_articles as choose
from syndicate.newsletters.personal import PersonalisedIssue
from syndicate.schedule.due import Due
from syndicate.schedule.slots import Slot
from syndicate.site import Progress, Setup, Site, set_up, site_of
from syndicate.store.articles import Articles
from syndicate.store.issues import Issues
from syndicate.store.newsletters import Newsletters
from syndicate.store.renderings import Renderings
from syndicate.store.snapshot import StoreSnapshot
from syndicate.timestamps import format_timestamp

SLOTS = 3


@dataclass(frozen=True, slots=True)
class NextIssue:
    """What an issue made now would be. `articles` are titles; without any there is nothing new.

    `blocking` is why it could not be made; `due` are slots whose time has come, `slots` the next.
    `hooks` are the names of the hooks that are called.
    """

    newsletter: Newsletter
    subject: str
    articles: tuple[str, ...]
    blocking: tuple[Finding, ...]
    due: Due
    slots: tuple[Slot, ...]
    hooks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen: documents that would be written, by path, and issues."""

    changed: int
    documents: tuple[str, ...]
    issues: tuple[NextIssue, ...]


def plan_build(
    config_file: Path,
    environment: Mapping[str, str],
    progress: Progress,
    now: datetime,
    newsletter: str | None,
) -> Plan:
    """Plan for one newsletter, or for all. Raises SyndicateError as a build does."""
    setup = set_up(config_file, environment)
    newsletters = setup.config.newsletters
    names = [newsletter_named(setup.config, newsletter).name] if newsletter else list(newsletters)
    copied = StoreSnapshot(setup.config.store.url, setup.base)
    try:
        site = site_of(setup, copied.database(), progress)
        report = build_scanned(site, now, FolderScan(setup.places.scan()), rehearse=True)
        issues = tuple(_issues(site, [newsletters[name] for name in names], now))
    finally:
        copied.close()
    return Plan(report.changed, report.written, issues)


def next_texts(
    setup: Setup, newsletter: Newsletter, progress: Progress, now: datetime
) -> PersonalisedIssue | None:
    """What messages of the next issue would be made from; None when nothing is new.

    Raises SyndicateError when it could not be made.
    """
    if newsletter.merge_fields != "none":
        raise SyndicateError(
            f"{newsletter.name} has the placeholders of {newsletter.merge_fields} (merge)",
            hint=f"send the test with {newsletter.merge_fields}",
        )
    copied = StoreSnapshot(setup.config.store.url, setup.base)
    try:
        site = site_of(setup, copied.database(), progress)
        carried, documents = _next_issue(site, newsletter, now)
        if not carried:
            return None
        composed = compose(documents, replace(newsletter, deliver=True), carried, site.config_file)
    finally:
        copied.close()
    for finding in composed.blocking:
        raise SyndicateError(
            f"the next issue of {newsletter.name} cannot be made: {finding.message}",
            place=Location(finding.path, finding.line),
            hint=finding.hint,
        )
    return composed.personal


def _next_issue(
    site: Site, newsletter: Newsletter, now: datetime
) -> tuple[Sequence[Published], SiteDocuments]:
    """What the next issue carries of the files as they are, and what it is rendered from."""
    files, articles = site.places.scan(), Articles(site.database)
    ingest_changes(site, FolderScan(files), now)
    with site.database.transaction():
        Newsletters(site.database).begin([newsletter.name], format_timestamp(now))
    after = Newsletters(site.database).all()[newsletter.name].after
    chosen = choose(articles, Issues(site.database), newsletter, after).chosen
    stale = stale_article_ids(site, files, Renderings(site.database).uses_of(chosen), ALL_PATHS)
    documents = site_documents(site, files, stale, now)
    return carried_by(documents, chosen), documents


def _issues(site: Site, newsletters: list[Newsletter], now: datetime) -> Iterator[NextIssue]:
    documents = current_documents(site, now)
    events = {"issue-made", "issue-approved"}
    hooks = tuple(name for name, hook in site.config.hooks.items() if events & set(hook.on))
    for newsletter in newsletters:
        due = due_slots(site, newsletter, now)
        slots = tuple(islice(upcoming(site, newsletter, now), SLOTS))
        carried = articles_of(documents, newsletter)
        if not carried:
            yield NextIssue(newsletter, "", (), (), due, slots, hooks)
            continue
        plain = replace(newsletter, merge_fields="none")
        composed = compose(documents, plain, carried, site.config_file)
        titles = tuple(article.title for article in carried)
        subject = composed.rendered.subject
        yield NextIssue(newsletter, subject, titles, composed.blocking, due, slots, hooks)
