"""Ingest the folder into the store: what is new, edited, moved, gone or due since last time.

Only changed files are read. Reading happens before the transaction, deciding inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate import findings
from syndicate.build.expiry import expiry_times, has_expiring, has_returning
from syndicate.build.file_changes import compare_with_store, settled, settled_mtime
from syndicate.build.recorder import FileChanges, IngestSettings, Recorder
from syndicate.catalogue.publication import MAX_UNDATED
from syndicate.catalogue.records import Record, ScannedFile
from syndicate.catalogue.scan import UnreadableFile
from syndicate.content.folder import FolderScan, Stat
from syndicate.content.rule_files import RuleFiles, fingerprint
from syndicate.content.versions import READER_VERSION
from syndicate.store.articles import Articles, Change, UnreadableRow
from syndicate.store.confirmed_time import confirmed_time, needs_reading
from syndicate.store.database import Database
from syndicate.store.events import EventKind, Events
from syndicate.store.meta import Key, Meta
from syndicate.timestamps import format_timestamp

DATES = "articles"
"""The kind of rows whose dates are corrected once a reading of the clock is confirmed."""

ReadFiles = Callable[
    [Sequence[tuple[str, Stat]], RuleFiles], Sequence[ScannedFile | UnreadableFile]
]
"""Reads articles, given also the files that hold articles back besides their headers."""


@dataclass(frozen=True, slots=True)
class ContentFolder:
    """The content folder: what a scan showed, its rule files, and how its files are read."""

    scan: FolderScan
    rule_files: RuleFiles
    read: ReadFiles


@dataclass(frozen=True, slots=True)
class IngestResult:
    """The result of an ingest: changed articles, and how many files were read.

    `dated_now` are paths of articles without a date that got the current time where that may be a
    mistake: in a first build, or many at once.
    """

    changes: tuple[Change, ...] = ()
    read: int = 0
    dated_now: tuple[str, ...] = ()


def ingest(
    database: Database, source: ContentFolder, settings: IngestSettings, now: datetime
) -> IngestResult:
    """Bring the store up to what `source` shows; publish what is due.

    When one of the rule files changed, every article is read again. Raises SyndicateError when no
    article would be left.
    """
    articles, meta = Articles(database), Meta(database).all()
    reader_inputs = f"{READER_VERSION} {settings.zone} {fingerprint(source.rule_files)}".rstrip()
    tag_lists = "yes" if settings.keep_tags else "no"
    same_rules = meta.get(Key.READER_INPUTS) == reader_inputs
    changed, removed = compare_with_store(articles, source.scan, same_rules=same_rules)
    retag = meta.get(Key.TAG_LISTS) != tag_lists
    if not (changed or removed or retag or _has_due(articles, meta, settings, now)):
        return IngestResult()
    read = source.read(changed, source.rule_files)
    files = _file_changes(read, removed, source.scan, now)
    with database.transaction():
        announce = settings.announce and articles.any()
        changes = _record(Recorder(articles, settings, now), files)
        if announce:
            new = [after.id for before, after in changes if _is_new(before, after)]
            Events(database).add(EventKind.ARTICLE_PUBLISHED, new, format_timestamp(now))
        _keep_tags(articles, changes, keep=settings.keep_tags, rebuild=retag)
        cleared = (*removed, *(file.path for file in files.scanned))
        articles.replace_unreadable(cleared, _unreadable_rows(files.unreadable, now))
        kept: dict[str, str] = {Key.READER_INPUTS: reader_inputs, Key.TAG_LISTS: tag_lists}
        Meta(database).set(kept | ({Key.UNFINISHED_BUILD: "yes"} if changes else {}))
    dated = () if settings.publish_undated else _dated_now(articles, changes)
    return IngestResult(tuple(changes), len(read), dated)


def _has_due(
    articles: Articles, meta: Mapping[str, str], settings: IngestSettings, now: datetime
) -> bool:
    """Whether records change without a changed file: by time, or to publish undated ones."""
    moment = format_timestamp(now)
    return bool(
        (settings.publish_undated and articles.undated())
        or articles.due(moment)
        or articles.waiting_until(moment)
        or has_expiring(meta, moment)
        or has_returning(meta, moment)
        or needs_reading(meta, DATES, now)
    )


def _file_changes(
    read: Sequence[ScannedFile | UnreadableFile],
    removed: Sequence[str],
    scan: FolderScan,
    now: datetime,
) -> FileChanges:
    now_ns = now.timestamp() * 1e9
    return FileChanges(
        scanned=[settled(file, now_ns) for file in read if isinstance(file, ScannedFile)],
        unreadable=[file for file in read if isinstance(file, UnreadableFile)],
        removed=removed,
        paths=scan.files,
    )


def _record(recorder: Recorder, files: FileChanges) -> list[Change]:
    """Record all changes, inside the transaction."""
    articles, database = recorder.articles, recorder.articles.database
    meta = Meta(database).all()
    held = articles.undated() if recorder.settings.publish_undated else []
    changes = recorder.record_files(files)
    changes += recorder.apply_time()
    changes += recorder.publish_due()
    changes += recorder.publish_held(held)
    if confirmed_time(database, DATES, recorder.now):
        changes += recorder.correct_dates()
    Meta(database).set(expiry_times(articles, meta, changes, recorder.moment))
    return changes


def _keep_tags(articles: Articles, changes: Sequence[Change], *, keep: bool, rebuild: bool) -> None:
    if not keep:
        articles.delete_tags()
    elif rebuild:
        articles.rebuild_tags()
    else:
        articles.update_tags(changes)


def _dated_now(articles: Articles, changes: Sequence[Change]) -> tuple[str, ...]:
    """Articles without a date that are published with the current time: all of a first build, or
    many at once."""
    new = [after for before, after in changes if _is_new(before, after)]
    undated = tuple(record.path for record in new if record.undated)
    if len(undated) > MAX_UNDATED or (undated and articles.count() == len(new)):
        return undated
    return ()


def _is_new(before: Record | None, after: Record) -> bool:
    """Whether an article is published for the first time."""
    return after.sequence is not None and (before is None or before.sequence is None)


def _unreadable_rows(files: Sequence[UnreadableFile], now: datetime) -> list[UnreadableRow]:
    now_ns = now.timestamp() * 1e9
    return [
        UnreadableRow(
            file.path,
            file.stat[0],
            settled_mtime(file.stat[1], now_ns),
            file.finding.rule,
            findings.to_json([file.finding]) or "[]",
        )
        for file in files
    ]
