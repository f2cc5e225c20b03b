"""Documents are published after builds; a target that fails is a problem until it succeeds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from service_parts import MONDAY, Life

from site_folder import SiteFolder
from syndicate.service.build_state import BuildState
from syndicate.service.problems import is_failure
from syndicate.service.publish_task import PublishMetrics, PublishTask
from syndicate.site import set_up

SECOND = timedelta(seconds=1)


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    """A site that is published to a folder, and has an article."""
    (tmp_path / "live").mkdir()
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    site.configure(publish={"live": {"folder": "../live"}})
    site.article("one.md", "The first", date="2026-11-01")
    return site


def test_what_a_build_writes_is_published_in_the_same_second(
    site: SiteFolder, tmp_path: Path
) -> None:
    life = Life(site, MONDAY)
    life.at(MONDAY)
    assert (tmp_path / "live/articles/one/index.html").exists()
    site.article("two.md", "The second", date="2026-11-02")
    life.at(MONDAY + SECOND)
    assert (tmp_path / "live/articles/two/index.html").exists()
    assert life.faults == []
    assert life.scheduler.status["published to live"] == "2026-11-23T08:00:01Z"


def test_a_target_that_fails_is_a_problem_until_it_succeeds(
    site: SiteFolder, tmp_path: Path
) -> None:
    (tmp_path / "live").rmdir()
    life = Life(site, MONDAY)
    life.at(MONDAY)
    (fault,) = [finding for _, finding, _ in life.scheduler.problems]
    assert "publishing to live failed: there is no folder" in fault.message
    assert not is_failure(fault), "the service itself works"
    (tmp_path / "live").mkdir()
    life.at(MONDAY + timedelta(seconds=20))
    assert life.faults, "its next try has not come"
    life.at(MONDAY + timedelta(seconds=40))
    assert life.faults == []
    assert (tmp_path / "live/index.html").exists()


def test_metrics_count_what_was_published_and_what_fails(site: SiteFolder, tmp_path: Path) -> None:
    metrics = PublishMetrics()
    registry = CollectorRegistry()
    registry.register(metrics)
    number = len(site.build().written)
    task = PublishTask(set_up(site.config_file, {}), BuildState(), metrics)
    task.run(MONDAY)
    text = generate_latest(registry).decode()
    published = [line for line in text.splitlines() if 'action="written"' in line]
    assert 0 < float(published[0].rpartition(" ")[2]) <= number
    assert 'syndicate_publish_failing{target="live"} 0.0' in text
    (last,) = [line for line in text.splitlines() if line.startswith("syndicate_last_publish")]
    assert float(last.rpartition(" ")[2]) == MONDAY.timestamp()
    (tmp_path / "live").rename(tmp_path / "gone")
    site.article("two.md", "The second", date="2026-11-02")
    site.build()
    task.run(MONDAY + SECOND)
    assert 'syndicate_publish_failing{target="live"} 1.0' in generate_latest(registry).decode()
