"""Record in the store what changed: articles of files that were read, and changes by time alone.

Runs inside the transaction of an ingest and decides on current records: two builds at once come to
one result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, tzinfo

from syndicate.build.expiry import has_expiring, has_returning
from syndicate.catalogue.identity import Decision, KnownRecords, match_articles
from syndicate.catalogue.publication import at_its_moment, dated_now, not_after, to_hold_undated
from syndicate.catalogue.records import Record, ScannedFile, State
from syndicate.catalogue.scan import UnreadableFile
from syndicate.catalogue.slugs import disambiguate_slugs
from syndicate.content.page_rules import Surrounding, surrounding
from syndicate.store.articles import Articles, Change
from syndicate.store.meta import Meta
from syndicate.timestamps import format_timestamp


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """How a site turns files into articles.

    `host` is that of the site, for ids. Dates without an offset are in `zone`. `address` gives the
    URL of an article if syndicate decides on URLs, so that they are kept unique. `keep_tags`: keep
    a list of the articles of each tag. `announce`: add events for new articles, except in the first
    build. A first build with many articles without a date holds them back, unless
    `publish_undated`.
    """

    host: str
    zone: tzinfo
    address: Callable[[Record], str] | None
    keep_tags: bool
    announce: bool
    publish_undated: bool


@dataclass(frozen=True, slots=True)
class FileChanges:
    """Files that were read, well or not, paths without an article now, and all paths there are."""

    scanned: Sequence[ScannedFile]
    unreadable: Sequence[UnreadableFile]
    removed: Sequence[str]
    paths: Iterable[str]


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records changes of articles; each method gives those it made."""

    articles: Articles
    settings: IngestSettings
    now: datetime

    @property
    def moment(self) -> str:
        """`now` as the store has it."""
        return format_timestamp(self.now)

    def record_files(self, files: FileChanges) -> list[Change]:
        """Decide which file is which article, and save what differs."""
        if not (files.scanned or files.removed):
            return []
        records = self._known_records(files)
        before = {
            r.id: r for r in (*records.at_path.values(), *records.removed, *records.returning)
        }
        decision = match_articles(
            files.scanned,
            records,
            host=self.settings.host,
            now=self.now,
            around=self._surrounding(files),
        )
        saved = self._hold_undated(decision, before.keys())
        gone = {record.id for record in decision.gone}
        saved = [*self._with_unique_slugs(saved, gone), *decision.gone]
        touched = [r for r in saved if r.id in before and _is_only_touched(before[r.id], r)]
        touched_ids = {record.id for record in touched}
        edited = self._numbered([r for r in saved if r.id not in touched_ids])
        self.articles.touch({r.path: (r.size, r.mtime_ns) for r in touched})
        self.articles.save(edited, before)
        return [(before.get(r.id), r) for r in edited]

    def apply_time(self) -> list[Change]:
        """Show pages whose moment has come, and withdraw what has expired.

        What expired while the clock was ahead is shown again.
        """
        meta = Meta(self.articles.database).all()
        expiring = self.articles.expiring() if has_expiring(meta, self.moment) else []
        expired = self.articles.expired() if has_returning(meta, self.moment) else []
        waiting = self.articles.waiting_until(self.moment)
        before = {r.id: r for r in (*waiting, *expiring, *expired)}
        shown = [at_its_moment(record, self.moment) for record in before.values()]
        after = [record for record in shown if record != before[record.id]]
        if expired:
            after = self._with_unique_slugs(after, before.keys())
        self.articles.save(after, {})
        return [(before[record.id], record) for record in after]

    def publish_due(self) -> list[Change]:
        """Publish the articles whose moment has come."""
        due = self._numbered(self.articles.due(self.moment))
        self.articles.number(due)
        return [(record._replace(sequence=None), record) for record in due]

    def publish_held(self, held: Sequence[Record]) -> list[Change]:
        """Publish now those of the articles without a date that are still held back."""
        still_held = {record.id for record in self.articles.undated()}
        before = [record for record in held if record.id in still_held]
        dated = [dated_now(record, self.moment) for record in before]
        after = self._numbered(self._with_unique_slugs(dated, frozenset()))
        self.articles.save(after, {})
        return list(zip(before, after, strict=True))

    def correct_dates(self) -> list[Change]:
        """Correct the dates that articles got while the clock was ahead."""
        records = self.articles.dated_after(self.moment)
        pairs = [(record, not_after(record, self.moment)) for record in records]
        changes: list[Change] = [(old, new) for old, new in pairs if old != new]
        self.articles.save([new for _, new in changes], {})
        return changes

    def _known_records(self, files: FileChanges) -> KnownRecords:
        """The records that the files can be of."""
        if not self.articles.any():
            return KnownRecords()
        records = self.articles.at_paths([file.path for file in files.scanned])
        at_path = {record.path: record for record in records}
        new = [file for file in files.scanned if file.path not in at_path]
        days = {min(file.date or self.moment, self.moment)[:10] for file in new}
        return KnownRecords(
            removed=[r for r in self.articles.at_paths(files.removed) if r.state != State.GONE],
            at_path=at_path,
            returning=self.articles.gone_with_body([file.body_hash for file in new]),
            ids=self.articles.ids_starting(f"tag:{self.settings.host},{day}:" for day in days),
        )

    def _surrounding(self, files: FileChanges) -> Surrounding | None:
        """What the site is like, where a file was read that this may make a page."""
        if not any(file.may_be_page for file in files.scanned):
            return None
        read = {file.path for file in files.scanned}
        dated, undated = (
            [path for path in paths if path not in read] for paths in self.articles.placed_by_date()
        )
        live = [f for f in files.scanned if not f.hold and not f.page and not f.unlisted]
        dated += [file.path for file in live if file.date]
        undated += [file.path for file in live if file.may_be_page and not file.date]
        return surrounding(dated, undated, files.paths)

    def _hold_undated(self, decision: Decision, existing: AbstractSet[str]) -> list[Record]:
        """The records to save; those without a date held back if a first build has many."""
        saved = list(decision.saved)
        if self.settings.publish_undated or not self._is_first(decision):
            return saved
        saved_ids = {record.id for record in saved}
        held = sum(record.id not in saved_ids for record in self.articles.undated())
        return to_hold_undated(saved, existing, held)

    def _is_first(self, decision: Decision) -> bool:
        """Whether no article that was published before still is."""
        if not any(record.undated for record in decision.saved):  # nearly always: spares the query
            return False
        return set(self.articles.published_ids()) <= {record.id for record in decision.gone}

    def _with_unique_slugs(
        self, records: Sequence[Record], ignored: AbstractSet[str]
    ) -> list[Record]:
        """The records, with another slug for each whose URL another article has.

        Records with the `ignored` ids do not count.
        """
        if self.settings.address is None:
            return list(records)
        ids = ignored | {record.id for record in records}
        others = self.articles.with_slugs([record.slug for record in records])
        others = [record for record in others if record.id not in ids]
        return disambiguate_slugs(records, others, self.settings.address)

    def _numbered(self, records: Sequence[Record]) -> list[Record]:
        """The records, with a sequence for each that is published now and was not before."""
        new = [
            r
            for r in records
            if r.sequence is None and r.state == State.LIVE and r.published <= self.moment
        ]
        new.sort(key=lambda r: (r.published, r.path))
        first = self.articles.last_sequence() + 1
        numbers = {record.id: number for number, record in enumerate(new, first)}
        return [r.numbered(numbers[r.id]) if r.id in numbers else r for r in records]


def _is_only_touched(old: Record, new: Record) -> bool:
    """Whether no more than the stat of the file changed."""
    return old._replace(size=new.size, mtime_ns=new.mtime_ns) == new
