"""Any changes of folder, clock and process: no issue is lost and none is made twice."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from service_parts import MONDAY, Life, newsletter_settings

from site_folder import SiteFolder
from syndicate import atomic_files
from syndicate.issues import freeze
from syndicate.store.articles import Articles
from syndicate.store.documents import Documents
from syndicate.store.issues import Issues, slot_name
from syndicate.store.newsletters import Newsletters
from syndicate.timestamps import parse_timestamp

HOUR = timedelta(hours=1)
CRASHES: list[tuple[object, str]] = [
    (freeze.IssueDraft, "choose"),
    (freeze.IssueDraft, "compose"),
    (freeze.IssueDraft, "save"),
    (Issues, "add"),
    (freeze, "mark_pending"),
    (atomic_files, "_replace"),
    (Documents, "save"),
]
names = st.sampled_from(["a.md", "b.md", "c.md", "d.md"])


class KilledError(BaseException):
    """The process ends here; nothing catches it."""


class Living(RuleBasedStateMachine):
    """A service with an issue every two hours, over some days."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name)
        self.site = SiteFolder(root / "site", f"sqlite:///{root / 'one.db'}")
        self.site.configure(
            newsletters={
                "weekly": newsletter_settings(every="2 hours", catch_up="all", max_articles=3)
            },
            feeds={"tags": False, "formats": ["rss"]},
        )
        self.site.article("z.md", "Always there", date="2026-01-01")
        self.life = Life(self.site, MONDAY)
        self.life.at(MONDAY)
        self.earliest = self.latest = MONDAY
        self.ids: dict[str, str] = {}

    def teardown(self) -> None:
        self.quiet()
        self.folder.cleanup()

    # -- what happens ----------------------------------------------------------------------

    @rule(name=names, number=st.integers(0, 3), back=st.integers(-5, 500))
    def write(self, name: str, number: int, back: int) -> None:
        date = (self.life.now - back * HOUR).isoformat()
        self.site.article(name, f"Title {name} {number}", date=date)

    @rule(name=names)
    def draft(self, name: str) -> None:
        self.site.article(name, "Not yet", draft=True)

    @rule(name=names)
    def break_file(self, name: str) -> None:
        self.site.write(name, "---\ntitle: Broken\ndate: 2026-13-45\n---\n")

    @rule(name=names)
    def remove(self, name: str) -> None:
        (self.site.root / "content" / name).unlink(missing_ok=True)

    @rule(minutes=st.sampled_from([1, 10, 50, 130, 400, 1600]))
    def time_passes(self, minutes: int) -> None:
        self.tick(self.life.now + timedelta(minutes=minutes))

    @rule(minutes=st.sampled_from([1, 60, 300]))
    def clock_set_back(self, minutes: int) -> None:
        self.tick(self.life.now - timedelta(minutes=minutes))

    @rule()
    def restart(self) -> None:
        self.life.start()

    @rule(where=st.sampled_from(CRASHES), after=st.booleans(), minutes=st.sampled_from([1, 130]))
    def crash(self, where: tuple[object, str], after: bool, minutes: int) -> None:
        """The process is killed before or after a step of the next tick, if that takes it."""
        owner, step = where
        real: Callable[..., object] = getattr(owner, step)

        def crashing(*args: object, **named: object) -> object:
            if after:
                real(*args, **named)
            raise KilledError

        with mock.patch.object(owner, step, crashing):
            try:
                self.tick(self.life.now + timedelta(minutes=minutes))
            except KilledError:
                self.life.start()

    def tick(self, now: datetime) -> None:
        self.earliest, self.latest = min(self.earliest, now), max(self.latest, now)
        self.life.at(now)

    # -- what always holds -----------------------------------------------------------------

    @invariant()
    def no_article_is_in_two_issues(self) -> None:
        carried = [each.id for issue in self.life.issues() for each in issue.carried]
        assert len(carried) == len(set(carried))
        slots = [issue.slot for issue in self.life.issues()]
        assert len(slots) == len(set(slots))

    @invariant()
    def ids_never_change(self) -> None:
        with self.site.opened() as opened:
            found = Articles(opened.database)
            known = {r.id: r.path for r in found.by_ids(sorted(found.published_ids()))}
        for record_id, path in known.items():
            assert self.ids.setdefault(record_id, path) == path

    # -- after a quiet period ----------------------------------------------------------------

    def quiet(self) -> None:
        """Some time without anything: all that was left is made up for."""
        for _ in range(4):
            self.tick(max(self.latest, self.life.now) + 2 * HOUR + timedelta(minutes=1))
        issues = self.life.issues()
        dues = [parse_timestamp(issue.due) for issue in issues]
        assert dues == sorted(dues)
        passed = int((self.life.now - MONDAY) / (2 * HOUR))
        since = [due for due in dues if due > MONDAY]
        assert len(since) == passed, "a slot that passed is neither made nor skipped"
        # A clock set back to before the newsletter began makes slots of that time due.
        assert all(due >= self.earliest for due in dues)
        assert all(issue.reason for issue in issues if issue.state == "skipped")
        self.every_article_is_carried()
        with self.site.opened() as opened:
            shown = Issues(opened.database).of("weekly")
        for issue in shown:
            name = f"weekly/{slot_name(issue.slot)}"
            kept = self.site.root / "issues" / name
            assert (kept / "email.html").read_text(encoding="utf-8") == issue.html
            assert (kept / "message.eml").read_bytes() == issue.message.encode()
            assert self.site.has(f"newsletters/{name}/index.html")
        assert not list(self.site.root.rglob(".syndicate.part"))
        made = self.site.documents()
        for file in (self.site.root / "public").rglob("*.xml"):
            file.unlink()
        self.site.build(self.life.now)
        assert self.site.documents() == made, "the whole made anew is something else"

    def every_article_is_carried(self) -> None:
        """But for those whose file cannot be read and never could: they wait until it can."""
        for path in self.not_carried():
            assert f"{path}: text-lost" in self.findings(), "an article that is in no issue"
            self.site.article(path, "Whole again", date=self.life.now.isoformat())
        for pause in (timedelta(minutes=1), 2 * HOUR):  # it is read, and then its slot comes
            self.tick(self.life.now + pause)
        assert self.not_carried() == [], "an article that was published is in no issue"

    def not_carried(self) -> list[str]:
        """The paths of articles that were published since the newsletter began, in no issue."""
        with self.site.opened() as opened:
            articles = Articles(opened.database)
            after = Newsletters(articles.database).all()["weekly"].after
            late = {record[0] for record in articles.light_after(after)}
            missing = late - Issues(opened.database).taken("weekly")
            return [record.path for record in articles.by_ids(sorted(missing))]

    def findings(self) -> list[str]:
        return [f"{each.path}: {each.rule}" for _, each, _ in self.life.scheduler.problems]


TestLife = pytest.mark.soak(Living.TestCase)
TestLife.settings = settings(
    max_examples=6,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_an_article_that_was_never_rendered_is_carried_once_its_file_can_be_read_again() -> None:
    life = Living()
    life.write("a.md", 1, 1)
    life.crash((Documents, "save"), after=True, minutes=1)
    life.break_file("a.md")
    life.clock_set_back(300)
    assert "a.md: text-lost" in life.findings()
    assert life.not_carried() == ["a.md"]
    life.teardown()
