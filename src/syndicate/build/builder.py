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

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from urllib.parse import quote

from syndicate import __version__
from syndicate.build.ingest import IngestResult, Source, ingest
from syndicate.build.recorder import IngestSettings
from syndicate.catalogue.counts import Counts
from syndicate.catalogue.owners import ALL, ALL_FILES, SERVICE, Owner, OwnerKind
from syndicate.catalogue.records import Record, ScannedFile, is_published
from syndicate.catalogue.scan import UnreadableFile, scan_many
from syndicate.catalogue.urls import SIGNUP_PATHS, base_url, page_file
from syndicate.config.model import Config, Service, Store
from syndicate.content import folder, naming, rule_files
from syndicate.content.folder import Stat
from syndicate.content.reader import is_article
from syndicate.content.rule_files import RuleFiles
from syndicate.content.rule_files import load as load_rules
from syndicate.content.versions import RENDERER_VERSION
from syndicate.documents.pending import pending_owners, pending_values
from syndicate.documents.references import MISSING
from syndicate.documents.render_cache import (
    TEXT_LOST,
    address,
    address_at,
    stale_renderings,
)
from syndicate.documents.site_documents import (
    SiteDocuments,
    content_folder,
    in_navigation,
    site_documents,
    weight_of,
)
from syndicate.documents.writer import YIELDING_KINDS, DocumentWriter, DryRunWriter, missing
from syndicate.errors import ArticleError
from syndicate.feeds.feed import FORMS
from syndicate.findings import Finding, Level, from_json, to_json
from syndicate.issues import archive
from syndicate.issues.next_issue import next_issues
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.database import Database
from syndicate.store.documents import GONE_FEEDS, Documents
from syndicate.store.events import EventKind, Events
from syndicate.store.meta import Meta
from syndicate.store.newsletters import Newsletters
from syndicate.store.renderings import Renderings
from syndicate.store.sqlite import WAS_READABLE
from syndicate.timestamps import format_timestamp


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did and found. `written` and `removed` are paths below the output folders.

    `counts` says how many files stand where. What is published without its text is `unread`.
    """

    counts: Counts
    read: int
    changed: int
    written: tuple[str, ...]
    removed: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def articles(self) -> int:
        """How many articles are published."""
        return self.counts.published


def build(
    site: Site, now: datetime, *, rehearse: bool = False, publish_undated: bool = False
) -> Report:
    """Bring store and documents up to what the folder holds at `now`.

    With `rehearse` everything is made and checked, and nothing written to the output folders. With
    `publish_undated`, what a first build holds back for want of a date is published as of now.
    """
    site.database.lock()
    seen = folder.FolderScan(site.places.scan())
    return build_scanned(site, now, seen, rehearse=rehearse, publish_undated=publish_undated)


def build_scanned(
    site: Site,
    now: datetime,
    seen: folder.FolderScan,
    *,
    rehearse: bool = False,
    publish_undated: bool = False,
) -> Report:
    """As `build`, of what the caller has seen of the folder while it held the lock.

    Where `seen` says what can have changed, documents that are missing on disk are not looked for.
    """
    articles = Articles(site.database)
    before = Meta(site.database).all()
    intake = ingest_changes(site, seen, now, publish_undated=publish_undated)
    recipe = _recipe(site, seen.files, navigation_of(site))
    owed = pending_owners(before)
    anew = before.get("unfinished") == "yes" or before.get("recipe") != recipe or ALL in owed
    moved = None if anew else {r.path for change in intake.changes for r in change if r}
    narrow = None if moved is None or seen.changed is None else sorted(moved | seen.changed)
    stale = stale_article_ids(site, seen.files, Renderings(site.database).uses(narrow), moved)
    documents = site_documents(site, seen.files, stale, now)
    known = Documents(site.database).all()
    due = [ALL] if anew else list(dict.fromkeys((*owed, *_touched(documents, intake, stale))))
    if not anew and not rehearse and seen.changed is None:
        due += sorted(missing(site.places.roots, known))
    owners = _all_owners(documents, known) if anew or rehearse else _with_notes(articles, due)
    if rehearse:  # every article is looked at, also one that no document shows now
        shown = (*articles.published_ids(), *(r.id for r in articles.beside_articles()))
        owners = list(dict.fromkeys((*owners, *map(Owner.page, shown))))
    writer = (DryRunWriter if rehearse else DocumentWriter)(
        site.places.roots, known, set(owners), _reserved(site.config)
    )
    if owners:
        _mark_pending(site, documents, due, now)
        _make(site, documents, writer, owners, recipe, now)
    found = _found(documents, writer) if rehearse else Documents(articles.database).findings()
    report = _report(articles, intake, writer, found)
    if WAS_READABLE not in before:
        return report
    if not rehearse:
        with site.database.transaction():
            Meta(site.database).forget(WAS_READABLE)
    return replace(report, findings=(*report.findings, _was_readable(site)))


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


def ingest_changes(
    site: Site, seen: folder.FolderScan, now: datetime, *, publish_undated: bool = False
) -> IngestResult:
    """Bring the store up to what was `seen` of the content folder at `now`."""
    rules = rule_files.find(site.places.content, seen.files)
    source = Source(seen, rules, partial(_read_files, site))
    address_of = partial(address, site=site.config.site, zone=site.zone)
    settings = IngestSettings(
        host=site.host,
        zone=site.zone,
        address=address_of if site.config.site.pages else None,
        keep_tags=_asks_for_tags(site.config),
        announce=any("article-published" in hook.on for hook in site.config.hooks.values()),
        publish_undated=publish_undated,
    )
    return ingest(site.database, source, settings, now)


def _read_files(
    site: Site, files: Sequence[tuple[str, Stat]], rule_files: RuleFiles
) -> list[ScannedFile | UnreadableFile]:
    root, links = site.places.content, site.places.links
    rules = load_rules(root, rule_files, links) if files else None
    scanned = scan_many(root, files, site.zone, links, rules)
    return list(site.progress(scanned, len(files), "Reading"))


def stale_article_ids(
    site: Site,
    files: Mapping[str, Stat],
    uses: Iterable[tuple[str, str, str]],
    moved: AbstractSet[str] | None,
) -> set[str]:
    """Ids of articles to render anew: one of their `uses` changed, or they could not be read.

    `moved` are the paths of articles that may have another address now, None for all.
    """
    articles = Articles(site.database)
    address_of = partial(address_at, articles, site.config.site, site.zone)
    stale = stale_renderings(uses, content_folder(site, files), address_of, moved)
    return stale | set(json.loads(Meta(site.database).all().get("behind", "[]")))


def _all_owners(documents: SiteDocuments, known: Mapping[str, tuple[int, Owner]]) -> list[Owner]:
    before = (owner for _, owner in known.values())
    issues = archive.all_owners(documents)
    return list(dict.fromkeys((*documents.all_owners(), *issues, *before, ALL_FILES)))


def _with_notes(articles: Articles, due: list[Owner]) -> list[Owner]:
    """The owners due, and with them those that could not have what they wanted last time."""
    waiting = [
        owner for owner in Documents(articles.database).findings() if owner.kind in YIELDING_KINDS
    ]
    return list(dict.fromkeys((*due, *waiting))) if due else []


def _mark_pending(site: Site, documents: SiteDocuments, due: list[Owner], now: datetime) -> None:
    """Keep what is to be made, so that the next build completes one that dies now."""
    with site.database.transaction():
        Newsletters(site.database).begin(site.config.newsletters, format_timestamp(now))
        owed = due if len(due) <= MAX_OWED else [ALL]
        Meta(site.database).remember(
            pending_values(owed) | {"unfinished": "no", "feed id": documents.feed_id}
        )


MAX_OWED = 2000


def _asks_for_tags(config: Config) -> bool:
    letters = config.newsletters.values()
    return config.feeds.tags or any(letter.include or letter.exclude for letter in letters)


def _touched(
    documents: SiteDocuments, intake: IngestResult, stale: AbstractSet[str]
) -> Iterator[Owner]:
    """The owners of documents that this build's changes touch."""
    for before, after in intake.changes:
        yield from documents.affected_owners(before, after)
        yield from archive.affected_owners(documents, [after.id])
    for record in documents.articles.by_ids(sorted(stale)):
        yield from documents.affected_owners(None, record)


FEED_FILES = tuple(form.file for form in FORMS.values())


def _make(
    site: Site,
    documents: SiteDocuments,
    writer: DocumentWriter,
    owners: list[Owner],
    recipe: str,
    now: datetime,
) -> None:
    """Make and write the documents of `owners`, and keep what was made."""
    input_hashes = _put_issues(site, documents, writer, owners, recipe)
    _write_archives(documents, writer, owners)
    for batch in _batches(site.progress(documents.make(owners), len(owners), "Writing")):
        _persist_renderings(site.database, documents, writer.reserve(batch))
        for owner, files in batch:
            writer.write(owner, files)
    _persist_renderings(site.database, documents, {})
    _put_files(site, documents, writer, owners)
    writer.resolve_conflicts()
    if isinstance(writer, DryRunWriter):
        return
    writer.delete_orphans()
    kept = Documents(site.database)
    with site.database.transaction():
        kept.keep(writer.made, (*writer.removed, *writer.unwritten()))
        kept.keep_findings(writer.owners | documents.findings.keys(), _found(documents, writer))
        behind = json.dumps(sorted(documents.renditions.failed_ids))
        Meta(site.database).remember(pending_values([]) | {"recipe": recipe, "behind": behind})
        Meta(site.database).remember(_gone(writer, kept.gone_feeds()))
        if site.config.feeds.hub:
            changed = [path for path in writer.written if path.endswith(FEED_FILES)]
            addresses = [base_url(site.config.site) + quote(path) for path in changed]
            Events(site.database).add(EventKind.FEED_CHANGED, addresses, format_timestamp(now))
        Meta(site.database).remember(input_hashes)


def _persist_renderings(
    database: Database, documents: SiteDocuments, announced: Mapping[str, tuple[int, Owner]]
) -> None:
    """Keep renderings, and what is about to be written anew, before it is."""
    fresh, uses = documents.renditions.take_fresh()
    if fresh or announced:
        with database.transaction():
            Renderings(database).keep(fresh, uses)
            Documents(database).keep(announced, ())


MAX_GONE = 1000


def _gone(writer: DocumentWriter, before: AbstractSet[str]) -> dict[str, str]:
    """Which feeds were once and are no more, after this build; nothing where that is as before."""
    removed = {key.removeprefix("output:") for key in writer.removed if key.endswith(FEED_FILES)}
    gone = (before | removed) - set(writer.written)
    return {} if gone == before else {GONE_FEEDS: json.dumps(sorted(gone)[:MAX_GONE])}


Made = tuple[Owner, Mapping[str, bytes]]
"""An owner and its documents."""


def _batches(made: Iterable[Made]) -> Iterator[list[Made]]:
    """Portions of documents that fit into memory."""
    batch: list[Made] = []
    size = 0
    for owner, files in made:
        batch.append((owner, files))
        size += sum(map(len, files.values()))
        if size > BATCH_BYTES or len(batch) == BATCH_OWNERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


BATCH_BYTES, BATCH_OWNERS = 4_000_000, 500


def _put_issues(
    site: Site, documents: SiteDocuments, writer: DocumentWriter, owners: list[Owner], recipe: str
) -> dict[str, str]:
    """Put each newsletter's next issue; give what each was made from."""
    whole = isinstance(writer, DryRunWriter) or any(
        owner.kind == OwnerKind.NEXT_ISSUE for owner in owners
    )
    remembered = {} if whole else Meta(site.database).all()
    input_hashes: dict[str, str] = {}
    for issue in next_issues(documents, remembered, recipe, site.config_file):
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
        input_hashes[f"issue {name}"] = issue.input_hash
    return input_hashes


def _write_archives(documents: SiteDocuments, writer: DocumentWriter, owners: list[Owner]) -> None:
    """Put what issues that were made are written to, and the archives."""
    documents.with_archive.update(
        n for n in documents.config.newsletters if documents.issues.public(n, 1)
    )
    for owner in owners:
        if owner.kind in (OwnerKind.ISSUE, OwnerKind.ISSUE_ARCHIVE):
            writer.write(owner, archive.files(documents, owner), "issues")
            writer.write(owner, archive.pages(documents, owner))


def _found(documents: SiteDocuments, writer: DocumentWriter) -> dict[Owner, str]:
    """Owner -> what was found while its documents were made, as JSON."""
    found = {owner: list(findings) for owner, findings in documents.findings.items()}
    for record_id, finding in documents.renditions.missing.items():
        found.setdefault(Owner.page(record_id), []).append(finding)
    for owner, (path, other) in writer.collisions.items():
        found.setdefault(owner, []).append(_collision(documents, owner, path, other))
    return {owner: text for owner, findings in found.items() if (text := to_json(findings))}


def _collision(documents: SiteDocuments, owner: Owner, path: str, other: Owner | None) -> Finding:
    """Two documents at one address, or an address that no file can have."""
    why = (
        f"{_described(documents.articles, other)} has its place"
        if other
        else "no file can be named so"
    )
    return Finding(
        Level.ERROR,
        "address-taken",
        f"the address {base_url(documents.config.site)}{quote(path)} cannot be had: {why}",
        _described(documents.articles, owner),
        hint="give one of them another slug: or url: in its header, or a file another name",
    )


def _described(articles: Articles, owner: Owner) -> str:
    """An owner as its author knows it: the path of its file, or what it is."""
    name = owner.name
    match owner.kind:
        case OwnerKind.PAGE:
            return next((record.path for record in articles.by_ids([name])), name)
        case OwnerKind.FILE:
            return name
        case OwnerKind.TAG:
            return f"the page of the tag {name}"
        case OwnerKind.FEED_ARCHIVE:
            return f"archive page {name}"
        case OwnerKind.ISSUE | OwnerKind.ISSUE_ARCHIVE | OwnerKind.NEXT_ISSUE:
            return f"the newsletter {name}"
    return "the sign-up pages" if owner == SERVICE else "the site itself"


def _put_files(
    site: Site, documents: SiteDocuments, writer: DocumentWriter, owners: list[Owner]
) -> None:
    """Put the files that published articles refer to at the addresses they are given."""
    articles, asked = documents.articles, set(owners)
    files = [
        (i, t)
        for i, t, found in Renderings(site.database).uses()
        if found != MISSING and not is_article(t)
    ]
    writer.retain_only(OwnerKind.FILE, {Owner.file(target) for _, target in files})
    due = [(i, t) for i, t in files if asked & {ALL_FILES, Owner.page(i), Owner.file(t)}]
    records = {record.id: record for record in articles.by_ids(sorted({i for i, _ in due}))}
    for record_id, target in due:
        record = records[record_id]
        address = documents.renditions.file_address(record, target)
        path = page_file(site.config.site, address, page=False)
        if path:
            _put_file(site, documents, writer, record, path, target)


def _put_file(
    site: Site,
    documents: SiteDocuments,
    writer: DocumentWriter,
    record: Record,
    path: str,
    target: str,
) -> None:
    """Put one file; one that cannot be read costs only itself."""
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
        documents.renditions.failed_ids.add(record.id)
        writer.keep(Owner.file(target))
    else:
        writer.write(Owner.file(target), {path: data})


def navigation_of(site: Site) -> list[tuple[object, ...]]:
    """What the navigation, which every web page has, is made from."""
    if not site.config.site.pages:
        return []
    records = Articles(site.database).beside_articles()
    kept = filter(in_navigation, records)
    return [(r.title, address(r, site.config.site, site.zone), weight_of(r)) for r in kept]


def _recipe(
    site: Site, files: Mapping[str, folder.Stat], navigation: list[tuple[object, ...]]
) -> str:
    """What every document depends on besides articles: settings, templates, this program, logos,
    and the pages in the navigation."""
    stats = [
        (str(path), path.stat().st_size, path.stat().st_mtime_ns)
        for design in site.places.designs
        for path in sorted(design.rglob("*"))
        if path.is_file()
    ]
    config = replace(site.config, store=Store(), service=Service())
    logos = [files.get(each.brand.logo) for each in config.newsletters.values()]
    facts = (__version__, RENDERER_VERSION, config, stats, logos, *navigation)
    return sha256(repr(facts).encode()).hexdigest()


def _dates_missing(paths: list[str], published: int) -> Finding:
    """That the articles at these paths are held back, since nothing says when they were written."""
    of = len(paths) + published
    shown = ", ".join(paths[:3]) + (", …" if len(paths) > 3 else "")
    return Finding(
        Level.WARNING,
        "dates-missing",
        f"{len(paths)} of {of} articles have no date that syndicate can read ({shown}); they are "
        "held back, because publishing them now would present all of them as new",
        paths[0],
        hint="to publish them with the current time, run: syndicate build --publish-undated; to "
        "keep their real dates, first add date: to their headers, or the day to their file names "
        f"({_dated_name(paths[0])})",
    )


def _dated_now(paths: Sequence[str]) -> Finding:
    """That the articles at these paths were published with the time of this build."""
    shown = ", ".join(paths[:3]) + (", …" if len(paths) > 3 else "")
    articles = (
        "1 article without a date is"
        if len(paths) == 1
        else (f"{len(paths):,} articles without a date are")
    )
    return Finding(
        Level.NOTICE,
        "dated-now",
        f"{articles} published with the current time ({shown})",
        paths[0],
        hint="if this is not the date you want, add date: to the header before you send anything",
    )


def _folders_held_back(paths: list[str]) -> Finding:
    """That files are held back for the names of their folders, which no configuration explains."""
    folders = list(dict.fromkeys(naming.partial(path) for path in paths))
    shown = ", ".join(folders[:3]) + (", …" if len(folders) > 3 else "")
    files = "1 file is" if len(paths) == 1 else f"{len(paths):,} files are"
    return Finding(
        Level.NOTICE,
        "folder-held-back",
        f"{files} held back because the name of a folder begins with _ ({shown})",
        paths[0],
        hint="to publish such files, rename the folder, or write draft: false into their headers",
    )


def _dated_name(path: str) -> str:
    """An example of a file name with a day."""
    return f"2026-03-08-{path.rpartition('/')[2]}"


def _report(
    articles: Articles, intake: IngestResult, writer: DocumentWriter, notes: Mapping[Owner, str]
) -> Report:
    by_path = (
        *articles.faults().items(),
        *articles.findings(),
        *Renderings(articles.database).findings(),
    )
    found = [finding for path, text in by_path for finding in from_json(text, path)]
    made = [finding for text in notes.values() for finding in from_json(text)]
    undated = articles.undated()
    if undated:
        made.append(_dates_missing([r.path for r in undated], articles.count()))
    if intake.dated_now:
        made.append(_dated_now(intake.dated_now))
    counts = _counts(articles, made)
    if counts.held_back and (held := articles.held_by_folder()):
        made.append(_folders_held_back(held))
    return Report(
        counts=counts,
        read=intake.read,
        changed=len(intake.changes),
        written=tuple(writer.written),
        removed=tuple(writer.removed),
        findings=(*found, *made),
    )


def _counts(articles: Articles, made: Sequence[Finding]) -> Counts:
    """How many files stand where. An article of which no text could be read is not published."""
    counts = articles.counts()
    lost = {finding.path for finding in made if finding.rule == TEXT_LOST}
    records = articles.at_paths(sorted(lost)) if lost else []
    faulty = articles.faults()
    published = sum(map(is_published, records))
    unread = sum(is_published(record) and record.path not in faulty for record in records)
    return replace(counts, published=counts.published - published, unread=counts.unread + unread)
