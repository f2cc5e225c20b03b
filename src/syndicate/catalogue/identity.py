"""What is published, under which identity. Pure decisions: values and `now` in, values out.

An article keeps its id through edits, renames and moves; `match_articles` decides which file is
which article, and what changes in the store. Ids are tag: URIs (RFC 4151), made from the site's
host, a date and the first path, so that a lost store gives the same ids again; once kept they stay.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from operator import attrgetter
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from syndicate import findings
from syndicate.content import page_rules
from syndicate.content.article import Article, Format
from syndicate.content.naming import MAX_SLUG_LENGTH
from syndicate.content.page_rules import Surrounding
from syndicate.findings import Finding, Level
from syndicate.timestamps import format_timestamp


class State(StrEnum):
    """Where an article stands. A live one is published once its moment has come.

    A page and what is unlisted have a web page and stand in no feed, list or issue; until their
    moment comes they are waiting. What is expired is withdrawn. What is undated is held back
    because nothing says when it was written; see `to_hold_undated`.
    """

    LIVE = "live"
    PAGE = "page"
    UNLISTED = "unlisted"
    WAITING = "waiting"
    EXPIRED = "expired"
    UNDATED = "undated"
    DRAFT = "draft"
    GONE = "gone"


BESIDE_ARTICLES = frozenset((State.PAGE, State.UNLISTED))
"""The states of what has a web page without being an article of the catalogue."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many files of the content folder stand where; each is counted once.

    `held_back` is what is not published for another reason than that its author calls it a draft:
    another key, a doubt, no date. `unread` is what cannot be read and was never published.
    """

    published: int = 0
    pages: int = 0
    unlisted: int = 0
    drafts: int = 0
    held_back: int = 0
    scheduled: int = 0
    expired: int = 0
    unread: int = 0

    def in_words(self) -> list[str]:
        """`3 articles published`, `1 draft`: numbers that are 0 are left out, but the first."""
        nouns = (("page", self.pages), ("draft", self.drafts))
        words = (
            ("held back", self.held_back),
            ("scheduled", self.scheduled),
            ("unlisted", self.unlisted),
            ("expired", self.expired),
            ("unreadable", self.unread),
        )
        return [
            f"{_counted(self.published, 'article')} published",
            *(_counted(number, noun) for noun, number in nouns if number),
            *(f"{number:,} {word}" for word, number in words if number),
        ]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def is_called_draft(reason: str) -> bool:
    """Whether an article is a draft by the word of its author; `reason` is "" for `draft: true`."""
    return not reason or reason.lower().endswith(("draft", "drafts"))


class Record(NamedTuple):
    """An article as the store keeps it, a row: everything but its body. Moments as UTC text.

    A named tuple, for there are tens of thousands of them: it is the row that is written.
    `head` is JSON: what else the header said, tags among it.
    """

    id: str
    path: str
    size: int
    mtime_ns: int
    body_hash: str
    state: str
    first_seen: str
    published: str
    updated: str
    sequence: int | None
    title: str
    slug: str
    head: str
    findings: str | None

    def numbered(self, sequence: int) -> Record:
        """This record as it is published."""
        return Record(*self[:9], sequence, *self[10:])  # a tenth of the time of _replace

    @property
    def tag_pairs(self) -> tuple[tuple[str, str], ...]:
        """Tags as in addresses, each with its label as written; of two that are one, the first."""
        return tag_pairs(self.head)


class ScannedFile(NamedTuple):
    """A file that was read well: its stat, the fingerprint of its text, what the header said."""

    path: str
    size: int
    mtime_ns: int
    body_hash: str
    title: str
    slug: str
    head: str
    findings: str | None
    date: str | None
    updated: str | None
    draft: bool
    page: bool = False
    unlisted: bool = False
    may_be_page: bool = False
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the store has to change: records to write (with new files' stats), and who left."""

    saved: tuple[Record, ...]
    gone: tuple[Record, ...]


NO_BODY = sha256(b"").hexdigest()[:32]
"""An empty body says nothing about which article it is."""


def body_hash(body: str) -> str:
    """A fingerprint of the text, blind to white space at its ends."""
    return sha256(body.strip().encode()).hexdigest()[:32]


HEAD = (
    *("format", "body_line", "summary", "url", "image", "image_alt", "enclosure", "language"),
    *("authors", "tags", "aliases", "extra", "inferred", "page", "unlisted"),
)


def head_of(article: Article) -> str:
    """The metadata that the store keeps as JSON, what is empty left out; the same every time."""
    values = {name: value for name in HEAD if (value := getattr(article, name))}
    for name in ("extra", "inferred"):
        if name in values:
            values[name] = dict(values[name])
    if article.expires:
        values["expires"] = format_timestamp(article.expires)
    if article.date is None:
        values["undated"] = True
    return ENCODE(values)


ENCODE = json.JSONEncoder(ensure_ascii=False).encode


def tag_pairs(head: str) -> tuple[tuple[str, str], ...]:
    """The tags in a record's head: as in addresses, and as written."""
    if '"tags"' not in head:
        return ()
    labels = json.loads(head).get("tags", ())
    pairs = {tag_of(label): label for label in reversed(labels)}
    return tuple((tag, pairs[tag]) for tag in dict.fromkeys(map(tag_of, labels)))


def aliases_of(record: Record) -> tuple[str, ...]:
    """The paths that an article had before, below the site, with and without a slash behind."""
    paths = (urlsplit(alias).path.strip("/") for alias in json.loads(record.head)["aliases"])
    return tuple(each for path in paths if path for each in (path, f"{path}/"))


_APART = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def tag_of(label: str) -> str:
    """A tag as it stands in addresses: `Rust & C++` -> `rust-c-plus-plus`; never empty."""
    if label.isascii() and label.isalnum() and len(label) <= MAX_SLUG_LENGTH:
        return label.lower()
    words = unicodedata.normalize("NFKC", label).casefold().lstrip("#")
    words = words.replace("+", "-plus-").replace("#", "-sharp-")
    tag = _APART.sub("-", words).strip("-") or "tag-" + label.encode().hex()
    return tag if len(tag.encode()) <= MAX_SLUG_LENGTH else _short(tag)


def _short(tag: str) -> str:
    """A tag too long for the name of a folder: cut, and kept apart from its like by a hash."""
    digest = sha256(tag.encode()).hexdigest()[:16]
    cut = tag.encode()[: MAX_SLUG_LENGTH - len(digest) - 1].decode("utf-8", "ignore")
    return f"{cut.rstrip('-')}-{digest}"


def article_of(record: Record, body: str) -> Article:
    """The article again, from its record and body."""
    head = json.loads(record.head)
    for name in ("authors", "tags", "aliases"):
        head[name] = tuple(head.get(name, ()))
    for name in ("expires", "undated"):
        head.pop(name, None)
    return Article(
        path=record.path,
        title=record.title,
        body=body,
        slug=record.slug,
        format=Format(head.pop("format")),
        **head,
    )


def is_page(record: Record) -> bool:
    """Whether the record is of a page of the site, in whichever state."""
    return '"page": true' in record.head and json.loads(record.head).get("page") is True


def is_published(record: Record) -> bool:
    """Whether an article stands in the catalogue: in feeds, lists and issues."""
    return record.state == State.LIVE and record.sequence is not None


def is_shown(record: Record) -> bool:
    """Whether a record has a web page: a published article, a page, or what is unlisted."""
    return is_published(record) or record.state in BESIDE_ARTICLES


MAX_UNDATED = 3
"""So many articles without a date a first build may publish with the current time."""


def to_hold_undated(
    records: Sequence[Record], known: AbstractSet[str], held: int = 0
) -> list[Record]:
    """The records of a first build; those without a date held back if they are many.

    That is more than MAX_UNDATED, or more than half where others have a date. `known` are ids of
    articles that were there before, `held` is how many of these are held back. A folder whose dates
    cannot be read would otherwise be published, and sent, as if all of it were new.
    """
    new = [r for r in records if r.id not in known and r.state == State.LIVE]
    undated = {r.id for r in new if is_undated(r)}
    few = len(undated) + held <= MAX_UNDATED
    if few and (len(undated) == len(new) or 2 * len(undated) <= len(new)):
        return list(records)
    return [r._replace(state=State.UNDATED) if r.id in undated else r for r in records]


def dated_now(record: Record, now: str) -> Record:
    """An undated record that was held back, as it is published now."""
    return record._replace(state=State.LIVE, published=now, updated=now)


def not_after(record: Record, now: str) -> Record:
    """The record of a published article with dates that are not later than `now`.

    A date that its header states stays.
    """
    published = min(record.published, now) if is_undated(record) else record.published
    return record._replace(published=published, updated=max(published, min(record.updated, now)))


def is_undated(record: Record) -> bool:
    """Whether neither header nor path of an article states its date."""
    return '"undated": true' in record.head and json.loads(record.head).get("undated") is True


def expires(record: Record) -> str | None:
    """The moment at which a record expires."""
    if '"expires": "' not in record.head:
        return None
    moment = json.loads(record.head).get("expires")
    return moment if isinstance(moment, str) else None


def at_its_moment(record: Record, now: str) -> Record:
    """The record with the state it has at `now`, where time alone changes it."""
    if (moment := expires(record)) and moment <= now:
        return record._replace(state=State.EXPIRED)
    if record.state == State.WAITING and record.published <= now:
        return record._replace(state=_shown_as(record))
    if record.state == State.EXPIRED:  # while the clock was ahead
        state = _shown_as(record)
        waits = state != State.LIVE and record.published > now
        return record._replace(state=State.WAITING if waits else state)
    return record


def _shown_as(record: Record) -> State:
    """The state of a record that is shown."""
    if json.loads(record.head).get("unlisted") is True:
        return State.UNLISTED
    return State.PAGE if is_page(record) else State.LIVE


def placed(file: ScannedFile, record: Record | None, around: Surrounding | None) -> ScannedFile:
    """The file as a page, where what lies around it makes it one; else as it is.

    What was published as an article stays one until its own header says otherwise, and a page
    stays a page.
    """
    if not file.may_be_page or around is None or (record and record.sequence is not None):
        return file
    if not file.draft and (why := around.withholds(file.path, dated=file.date is not None)):
        return _as_no_post(file, why)
    kept = json.loads(record.head).get("inferred", {}).get("page") if record else None
    dated = file.date is not None
    stays = kept == page_rules.BESIDE_POSTS if dated else kept in page_rules.BY_SURROUNDING
    reason = around.reason(file.path, dated=dated) or (kept if stays else "")
    return _as_page(file, reason) if reason else file


def _as_page(file: ScannedFile, reason: str) -> ScannedFile:
    head = json.loads(file.head)
    head |= {"page": True, "inferred": {**head.get("inferred", {}), "page": reason}}
    text = file.body_hash != NO_BODY
    why = "" if file.draft else page_rules.left_out(file.path, head.get("url"), has_text=text)
    if why:
        head["inferred"]["draft"] = why
    kept_findings = [f for f in findings.from_json(file.findings) if f.rule != "body-empty"]
    return file._replace(
        head=ENCODE(head),
        page=True,
        draft=file.draft or bool(why),
        findings=findings.to_json(kept_findings),
    )


def _as_no_post(file: ScannedFile, reason: str) -> ScannedFile:
    head = json.loads(file.head)
    head["inferred"] = {**head.get("inferred", {}), "draft": reason}
    finding = Finding(
        Level.NOTICE,
        "post-undated",
        f"the file is held back: {reason}",
        file.path,
        hint="begin its name with the day, as in 2026-03-08-name.md, or write date: in its header",
    )
    known = findings.from_json(file.findings)
    kept_findings = findings.to_json([*known, finding])
    return file._replace(head=ENCODE(head), draft=True, findings=kept_findings)


def _standing(file: ScannedFile, published: str, now: str) -> State:
    """The state of an article after its file was read."""
    if file.draft:
        return State.DRAFT
    if file.expires and file.expires <= now:
        return State.EXPIRED
    if not (file.page or file.unlisted):
        return State.LIVE
    if published > now:
        return State.WAITING
    return State.UNLISTED if file.unlisted else State.PAGE


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
        file = placed(file, record, around)
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
        state=_standing(file, published, now),
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
    state = _standing(file, published, now)
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
    return _with_unique_slug(again) if record.slug == _own_slug(again) else again


def disambiguate_slugs(
    records: Sequence[Record], others: Sequence[Record], address: Callable[[Record], str]
) -> list[Record]:
    """The records, those whose address another article has with a slug of their own.

    `others` are the other live articles with one of their slugs. Who was published first keeps
    the address; what got a slug of its own keeps that for as long as its file's slug stays.
    """
    slugs = Counter(record.slug for record in (*records, *others))
    named = (State.LIVE, State.UNLISTED)
    shared = [r for r in records if slugs[r.slug] > 1 and r.state in named]
    taken = {address(record) for record in others if shared}
    apart: dict[str, Record] = {}
    for record in sorted(shared, key=_seniority):
        moved = _with_unique_slug(record) if address(record) in taken else record
        taken.add(address(moved))
        apart[record.id] = moved
    return [apart.get(record.id, record) for record in records]


def _seniority(record: Record) -> tuple[bool, int, str, str]:
    return record.sequence is None, record.sequence or 0, record.published, record.path


def _own_slug(record: Record) -> str:
    return f"{record.slug}-{record.id[-6:]}"


def _with_unique_slug(record: Record) -> Record:
    """The record with a slug of its own, and a finding that says so."""
    kept_findings = Finding(
        Level.WARNING,
        "slug-shared",
        f"another article is called {record.slug!r} too; this one's address has "
        f"{_own_slug(record)!r} instead",
        record.path,
        hint="give it a slug: of its own in its header",
    )
    known = findings.from_json(record.findings)
    return record._replace(
        slug=_own_slug(record), findings=findings.to_json([*known, kept_findings])
    )
