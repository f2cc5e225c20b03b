"""Ingest the folder into the store: what is new, edited, moved, gone or due since last time.

Only changed files are read. Reading happens before the transaction, deciding inside it, on current
records: two builds at once come to one result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Never

from syndicate import findings
from syndicate.catalogue.identity import Decision, match_articles
from syndicate.catalogue.publication import (
    MAX_UNDATED,
    at_its_moment,
    dated_now,
    not_after,
    to_hold_undated,
)
from syndicate.catalogue.records import Record, ScannedFile, State, expires, is_undated
from syndicate.catalogue.scan import UnreadableFile
from syndicate.catalogue.slugs import disambiguate_slugs
from syndicate.content.folder import FolderScan, Stat, present
from syndicate.content.page_rules import Surrounding, surrounding
from syndicate.content.reader import is_article
from syndicate.content.rule_files import RuleFiles, fingerprint
from syndicate.content.versions import READER_VERSION
from syndicate.errors import SyndicateError
from syndicate.store.articles import LAST_EXPIRY, NEXT_EXPIRY, Articles, Change
from syndicate.store.confirmed_time import confirmed_time, needs_reading
from syndicate.store.database import Database
from syndicate.store.events import EventKind, Events
from syndicate.store.meta import Meta
from syndicate.timestamps import format_timestamp

TOO_FRESH_NS = 2_000_000_000
"""A file changed so shortly before the scan may change again under the same stat."""

DATES = "articles"
"""The kind of rows whose dates are corrected once a reading of the clock is confirmed."""

ReadFiles = Callable[
    [Sequence[tuple[str, Stat]], RuleFiles], Sequence[ScannedFile | UnreadableFile]
]
"""Reads articles, given also the files that hold articles back besides their headers."""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What an intake did: changed articles, and how many files it read.

    `dated_now` are the paths of articles without a date that got the current time, where that may
    not be meant: in a first build, or many at once.
    """

    changes: tuple[Change, ...] = ()
    read: int = 0
    dated_now: tuple[str, ...] = ()


def changed_files(
    seen: Mapping[str, Stat], known: Mapping[str, Stat]
) -> tuple[list[tuple[str, Stat]], list[str]]:
    """Files to read (new, or with another stat), and paths at which no article is any more.

    A symbolic link that is not followed is both: reading it says what is wrong.
    """
    differing = seen.items() - known.items()
    changed = sorted(item for item in differing if is_article(item[0]) or _is_refused(item[1]))
    refused = {path for path, stat in differing if _is_refused(stat) and path in known}
    return changed, sorted((known.keys() - seen.keys()) | refused)


def _is_refused(stat: Stat) -> bool:
    """Whether it is that of a symbolic link that is not followed: there is no article."""
    return stat[0] < 0


def _compared(
    articles: Articles, seen: FolderScan, *, same_way: bool
) -> tuple[list[tuple[str, Stat]], list[str]]:
    """What to read and what is no longer there; `same_way` as files were read before.

    Raises SyndicateError when nothing would be left.
    """
    narrow = seen.changed if same_way else None
    files = seen.files
    if narrow is not None:
        files = {path: files[path] for path in narrow if path in files}
    known = articles.stats(None if narrow is None else sorted(narrow))
    if seen.held:
        files, known = ({p: s for p, s in m.items() if p not in seen.held} for m in (files, known))
    changed, removed = changed_files(files, known)
    were = [path for path in removed if not _is_refused(known[path])]
    if were and not any(map(is_article, (*present(seen.files), *seen.held))):
        _refuse_empty_folder(len(were), linked=len(present(seen.files)) < len(seen.files))
    return changed if same_way else changed_files(files, {})[0], removed


def ingest(
    database: Database,
    seen: FolderScan,
    read_files: ReadFiles,
    rule_files: RuleFiles,
    *,
    host: str,
    zone: tzinfo,
    now: datetime,
    tagged: bool,
    announced: bool,
    address: Callable[[Record], str] | None = None,
    publish_undated: bool = False,
) -> IngestResult:
    """Bring the store up to what `seen` shows; publish what is due.

    `announced`: hooks are called for new articles, except those of the first build. `tagged`:
    something asks for the articles of a tag, so the list of them is kept. `address` gives an
    article's address where this program decides on it; then no two articles have the same. A first
    build holds articles without a date back if most are undated, unless `publish_undated`. When one
    of the `rule_files` changed, everything is read anew.
    """
    articles = Articles(database)
    meta = Meta(database).all()
    how = f"{READER_VERSION} {zone} {fingerprint(rule_files)}".rstrip()
    kept_tags = "yes" if tagged else "no"
    changed, removed = _compared(articles, seen, same_way=meta.get("read as") == how)
    retag = meta.get("tags kept") != kept_tags
    moment = format_timestamp(now)
    undated = publish_undated and articles.undated()
    moves = _moves(articles, meta, moment) or needs_reading(meta, DATES, now)
    if not (changed or removed or retag or undated or moves):
        return IngestResult()
    files = read_files(changed, rule_files)
    scanned = [_settled(file, now) for file in files if isinstance(file, ScannedFile)]
    broken = [file for file in files if isinstance(file, UnreadableFile)]
    with database.transaction():
        announcing = announced and articles.any()
        released = articles.undated() if publish_undated else []
        changes = _record(
            articles, scanned, removed, seen.files, host, now, address, hold=not publish_undated
        )
        changes += _release(articles, released, now, address)
        if confirmed_time(database, DATES, now):
            changes += _dated_not_after(articles, moment)
        Meta(database).remember(_next_expiry(articles, meta, changes, moment))
        if announcing:
            new = [after.id for before, after in changes if _is_new(before, after)]
            Events(database).add(EventKind.ARTICLE_PUBLISHED, new, moment)
        if not tagged:
            articles.delete_tags()
        elif retag:
            articles.rebuild_tags()
        else:
            articles.update_tags(changes)
        articles.replace_faults((*removed, *(f.path for f in scanned)), _fault_rows(broken, now))
        kept = {"read as": how, "tags kept": kept_tags}
        Meta(database).remember(kept | ({"unfinished": "yes"} if changes else {}))
    dated_now = () if publish_undated else _dated_now(articles, changes)
    return IngestResult(tuple(changes), len(files), dated_now)


def _dated_now(articles: Articles, changes: Sequence[Change]) -> tuple[str, ...]:
    """Articles without a date that are published with the current time: all of a first build, or
    many at once."""
    new = [after for before, after in changes if _is_new(before, after)]
    undated = tuple(record.path for record in new if is_undated(record))
    if len(undated) > MAX_UNDATED or (undated and articles.count() == len(new)):
        return undated
    return ()


def _moves(articles: Articles, meta: Mapping[str, str], moment: str) -> bool:
    """Whether time alone changes something: an article is due, or expires."""
    waiting = articles.due(moment) or articles.waiting_until(moment)
    return bool(waiting) or _expires(meta, moment) or _returns(meta, moment)


def _expires(meta: Mapping[str, str], moment: str) -> bool:
    """Whether something expires by now."""
    return bool(meta.get(NEXT_EXPIRY)) and meta[NEXT_EXPIRY] <= moment


def _dated_not_after(articles: Articles, moment: str) -> list[Change]:
    """Correct the dates that articles got while the clock was ahead."""
    pairs = [(record, not_after(record, moment)) for record in articles.dated_after(moment)]
    moved: list[Change] = [(old, new) for old, new in pairs if old != new]
    articles.save([new for _, new in moved], {})
    return moved


def _returns(meta: Mapping[str, str], moment: str) -> bool:
    """Whether something has expired that does not by now: the clock was ahead."""
    return meta.get(LAST_EXPIRY, "") > moment


def _next_expiry(
    articles: Articles, meta: Mapping[str, str], changes: Sequence[Change], moment: str
) -> dict[str, str]:
    """When the next article expires and the last one did, if that may be other than is kept."""
    changed = any(expires(record) for pair in changes for record in pair if record)
    if not changed and not _expires(meta, moment) and not _returns(meta, moment):
        return {}
    ahead, behind = (
        list(filter(None, map(expires, records)))
        for records in (articles.expiring(), articles.expired())
    )
    return {NEXT_EXPIRY: min(ahead, default=""), LAST_EXPIRY: max(behind, default="")}


def _is_new(before: Record | None, after: Record) -> bool:
    """Whether an article is published for the first time."""
    return after.sequence is not None and (before is None or before.sequence is None)


def _refuse_empty_folder(number: int, *, linked: bool) -> Never:
    """An empty folder is far more likely a mistake than a wish."""
    links = "list the folders that symbolic links lead to under links: in config.yaml, or "
    raise SyndicateError(
        f"the content folder has no articles any more; {number} were there before",
        hint=f"{links if linked else ''}check that it is the right folder and that its disk is "
        "there; nothing was withdrawn. To start over, delete the database",
    )


def _settled(file: ScannedFile, now: datetime) -> ScannedFile:
    settled = _settled_time(file.mtime_ns, now)
    return file if settled == file.mtime_ns else file._replace(mtime_ns=settled)


def _settled_time(mtime_ns: int, now: datetime) -> int:
    """A file changed just now gets a time that matches nothing, so that it is read again."""
    return -1 if now.timestamp() * 1e9 - mtime_ns < TOO_FRESH_NS else mtime_ns


def _fault_rows(broken: Sequence[UnreadableFile], now: datetime) -> dict[str, tuple[Stat, str]]:
    return {
        b.path: ((b.stat[0], _settled_time(b.stat[1], now)), findings.to_json([b.finding]) or "[]")
        for b in broken
    }


def _record(
    articles: Articles,
    scanned: list[ScannedFile],
    removed: list[str],
    files: Iterable[str],
    host: str,
    now: datetime,
    address: Callable[[Record], str] | None,
    *,
    hold: bool,
) -> list[Change]:
    """Decide and save, inside the transaction."""
    before: dict[str, Record] = {}
    decision = Decision((), ())
    if scanned or removed:
        decision, before = _decide(articles, scanned, removed, files, host, now)
    saved = list(decision.saved)
    if hold and _is_first(articles, decision):
        again = {record.id for record in saved}
        held = sum(record.id not in again for record in articles.undated())
        saved = to_hold_undated(saved, before.keys(), held)
    if address:
        ids = {record.id for record in (*saved, *decision.gone)}
        others = articles.with_slugs([record.slug for record in saved])
        saved = disambiguate_slugs(saved, [r for r in others if r.id not in ids], address)
    saved += decision.gone
    same = [r for r in saved if r.id in before and _only_touched(before[r.id], r)]
    kept = {record.id for record in same}
    news = _numbered([r for r in saved if r.id not in kept], articles.last_sequence(), now)
    articles.touch({r.path: (r.size, r.mtime_ns) for r in same})
    articles.save(news, before)
    moved = _moved_by_time(articles, format_timestamp(now), address)
    due = _numbered(articles.due(format_timestamp(now)), articles.last_sequence(), now)
    articles.number(due)
    changes: list[Change] = [(before.get(r.id), r) for r in news]
    return changes + moved + [(r._replace(sequence=None), r) for r in due]


def _is_first(articles: Articles, decision: Decision) -> bool:
    """Whether nothing was published before that still is."""
    if not any(map(is_undated, decision.saved)):  # nearly always: the rest is not asked for
        return False
    return set(articles.published_ids()) <= {record.id for record in decision.gone}


def _release(
    articles: Articles,
    held: Sequence[Record],
    now: datetime,
    address: Callable[[Record], str] | None,
) -> list[Change]:
    """Publish now what was held back for want of a date, as far as it still is."""
    still = {record.id for record in articles.undated()}
    before = [record for record in held if record.id in still]
    after = [dated_now(record, format_timestamp(now)) for record in before]
    if address:
        after = disambiguate_slugs(after, articles.with_slugs([r.slug for r in after]), address)
    numbered = _numbered(after, articles.last_sequence(), now)
    articles.save(numbered, {})
    return list(zip(before, numbered, strict=True))


def _moved_by_time(
    articles: Articles, moment: str, address: Callable[[Record], str] | None
) -> list[Change]:
    """Show pages whose moment has come, and withdraw what has expired.

    What expired while the clock was ahead is shown again.
    """
    meta = Meta(articles.database).all()
    expiring = articles.expiring() if _expires(meta, moment) else []
    expired = articles.expired() if _returns(meta, moment) else []
    known = {r.id: r for r in (*articles.waiting_until(moment), *expiring, *expired)}
    moved = {r.id: at_its_moment(r, moment) for r in known.values()}
    after = [record for record in moved.values() if record != known[record.id]]
    if address and expired:
        others = articles.with_slugs([record.slug for record in after])
        after = disambiguate_slugs(after, [r for r in others if r.id not in known], address)
    articles.save(after, {})
    return [(known[record.id], record) for record in after]


def _surrounding(
    articles: Articles, scanned: Sequence[ScannedFile], files: Iterable[str]
) -> Surrounding | None:
    """What the site is like, where a file was read that this may make a page."""
    if not any(file.may_be_page for file in scanned):
        return None
    read = {file.path for file in scanned}
    dated, undated = ([p for p in paths if p not in read] for paths in articles.placed_by_date())
    live = [file for file in scanned if not file.draft and not file.page and not file.unlisted]
    dated += [file.path for file in live if file.date]
    undated += [file.path for file in live if file.may_be_page and not file.date]
    return surrounding(dated, undated, files)


def _decide(
    articles: Articles,
    scanned: list[ScannedFile],
    removed: list[str],
    files: Iterable[str],
    host: str,
    now: datetime,
) -> tuple[Decision, dict[str, Record]]:
    around = _surrounding(articles, scanned, files)
    if not articles.any():
        return match_articles(scanned, (), {}, (), host=host, now=now, around=around), {}
    at_path = {r.path: r for r in articles.at_paths([file.path for file in scanned])}
    left = [r for r in articles.at_paths(removed) if r.state != State.GONE]
    new = [file for file in scanned if file.path not in at_path]
    returning = articles.gone_with_body([file.body_hash for file in new])
    days = {min(file.date or format_timestamp(now), format_timestamp(now))[:10] for file in new}
    taken = articles.ids_starting(f"tag:{host},{day}:" for day in days)
    decision = match_articles(
        scanned, left, at_path, returning, host=host, now=now, taken=taken, around=around
    )
    return decision, {r.id: r for r in (*at_path.values(), *left, *returning)}


def _only_touched(old: Record, new: Record) -> bool:
    return old._replace(size=new.size, mtime_ns=new.mtime_ns) == new


def _numbered(records: list[Record], last: int, now: datetime) -> list[Record]:
    """Give a sequence to every record that is published now and was not before."""
    moment = format_timestamp(now)
    new = [
        r for r in records if r.sequence is None and r.state == State.LIVE and r.published <= moment
    ]
    new.sort(key=lambda r: (r.published, r.path))
    numbers = {record.id: last + i for i, record in enumerate(new, 1)}
    return [r.numbered(numbers[r.id]) if r.id in numbers else r for r in records]
