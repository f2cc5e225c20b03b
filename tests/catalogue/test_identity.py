"""Which file is which article: ids that stay, moments that stay, whatever is done to files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.catalogue.identity import Decision, KnownRecords, match_articles, new_id
from syndicate.catalogue.records import Record, ScannedFile, State, article_of, body_hash, head_of
from syndicate.catalogue.tags import tag_of, tag_pairs
from syndicate.content.article import Article, Format
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
        head="{}",
        findings=None,
        date=None,
        updated=None,
        draft=False,
    )
    return file._replace(**changes)


class Shelf:
    """The records as a store would keep them, and a folder that changes."""

    def __init__(self, *files: ScannedFile, now: datetime = NOON) -> None:
        self.records: dict[str, Record] = {}
        self.see(*files, now=now)

    def see(
        self, *files: ScannedFile, removed: Sequence[str] = (), now: datetime = NOON
    ) -> Decision:
        """Take in changed files and lost paths; number what is published, as intake does."""
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
    shelf = Shelf(scanned("a.md", "one"))
    before = shelf.at("a.md").id
    shelf.see(scanned("a.md", "two", title="Another title", slug="another-slug"))
    assert shelf.at("a.md").id == before


def test_a_rename_keeps_the_id() -> None:
    shelf = Shelf(scanned("a.md", "text"))
    before = shelf.at("a.md")
    shelf.see(scanned("notes/b.md", "text"), removed=["a.md"])
    after = shelf.at("notes/b.md")
    assert (after.id, after.published, after.updated) == (
        before.id,
        before.published,
        TO_NOON,
    )
    assert len(shelf.records) == 1


TO_NOON = format_timestamp(NOON)


def test_two_files_renamed_at_once_keep_their_ids() -> None:
    shelf = Shelf(scanned("a.md", "one"), scanned("b.md", "two"))
    one, two = shelf.at("a.md").id, shelf.at("b.md").id
    shelf.see(scanned("c.md", "two"), scanned("d.md", "one"), removed=["a.md", "b.md"])
    assert (shelf.at("c.md").id, shelf.at("d.md").id) == (two, one)


def test_two_files_that_swap_names_swap_ids() -> None:
    shelf = Shelf(scanned("a.md", "one"), scanned("b.md", "two"))
    one, two = shelf.at("a.md").id, shelf.at("b.md").id
    shelf.see(scanned("a.md", "two"), scanned("b.md", "one"))
    assert (shelf.at("a.md").id, shelf.at("b.md").id) == (two, one)


def test_a_chain_of_renames_keeps_every_id() -> None:
    shelf = Shelf(scanned("a.md", "one"), scanned("b.md", "two"), scanned("c.md", "three"))
    one, two, three = (shelf.at(path).id for path in ("a.md", "b.md", "c.md"))
    shelf.see(
        scanned("b.md", "one"), scanned("c.md", "two"), scanned("d.md", "three"), removed=["a.md"]
    )
    assert [shelf.at(path).id for path in ("b.md", "c.md", "d.md")] == [one, two, three]


def test_a_file_renamed_onto_another_keeps_its_id_and_the_other_is_gone() -> None:
    shelf = Shelf(scanned("a.md", "one"), scanned("b.md", "two"))
    one, two = shelf.at("a.md").id, shelf.at("b.md").id
    decision = shelf.see(scanned("a.md", "two"), removed=["b.md"])
    assert shelf.at("a.md").id == two
    assert [r.id for r in decision.gone] == [one]
    assert shelf.records[one].state == State.GONE


def test_a_file_renamed_to_where_a_gone_one_stood_keeps_its_id() -> None:
    shelf = Shelf(scanned("a.md", "one"), scanned("b.md", "two"))
    one, two = shelf.at("a.md").id, shelf.at("b.md").id
    shelf.see(removed=["a.md"])
    shelf.see(scanned("a.md", "two"), removed=["b.md"])
    assert shelf.at("a.md").id == two
    shelf.see(scanned("z.md", "one"))
    assert shelf.at("z.md").id == one, "what was displaced can still come back"


def test_a_copy_gets_an_id_of_its_own() -> None:
    shelf = Shelf(scanned("a.md", "text"))
    original = shelf.at("a.md").id
    shelf.see(scanned("copy.md", "text"))
    assert shelf.at("a.md").id == original
    assert shelf.at("copy.md").id != original


def test_a_copy_read_together_with_its_untouched_original_takes_nothing_from_it() -> None:
    shelf = Shelf(scanned("b.md", "text"))
    original = shelf.at("b.md").id
    shelf.see(scanned("a.md", "text"), scanned("b.md", "text", mtime_ns=2))
    assert shelf.at("b.md").id == original


def test_of_two_copies_that_move_each_keeps_its_own_title() -> None:
    shelf = Shelf(scanned("a.md", "soon", title="Sea"), scanned("b.md", "soon", title="Hills"))
    sea, hills = shelf.at("a.md").id, shelf.at("b.md").id
    shelf.see(
        scanned("x.md", "soon", title="Hills"),
        scanned("y.md", "soon", title="Sea"),
        removed=["a.md", "b.md"],
    )
    assert (shelf.at("x.md").id, shelf.at("y.md").id) == (hills, sea)


def test_of_two_copies_that_move_to_another_folder_each_keeps_its_own_name() -> None:
    shelf = Shelf(scanned("a.md", "soon", title="Soon"), scanned("ba.md", "soon", title="Soon"))
    a, ba = shelf.at("a.md").id, shelf.at("ba.md").id
    shelf.see(
        scanned("to/a.md", "soon", title="Soon"),
        scanned("to/ba.md", "soon", title="Soon"),
        removed=["a.md", "ba.md"],
    )
    assert (shelf.at("to/a.md").id, shelf.at("to/ba.md").id) == (a, ba)


def test_renamed_and_edited_keeps_the_id_when_title_and_date_are_the_same() -> None:
    shelf = Shelf(scanned("a.md", "one", title="Sea", date=YESTERDAY))
    before = shelf.at("a.md").id
    shelf.see(scanned("b.md", "two", title="Sea", date=YESTERDAY), removed=["a.md"])
    assert shelf.at("b.md").id == before


@pytest.mark.parametrize(
    ("title", "date"), [("Lake", YESTERDAY), ("Sea", "2026-11-20T12:00:00Z"), ("Sea", None)]
)
def test_renamed_and_edited_is_another_article_when_title_or_date_differ(
    title: str, date: str | None
) -> None:
    shelf = Shelf(scanned("a.md", "one", title="Sea", date=YESTERDAY))
    before = shelf.at("a.md").id
    decision = shelf.see(scanned("b.md", "two", title=title, date=date), removed=["a.md"])
    assert shelf.at("b.md").id != before
    assert [r.id for r in decision.gone] == [before]


def test_deleted_and_restored_keeps_the_id_and_the_moment_of_publication() -> None:
    shelf = Shelf(scanned("a.md", "text"))
    before = shelf.at("a.md")
    shelf.see(removed=["a.md"], now=LATER)
    assert shelf.records[before.id].state == State.GONE
    shelf.see(scanned("a.md", "text"), now=LATER)
    after = shelf.at("a.md")
    assert (after.id, after.published, after.sequence) == (before.id, before.published, 1)


def test_deleted_and_restored_under_another_name_keeps_the_id() -> None:
    shelf = Shelf(scanned("a.md", "text"))
    before = shelf.at("a.md").id
    shelf.see(removed=["a.md"])
    shelf.see(scanned("b.md", "text"))
    assert shelf.at("b.md").id == before


def test_deleted_and_restored_with_another_text_at_the_same_path_keeps_the_id() -> None:
    shelf = Shelf(scanned("a.md", "one"))
    before = shelf.at("a.md").id
    shelf.see(removed=["a.md"])
    shelf.see(scanned("a.md", "two"))
    assert shelf.at("a.md").id == before


def test_another_text_and_title_where_a_gone_article_stood_is_another_article() -> None:
    shelf = Shelf(scanned("a.md", "one"))
    before = shelf.at("a.md").id
    shelf.see(removed=["a.md"])
    shelf.see(scanned("a.md", "two", title="Another title"))
    assert shelf.at("a.md").id != before


def test_files_without_text_are_never_taken_for_each_other() -> None:
    empty = body_hash(" \n")
    shelf = Shelf(scanned("a.md", body_hash=empty))
    before = shelf.at("a.md").id
    shelf.see(scanned("b.md", body_hash=empty), removed=["a.md"])
    assert shelf.at("b.md").id != before
    shelf.see(scanned("c.md", body_hash=empty))
    assert shelf.at("c.md").id not in (before, shelf.at("b.md").id)


def test_a_copy_of_the_old_text_beside_an_edited_file_is_another_article() -> None:
    shelf = Shelf(scanned("a.md", "one"))
    before = shelf.at("a.md").id
    shelf.see(scanned("a.md", "two"), scanned("b.md", "one"))
    assert shelf.at("a.md").id == before
    assert shelf.at("b.md").id != before


def test_a_file_that_only_was_touched_is_the_same_record() -> None:
    shelf = Shelf(scanned("a.md", "text"))
    before = shelf.at("a.md")
    shelf.see(scanned("a.md", "text", mtime_ns=2), now=LATER)
    assert shelf.at("a.md") == before._replace(mtime_ns=2)


# -- ids ------------------------------------------------------------------------------------------


def test_ids_are_tag_uris_and_the_same_when_the_store_is_lost() -> None:
    one, other = (
        Shelf(scanned("a.md", date=YESTERDAY), scanned("b.md", date=YESTERDAY)) for _ in range(2)
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
        Shelf(scanned("a.md", date=TOMORROW))
        .at("a.md")
        .id.startswith("tag:example.org,2026-11-22:")
    )


@given(st.lists(st.text(max_size=3), max_size=8), st.integers(0, 3))
def test_minted_ids_are_unique_whatever_is_taken(paths: list[str], times: int) -> None:
    taken: set[str] = set()
    for path in paths * times:
        uri = new_id(HOST, "2026-11-22", path, taken)
        assert uri not in taken
        assert uri == new_id(HOST, "2026-11-22", path, taken)
        taken.add(uri)


def test_a_new_file_where_an_article_moved_away_from_gets_another_id() -> None:
    shelf = Shelf(scanned("a.md", "one", date=YESTERDAY))
    before = shelf.at("a.md").id
    shelf.see(scanned("b.md", "one", date=YESTERDAY), removed=["a.md"])
    shelf.see(scanned("a.md", "two", date=YESTERDAY))
    assert shelf.at("b.md").id == before
    assert shelf.at("a.md").id != before


# -- moments --------------------------------------------------------------------------------------


def test_published_is_the_date_of_the_header() -> None:
    assert Shelf(scanned("a.md", date=YESTERDAY)).at("a.md").published == YESTERDAY


def test_without_a_date_published_is_when_the_file_was_first_seen() -> None:
    assert Shelf(scanned("a.md")).at("a.md").published == TO_NOON


def test_published_never_changes_once_published() -> None:
    shelf = Shelf(scanned("a.md", "one", date=YESTERDAY))
    for date in ("2020-01-01T00:00:00Z", None, TOMORROW):
        shelf.see(scanned("a.md", "one", date=date))
        assert shelf.at("a.md").published == YESTERDAY


def test_the_date_of_what_is_not_published_yet_may_change() -> None:
    shelf = Shelf(scanned("a.md", date=TOMORROW))
    assert shelf.at("a.md").sequence is None
    shelf.see(scanned("a.md", date="2026-12-24T12:00:00Z"))
    assert shelf.at("a.md").published == "2026-12-24T12:00:00Z"
    shelf.see(scanned("a.md", date=YESTERDAY))
    assert (shelf.at("a.md").published, shelf.at("a.md").sequence) == (YESTERDAY, 2)


def test_what_was_published_while_the_clock_was_ahead_gets_the_date_of_its_header() -> None:
    shelf = Shelf(scanned("a.md", "one"), now=LATER)
    shelf.see(scanned("a.md", "one", date="2026-11-30T12:00:00Z"))
    assert shelf.at("a.md").published == TOMORROW
    shelf.see(scanned("a.md", "one", date=YESTERDAY))
    assert shelf.at("a.md").published == YESTERDAY


@pytest.mark.parametrize("kind", [{"draft": True}, {"page": True, "head": '{"page": true}'}])
def test_an_undated_draft_or_page_keeps_the_moment_when_it_was_first_seen(
    kind: dict[str, Any],
) -> None:
    shelf = Shelf(scanned("a.md", "one", **kind))
    shelf.see(scanned("a.md", "two", **kind), now=LATER)
    assert shelf.at("a.md").published == TO_NOON


@pytest.mark.parametrize("change", [{"title": "New"}, {"body_hash": body_hash("new")}])
def test_updated_moves_with_title_and_text(change: dict[str, str]) -> None:
    shelf = Shelf(scanned("a.md", "one"))
    shelf.see(scanned("a.md", "one", **change), now=LATER)
    assert shelf.at("a.md").updated == format_timestamp(LATER)


@pytest.mark.parametrize("change", [{"slug": "new"}, {"head": '{"tags": ["new"]}'}])
def test_updated_stays_when_only_something_else_changes(change: dict[str, str]) -> None:
    shelf = Shelf(scanned("a.md", "one"))
    shelf.see(scanned("a.md", "one", **change), now=LATER)
    assert shelf.at("a.md").updated == TO_NOON


def test_the_stated_update_holds_even_when_the_text_changes() -> None:
    stated = "2026-11-22T11:00:00Z"
    shelf = Shelf(scanned("a.md", "one", date=YESTERDAY, updated=stated))
    assert shelf.at("a.md").updated == stated
    shelf.see(scanned("a.md", "two", date=YESTERDAY, updated=stated), now=LATER)
    assert shelf.at("a.md").updated == stated


def test_an_update_stated_for_the_present_moment_holds() -> None:
    assert Shelf(scanned("a.md", date=YESTERDAY, updated=TO_NOON)).at("a.md").updated == TO_NOON


def test_an_update_stated_for_the_future_is_ignored() -> None:
    shelf = Shelf(scanned("a.md", "one", date=YESTERDAY, updated=TOMORROW))
    assert shelf.at("a.md").updated == YESTERDAY
    shelf.see(scanned("a.md", "one", date=YESTERDAY, updated="2027-01-01T00:00:00Z"))
    assert shelf.at("a.md").updated == YESTERDAY


def test_updated_is_never_before_published() -> None:
    old = "2001-01-01T00:00:00Z"
    shelf = Shelf(scanned("a.md", date=YESTERDAY, updated=old))
    assert shelf.at("a.md").updated == YESTERDAY


def test_a_draft_is_not_published() -> None:
    shelf = Shelf(scanned("a.md", draft=True, date=YESTERDAY))
    assert (shelf.at("a.md").state, shelf.at("a.md").sequence) == (State.DRAFT, None)


def test_a_draft_without_date_is_published_when_it_stops_being_one() -> None:
    shelf = Shelf(scanned("a.md", draft=True))
    shelf.see(scanned("a.md"), now=LATER)
    assert shelf.at("a.md").published == shelf.at("a.md").updated == format_timestamp(LATER)


def test_a_draft_with_a_date_is_published_under_that_date() -> None:
    shelf = Shelf(scanned("a.md", draft=True, date=YESTERDAY))
    shelf.see(scanned("a.md", date=YESTERDAY), now=LATER)
    assert shelf.at("a.md").published == YESTERDAY


def test_a_draft_that_moves_out_of_its_folder_keeps_its_id() -> None:
    shelf = Shelf(scanned("drafts/a.md", "text", draft=True))
    before = shelf.at("drafts/a.md").id
    shelf.see(scanned("a.md", "text"), removed=["drafts/a.md"], now=LATER)
    assert shelf.at("a.md").id == before
    assert shelf.at("a.md").published == format_timestamp(LATER)


def test_what_was_published_and_became_a_draft_again_comes_back_as_it_was() -> None:
    shelf = Shelf(scanned("a.md", "text"))
    before = shelf.at("a.md")
    shelf.see(scanned("a.md", "text", draft=True), now=LATER)
    assert shelf.at("a.md").state == State.DRAFT
    shelf.see(scanned("a.md", "text"), now=LATER)
    assert shelf.at("a.md") == before


# -- what is kept ---------------------------------------------------------------------------------


def test_an_article_comes_back_whole_from_its_record() -> None:
    article = Article(
        path="a.md",
        title="Sea",
        body="Text",
        format=Format.MARKDOWN,
        slug="sea",
        body_line=5,
        tags=("Öl", "sea"),
        authors=("Ada", "Bo"),
        summary="Short",
        url="/sea/",
        image="a.png",
        image_alt="A wave",
        enclosure="a.mp3",
        language="de",
        aliases=("/old/",),
        extra={"mood": ["calm", 3]},
        inferred={"date": "date in the file name"},
    )
    shelf = Shelf(scanned("a.md", title="Sea", slug="sea", head=head_of(article)))
    assert article_of(shelf.at("a.md"), "Text") == article


def test_what_a_header_left_out_is_not_kept() -> None:
    plain = Article(path="a.md", title="Sea", body="Text", format=Format.TEXT, slug="sea")
    assert json.loads(head_of(plain)) == {"format": "text", "body_line": 1, "undated": True}
    shelf = Shelf(scanned("a.md", title="Sea", slug="sea", head=head_of(plain)))
    assert article_of(shelf.at("a.md"), "Text") == plain


@pytest.mark.parametrize(
    ("label", "tag"),
    [
        ("Cats", "cats"),
        ("Rust & C++", "rust-c-plus-plus"),
        ("C#", "c-sharp"),
        ("#today", "today"),
        ("New  York", "new-york"),
        ("ÖL", "öl"),
        ("Straße", "strasse"),
        ("ﬁne", "fine"),
        ("東京", "東京"),
        ("a_b/c", "a-b-c"),
        ("../..", "tag-2e2e2f2e2e"),
        ("!", "tag-21"),
    ],
)
def test_a_tag_as_it_stands_in_addresses(label: str, tag: str) -> None:
    assert tag_of(label) == tag


@given(st.text(min_size=1))
def test_every_label_gives_one_safe_name_of_a_folder(label: str) -> None:
    tag = tag_of(label)
    assert tag
    assert len(tag.encode()) <= 255, "longer names are refused by file systems"
    assert not set(tag) & set("/\\.?#%&\0 ")


def test_tags_too_long_for_a_folder_stay_apart() -> None:
    one, other = tag_of("long " * 100 + "one"), tag_of("long " * 100 + "other")
    assert one != other
    assert max(len(one), len(other)) <= 255
    assert len(tag_of("長" * 300).encode()) <= 255


def test_of_two_labels_that_are_one_tag_the_first_is_kept() -> None:
    assert tag_pairs('{"tags": ["Cats", "dogs", "cats"]}') == (("cats", "Cats"), ("dogs", "dogs"))
    assert tag_pairs("{}") == ()
