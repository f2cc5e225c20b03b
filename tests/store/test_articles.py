"""Rows of articles, tags, faults, renderings and documents, on both databases."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syndicate.catalogue.counts import Counts
from syndicate.catalogue.owners import SITE, Owner
from syndicate.catalogue.records import Record, State
from syndicate.content.article import HoldKind
from syndicate.content.path_set import ALL_PATHS, PathSet
from syndicate.store.articles import Articles, UnreadableRow
from syndicate.store.database import Database
from syndicate.store.documents import Documents, StoredDocument
from syndicate.store.meta import Meta
from syndicate.store.newsletters import Newsletters
from syndicate.store.renderings import CachedRendering, Renderings


@pytest.fixture
def articles(database: Database) -> Articles:
    return Articles(database)


def record(name: str, sequence: int | None = None, *tags: str, **changes: Any) -> Record:
    moment = f"2026-11-{sequence or 30:02}T12:00:00Z"
    return Record(
        id=f"tag:example.org,2026-11-01:{name}",
        path=f"{name}.md",
        size=1,
        mtime_ns=2**62,
        body_hash=f"hash of {name}",
        state=State.LIVE,
        first_seen=moment,
        published=moment,
        updated=moment,
        sequence=sequence,
        title=name,
        slug=name,
        metadata=json.dumps({"format": "markdown", "tags": tags}) if tags else "{}",
        findings=None,
    )._replace(**changes)


def save(database: Database, *records: Record) -> Articles:
    articles = Articles(database)
    with database.transaction():
        known = {r.id: r for r in articles.by_ids([r.id for r in records])}
        articles.save(records, known)
        articles.update_tags([(known.get(r.id), r) for r in records])
    return articles


def names(records: list[Record]) -> list[str]:
    return [r.title for r in records]


A, B, C = record("a", 1, "x", "Y"), record("b", 2, "x"), record("c", 3)
DRAFT = record("draft", None, "x", state=State.DRAFT)
FUTURE = record("future", None, "x")
GONE = record("gone", 4, "x", state=State.GONE)


def test_records_are_read_back_unchanged(database: Database) -> None:
    odd = record("odd", 5, title="ö 🌊 ' \" %s :x", findings="[]", slug="", mtime_ns=-1)
    articles = save(database, A, DRAFT, odd)
    assert sorted(articles.everything()) == sorted([A, DRAFT, odd])
    assert articles.by_ids([A.id, "unknown"]) == [A]
    assert articles.at_paths(["a.md", "unknown"]) == [A]
    assert articles.any()


def test_a_new_database_has_nothing(articles: Articles) -> None:
    assert not articles.any()
    assert articles.everything() == articles.newest(5) == articles.at_paths([]) == []
    assert (articles.last_sequence(), articles.count(), articles.first_day()) == (0, 0, None)
    assert (
        articles.stats(ALL_PATHS),
        Meta(articles.database).all(),
        Documents(articles.database).all(),
    ) == ({}, {}, {})


def test_only_what_is_published_is_listed_newest_first(database: Database) -> None:
    articles = save(database, A, B, C, DRAFT, FUTURE, GONE)
    assert names(articles.newest(10)) == ["c", "b", "a"]
    assert names(articles.newest(1)) == ["c"]
    assert names(articles.newest_tagged("x", 10)) == ["b", "a"]
    assert names(articles.newest_tagged("y", 10)) == ["a"]
    assert articles.published_ids() == [A.id, B.id, C.id]
    assert (articles.count(), articles.last_sequence()) == (3, 4)
    assert articles.first_day() == "2026-11-01"
    assert names(articles.in_sequence(2, 4)) == ["b", "c"]
    assert [row[0] for row in articles.light_after(A.sequence or 0)] == [C.id, B.id]


def test_of_the_same_moment_the_order_is_always_the_same(database: Database) -> None:
    moment = "2026-11-01T12:00:00Z"
    articles = save(database, *(record(n, i, published=moment) for i, n in enumerate("bac", 1)))
    assert names(articles.newest(10)) == ["c", "a", "b"], "the one published last comes first"


def test_older_articles_are_chosen_by_their_tags(database: Database) -> None:
    articles = save(database, A, B, C)

    def before(include: list[str], exclude: list[str], limit: int = 9) -> list[str]:
        found = articles.light_until(30, include, exclude, limit)
        return [row[0][-1] for row in found]

    assert before([], []) == ["c", "b", "a"]
    assert before([], [], 2) == ["c", "b"]
    assert before(["x"], []) == ["b", "a"]
    assert before(["x", "y"], []) == ["b", "a"]
    assert before([], ["y"]) == ["c", "b"]
    assert before(["x"], ["y"]) == ["b"]
    assert before(["none"], []) == []


def test_tags_are_counted_and_follow_every_change(database: Database) -> None:
    articles = save(database, A, B, DRAFT, FUTURE, GONE)
    assert articles.tags() == [("x", "x", 2), ("y", "Y", 1)]
    save(database, record("a", 1, "z"), B._replace(state=State.DRAFT))
    assert articles.tags() == [("z", "z", 1)]
    save(database, B, FUTURE._replace(sequence=5))
    assert articles.tags() == [("x", "x", 2), ("z", "z", 1)]


def test_deleted_tags_are_rebuilt_from_the_articles(database: Database) -> None:
    articles = save(database, A, B)
    with database.transaction():
        articles.delete_tags()
    assert articles.tags() == []
    with database.transaction():
        articles.rebuild_tags()
    assert articles.tags() == [("x", "x", 2), ("y", "Y", 1)]


def test_numbers_are_kept(database: Database) -> None:
    articles = save(database, FUTURE)
    with database.transaction():
        articles.number([FUTURE._replace(sequence=7)])
    assert articles.everything() == [FUTURE._replace(sequence=7)]


def test_paths_may_swap(database: Database) -> None:
    articles = save(database, A, B)
    save(database, A._replace(path="b.md"), B._replace(path="a.md"))
    assert {r.title: r.path for r in articles.everything()} == {"a": "b.md", "b": "a.md"}


def test_stats_are_of_existing_files_including_broken_ones(database: Database) -> None:
    articles = save(database, A, GONE)
    with database.transaction():
        rows = [("a.md", 7, 8, "unreadable", "[1]"), ("new.md", 9, 9, "symbolic-link", "[2]")]
        articles.replace_unreadable([], [UnreadableRow(*row) for row in rows])
    assert articles.stats(ALL_PATHS) == {"a.md": (7, 8), "new.md": (9, 9)}
    assert articles.stats(PathSet(frozenset(("new.md", "other.md")))) == {"new.md": (9, 9)}
    assert articles.stats(PathSet()) == {}
    assert articles.unreadable() == {"a.md": "[1]", "new.md": "[2]"}
    with database.transaction():
        row = UnreadableRow("new.md", 1, 1, "unreadable", "[3]")
        articles.replace_unreadable(["a.md"], [row])
        articles.touch({"a.md": (5, 6)})
    assert articles.stats(ALL_PATHS) == {"a.md": (5, 6), "new.md": (1, 1)}
    assert articles.unreadable() == {"new.md": "[3]"}


def test_files_are_counted_by_what_holds_them_back(database: Database) -> None:
    kinds = [HoldKind.DRAFT, HoldKind.UNDERSCORE_FOLDER, HoldKind.OTHER, HoldKind.NOT_BUILT]
    drafts = [record(kind, hold=kind, state=State.DRAFT) for kind in kinds]
    articles = save(database, A, B, record("gone", hold=HoldKind.DRAFT, state=State.GONE), *drafts)
    with database.transaction():
        rows = [("z.md", 7, 8, "unreadable", "[]"), ("y.md", 9, 9, "symbolic-link", "[]")]
        articles.replace_unreadable([], [UnreadableRow(*row) for row in rows])
    assert articles.counts() == Counts(published=2, drafts=1, held_back=2, unread=1)
    assert articles.held_by_folder() == ["underscore-folder.md"]


def test_expiry_aliases_and_dates_are_found_by_column(database: Database) -> None:
    expiring = A._replace(expires="2026-12-01T00:00:00Z")
    alias = B._replace(aliases='["/old/"]')
    articles = save(database, expiring, alias, C._replace(undated=1))
    assert articles.expiring() == [expiring]
    assert articles.with_aliases() == [alias]
    by_date, undated = articles.placed_by_date()
    assert (sorted(by_date), undated) == (["a.md", "b.md"], ["c.md"])


def test_what_is_due_and_what_waits(database: Database) -> None:
    articles = save(database, A, DRAFT, FUTURE)
    assert articles.due("2026-11-30T11:59:59Z") == []
    assert articles.due("2026-11-30T12:00:00Z") == [FUTURE]
    assert articles.scheduled() == [FUTURE]
    assert articles.next_due() == (FUTURE.published, FUTURE.path)


def test_removed_articles_are_found_by_their_text(database: Database) -> None:
    articles = save(database, A, GONE)
    assert articles.gone_with_body([GONE.body_hash, A.body_hash]) == [GONE]
    many = [f"hash {number}" for number in range(1200)]
    assert articles.gone_with_body([*many, GONE.body_hash]) == [GONE]


def test_ids_are_found_by_their_beginning(database: Database) -> None:
    articles = save(database, A, B, record("z", id="tag:example.org,2026-11-010:z"))
    assert sorted(articles.ids_starting(["tag:example.org,2026-11-01:"])) == [A.id, B.id]


def test_renderings_are_replaced_with_what_they_use(database: Database) -> None:
    articles = save(database, A, GONE)

    def keep(record: Record, input_hash: str, uses: dict[str, str]) -> None:
        kept = CachedRendering(record.id, input_hash, "{}", '["found"]')
        with database.transaction():
            Renderings(articles.database).save([kept], {record.id: uses})

    keep(A, "1", {"p.png": "1:1", "b.md": ""})
    keep(GONE, "1", {"p.png": "1:1"})
    assert Renderings(articles.database).uses(ALL_PATHS) == [
        (A.id, "b.md", ""),
        (A.id, "p.png", "1:1"),
    ], "published ones only"
    assert Renderings(articles.database).uses(PathSet(frozenset(("p.png", "q.png")))) == [
        (A.id, "p.png", "1:1")
    ]
    assert Renderings(articles.database).uses(PathSet()) == []
    assert Renderings(articles.database).findings() == [("a.md", '["found"]')]
    keep(A, "2", {})
    assert Renderings(articles.database).uses(ALL_PATHS) == []
    assert Renderings(articles.database).get([A.id, "unknown"])[A.id].input_hash == "2"


def test_documents_notes_and_what_else_is_remembered(database: Database) -> None:
    articles = Articles(database)
    with database.transaction():
        Documents(articles.database).save(
            {"a": StoredDocument(1, SITE), "b": StoredDocument(2, SITE)}, []
        )
        Documents(articles.database).save_findings([], {SITE: "[1]", Owner.parse("page:1"): "[2]"})
        Newsletters(articles.database).begin(["weekly"], "2026")
        Meta(articles.database).set({"key": "old"})
    changed = StoredDocument(3, Owner.parse("tag:x"), "hash", 1_796_000_000)
    with database.transaction():
        Documents(articles.database).save({"a": changed}, ["b"])
        Documents(articles.database).save_findings([SITE, Owner.parse("page:2")], {})
        Newsletters(articles.database).begin(["weekly", "daily"], "2027")
        Meta(articles.database).set({"key": "new"})
    assert Documents(articles.database).all() == {"a": changed}
    assert Documents(articles.database).findings() == {Owner.parse("page:1"): "[2]"}
    assert Newsletters(articles.database).all() == {
        "weekly": ("2026", 0, "", ""),
        "daily": ("2027", 0, "", ""),
    }
    assert Meta(articles.database).all() == {"key": "new"}
