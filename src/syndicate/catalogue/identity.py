"""Which file is which article. Pure decisions: values and `now` in, values out.

An article keeps its id through edits, renames and moves; `match_articles` decides which file is
which article, and what changes in the store. Ids are tag: URIs (RFC 4151), made from the site's
host, a date and the first path, so that a lost store gives the same ids again; once kept they stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

from syndicate.catalogue.pages_by_place import with_page_by_place
from syndicate.catalogue.publication import state_when_read
from syndicate.catalogue.records import NO_BODY, Record, ScannedFile, State
from syndicate.catalogue.slugs import unique_slug, with_unique_slug
from syndicate.content.page_rules import Surrounding
from syndicate.timestamps import format_timestamp


@dataclass(frozen=True, slots=True)
class Decision:
    """What the store has to change: records to save (with new files' stats), and deleted ones."""

    saved: tuple[Record, ...]
    gone: tuple[Record, ...]


def new_id(host: str, day: str, path: str, taken: AbstractSet[str] = frozenset()) -> str:
    """A tag: URI (RFC 4151, section 2.1) for the article first seen at `path`."""
    attempt = 0
    while True:
        digest = sha256(f"{path}\n{attempt or ''}".encode()).hexdigest()[:16]
        uri = f"tag:{host},{day}:{digest}"
        if uri not in taken:
            return uri
        attempt += 1


@dataclass(frozen=True, slots=True)
class KnownRecords:
    """The stored records that scanned files can be of.

    `removed` are those whose files are no longer there, `at_path` those at the scanned files'
    paths, `returning` those of deleted articles with the text of a scanned file. `ids` must not be
    given to new articles.
    """

    removed: Sequence[Record] = ()
    at_path: Mapping[str, Record] = field(default_factory=dict)
    returning: Sequence[Record] = ()
    ids: Sequence[str] = ()


def match_articles(
    scanned: Sequence[ScannedFile],
    records: KnownRecords,
    *,
    host: str,
    now: datetime,
    around: Surrounding | None = None,
) -> Decision:
    """Decide which scanned file is which article.

    `around` decides which undated files are pages of the site.
    """
    moment = format_timestamp(now)
    record_of = _match(scanned, records)
    saved: list[Record] = []
    taken_ids = set(records.ids)
    for file in scanned:
        record = record_of.get(file.path)
        file = with_page_by_place(file, record, around)
        if record is None:
            record = _new_record(file, host, moment, taken_ids)
            taken_ids.add(record.id)
        else:
            record = _updated_record(record, file, moment)
        saved.append(record)
    kept = {record.id for record in record_of.values()}
    gone = [r._replace(state=State.GONE) for r in records.removed if r.id not in kept]
    # Where another article stands now, the one that stood there cannot keep the path.
    displaced = [r for r in records.at_path.values() if r.id not in kept]
    gone += [r._replace(state=State.GONE, path=r.id) for r in displaced]
    return Decision(tuple(saved), tuple(gone))


def _match(scanned: Sequence[ScannedFile], records: KnownRecords) -> dict[str, Record]:
    """Path of a scanned file -> the record of its article.

    In this order: the same text at the same path; the text of another path whose file is gone, or
    whose file now has another known text (files that change places); the same path; a deleted
    article with the same text; the title and date of a removed file.
    """
    matching = _Matching(scanned)
    at_path = [(f, records.at_path[f.path]) for f in scanned if f.path in records.at_path]
    for file, record in at_path:
        if record.body_hash == file.body_hash:
            matching.pair(file, record)
    texts = {r.body_hash for r in (*records.removed, *records.at_path.values())} - {NO_BODY}
    edited = [(file, record) for file, record in at_path if matching.is_free(record)]
    replaced = [record for file, record in edited if file.body_hash in texts]
    matching.pair_by(_text, [*records.removed, *replaced])
    for file, record in edited:
        if matching.is_free(record) and matching.is_unmatched(file) and _can_stay(record, file):
            matching.pair(file, record)
    matching.pair_by(_text, records.returning)
    matching.pair_by(_title_and_date, records.removed)
    return matching.record_of


def _can_stay(record: Record, file: ScannedFile) -> bool:
    """Whether a file with another text can be the article of its path.

    A deleted article returns at its old path only with its title, or else its text.
    """
    return record.state != State.GONE or record.title == file.title


class _Matching:
    """Scanned files and the records they are paired with; each record has one file at most."""

    def __init__(self, scanned: Sequence[ScannedFile]) -> None:
        self.scanned = scanned
        self.record_of: dict[str, Record] = {}
        self._paired_ids: set[str] = set()

    def pair(self, file: ScannedFile, record: Record) -> None:
        self.record_of[file.path] = record
        self._paired_ids.add(record.id)

    def is_free(self, record: Record) -> bool:
        return record.id not in self._paired_ids

    def is_unmatched(self, file: ScannedFile) -> bool:
        return file.path not in self.record_of

    def pair_by(self, trait: Trait, records: Sequence[Record]) -> None:
        """Pair each unmatched file with the most similar free record that shares its trait."""
        free: dict[object, list[Record]] = defaultdict(list)
        for record in filter(self.is_free, records):
            free[trait(record)].append(record)
        if not free:
            return
        for file in filter(self.is_unmatched, self.scanned):
            key = trait(file)
            if key is not None and (candidates := free.get(key)):
                best = min(candidates, key=partial(_difference, file))
                candidates.remove(best)
                self.pair(file, best)


Trait = Callable[[ScannedFile | Record], object]
"""What a file and a record can have in common; None is shared with none."""


def _text(article: ScannedFile | Record) -> object:
    return None if article.body_hash == NO_BODY else article.body_hash


def _title_and_date(article: ScannedFile | Record) -> object:
    date = article.date if isinstance(article, ScannedFile) else article.published
    return (article.title, date) if date else None


def _difference(file: ScannedFile, record: Record) -> tuple[bool, bool, bool, str]:
    """How little a record resembles a file, to sort by."""
    return (
        record.title != file.title,
        record.metadata != file.metadata,
        PurePosixPath(record.path).name != PurePosixPath(file.path).name,
        record.id,
    )


def _new_record(file: ScannedFile, host: str, now: str, taken: set[str]) -> Record:
    """The record of an article never seen before."""
    published = file.date or now
    day = min(published, now)[:10]
    return Record(
        id=new_id(host, day, file.path, taken),
        **_as_read(file),
        state=state_when_read(file, published, now),
        first_seen=now,
        published=published,
        updated=_stated_update(file, published, now) or published,
        sequence=None,
    )


def _as_read(file: ScannedFile) -> dict[str, Any]:
    """The fields of a record that are as in the file."""
    return {
        "path": file.path,
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "body_hash": file.body_hash,
        "title": file.title,
        "slug": file.slug,
        "metadata": file.metadata,
        "findings": file.findings,
        "hold": file.hold,
        "undated": int(file.date is None),
        "expires": file.expires,
        "aliases": file.aliases,
    }


def _stated_update(file: ScannedFile, published: str, now: str) -> str | None:
    """The header's own date of change, unless it lies in the future."""
    return max(file.updated, published) if file.updated and file.updated <= now else None


def _updated_record(record: Record, file: ScannedFile, now: str) -> Record:
    """The record after its file was read again.

    Once published, the moment of publication stays, unless it is later than now and the header
    states another; `updated` moves when the header states it, or the title or text changed.
    """
    published = record.published
    if record.sequence is None:
        was_draft = record.state == State.DRAFT and not file.hold
        published = file.date or (now if was_draft else record.first_seen)
        updated = _stated_update(file, published, now) or published
    else:
        if file.date and file.date <= now < published:
            published = file.date  # it was published while the clock was ahead
        edited = file.body_hash != record.body_hash or file.title != record.title
        before = max(record.updated, published)
        updated = _stated_update(file, published, now) or (max(now, before) if edited else before)
    state = state_when_read(file, published, now)
    if state == State.LIVE and record.state == State.UNDATED and not file.date:
        state = State.UNDATED
    again = record._replace(**_as_read(file), state=state, published=published, updated=updated)
    return with_unique_slug(again) if record.slug == unique_slug(again) else again
