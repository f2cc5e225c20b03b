"""Which file is which article: ids and dates stay through edits, renames and moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.catalogue.identity import Decision, KnownRecords, match_articles, new_id
from syndicate.catalogue.records import Record, ScannedFile, State, body_hash
from syndicate.content.article import HoldKind
from syndicate.timestamps import format_timestamp

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
YESTERDAY = "2026-11-21T12:00:00Z"
TOMORROW = "2026-11-23T12:00:00Z"
HOST = "example.org"


def scanned(path: str, body: str = "", **changes: Any) -> ScannedFile:
    """A file; its text is its path's unless `body` is given."""
    name = path.rpartition("/")[2].removesuffix(".md")
    file = ScannedFile(
        path=path,
        size=1,
        mtime_ns=1,
        body_hash=body_hash(body or f"about {path}"),
        title=name,
        slug=name,
        metadata="{}",
        findings=None,
        date=None,
        updated=None,
    )
    return file._replace(**changes)


class Catalogue:
    """The records as a store would keep them, and a folder that changes."""

    def __init__(self, *files: ScannedFile, now: datetime = NOON) -> None:
        self.records: dict[str, Record] = {}
        self.update(*files, now=now)

    def update(
        self, *files: ScannedFile, removed: Sequence[str] = (), now: datetime = NOON
    ) -> Decision:
        """Ingest changed files and removed paths; number published articles, as an ingest does."""
        at_path = {r.path: r for r in self.records.values()}
        gone = [r for r in self.records.values() if r.state == State.GONE]
        hashes = {file.body_hash for file in files}
        decision = match_articles(
            files,
            KnownRecords(
                removed=[at_path[path] for path in removed],
                at_path={f.path: at_path[f.path] for f in files if f.path in at_path},
                returning=[r for r in gone if r.body_hash in hashes],
                ids=list(self.records),
            ),
            host=HOST,
            now=now,
        )
        for record in (*decision.saved, *decision.gone):
            due = record.state == State.LIVE and record.published <= format_timestamp(now)
            number = len(self.records) + 1 if record.sequence is None and due else record.sequence
            self.records[record.id] = record._replace(sequence=number)
        paths = [r.path for r in self.records.values()]
        assert len(paths) == len(set(paths)), "the store refuses two records at one path"
        return decision

    def at(self, path: str) -> Record:
        return next(r for r in self.records.values() if r.path == path and r.state != State.GONE)


# -- identity -------------------------------------------------------------------------------------


def test_an_edit_keeps_the_id() -> None:
    catalogue = Catalogue(scanned("a.md", "one"))
    before = catalogue.at("a.md").id
    catalogue.update(scanned("a.md", "two", title="Another title", slug="another-slug"))
    assert catalogue.at("a.md").id == before


def test_a_rename_keeps_the_id() -> None:
    catalogue = Catalogue(scanned("a.md", "text"))
    before = catalogue.at("a.md")
    catalogue.update(scanned("notes/b.md", "text"), removed=["a.md"])
    after = catalogue.at("notes/b.md")
    assert (after.id, after.published, after.updated) == (
        before.id,
        before.published,
        AT_NOON,
    )
    assert len(catalogue.records) == 1


AT_NOON = format_timestamp(NOON)


def test_two_files_renamed_at_once_keep_their_ids() -> None:
    catalogue = Catalogue(scanned("a.md", "one"), scanned("b.md", "two"))
    one, two = catalogue.at("a.md").id, catalogue.at("b.md").id
    catalogue.update(scanned("c.md", "two"), scanned("d.md", "one"), removed=["a.md", "b.md"])
    assert (catalogue.at("c.md").id, catalogue.at("d.md").id) == (two, one)


def test_two_files_that_swap_names_swap_ids() -> None:
    catalogue = Catalogue(scanned("a.md", "one"), scanned("b.md", "two"))
    one, two = catalogue.at("a.md").id, catalogue.at("b.md").id
    catalogue.update(scanned("a.md", "two"), scanned("b.md", "one"))
    assert (catalogue.at("a.md").id, catalogue.at("b.md").id) == (two, one)


def test_a_chain_of_renames_keeps_every_id() -> None:
    catalogue = Catalogue(scanned("a.md", "one"), scanned("b.md", "two"), scanned("c.md", "three"))
    one, two, three = (catalogue.at(path).id for path in ("a.md", "b.md", "c.md"))
    catalogue.update(
        scanned("b.md", "one"), scanned("c.md", "two"), scanned("d.md", "three"), removed=["a.md"]
    )
    assert [catalogue.at(path).id for path in ("b.md", "c.md", "d.md")] == [one, two, three]


def test_a_file_renamed_onto_another_keeps_its_id_and_the_other_is_removed() -> None:
    catalogue = Catalogue(scanned("a.md", "one"), scanned("b.md", "two"))
    one, two = catalogue.at("a.md").id, catalogue.at("b.md").id
    decision = catalogue.update(scanned("a.md", "two"), removed=["b.md"])
    assert catalogue.at("a.md").id == two
    assert [r.id for r in decision.gone] == [one]
    assert catalogue.records[one].state == State.GONE


def test_a_file_renamed_to_the_path_of_a_removed_one_keeps_its_id() -> None:
    catalogue = Catalogue(scanned("a.md", "one"), scanned("b.md", "two"))
    one, two = catalogue.at("a.md").id, catalogue.at("b.md").id
    catalogue.update(removed=["a.md"])
    catalogue.update(scanned("a.md", "two"), removed=["b.md"])
    assert catalogue.at("a.md").id == two
    catalogue.update(scanned("z.md", "one"))
    assert catalogue.at("z.md").id == one, "what was displaced can still come back"


def test_a_copy_gets_another_id() -> None:
    catalogue = Catalogue(scanned("a.md", "text"))
    original = catalogue.at("a.md").id
    catalogue.update(scanned("copy.md", "text"))
    assert catalogue.at("a.md").id == original
    assert catalogue.at("copy.md").id != original


def test_a_copy_read_together_with_its_untouched_original_takes_nothing_from_it() -> None:
    catalogue = Catalogue(scanned("b.md", "text"))
    original = catalogue.at("b.md").id
    catalogue.update(scanned("a.md", "text"), scanned("b.md", "text", mtime_ns=2))
    assert catalogue.at("b.md").id == original


def test_of_two_copies_that_move_each_keeps_its_own_title() -> None:
    catalogue = Catalogue(
        scanned("a.md", "soon", title="Sea"), scanned("b.md", "soon", title="Hills")
    )
    sea, hills = catalogue.at("a.md").id, catalogue.at("b.md").id
    catalogue.update(
        scanned("x.md", "soon", title="Hills"),
        scanned("y.md", "soon", title="Sea"),
        removed=["a.md", "b.md"],
    )
    assert (catalogue.at("x.md").id, catalogue.at("y.md").id) == (hills, sea)


def test_of_two_copies_that_move_to_another_folder_each_keeps_its_own_name() -> None:
    catalogue = Catalogue(
        scanned("a.md", "soon", title="Soon"), scanned("ba.md", "soon", title="Soon")
    )
    a, ba = catalogue.at("a.md").id, catalogue.at("ba.md").id
    catalogue.update(
        scanned("to/a.md", "soon", title="Soon"),
        scanned("to/ba.md", "soon", title="Soon"),
        removed=["a.md", "ba.md"],
    )
    assert (catalogue.at("to/a.md").id, catalogue.at("to/ba.md").id) == (a, ba)


def test_renamed_and_edited_keeps_the_id_when_title_and_date_are_the_same() -> None:
    catalogue = Catalogue(scanned("a.md", "one", title="Sea", date=YESTERDAY))
    before = catalogue.at("a.md").id
    catalogue.update(scanned("b.md", "two", title="Sea", date=YESTERDAY), removed=["a.md"])
    assert catalogue.at("b.md").id == before


@pytest.mark.parametrize(
    ("title", "date"), [("Lake", YESTERDAY), ("Sea", "2026-11-20T12:00:00Z"), ("Sea", None)]
)
def test_renamed_and_edited_is_another_article_when_title_or_date_differ(
    title: str, date: str | None
) -> None:
    catalogue = Catalogue(scanned("a.md", "one", title="Sea", date=YESTERDAY))
    before = catalogue.at("a.md").id
    decision = catalogue.update(scanned("b.md", "two", title=title, date=date), removed=["a.md"])
    assert catalogue.at("b.md").id != before
    assert [r.id for r in decision.gone] == [before]


def test_deleted_and_restored_keeps_the_id_and_the_moment_of_publication() -> None:
    catalogue = Catalogue(scanned("a.md", "text"))
    before = catalogue.at("a.md")
    catalogue.update(removed=["a.md"], now=LATER)
    assert catalogue.records[before.id].state == State.GONE
    catalogue.update(scanned("a.md", "text"), now=LATER)
    after = catalogue.at("a.md")
    assert (after.id, after.published, after.sequence) == (before.id, before.published, 1)


def test_deleted_and_restored_under_another_name_keeps_the_id() -> None:
    catalogue = Catalogue(scanned("a.md", "text"))
    before = catalogue.at("a.md").id
    catalogue.update(removed=["a.md"])
    catalogue.update(scanned("b.md", "text"))
    assert catalogue.at("b.md").id == before


def test_deleted_and_restored_with_another_text_at_the_same_path_keeps_the_id() -> None:
    catalogue = Catalogue(scanned("a.md", "one"))
    before = catalogue.at("a.md").id
    catalogue.update(removed=["a.md"])
    catalogue.update(scanned("a.md", "two"))
    assert catalogue.at("a.md").id == before


def test_another_text_and_title_at_the_path_of_a_removed_article_is_another_article() -> None:
    catalogue = Catalogue(scanned("a.md", "one"))
    before = catalogue.at("a.md").id
    catalogue.update(removed=["a.md"])
    catalogue.update(scanned("a.md", "two", title="Another title"))
    assert catalogue.at("a.md").id != before


def test_files_without_text_are_never_matched() -> None:
    empty = body_hash(" \n")
    catalogue = Catalogue(scanned("a.md", body_hash=empty))
    before = catalogue.at("a.md").id
    catalogue.update(scanned("b.md", body_hash=empty), removed=["a.md"])
    assert catalogue.at("b.md").id != before
    catalogue.update(scanned("c.md", body_hash=empty))
    assert catalogue.at("c.md").id not in (before, catalogue.at("b.md").id)


def test_a_copy_of_the_old_text_beside_an_edited_file_is_another_article() -> None:
    catalogue = Catalogue(scanned("a.md", "one"))
    before = catalogue.at("a.md").id
    catalogue.update(scanned("a.md", "two"), scanned("b.md", "one"))
    assert catalogue.at("a.md").id == before
    assert catalogue.at("b.md").id != before


def test_touching_a_file_changes_only_its_stat() -> None:
    catalogue = Catalogue(scanned("a.md", "text"))
    before = catalogue.at("a.md")
    catalogue.update(scanned("a.md", "text", mtime_ns=2), now=LATER)
    assert catalogue.at("a.md") == before._replace(mtime_ns=2)


# -- ids ------------------------------------------------------------------------------------------


def test_ids_are_tag_uris_and_the_same_when_the_store_is_lost() -> None:
    one, other = (
        Catalogue(scanned("a.md", date=YESTERDAY), scanned("b.md", date=YESTERDAY))
        for _ in range(2)
    )
    assert set(one.records) == set(other.records)
    assert all(i.startswith("tag:example.org,2026-11-21:") for i in one.records)


def test_ids_are_the_same_in_every_version() -> None:
    first = new_id(HOST, "2026-11-22", "a.md")
    second = new_id(HOST, "2026-11-22", "a.md", {first})
    assert first == "tag:example.org,2026-11-22:6b2684e18a7cc2c9"
    assert second == "tag:example.org,2026-11-22:d5c229d57a252297"
    assert new_id(HOST, "2026-11-22", "a.md", {first, second}).endswith(":09d923e9a5473460")


def test_the_date_in_an_id_is_never_in_the_future() -> None:
    """RFC 4151, section 2.1: the authority must have been in hand on that day."""
    assert (
        Catalogue(scanned("a.md", date=TOMORROW))
        .at("a.md")
        .id.startswith("tag:example.org,2026-11-22:")
    )


@pytest.mark.slow
@given(st.lists(st.text(max_size=3), max_size=8), st.integers(0, 3))
def test_new_ids_differ_from_all_ids_in_use(paths: list[str], times: int) -> None:
    taken: set[str] = set()
    for path in paths * times:
        uri = new_id(HOST, "2026-11-22", path, taken)
        assert uri not in taken
        assert uri == new_id(HOST, "2026-11-22", path, taken)
        taken.add(uri)


def test_a_new_file_where_an_article_moved_away_from_gets_another_id() -> None:
    catalogue = Catalogue(scanned("a.md", "one", date=YESTERDAY))
    before = catalogue.at("a.md").id
    catalogue.update(scanned("b.md", "one", date=YESTERDAY), removed=["a.md"])
    catalogue.update(scanned("a.md", "two", date=YESTERDAY))
    assert catalogue.at("b.md").id == before
    assert catalogue.at("a.md").id != before


# -- moments --------------------------------------------------------------------------------------


def test_published_is_the_date_of_the_header() -> None:
    assert Catalogue(scanned("a.md", date=YESTERDAY)).at("a.md").published == YESTERDAY


def test_without_a_date_published_is_when_the_file_was_first_seen() -> None:
    assert Catalogue(scanned("a.md")).at("a.md").published == AT_NOON


def test_published_never_changes_once_published() -> None:
    catalogue = Catalogue(scanned("a.md", "one", date=YESTERDAY))
    for date in ("2020-01-01T00:00:00Z", None, TOMORROW):
        catalogue.update(scanned("a.md", "one", date=date))
        assert catalogue.at("a.md").published == YESTERDAY


def test_the_date_of_a_scheduled_article_may_change() -> None:
    catalogue = Catalogue(scanned("a.md", date=TOMORROW))
    assert catalogue.at("a.md").sequence is None
    catalogue.update(scanned("a.md", date="2026-12-24T12:00:00Z"))
    assert catalogue.at("a.md").published == "2026-12-24T12:00:00Z"
    catalogue.update(scanned("a.md", date=YESTERDAY))
    assert (catalogue.at("a.md").published, catalogue.at("a.md").sequence) == (YESTERDAY, 2)


def test_an_article_published_while_the_clock_was_ahead_gets_the_date_of_its_header() -> None:
    catalogue = Catalogue(scanned("a.md", "one"), now=LATER)
    catalogue.update(scanned("a.md", "one", date="2026-11-30T12:00:00Z"))
    assert catalogue.at("a.md").published == TOMORROW
    catalogue.update(scanned("a.md", "one", date=YESTERDAY))
    assert catalogue.at("a.md").published == YESTERDAY


@pytest.mark.parametrize(
    "kind", [{"hold": HoldKind.DRAFT}, {"page": True, "metadata": '{"page": true}'}]
)
def test_an_undated_draft_or_page_keeps_the_moment_when_it_was_first_seen(
    kind: dict[str, Any],
) -> None:
    catalogue = Catalogue(scanned("a.md", "one", **kind))
    catalogue.update(scanned("a.md", "two", **kind), now=LATER)
    assert catalogue.at("a.md").published == AT_NOON


@pytest.mark.parametrize("change", [{"title": "New"}, {"body_hash": body_hash("new")}])
def test_updated_moves_with_title_and_text(change: dict[str, str]) -> None:
    catalogue = Catalogue(scanned("a.md", "one"))
    catalogue.update(scanned("a.md", "one", **change), now=LATER)
    assert catalogue.at("a.md").updated == format_timestamp(LATER)


@pytest.mark.parametrize("change", [{"slug": "new"}, {"metadata": '{"tags": ["new"]}'}])
def test_updated_stays_when_only_something_else_changes(change: dict[str, str]) -> None:
    catalogue = Catalogue(scanned("a.md", "one"))
    catalogue.update(scanned("a.md", "one", **change), now=LATER)
    assert catalogue.at("a.md").updated == AT_NOON


def test_an_update_stated_in_the_header_stays_when_the_text_changes() -> None:
    stated = "2026-11-22T11:00:00Z"
    catalogue = Catalogue(scanned("a.md", "one", date=YESTERDAY, updated=stated))
    assert catalogue.at("a.md").updated == stated
    catalogue.update(scanned("a.md", "two", date=YESTERDAY, updated=stated), now=LATER)
    assert catalogue.at("a.md").updated == stated


def test_an_update_stated_for_the_present_moment_holds() -> None:
    assert Catalogue(scanned("a.md", date=YESTERDAY, updated=AT_NOON)).at("a.md").updated == AT_NOON


def test_an_update_stated_for_the_future_is_ignored() -> None:
    catalogue = Catalogue(scanned("a.md", "one", date=YESTERDAY, updated=TOMORROW))
    assert catalogue.at("a.md").updated == YESTERDAY
    catalogue.update(scanned("a.md", "one", date=YESTERDAY, updated="2027-01-01T00:00:00Z"))
    assert catalogue.at("a.md").updated == YESTERDAY


def test_updated_is_never_before_published() -> None:
    old = "2001-01-01T00:00:00Z"
    catalogue = Catalogue(scanned("a.md", date=YESTERDAY, updated=old))
    assert catalogue.at("a.md").updated == YESTERDAY


def test_a_draft_is_not_published() -> None:
    catalogue = Catalogue(scanned("a.md", hold=HoldKind.DRAFT, date=YESTERDAY))
    assert (catalogue.at("a.md").state, catalogue.at("a.md").sequence) == (State.DRAFT, None)


def test_a_draft_without_date_is_published_when_it_stops_being_one() -> None:
    catalogue = Catalogue(scanned("a.md", hold=HoldKind.DRAFT))
    catalogue.update(scanned("a.md"), now=LATER)
    assert catalogue.at("a.md").published == catalogue.at("a.md").updated == format_timestamp(LATER)


def test_a_draft_with_a_date_is_published_under_that_date() -> None:
    catalogue = Catalogue(scanned("a.md", hold=HoldKind.DRAFT, date=YESTERDAY))
    catalogue.update(scanned("a.md", date=YESTERDAY), now=LATER)
    assert catalogue.at("a.md").published == YESTERDAY


def test_a_draft_that_moves_out_of_its_folder_keeps_its_id() -> None:
    catalogue = Catalogue(scanned("drafts/a.md", "text", hold=HoldKind.DRAFT))
    before = catalogue.at("drafts/a.md").id
    catalogue.update(scanned("a.md", "text"), removed=["drafts/a.md"], now=LATER)
    assert catalogue.at("a.md").id == before
    assert catalogue.at("a.md").published == format_timestamp(LATER)


def test_a_published_article_that_was_a_draft_for_a_while_is_unchanged() -> None:
    catalogue = Catalogue(scanned("a.md", "text"))
    before = catalogue.at("a.md")
    catalogue.update(scanned("a.md", "text", hold=HoldKind.DRAFT), now=LATER)
    assert catalogue.at("a.md").state == State.DRAFT
    catalogue.update(scanned("a.md", "text"), now=LATER)
    assert catalogue.at("a.md") == before
