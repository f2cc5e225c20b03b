"""The running service publishes what the command would, when it is time, and nothing half-written.

Times are passed in. A part's turn is what the clock would make it do once.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from site_folder import NOON, SiteFolder
from syndicate.errors import StoreError, SyndicateError
from syndicate.service.build_state import BuildState
from syndicate.service.build_task import FULL_BUILD_INTERVAL, RESCAN_SECONDS, BuildTask
from syndicate.site import set_up

SECOND = timedelta(seconds=1)


class Watched:
    """A site and what publishes it."""

    def __init__(self, site: SiteFolder) -> None:
        self.site = site
        self.now = NOON
        self.start()

    def start(self) -> None:
        """Start, or start again after whatever ended it."""
        self.part = BuildTask(set_up(self.site.config_file, {}), BuildState())

    def at_rest(self, after: timedelta = SECOND) -> None:
        """Let it look until it finds nothing more to wait for."""
        self.now += after
        while self.part.run(self.now).next_in:
            pass

    def has(self, title: str) -> bool:
        """Whether an article is in the feed."""
        return self.site.has("feed.xml") and title in self.site.text("feed.xml")


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    """A site with one article."""
    folder = SiteFolder(tmp_path / "site", f"sqlite:///{tmp_path / 'syndicate.db'}")
    folder.article("first.md", "First steps")
    return folder


@pytest.fixture
def watched(site: SiteFolder) -> Watched:
    """The site, published once."""
    service = Watched(site)
    service.at_rest()
    return service


# -- what changes -----------------------------------------------------------------------------


def test_files_present_at_the_start_are_published_at_the_second_scan(site: SiteFolder) -> None:
    service = Watched(site)
    assert service.part.run(NOON).next_in == RESCAN_SECONDS
    assert not service.has("First steps")
    assert service.part.run(NOON).next_in is None
    assert service.has("First steps")


def test_a_new_article_an_edited_one_and_a_deleted_one_reach_the_feed(watched: Watched) -> None:
    watched.site.article("second.md", "Second wind")
    watched.at_rest()
    assert watched.has("Second wind")
    watched.site.article("second.md", "Second thoughts")
    watched.at_rest()
    assert watched.has("Second thoughts")
    assert not watched.has("Second wind")
    watched.site.remove("second.md")
    watched.at_rest()
    assert not watched.has("Second thoughts")
    assert watched.has("First steps")


def test_a_file_that_is_still_being_written_is_not_published(watched: Watched) -> None:
    watched.site.article("second.md", "Half a tit")
    assert watched.part.run(watched.now).next_in == RESCAN_SECONDS
    watched.site.article("second.md", "Half a title, and the rest")
    assert watched.part.run(watched.now).next_in == RESCAN_SECONDS
    assert not watched.site.has("articles/second/index.html")
    watched.at_rest()
    assert watched.has("and the rest")


def test_a_file_that_is_still_being_written_waits_when_everything_is_compared(
    watched: Watched,
) -> None:
    watched.site.article("second.md", "Half a tit")
    watched.part.run(watched.now + FULL_BUILD_INTERVAL)
    assert not watched.has("Half a tit")


def test_a_renamed_file_keeps_its_identity(watched: Watched) -> None:
    ids = watched.site.ids("feed.xml")
    watched.site.rename("first.md", "renamed.md")
    watched.at_rest()
    assert watched.site.ids("feed.xml") == ids
    assert watched.site.has("articles/renamed/index.html")


def test_a_changed_image_is_published_and_documents_that_show_it_are_made_again(
    watched: Watched,
) -> None:
    watched.site.write("dot.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;")
    watched.site.article("first.md", "First steps", "![dot](dot.gif)")
    watched.at_rest()
    assert 'width="1"' in watched.site.text("articles/first/index.html")
    watched.site.write("dot.gif", b"GIF89a\x03\x00\x02\x00\x00\x00\x00;")
    watched.at_rest()
    assert 'width="3"' in watched.site.text("articles/first/index.html")


def test_an_article_is_published_when_its_time_comes(watched: Watched) -> None:
    due = NOON + timedelta(minutes=3)
    watched.site.article("later.md", "Later that day", date=due.isoformat())
    watched.at_rest()
    assert not watched.has("Later that day")
    watched.at_rest(due - watched.now - SECOND)
    assert not watched.has("Later that day")
    watched.at_rest()
    assert watched.has("Later that day")


def test_the_log_names_the_next_scheduled_article(watched: Watched) -> None:
    watched.site.article("later.md", "Later", date="2026-11-23T06:00:00Z")
    watched.part.run(watched.now)
    turn = watched.part.run(watched.now)
    assert turn.status["next article"] == "2026-11-23T06:00:00Z later.md"


def test_a_changed_template_changes_the_pages(watched: Watched) -> None:
    own = watched.site.root / "templates" / "web"
    own.mkdir(parents=True)
    service = Watched(watched.site)
    service.at_rest()
    (own / "article.html").write_text("My own: {{ article.title }}")
    service.at_rest()
    assert service.site.text("articles/first/index.html") == "My own: First steps"


def test_a_template_that_is_still_being_written_is_on_no_page(site: SiteFolder) -> None:
    own = site.root / "templates" / "web"
    own.mkdir(parents=True)
    service = Watched(site)
    service.at_rest()
    page = site.text("articles/first/index.html")
    (own / "article.html").write_text("My ow")
    site.article("second.md", "Second")
    service.part.run(service.now)
    (own / "article.html").write_text("My own: {{ article.title }}")
    service.part.run(service.now)
    assert site.text("articles/first/index.html") == page
    assert not site.has("articles/second/index.html")


@pytest.mark.postgresql
def test_it_is_the_same_with_every_kind_of_store(tmp_path: Path, database_url: str) -> None:
    site = SiteFolder(tmp_path / "site", database_url)
    site.article("first.md", "First steps", "[to the second](second.md)")
    service = Watched(site)
    service.at_rest()
    due = service.now + timedelta(hours=2)
    site.article("second.md", "Second wind")
    site.article("later.md", "Later that day", date=due.isoformat())
    service.at_rest()
    assert service.has("Second wind")
    assert 'href="https://example.org/articles/second/"' in site.text("articles/first/index.html")
    site.remove("second.md")
    service.at_rest()
    assert not service.has("Second wind")
    service.at_rest(timedelta(hours=2))
    assert service.has("Later that day")


# -- what it costs ----------------------------------------------------------------------------


def test_with_nothing_to_do_the_store_is_not_opened(watched: Watched, tmp_path: Path) -> None:
    for file in tmp_path.glob("syndicate.db*"):
        file.unlink()
    for _ in range(3):
        watched.part.run(watched.now)
    assert not list(tmp_path.glob("syndicate.db*"))


def test_with_nothing_to_write_nothing_is_written(watched: Watched) -> None:
    stamps = watched.site.stamps()
    watched.at_rest(FULL_BUILD_INTERVAL + SECOND)
    assert watched.site.stamps() == stamps


# -- what goes wrong --------------------------------------------------------------------------


def test_a_document_that_was_deleted_is_made_again_within_a_minute(watched: Watched) -> None:
    (watched.site.root / "public" / "feed.xml").unlink()
    watched.at_rest()
    assert not watched.site.has("feed.xml")
    watched.at_rest(FULL_BUILD_INTERVAL)
    assert watched.has("First steps")


def test_a_clock_set_back_loses_nothing(watched: Watched) -> None:
    watched.at_rest(-timedelta(hours=1))
    watched.site.article("second.md", "Second")
    watched.at_rest()
    assert watched.has("Second")


def test_a_build_is_retried_when_the_store_is_unreachable(watched: Watched, tmp_path: Path) -> None:
    store, away = tmp_path / "syndicate.db", tmp_path / "away"
    store.rename(away)
    store.mkdir()
    watched.site.article("second.md", "Second")
    with pytest.raises(StoreError):
        watched.at_rest()
    assert watched.has("First steps"), "what is served stays as it was"
    store.rmdir()
    away.rename(store)
    (watched.site.root / "public" / "articles" / "first" / "index.html").unlink()
    watched.at_rest()
    assert watched.has("Second")
    assert watched.site.has("articles/first/index.html"), "after a failure, everything is looked at"


def test_a_missing_folder_withdraws_no_article(watched: Watched) -> None:
    content, away = watched.site.root / "content", watched.site.root / "away"
    content.rename(away)
    with pytest.raises(SyndicateError, match="cannot be read"):
        watched.at_rest()
    content.mkdir()
    with pytest.raises(SyndicateError, match="no articles any more"):
        watched.at_rest()
    assert watched.has("First steps")
    content.rmdir()
    away.rename(content)
    watched.at_rest()
    assert watched.has("First steps")


def test_a_broken_article_affects_no_other_and_is_reported(watched: Watched) -> None:
    watched.site.write("broken.md", "---\ntitle: Broken\ndate: 2026-13-45\n---\n")
    watched.site.article("second.md", "Second")
    watched.part.run(watched.now)
    turn = watched.part.run(watched.now)
    assert [finding.path for finding in turn.findings or ()] == ["broken.md"]
    assert watched.has("Second")


# -- beside other builds ------------------------------------------------------------------------


def test_a_file_that_another_build_read_sooner_is_not_withdrawn(watched: Watched) -> None:
    """The command does not wait for a second look; the service must not undo what it did."""
    watched.site.article("second.md", "Second")
    watched.part.run(watched.now)  # seen once
    watched.site.build(watched.now)
    watched.site.article("second.md", "Second and more")
    watched.part.run(
        watched.now + FULL_BUILD_INTERVAL
    )  # seen again, otherwise, and everything is compared
    assert watched.has("Second")
    watched.at_rest()
    assert watched.has("Second and more")


def test_builds_by_command_and_by_the_service_give_the_same(watched: Watched) -> None:
    watched.site.article("second.md", "Second")
    watched.site.build(watched.now)
    stamps = watched.site.stamps()
    watched.at_rest()
    assert watched.site.stamps() == stamps


names = st.sampled_from(["a.md", "b.md", "sub/c.md", "dot.gif"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), names, st.integers(0, 3)),
        st.tuples(st.just("remove"), names, st.just(0)),
        st.tuples(st.just("rest"), st.just(""), st.integers(0, 2)),
        st.tuples(st.just("look"), st.just(""), st.just(0)),
        st.tuples(st.just("restart"), st.just(""), st.just(0)),
        st.tuples(st.just("set back"), st.just(""), st.integers(0, 2)),
    ),
    max_size=8,
)


@given(steps)
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.soak
def test_after_any_changes_the_documents_are_those_of_a_first_build(
    history: list[tuple[str, str, int]],
) -> None:
    """Of dated articles, nothing depends on the way: documents are those of a fresh store."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        site = SiteFolder(root / "site", f"sqlite:///{root / 'one.db'}")
        site.configure(feeds={"archive": False, "tags": False, "formats": ["rss"]})
        site.article("z.md", "Always there", date="2026-01-01")
        service = Watched(site)
        for what, path, number in history:
            _do(service, what, path, number)
        service.at_rest()
        made = site.documents()
        site.configure(store={"url": f"sqlite:///{root / 'other.db'}"})
        site.build(service.now)
        assert made == {path: data for path, data in site.documents().items() if path in made}
        assert made.keys() == site.documents().keys()


def _do(service: Watched, what: str, path: str, number: int) -> None:
    site = service.site
    if what == "write" and path.endswith(".md"):
        body = f"Version {number}. ![dot](/dot.gif) [b](/b.md)"
        day = f"2026-02-{10 + ord(path[-4]) % 9}"
        site.article(path, f"Title {number % 2}", body, date=day, updated="2026-03-01", tags=["x"])
    elif what == "write":
        site.write(path, b"GIF89a" + bytes([number + 1, 0, 1, 0, 0, 0, 0]) + b";")
    elif what == "remove":
        (site.root / "content" / path).unlink(missing_ok=True)
    elif what == "rest":
        service.at_rest(number * timedelta(seconds=25) + SECOND)
    elif what == "restart":
        service.start()
    elif what == "set back":
        service.now -= number * timedelta(minutes=40)
    else:
        service.part.run(service.now)
