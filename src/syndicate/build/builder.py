"""Build a site: folder -> store -> documents -> disk. Does only what changes require.

    scan the folder
    read what changed, decide which article it is, keep that      (ingest: one transaction)
    find the owners of documents that a change touches
    make their documents, write those whose bytes changed         (documents, issues)
    keep renderings and the list of documents                     (one transaction)

Between the two transactions the store keeps which owners have pending documents: the next build
completes one that died there, or one that only checked. Builds of one site wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from itertools import chain

from syndicate.build.document_findings import document_findings
from syndicate.build.freshness import navigation_of, recipe_of, stale_article_ids
from syndicate.build.ingest import IngestResult
from syndicate.build.report import Report, report_of
from syndicate.build.site_ingest import ingest_changes
from syndicate.build.write_documents import write_documents
from syndicate.catalogue.owners import ALL, ALL_FILES, Owner
from syndicate.catalogue.urls import SIGNUP_PATHS
from syndicate.config.model import Config
from syndicate.content import folder
from syndicate.content.path_set import ALL_PATHS, PathSet
from syndicate.documents.pending import pending_owners, pending_values
from syndicate.documents.site_documents import SiteDocuments, site_documents
from syndicate.documents.writer import YIELDING_KINDS, DocumentWriter, DryRunWriter, missing
from syndicate.findings import Finding, Level
from syndicate.issues import archive
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.documents import Documents, StoredDocument
from syndicate.store.meta import Key, Meta
from syndicate.store.newsletters import Newsletters
from syndicate.store.renderings import Renderings
from syndicate.store.sqlite import WAS_READABLE
from syndicate.timestamps import format_timestamp


def build(
    site: Site, now: datetime, *, rehearse: bool = False, publish_undated: bool = False
) -> Report:
    """Bring store and documents up to what the folder holds at `now`.

    With `rehearse` everything is made and checked, and nothing written to the output folders. With
    `publish_undated`, the articles without a date that a first build held back are published now.
    """
    site.database.lock()
    scan = folder.FolderScan(site.places.scan())
    return build_scanned(site, now, scan, rehearse=rehearse, publish_undated=publish_undated)


def build_scanned(
    site: Site,
    now: datetime,
    scan: folder.FolderScan,
    *,
    rehearse: bool = False,
    publish_undated: bool = False,
) -> Report:
    """As `build`, of a scan of the folder that the caller made while it held the lock.

    Where `scan` has what can have changed, documents that are missing on disk are not looked for.
    """
    articles = Articles(site.database)
    before = Meta(site.database).all()
    intake = ingest_changes(site, scan, now, publish_undated=publish_undated)
    recipe = recipe_of(site, scan.files, navigation_of(site))
    everything = _is_everything_due(before, recipe)
    stale = _stale_articles(site, scan, intake, everything=everything)
    documents = site_documents(site, scan.files, stale, now)
    documents_before = Documents(site.database).all()
    if everything:
        due = [ALL]
    else:
        due = _unique(pending_owners(before), _affected(documents, intake, stale))
        if not rehearse and scan.changed.is_all:
            due += sorted(missing(site.places.roots, documents_before))
    owners = (
        _all_owners(documents, documents_before)
        if everything or rehearse
        else _retried(articles, due)
    )
    if rehearse:  # every article is checked, also one that no document shows now
        owners = _unique(owners, _all_article_pages(articles))
    writer = (DryRunWriter if rehearse else DocumentWriter)(
        site.places.roots,
        documents_before,
        set(owners),
        int(now.timestamp()),
        _reserved(site.config),
    )
    if owners:
        _mark_pending(site, documents, due, now)
        write_documents(site, documents, writer, owners, recipe, now)
    report = report_of(articles, intake, writer, _findings(documents, writer))
    if WAS_READABLE not in before:
        return report
    if not rehearse:
        with site.database.transaction():
            Meta(site.database).delete(WAS_READABLE)
    return replace(report, findings=(*report.findings, _was_readable(site)))


def _is_everything_due(meta: Mapping[str, str], recipe: str) -> bool:
    """Whether every document is to be made again."""
    unfinished = meta.get(Key.UNFINISHED_BUILD) == "yes"
    return unfinished or meta.get(Key.RECIPE) != recipe or ALL in pending_owners(meta)


def _stale_articles(
    site: Site, scan: folder.FolderScan, intake: IngestResult, *, everything: bool
) -> set[str]:
    """Ids of articles to render again."""
    paths = (record.path for change in intake.changes for record in change if record)
    moved = ALL_PATHS if everything else PathSet(frozenset(paths))
    uses = Renderings(site.database).uses(moved | scan.changed)
    return stale_article_ids(site, scan.files, uses, moved)


def _findings(documents: SiteDocuments, writer: DocumentWriter) -> dict[Owner, str]:
    """The findings of documents, after a build or a rehearsal: owner -> findings as JSON."""
    if isinstance(writer, DryRunWriter):
        return document_findings(documents, writer)
    return Documents(documents.articles.database).findings()


def _unique(*owners: Iterable[Owner]) -> list[Owner]:
    return list(dict.fromkeys(chain.from_iterable(owners)))


def _reserved(config: Config) -> frozenset[str]:
    return frozenset(SIGNUP_PATHS) if config.subscribers.signup_pages else frozenset()


def _was_readable(site: Site) -> Finding:
    return Finding(
        Level.WARNING,
        "store-was-readable",
        "other users of this machine could read the store, and with it the addresses of "
        "subscribers and the key that signs their links; now only its owner can",
        site.config_file,
        hint="if other people have an account here, sign with a new key: "
        "syndicate subscribers rotate-keys",
    )


def _all_owners(documents: SiteDocuments, written: Mapping[str, StoredDocument]) -> list[Owner]:
    before = (document.owner for document in written.values())
    return _unique(documents.all_owners(), archive.all_owners(documents), before, [ALL_FILES])


def _all_article_pages(articles: Articles) -> Iterator[Owner]:
    yield from map(Owner.page, articles.published_ids())
    yield from (Owner.page(record.id) for record in articles.beside_articles())


def _retried(articles: Articles, due: list[Owner]) -> list[Owner]:
    """The owners due, and with them those that could not have their addresses last time."""
    findings = Documents(articles.database).findings()
    return _unique(due, (o for o in findings if o.kind in YIELDING_KINDS)) if due else []


def _mark_pending(site: Site, documents: SiteDocuments, due: list[Owner], now: datetime) -> None:
    """Keep what is to be made, so that the next build completes this one if it dies."""
    with site.database.transaction():
        Newsletters(site.database).begin(site.config.newsletters, format_timestamp(now))
        pending = due if len(due) <= MAX_PENDING else [ALL]
        Meta(site.database).set(
            pending_values(pending) | {Key.UNFINISHED_BUILD: "no", Key.FEED_ID: documents.feed_id}
        )


MAX_PENDING = 2000
"""More pending owners than this are kept as all."""


def _affected(
    documents: SiteDocuments, intake: IngestResult, stale: AbstractSet[str]
) -> Iterator[Owner]:
    """The owners of documents that this build's changes affect."""
    for before, after in intake.changes:
        yield from documents.affected_owners(before, after)
        yield from archive.affected_owners(documents, [after.id])
    for record in documents.articles.by_ids(sorted(stale)):
        yield from documents.affected_owners(None, record)
