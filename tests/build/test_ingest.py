"""From the folder to the store: files change at any time and builds run at any time."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from site_folder import NOON, SiteFolder
from syndicate.build.file_changes import changed_files
from syndicate.catalogue.records import NO_BODY, Record, State
from syndicate.errors import SyndicateError
from syndicate.store.articles import Articles
from syndicate.store.meta import Key, Meta
from syndicate.timestamps import format_timestamp


def records(site: SiteFolder) -> list[Record]:
    with site.opened() as opened:
        return Articles(opened.database).everything()


def record_at(site: SiteFolder, path: str) -> Record:
    return next(r for r in records(site) if r.path == path)


def test_changed_are_files_with_another_stat_and_only_articles() -> None:
    seen = {"a.md": (1, 1), "b.md": (2, 2), "new.txt": (1, 1), "picture.png": (1, 1)}
    known = {"a.md": (1, 1), "b.md": (2, 1), "gone.md": (1, 1)}
    assert changed_files(seen, known) == ([("b.md", (2, 2)), ("new.txt", (1, 1))], ["gone.md"])


def test_articles_are_numbered_in_the_order_of_their_dates(site: SiteFolder) -> None:
    site.article("a.md", "A", date="2026-11-03")
    site.article("b.md", "B", date="2026-11-01")
    site.article("c.md", "C", date="2026-11-02")
    site.build()
    assert {r.path: r.sequence for r in records(site)} == {"b.md": 1, "c.md": 2, "a.md": 3}
    site.article("d.md", "D", date="2020-01-01")
    site.build()
    assert record_at(site, "d.md").sequence == 4, "late ones come last, whatever their date"


def test_a_touched_file_changes_nothing_but_its_stat(site: SiteFolder) -> None:
    site.article("a.md", "A")
    site.build()
    before = record_at(site, "a.md")
    site.article("a.md", "A")
    report = site.build(NOON + timedelta(days=1))
    assert (report.read, report.changed) == (1, 0)
    assert record_at(site, "a.md") == before._replace(mtime_ns=site.clock * 10**9)
    assert site.build(NOON + timedelta(days=1)).read == 0


def test_swapped_names_are_kept_by_the_store(site: SiteFolder) -> None:
    site.article("a.md", "A")
    site.article("b.md", "B")
    site.build()
    a, b = record_at(site, "a.md").id, record_at(site, "b.md").id
    site.rename("a.md", "x.md")
    site.rename("b.md", "a.md")
    site.rename("x.md", "b.md")
    site.build()
    assert (record_at(site, "a.md").id, record_at(site, "b.md").id) == (b, a)


def test_a_broken_file_keeps_its_record_until_it_is_corrected_or_removed(site: SiteFolder) -> None:
    site.article("a.md", "A")
    site.article("b.md", "B")
    site.build()
    before = record_at(site, "a.md")
    site.write("a.md", "---\ntitle: [\n---\n")
    assert site.build().read == 1
    assert site.build().read == 0, "what is broken is read again only when it changes"
    assert record_at(site, "a.md") == before
    site.remove("a.md")
    assert site.build().findings == ()
    assert record_at(site, "a.md").state == State.GONE


def test_an_emptied_folder_withdraws_nothing(site: SiteFolder) -> None:
    """A disk that is not mounted must not cost every article."""
    site.article("a.md", "A")
    site.article("b.md", "B")
    site.build()
    before = site.documents()
    site.remove("a.md")
    site.remove("b.md")
    with pytest.raises(SyndicateError) as caught:
        site.build()
    assert caught.value.hint
    assert site.documents() == before
    assert {r.state for r in records(site)} == {State.LIVE}


# -- anything, in any order -----------------------------------------------------------------------

NAMES = ["a.md", "b.md", "sub/a.md", "drafts/d.md"]
BODIES = ["", "a copy", "of its own", "of its own", "with ![p](p.png) and [a](a.md)"]
DATES = ["", "2026-11-01", "2026-11-20", "2026-11-24", "2027-06-01"]

THEN = st.sampled_from([None, None, 0, 1, 50])


class AnyFolder(RuleBasedStateMachine):
    """Files come, change, move and go; builds run at any moment."""

    @initialize()
    def start(self) -> None:
        self._temporary = tempfile.TemporaryDirectory()
        root = Path(self._temporary.name) / "site"
        self.site = SiteFolder(root, "sqlite:///syndicate.db")
        self.site.configure(feeds={"entries": 2})
        self.site.article("stays.md", "Stays", date="2026-01-01")
        self.now = NOON
        self.renamed: dict[str, str] = {}
        """New path -> the id that only a rename brought there since the last build."""
        self.ever: dict[str, Record] = {}
        self.before: dict[str, Record] = {}
        self.mended: dict[str, str] = {}
        """Broken file -> its text before."""
        for number, path in enumerate(NAMES):
            date = {"date": f"2026-11-0{number + 1}"} if number else {}
            self.site.article(path, "Sea", f"Text {number}", **date)
        self.build(0)

    def teardown(self) -> None:
        if hasattr(self, "_temporary"):
            self._temporary.cleanup()

    # -- what people do to files --------------------------------------------------------------

    def there(self) -> list[str]:
        root = self.site.root / "content"
        return sorted(p.relative_to(root).as_posix() for p in root.rglob("*.md"))

    def forget(self, path: str) -> None:
        self.renamed.pop(path, None)
        self.mended.pop(path, None)

    def reuse(self, path: str) -> None:
        """Another text is at a path now: its old one may have moved, or been copied."""
        before = {record.id: record.path for record in self.before.values()}
        for new, id_ in list(self.renamed.items()):
            if before.get(id_) == path and new != path:
                del self.renamed[new]

    @rule(
        path=st.sampled_from(NAMES),
        title=st.sampled_from(["Sea", "Lake"]),
        body=st.sampled_from(BODIES),
        date=st.sampled_from(DATES),
        draft=st.sampled_from([False, False, True]),
        more=st.sampled_from([{}, {}, {"slug": "same"}, {"tags": ["x"]}, {"tags": ["Y", "x"]}]),
        then=THEN,
    )
    def write(
        self,
        path: str,
        title: str,
        body: str,
        date: str,
        draft: bool,
        more: dict[str, object],
        then: int | None,
    ) -> None:
        header = {"draft": draft} | ({"date": date} if date else {}) | more
        own = "" if body in ("", "a copy") else f" {self.site.clock}"
        # An empty line keeps the text from being made of the title.
        self.site.article(path, title, f"{body}{own}\n", **header)
        self.forget(path)
        self.reuse(path)
        if body == "a copy":
            self.renamed.clear()  # of two with one text either may be the original
        self.go_on(then)

    @rule(data=st.data(), new=st.sampled_from([*NAMES, "e.md"]), then=THEN)
    def rename(self, data: st.DataObject, new: str, then: int | None) -> None:
        there = [path for path in self.there() if path not in ("stays.md", new)]
        if not there:
            return
        old = data.draw(st.sampled_from(there))
        self.forget(new)
        known = self.renamed.pop(old, None)
        if old in self.mended or not known:
            self.reuse(new)
        self.site.rename(old, new)
        if old in self.mended:
            self.mended[new] = self.mended.pop(old)
        elif known:
            self.renamed[new] = known
        self.go_on(then)

    @rule(data=st.data(), then=THEN)
    def delete(self, data: st.DataObject, then: int | None) -> None:
        if there := [path for path in self.there() if path != "stays.md"]:
            path = data.draw(st.sampled_from(there))
            self.site.remove(path)
            self.forget(path)
            self.go_on(then)

    @rule(data=st.data(), then=THEN)
    def damage(self, data: st.DataObject, then: int | None) -> None:
        if there := [path for path in self.there() if path not in self.mended]:
            path = data.draw(st.sampled_from(there))
            text = (self.site.root / "content" / path).read_text()
            self.site.write(path, "---\ntitle: [" + text)
            self.renamed.pop(path, None)
            self.reuse(path)
            self.mended[path] = text
            self.go_on(then)

    @rule(data=st.data(), then=THEN)
    def repair(self, data: st.DataObject, then: int | None) -> None:
        if self.mended:
            path = data.draw(st.sampled_from(sorted(self.mended)))
            self.site.write(path, self.mended.pop(path))
            self.go_on(then)

    @rule(then=THEN)
    def picture(self, then: int | None) -> None:
        self.site.write("p.png", b"no picture" + bytes([self.site.clock % 250]))
        self.go_on(then)

    @rule()
    def check(self) -> None:
        stamps = self.site.stamps()
        self.site.build(self.now, rehearse=True)
        assert self.site.stamps() == stamps
        self.look()

    def go_on(self, hours: int | None) -> None:
        """Build so much later, or do not build yet."""
        if hours is not None:
            self.build(hours)

    @rule(hours=st.integers(0, 80))
    def build(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        broken = [path for path in self.mended if path in {r.path for r in self.before.values()}]
        pages = {
            path: r
            for path in broken
            for r in self.before.values()
            if r.path == path and r.state == State.LIVE and r.sequence is not None
        }
        self.site.build(self.now)
        self.look()
        feeds = set(self.site.ids("atom.xml"))
        again = self.site.build(self.now)
        assert (again.read, again.changed) == (0, 0)
        assert (again.written, again.removed) == ((), ())
        kept = {r.id: r for r in self.ever.values()}
        for path, record in pages.items():
            assert kept[record.id] == record, f"{path} is broken, and costs nothing published"
        assert {r.id for r in kept.values() if self.in_feed(r, kept)} <= feeds
        self.build_whole()

    def build_whole(self) -> None:
        """Builds step by step leave what a build of everything makes."""
        with self.site.opened() as opened, opened.database.transaction():
            Meta(opened.database).set({Key.UNFINISHED_BUILD: "yes"})
        report = self.site.build(self.now)
        assert (report.written, report.removed) == ((), ())

    def in_feed(self, record: Record, kept: dict[str, Record]) -> bool:
        live = [r for r in kept.values() if r.state == State.LIVE and r.sequence is not None]
        newest = sorted(live, key=lambda r: (r.published, r.id), reverse=True)[:2]
        return record in newest

    # -- what must hold ------------------------------------------------------------------------

    def look(self) -> None:
        """Compare what the store says now with what it ever said."""
        found = {r.id: r for r in records(self.site)}
        assert self.ever.keys() <= found.keys(), "no id is ever forgotten"
        for known in self.ever.values():
            now = found[known.id]
            assert now.first_seen == known.first_seen
            if known.sequence is not None:
                assert (now.sequence, now.published) == (known.sequence, known.published)
        numbers = [r.sequence for r in found.values() if r.sequence is not None]
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), "unique, without gaps"
        moment = format_timestamp(self.now)
        for r in found.values():
            assert r.published <= r.updated
            assert r.sequence is None or r.published <= moment
            assert not (r.state == State.LIVE and r.sequence is None and r.published <= moment)
        live = {r.path: r for r in found.values() if r.state != State.GONE}
        for path, known_id in self.renamed.items():
            assert live[path].id == known_id, f"only renamed, to {path}"
        for path in self.there():
            assert path in live or path in self.mended
        assert all(path in self.there() for path in live)
        self.ever, self.before = found, found
        alone = [r for r in live.values() if self.is_unmistakable(r, list(live.values()))]
        self.renamed = {r.path: r.id for r in alone if r.path not in self.mended}

    @staticmethod
    def is_unmistakable(record: Record, others: list[Record]) -> bool:
        same = sum(other.body_hash == record.body_hash for other in others)
        return same == 1 and record.body_hash != NO_BODY


AnyFolder.TestCase.settings = settings(
    max_examples=4,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
test_whatever_happens_to_files_identities_and_moments_hold = AnyFolder.TestCase
