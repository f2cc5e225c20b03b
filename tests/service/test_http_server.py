"""Built documents are served, whichever process built them; and the health of the service."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from service_parts import MONDAY, Life, newsletter_settings

from site_folder import SiteFolder
from syndicate.build.builder import build
from syndicate.errors import SyndicateError
from syndicate.issues.compose import place_of_issue
from syndicate.issues.freeze import make_by_hand
from syndicate.issues.transitions import approve_issue, cancel_issue
from syndicate.service.http_server import HttpServer
from syndicate.service.job_table import server_jobs
from syndicate.service.refresh_task import FULL_REFRESH_INTERVAL
from syndicate.service.scheduler import Scheduler
from syndicate.site import set_up
from syndicate.web.rate_limit import Limit

SECOND = timedelta(seconds=1)


class ServedLife(Life):
    """A service that serves, at a port that is free."""

    def start(self) -> None:
        super().start()
        self.scheduler = Scheduler([])
        self.serving = HttpServer(
            set_up(self.site.config_file, {}), self.scheduler, "127.0.0.1", 0, 60, Event()
        )
        setup = set_up(self.site.config_file, {})
        self.scheduler.replace([*self.jobs, *server_jobs(setup, self.served, self.serving)])
        self.serving.listen()
        self.serving.start()

    def restart(self) -> None:
        self.serving.stop()
        self.start()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.serving.url.rstrip("/") + path, trust_env=False)


@pytest.fixture
def life(tmp_path: Path) -> Iterator[ServedLife]:
    """A site that made an issue."""
    site = SiteFolder(tmp_path / "site", f"sqlite:///{tmp_path / 'syndicate.db'}")
    site.configure(newsletters={"weekly": newsletter_settings()})
    site.article("one.md", "The first", date="2026-11-01", tags=["sea"], aliases=["/old/"])
    life = ServedLife(site, MONDAY)
    life.at(MONDAY - SECOND)
    life.at(MONDAY)
    yield life
    life.serving.stop()


@pytest.fixture
def new(tmp_path: Path) -> Iterator[ServedLife]:
    """A site that was never built."""
    site = SiteFolder(tmp_path / "new", f"sqlite:///{tmp_path / 'new.db'}")
    site.article("one.md", "The first", date="2026-11-01")
    life = ServedLife(site, MONDAY)
    yield life
    life.serving.stop()


def test_until_the_first_build_is_done_a_page_reloads_itself(new: ServedLife) -> None:
    for path in ("/", "/articles/one/", "/feed.xml"):
        waiting = new.get(path)
        assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "1")
        assert waiting.headers["cache-control"] == "no-store"
        assert '<meta http-equiv="refresh" content="1">' in waiting.text
    new.scheduler.run_due(MONDAY)
    assert new.get("/").status_code == new.get("/readyz").status_code == 503, "a look, no build"
    assert new.get("/readyz").text == "the first build is not done\n"
    assert new.get("/livez").status_code == 200
    new.scheduler.run_due(MONDAY + SECOND)
    assert new.get("/").status_code == new.get("/readyz").status_code == 200
    assert new.get("/nowhere/").status_code == 404


def test_an_incomplete_first_build_is_not_served(new: ServedLife) -> None:
    new.serving.stop()
    page = new.site.root / "public" / "style.css"
    page.parent.mkdir()
    page.write_text("p {}", encoding="utf-8")
    new.start()
    assert new.get("/style.css").status_code == 200
    assert new.get("/").status_code == 503


def test_a_site_that_was_built_before_is_whole_from_the_start(life: ServedLife) -> None:
    life.restart()
    assert life.get("/").status_code == 200
    assert life.get("/nowhere/").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/feed.xml", "/articles/one/", "/newsletters/weekly/"),
        *("/newsletters/weekly/feed.xml", "/newsletters/weekly/2026-11-23-0800/"),
    ],
)
def test_built_documents_are_served(life: ServedLife, path: str) -> None:
    answer = life.get(path)
    assert answer.status_code == 200
    assert "The first" in answer.text


def test_an_alias_redirects_and_a_removed_feed_is_410(life: ServedLife) -> None:
    life.site.article("one.md", "The first", date="2026-11-01", aliases=["/old/", "/older/"])
    life.site.article("two.md", "The second", date="2026-11-02")
    assert life.get("/tags/sea/feed.xml").status_code == 200
    life.at(MONDAY + SECOND)
    for _ in range(2):
        for alias in ("/old/", "/older/"):
            moved = life.get(alias)
            assert moved.status_code == 301
            assert moved.headers["location"].endswith("/articles/one/")
        assert life.get("/tags/sea/feed.xml").status_code == 410
        life.restart()


def test_issues_changed_by_commands_are_served_in_the_next_turn(life: ServedLife) -> None:
    life.site.article("two.md", "The second", date="2026-11-02")
    life.at(MONDAY + SECOND)
    with life.site.opened() as opened:
        weekly = opened.config.newsletters["weekly"]
        draft = make_by_hand(opened, weekly, MONDAY + 2 * SECOND, draft=True)
        assert draft
        build(opened, MONDAY + 2 * SECOND)
        page = f"/{place_of_issue(draft)}"
        life.at(MONDAY + 3 * SECOND)
        assert life.get(page).status_code == 200
        assert "The second" not in life.get("/newsletters/weekly/feed.xml").text
        assert approve_issue(opened, draft, MONDAY + 4 * SECOND)
        build(opened, MONDAY + 4 * SECOND)
        life.at(MONDAY + 5 * SECOND)
        for asked in (page, page.rstrip("/")):  # of whoever got a test of the draft
            moved = life.get(asked)
            assert moved.status_code == 301
            assert moved.headers["location"] == "/newsletters/weekly/2026-11-23-0801/"
        assert life.get("/newsletters/weekly/2026-11-23-0801/").status_code == 200
        followed = life.get("/newsletters/weekly/next/")  # of whoever got a test of that
        assert followed.headers["location"] == "/newsletters/weekly/"
        assert "The second" in life.get("/newsletters/weekly/feed.xml").text
        assert cancel_issue(opened, draft, MONDAY + 6 * SECOND)
        build(opened, MONDAY + 6 * SECOND)
    life.at(MONDAY + 7 * SECOND)
    for gone in (page, "/newsletters/weekly/2026-11-23-0801/"):
        assert life.get(gone).status_code == 404
    assert "The second" not in life.get("/newsletters/weekly/feed.xml").text


def test_a_build_of_another_program_is_served_within_a_minute(life: ServedLife) -> None:
    life.site.article("two.md", "The second", date="2026-11-02")
    life.site.build(MONDAY)
    life.at(MONDAY + FULL_REFRESH_INTERVAL)
    assert "The second" in life.get("/feed.xml").text


def test_without_its_database_it_is_not_ready_and_serves_on(
    life: ServedLife, tmp_path: Path
) -> None:
    assert life.get("/livez").status_code == life.get("/readyz").status_code == 200
    database, away = tmp_path / "syndicate.db", tmp_path / "away"
    database.rename(away)
    database.mkdir()
    life.site.article("two.md", "The second", date="2026-11-02")
    life.at(MONDAY + SECOND)
    life.at(MONDAY + 2 * SECOND)
    wrong = life.get("/readyz")
    assert wrong.status_code == 503
    assert "articles" in wrong.text
    assert life.get("/livez").status_code == 200
    assert "The first" in life.get("/feed.xml").text
    database.rmdir()
    away.rename(database)
    life.at(MONDAY + FULL_REFRESH_INTERVAL)
    assert life.get("/readyz").status_code == 200
    assert "The second" in life.get("/feed.xml").text


def test_prometheus_reads_its_numbers(life: ServedLife) -> None:
    life.get("/feed.xml")
    families = text_string_to_metric_families(life.get("/metrics").text)
    numbers = {each.name: each.value for family in families for each in family.samples}
    assert numbers["syndicate_articles"] == 1
    assert numbers["syndicate_issues"] == 1
    assert numbers["syndicate_faults"] == 0
    assert numbers["syndicate_ticks_total"] >= 3
    assert numbers["syndicate_last_tick_timestamp_seconds"] == pytest.approx(
        MONDAY.timestamp(), abs=1
    )


def test_metrics_have_the_last_and_next_run_of_each_job(life: ServedLife) -> None:
    families = {f.name: f for f in text_string_to_metric_families(life.get("/metrics").text)}
    last, due = (
        {each.labels["job"]: each.value for each in families[f"syndicate_job_{name}"].samples}
        for name in ("last_run_timestamp_seconds", "next_run_timestamp_seconds")
    )
    assert last["articles"] >= MONDAY.timestamp()
    assert last["articles"] < due["articles"] <= last["articles"] + 60
    assert "next article" not in due, "no article is dated in the future"


def test_a_port_in_use_is_an_error(life: ServedLife) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        serving = HttpServer(
            set_up(life.site.config_file, {}), life.scheduler, "127.0.0.1", port, 60, Event()
        )
        with pytest.raises(
            SyndicateError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use$"
        ):
            serving.listen()


def test_sighup_changes_trusted_proxies(life: ServedLife, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syndicate.service.http_server.Limit", lambda: Limit(0.001, 2))
    asking = {"X-Forwarded-For": "203.0.113.9"}

    def statuses() -> list[int]:
        address = f"{life.serving.url.rstrip('/')}/feed.xml"
        return [
            httpx.get(address, headers=asking, trust_env=False, timeout=60).status_code
            for _ in range(3)
        ]

    assert statuses() == [200, 200, 200]
    life.site.configure(service={"trusted_proxies": ["127.0.0.1"]})
    life.serving.reconfigure(set_up(life.site.config_file, {}))
    assert statuses() == [200, 200, 429]
