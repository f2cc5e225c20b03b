"""Write the documents of owners, and keep in the store what was written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from urllib.parse import quote

from syndicate.build.document_findings import document_findings
from syndicate.catalogue.owners import ALL_FILES, Owner, OwnerKind
from syndicate.catalogue.records import Record
from syndicate.catalogue.urls import base_url, page_file
from syndicate.content import folder
from syndicate.content.path_set import ALL_PATHS
from syndicate.content.reader import is_article
from syndicate.documents.pending import pending_values
from syndicate.documents.references import MISSING
from syndicate.documents.site_documents import MADE_KINDS, SiteDocuments
from syndicate.documents.writer import DocumentWriter, DryRunWriter
from syndicate.errors import ArticleError
from syndicate.feeds.feed import FORMS
from syndicate.findings import Finding, Level
from syndicate.issues import archive
from syndicate.issues.next_issue import next_issues
from syndicate.site import Site
from syndicate.store.database import Database
from syndicate.store.documents import Documents, StoredDocument
from syndicate.store.events import EventKind, Events
from syndicate.store.meta import NEXT_ISSUE_INPUT, Key, Meta
from syndicate.store.renderings import Renderings
from syndicate.timestamps import format_timestamp

MAX_GONE_FEEDS = 1000

MAX_BATCH_BYTES = 4_000_000
MAX_BATCH_OWNERS = 500

FEED_FILES = tuple(form.file for form in FORMS.values())


Made = tuple[Owner, Mapping[str, bytes]]
"""An owner and its documents."""


def write_documents(
    site: Site,
    documents: SiteDocuments,
    writer: DocumentWriter,
    owners: list[Owner],
    recipe: str,
    now: datetime,
) -> None:
    """Make and write the documents of `owners`, and keep what was made."""
    input_hashes = _write_next_issues(site, documents, writer, owners, recipe)
    _write_archives(documents, writer, owners)
    made_owners = [owner for owner in owners if owner.kind in MADE_KINDS]
    for batch in _batches(site.progress(documents.make(made_owners), len(made_owners), "Writing")):
        _persist_renderings(site.database, documents, writer.reserve(batch))
        for owner, files in batch:
            writer.write(owner, files)
    _persist_renderings(site.database, documents, {})
    _write_files(site, documents, writer, owners)
    writer.resolve_conflicts()
    if isinstance(writer, DryRunWriter):
        return
    writer.delete_orphans()
    kept = Documents(site.database)
    with site.database.transaction():
        kept.save(writer.made, (*writer.removed, *writer.unwritten()))
        kept.save_findings(
            writer.owners | documents.findings.keys(), document_findings(documents, writer)
        )
        failed = json.dumps(sorted(documents.render_cache.failed_ids))
        done = {Key.RECIPE: recipe, Key.FAILED_ARTICLES: failed}
        Meta(site.database).set(pending_values([]) | done)
        Meta(site.database).set(_gone_feeds(writer, kept.gone_feeds()))
        if site.config.feeds.hub:
            changed = [path for path in writer.written if path.endswith(FEED_FILES)]
            addresses = [base_url(site.config.site) + quote(path) for path in changed]
            Events(site.database).add(EventKind.FEED_CHANGED, addresses, format_timestamp(now))
        if not site.config.publish and any(
            EventKind.DOCUMENTS_CHANGED in hook.on for hook in site.config.hooks.values()
        ):
            Events(site.database).add_documents_changed("", writer.changed, format_timestamp(now))
        Meta(site.database).set(input_hashes)


def _persist_renderings(
    database: Database, documents: SiteDocuments, announced: Mapping[str, StoredDocument]
) -> None:
    """Keep renderings, and the documents that are about to be written."""
    fresh, uses = documents.render_cache.take_fresh()
    if fresh or announced:
        with database.transaction():
            Renderings(database).save(fresh, uses)
            Documents(database).save(announced, ())


def _gone_feeds(writer: DocumentWriter, before: AbstractSet[str]) -> dict[str, str]:
    """The meta value that lists deleted feeds; empty if it stays as it was."""
    removed = {key.removeprefix("output:") for key in writer.removed if key.endswith(FEED_FILES)}
    gone = (before | removed) - set(writer.written)
    return {} if gone == before else {Key.GONE_FEEDS: json.dumps(sorted(gone)[:MAX_GONE_FEEDS])}


def _batches(documents: Iterable[Made]) -> Iterator[list[Made]]:
    """Batches of documents that fit into memory."""
    batch: list[Made] = []
    size = 0
    for owner, files in documents:
        batch.append((owner, files))
        size += sum(map(len, files.values()))
        if size > MAX_BATCH_BYTES or len(batch) == MAX_BATCH_OWNERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _write_next_issues(
    site: Site, documents: SiteDocuments, writer: DocumentWriter, owners: list[Owner], recipe: str
) -> dict[str, str]:
    """Write each newsletter's next issue; returns the input hashes, as meta values."""
    whole = isinstance(writer, DryRunWriter) or any(
        owner.kind == OwnerKind.NEXT_ISSUE for owner in owners
    )
    previous = {} if whole else Meta(site.database).all()
    input_hashes: dict[str, str] = {}
    for issue in next_issues(documents, previous, recipe, site.config_file):
        name = issue.newsletter.name
        owner = Owner(OwnerKind.NEXT_ISSUE, name)
        if issue.documents is None or issue.page is None:
            writer.owners.discard(owner)
        else:
            writer.owners.add(owner)
            writer.write(owner, issue.documents, "issues")
            writer.write(owner, issue.page)
        if issue.articles and writer.has(owner):
            documents.with_issue.add(name)
        if issue.documents is not None or issue.findings:
            documents.findings[owner] = list(issue.findings)
        input_hashes[NEXT_ISSUE_INPUT + name] = issue.input_hash
    return input_hashes


def _write_archives(documents: SiteDocuments, writer: DocumentWriter, owners: list[Owner]) -> None:
    """Write the files and pages of issues, and the archives."""
    documents.with_archive.update(
        n for n in documents.config.newsletters if documents.issues.public(n, 1)
    )
    for owner in owners:
        if owner.kind in (OwnerKind.ISSUE, OwnerKind.ISSUE_ARCHIVE):
            writer.write(owner, archive.files(documents, owner), "issues")
            writer.write(owner, archive.pages(documents, owner))


def _write_files(
    site: Site, documents: SiteDocuments, writer: DocumentWriter, owners: list[Owner]
) -> None:
    """Write the files that published articles refer to."""
    articles, requested = documents.articles, set(owners)
    files = [
        (i, t)
        for i, t, fingerprint in Renderings(site.database).uses(ALL_PATHS)
        if fingerprint != MISSING and not is_article(t)
    ]
    writer.retain_only(OwnerKind.FILE, {Owner.file(target) for _, target in files})
    due = [(i, t) for i, t in files if requested & {ALL_FILES, Owner.page(i), Owner.file(t)}]
    records = {record.id: record for record in articles.by_ids(sorted({i for i, _ in due}))}
    for record_id, target in due:
        record = records[record_id]
        address = documents.render_cache.file_address(record, target)
        path = page_file(site.config.site, address, page=False)
        if path:
            _write_file(site, documents, writer, record, path, target)


def _write_file(
    site: Site,
    documents: SiteDocuments,
    writer: DocumentWriter,
    record: Record,
    path: str,
    target: str,
) -> None:
    """Write one file; one that cannot be read becomes a finding of its article."""
    try:
        data = folder.read(site.places.content, target, links=site.places.links)
    except ArticleError as error:
        finding = Finding(
            Level.ERROR,
            "file-unreadable",
            f"{target}: {error.message}",
            record.path,
            hint=error.hint,
        )
        documents.findings.setdefault(Owner.page(record.id), []).append(finding)
        documents.render_cache.failed_ids.add(record.id)
        writer.keep_unchanged(Owner.file(target))
    else:
        writer.write(Owner.file(target), {path: data})
