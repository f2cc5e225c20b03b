"""Table of articles and their tags. All their SQL is here.

Reads and writes rows; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from syndicate.catalogue.counts import Counts
from syndicate.catalogue.records import Record, State, is_published
from syndicate.catalogue.tags import tag_pairs
from syndicate.content.article import HoldKind
from syndicate.content.folder import Stat
from syndicate.content.path_set import PathSet
from syndicate.store.database import Database, text_pairs
from syndicate.store.meta import Key, Meta

COLUMNS = ", ".join(Record._fields)

PUBLISHED = "state = 'live' AND sequence IS NOT NULL"
# The concatenation keeps databases from scanning all live articles instead.
BY_SEQUENCE = "state || '' = 'live'"
SHOWN_BY_ID = f"(({BY_SEQUENCE} AND sequence IS NOT NULL) OR state || '' IN ('page', 'unlisted'))"
SHOWN = f"({PUBLISHED} OR state IN ('page', 'unlisted'))"
NEWEST = "ORDER BY published DESC, sequence DESC"


ArticleSummary = tuple[str, int, str, tuple[tuple[str, str], ...]]
"""Id, sequence, time of publication, tags: what the selection of articles needs."""


Change = tuple[Record | None, Record]
"""An article before (None: new) and after."""


class UnreadableRow(NamedTuple):
    """A file that could not be read: its stat, the rule of the finding, the finding (JSON)."""

    path: str
    size: int
    mtime_ns: int
    rule: str
    finding: str


class Articles:
    """The articles and pages of all files."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._rows = database.rows

    # -- reading ---------------------------------------------------------------------------

    def stats(self, paths: PathSet) -> dict[str, Stat]:
        """Path -> stat of each of the files when it was last read, also of unreadable ones."""
        stats: dict[str, Stat] = {}
        for where, values in among("path", paths):
            for table in ("articles WHERE state <> 'gone'", "unreadable_files WHERE true"):
                rows = self._rows(f"SELECT path, size, mtime_ns FROM {table}{where}", values)
                stats.update((str(p), (int(s), int(m))) for p, s, m in rows)
        return stats

    def unreadable(self) -> dict[str, str]:
        """Path -> finding (JSON) of the files that could not be read."""
        return dict(
            text_pairs(self.database, "SELECT path, finding FROM unreadable_files ORDER BY path")
        )

    def findings(self) -> list[tuple[str, str]]:
        """Path and findings (JSON) of reading each article, by path."""
        return text_pairs(
            self.database,
            "SELECT path, findings FROM articles "
            "WHERE findings IS NOT NULL AND state <> 'gone' ORDER BY path",
        )

    def everything(self) -> list[Record]:
        """All records, including those whose files are gone."""
        return [Record._make(row) for row in self._rows(f"SELECT {COLUMNS} FROM articles")]

    def any(self) -> bool:
        """Whether there is any record."""
        return bool(self._rows("SELECT 1 FROM articles LIMIT 1"))

    def at_paths(self, paths: Sequence[str]) -> list[Record]:
        """The records at these paths, in any state."""
        return self._where_in("path", paths)

    def gone_with_body(self, hashes: Sequence[str]) -> list[Record]:
        """Gone records with one of these texts."""
        return self._where_in("body_hash", hashes, " AND state = 'gone'")

    def with_slugs(self, slugs: Sequence[str]) -> list[Record]:
        """Live and unlisted records with one of these slugs."""
        return self._where_in("slug", slugs, " AND state IN ('live', 'unlisted')")

    def by_ids(self, ids: Sequence[str]) -> list[Record]:
        """The records with these ids."""
        return self._where_in("id", ids)

    def ids_starting(self, prefixes: Iterable[str]) -> list[str]:
        """Ids in use with one of these prefixes."""
        return [
            i
            for prefix in prefixes
            for (i,) in self._rows(
                "SELECT id FROM articles WHERE id >= :low AND id < :high",
                {"low": prefix, "high": prefix + "\uffff"},
            )
        ]

    def newest(self, limit: int) -> list[Record]:
        """The newest published articles."""
        return self._select(f"{PUBLISHED} {NEWEST} LIMIT :limit", {"limit": limit})

    def newest_tagged(self, tag: str, limit: int) -> list[Record]:
        """The newest published articles with a tag."""
        tagged = "SELECT sequence FROM article_tags WHERE tag = :tag"
        where = f"{BY_SEQUENCE} AND sequence IN ({tagged})"
        return self._select(f"{where} {NEWEST} LIMIT :limit", {"tag": tag, "limit": limit})

    def published_ids(self) -> list[str]:
        """The ids of all published articles in the order of publication."""
        return [
            str(i)
            for (i,) in self._rows(f"SELECT id FROM articles WHERE {PUBLISHED} ORDER BY sequence")
        ]

    def beside_articles(self) -> list[Record]:
        """Pages and unlisted articles, by path."""
        return self._select("state IN ('page', 'unlisted') ORDER BY path", {})

    def undated(self) -> list[Record]:
        """Articles that are held back because they have no date, by path."""
        return self._select("state = 'undated' ORDER BY path", {})

    def held_by_folder(self) -> list[str]:
        """The paths of articles in folders that begin with `_`, which are held back."""
        rows = self._rows(
            "SELECT path FROM articles WHERE state = 'draft' AND hold = :hold ORDER BY path",
            {"hold": HoldKind.UNDERSCORE_FOLDER},
        )
        return [str(path) for (path,) in rows]

    def placed_by_date(self) -> tuple[list[str], list[str]]:
        """The paths of articles with a date, and of articles and pages without one."""
        rows = self._rows(
            "SELECT path, undated, state FROM articles WHERE state IN ('live', 'page')"
        )
        dated = [str(path) for path, undated, state in rows if not undated and state == State.LIVE]
        return dated, [str(path) for path, undated, _ in rows if undated]

    def light_after(self, sequence: int) -> list[ArticleSummary]:
        """Articles that were published after that one, newest first by date."""
        return self._light(
            f"{BY_SEQUENCE} AND sequence > :sequence {NEWEST}", {"sequence": sequence}
        )

    def light_until(
        self, sequence: int, include: Sequence[str], exclude: Sequence[str], limit: int
    ) -> list[ArticleSummary]:
        """The newest articles, by date, of those published up to that one, by their tags."""
        values: dict[str, object] = {"sequence": sequence, "limit": limit}
        where = f"{PUBLISHED} AND sequence <= :sequence"
        for word, tags in (("IN", include), ("NOT IN", exclude)):
            if tags:
                names = {f"{word[0]}{i}": tag for i, tag in enumerate(tags)}
                values |= names
                places = ", ".join(f":{name}" for name in names)
                where += (
                    f" AND sequence {word} "
                    f"(SELECT sequence FROM article_tags WHERE tag IN ({places}))"
                )
        return self._light(f"{where} {NEWEST} LIMIT :limit", values)

    def _light(self, where: str, values: Mapping[str, object]) -> list[ArticleSummary]:
        query = f"SELECT id, sequence, published, metadata FROM articles WHERE {where}"
        rows = self._rows(query, values)
        return [(str(i), int(s), str(p), tag_pairs(metadata)) for i, s, p, metadata in rows]

    def in_sequence(self, low: int, high: int) -> list[Record]:
        """Published articles whose sequence is in low..high."""
        return self._select(
            f"{BY_SEQUENCE} AND sequence BETWEEN :low AND :high ORDER BY sequence",
            {"low": low, "high": high},
        )

    def last_sequence(self) -> int:
        """The highest sequence ever given, 0 for none."""
        return int(self._rows("SELECT coalesce(max(sequence), 0) FROM articles")[0][0])

    def due(self, now: str) -> list[Record]:
        """Unpublished live records whose time has come, the oldest first."""
        return self._select(
            f"{BY_SEQUENCE} AND sequence IS NULL AND published <= :now ORDER BY published, path",
            {"now": now},
        )

    def waiting_until(self, now: str) -> list[Record]:
        """Pages and unlisted articles whose time has come."""
        return self._select("state = 'waiting' AND published <= :now ORDER BY path", {"now": now})

    def expiring(self) -> list[Record]:
        """Records that are or will be shown, and have a date of expiry."""
        states = "('live', 'page', 'unlisted', 'waiting')"
        return self._select(f"state IN {states} AND expires IS NOT NULL", {})

    def expired(self) -> list[Record]:
        """Records that are no longer shown because they have expired."""
        return self._select("state = 'expired'", {})

    def dated_after(self, now: str) -> list[Record]:
        """Articles published, or changed, later than now: while the clock was ahead."""
        where = "sequence IS NOT NULL AND (published > :now OR updated > :now)"
        return self._select(where, {"now": now})

    def with_aliases(self) -> list[Record]:
        """Published articles and pages whose header names other addresses, in order."""
        return self._select(f"{SHOWN} AND aliases IS NOT NULL ORDER BY sequence", {})

    def first_day(self) -> str | None:
        """The day of the oldest published article."""
        (day,) = self._rows(f"SELECT min(published) FROM articles WHERE {PUBLISHED}")[0]
        return str(day)[:10] if day else None

    def scheduled(self) -> list[Record]:
        """Live records whose time has not come, the next first."""
        return self._select(f"{BY_SEQUENCE} AND sequence IS NULL ORDER BY published, id", {})

    def next_due(self) -> tuple[str, str] | None:
        """When the next record is published or expires, and its path; None if never."""
        pairs = text_pairs(
            self.database,
            f"SELECT published, path FROM articles WHERE {BY_SEQUENCE} AND sequence IS NULL "
            "ORDER BY published, id LIMIT 1",
        )
        pairs += text_pairs(
            self.database,
            "SELECT published, path FROM articles WHERE state = 'waiting' "
            "ORDER BY published, id LIMIT 1",
        )
        if expiry := Meta(self.database).all().get(Key.NEXT_EXPIRY):
            pairs.append((expiry, ""))
        return min(pairs, default=None)

    def tags(self) -> list[tuple[str, str, int]]:
        """Every tag of a published article: tag, label, number of articles; by tag."""
        return [
            (str(t), str(label), int(n))
            for t, label, n in self._rows(
                "SELECT tag, max(label), count(*) FROM article_tags GROUP BY tag ORDER BY tag"
            )
        ]

    def count(self) -> int:
        """How many articles are published."""
        return int(self._rows(f"SELECT count(*) FROM articles WHERE {PUBLISHED}")[0][0])

    def counts(self) -> Counts:
        """The number of files by state."""
        rows = self._rows("SELECT state, sequence IS NULL, count(*) FROM articles GROUP BY 1, 2")
        numbers = {(str(state), bool(waits)): int(number) for state, waits, number in rows}

        def number(state: State) -> int:
            return numbers.get((state, True), 0) + numbers.get((state, False), 0)

        holds = self._rows("SELECT hold, count(*) FROM articles WHERE state = 'draft' GROUP BY 1")
        drafts = {HoldKind(hold): int(number) for hold, number in holds}
        not_held_back = (HoldKind.DRAFT, HoldKind.NOT_BUILT)
        (unread,) = self._rows(
            "SELECT count(*) FROM unreadable_files f WHERE rule <> 'symbolic-link' "
            f"AND NOT EXISTS (SELECT 1 FROM articles a WHERE a.path = f.path AND {SHOWN_BY_ID})"
        )[0]
        return Counts(
            published=numbers.get((State.LIVE, False), 0),
            pages=number(State.PAGE),
            unlisted=number(State.UNLISTED),
            drafts=drafts.get(HoldKind.DRAFT, 0),
            held_back=number(State.UNDATED)
            + sum(number for hold, number in drafts.items() if hold not in not_held_back),
            scheduled=numbers.get((State.LIVE, True), 0) + number(State.WAITING),
            expired=number(State.EXPIRED),
            unread=int(unread),
        )

    # -- writing (inside a transaction) ----------------------------------------------------

    def save(self, records: Sequence[Record], before: Mapping[str, Record]) -> None:
        """Insert or replace records; `before` has their earlier versions by id."""
        moved = [{"id": r.id} for r in records if r.id in before and before[r.id].path != r.path]
        self.database.run_many("UPDATE articles SET path = id WHERE id = :id", moved)  # may swap
        self.database.upsert("articles", Record._fields, records)

    def number(self, records: Sequence[Record]) -> None:
        """Keep the sequence of records that are published now."""
        self.database.run_many(
            "UPDATE articles SET sequence = :sequence WHERE id = :id",
            [{"id": r.id, "sequence": r.sequence} for r in records],
        )

    def update_tags(self, changes: Sequence[Change]) -> None:
        """Update the list of each tag's articles after changes of records."""
        self.database.run_many(
            "DELETE FROM article_tags WHERE tag = :tag AND sequence = :sequence",
            [
                {"tag": tag, "sequence": before.sequence}
                for before, _ in changes
                if before and before.sequence is not None
                for tag, _ in before.tag_pairs
            ],
        )
        self._add_tags(after for _, after in changes)

    def rebuild_tags(self) -> None:
        """Make the list of each tag's articles from all records."""
        self.delete_tags()
        self._add_tags(self._select(PUBLISHED, {}))

    def delete_tags(self) -> None:
        """Delete the lists of all tags' articles."""
        self.database.run("DELETE FROM article_tags")

    def _add_tags(self, records: Iterable[Record]) -> None:
        published = filter(is_published, records)
        rows = [(tag, r.sequence, label) for r in published for tag, label in r.tag_pairs]
        self.database.upsert("article_tags", ("tag", "sequence", "label"), sorted(rows))

    def touch(self, stats: Mapping[str, Stat]) -> None:
        """Store the stats of files whose text did not change."""
        self.database.run_many(
            "UPDATE articles SET size = :size, mtime_ns = :mtime WHERE path = :path",
            [{"path": p, "size": s, "mtime": m} for p, (s, m) in stats.items()],
        )

    def replace_unreadable(self, cleared: Iterable[str], files: Sequence[UnreadableRow]) -> None:
        """Delete unreadable files at some paths, and insert or replace others."""
        self.database.run_many(
            "DELETE FROM unreadable_files WHERE path = :path", [{"path": path} for path in cleared]
        )
        self.database.upsert("unreadable_files", UnreadableRow._fields, files)

    # -- helpers -----------------------------------------------------------------------------

    def _select(self, where: str, values: Mapping[str, object]) -> list[Record]:
        query = f"SELECT {COLUMNS} FROM articles WHERE {where}"
        return [Record._make(row) for row in self._rows(query, values)]

    def _where_in(self, column: str, keys: Sequence[str], more: str = "") -> list[Record]:
        return [
            record
            for names, values in chunks(keys)
            for record in self._select(f"{column} IN ({names}){more}", values)
        ]


def among(column: str, paths: PathSet) -> Iterator[tuple[str, dict[str, object]]]:
    """SQL conditions, with values, that a column is one of some paths."""
    if paths.is_all:
        yield "", {}
        return
    for names, values in chunks(sorted(paths.paths)):
        yield f" AND {column} IN ({names})", values


def chunks(keys: Sequence[str]) -> Iterator[tuple[str, dict[str, object]]]:
    """Placeholders and values for IN, in portions that every database accepts."""
    for start in range(0, len(keys), 500):
        values = {f"v{i}": value for i, value in enumerate(keys[start : start + 500])}
        yield ", ".join(f":{name}" for name in values), dict(values)
