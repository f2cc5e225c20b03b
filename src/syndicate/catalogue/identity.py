"""Which file is which article. Pure decisions: values and `now` in, values out.

An article keeps its id through edits, renames and moves; `match_articles` decides which file is
which article, and what changes in the store. Ids are tag: URIs (RFC 4151), made from the site's
host, a date and the first path, so that a lost store gives the same ids again; once kept they stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
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
    """What the store has to change: records to write (with new files' stats), and who left."""

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


def match_articles(
    scanned: Sequence[ScannedFile],
    removed: Sequence[Record],
    at_path: Mapping[str, Record],
    returning: Sequence[Record],
    *,
    host: str,
    now: datetime,
    taken: Sequence[str] = (),
    around: Surrounding | None = None,
) -> Decision:
    """Say which scanned file is which article.

    `removed` are the records whose files are no longer there, `at_path` those standing at the
    scanned files' paths, `returning` gone ones whose text a scanned file has, `taken` ids that
    must not be given again. `around` decides which undated files are pages of the site.
    """
    moment = format_timestamp(now)
    match = _match(scanned, removed, at_path, returning)
    saved: list[Record] = []
    new_ids = set(taken)
    for file in scanned:
        record = match.get(file.path)
        file = with_page_by_place(file, record, around)
        if record is None:
            record = _new_record(file, host, moment, new_ids)
            new_ids.add(record.id)
        else:
            record = _updated_record(record, file, moment)
        saved.append(record)
    kept = {record.id for record in match.values()}
    gone = [r._replace(state=State.GONE) for r in removed if r.id not in kept]
    # Where another article stands now, the one that stood there cannot keep the path.
    ousted = [r for r in at_path.values() if r.id not in kept]
    gone += [r._replace(state=State.GONE, path=r.id) for r in ousted]
    return Decision(tuple(saved), tuple(gone))


def _match(
    scanned: Sequence[ScannedFile],
    removed: Sequence[Record],
    at_path: Mapping[str, Record],
    returning: Sequence[Record],
) -> dict[str, Record]:
    """Path of a scanned file -> the record of the article it is.

    In this order: the same text at the same path; text that stood at another path whose file is
    gone, or was itself replaced by known text (files that change places); the same path; a
    removed file's title and date. An article long gone comes back at its old path only with its
    text or title: what is written there later is another one.
    """
    match = {
        file.path: at_path[file.path]
        for file in scanned
        if file.path in at_path and at_path[file.path].body_hash == file.body_hash
    }
    claimed = {record.id for record in match.values()}
    known = {record.body_hash for record in (*removed, *at_path.values())} - {NO_BODY}
    texts = {file.path: file.body_hash for file in scanned}
    changed = [r for r in at_path.values() if r.id not in claimed]
    displaced = [*removed, *(r for r in changed if texts[r.path] in known)]
    _assign(scanned, displaced, match, claimed, attrgetter("body_hash"))
    for file in scanned:
        record = at_path.get(file.path)
        back = record and (record.state != State.GONE or record.title == file.title)
        if file.path not in match and record and back and record.id not in claimed:
            match[file.path] = record
            claimed.add(record.id)
    _assign(scanned, returning, match, claimed, attrgetter("body_hash"))
    _assign(scanned, removed, match, claimed, _title_and_date)
    return match


def _title_and_date(thing: ScannedFile | Record) -> object:
    date = thing.date if isinstance(thing, ScannedFile) else thing.published
    return (thing.title, date) if date else None


def _assign(
    scanned: Sequence[ScannedFile],
    records: Sequence[Record],
    match: dict[str, Record],
    claimed: set[str],
    trait: Callable[[Any], object],
) -> None:
    """Give each unmatched file a free record with the same trait, the likeliest first."""
    free: dict[object, list[Record]] = defaultdict(list)
    for record in records:
        if record.id not in claimed:
            free[trait(record)].append(record)
    if not free:
        return
    for file in scanned:
        key = None if file.path in match else trait(file)
        if key is None or key == NO_BODY or not free.get(key):
            continue
        name = PurePosixPath(file.path).name
        best = min(
            free[key],
            key=lambda r: (
                r.title != file.title,
                r.head != file.head,
                PurePosixPath(r.path).name != name,
                r.id,
            ),
        )
        free[key].remove(best)
        match[file.path] = best
        claimed.add(best.id)


def _new_record(file: ScannedFile, host: str, now: str, taken: set[str]) -> Record:
    """The record of an article never seen before."""
    published = file.date or now
    day = min(published, now)[:10]
    return Record(
        id=new_id(host, day, file.path, taken),
        path=file.path,
        size=file.size,
        mtime_ns=file.mtime_ns,
        body_hash=file.body_hash,
        state=state_when_read(file, published, now),
        first_seen=now,
        published=published,
        updated=_stated_update(file, published, now) or published,
        sequence=None,
        title=file.title,
        slug=file.slug,
        head=file.head,
        findings=file.findings,
    )


def _stated_update(file: ScannedFile, published: str, now: str) -> str | None:
    """The header's own date of change, unless it lies in the future."""
    return max(file.updated, published) if file.updated and file.updated <= now else None


def _updated_record(record: Record, file: ScannedFile, now: str) -> Record:
    """The record after its file was read again.

    Once published, the moment of publication stays, unless it is later than now and the header
    states another; `updated` moves when the header says so or
    the title or text changed.
    """
    published = record.published
    if record.sequence is None:
        was_draft = record.state == State.DRAFT and not file.draft
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
    again = record._replace(
        path=file.path,
        size=file.size,
        mtime_ns=file.mtime_ns,
        body_hash=file.body_hash,
        state=state,
        published=published,
        updated=updated,
        title=file.title,
        slug=file.slug,
        head=file.head,
        findings=file.findings,
    )
    return with_unique_slug(again) if record.slug == unique_slug(again) else again
