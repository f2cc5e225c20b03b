"""What is counted, and how health is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from server import served

from syndicate.web import metrics
from syndicate.web.metrics import Traffic


def numbers(traffic: Traffic) -> dict[tuple[str, ...], float]:
    """What Prometheus reads, by name and labels in the order of their names."""
    registry = CollectorRegistry()
    registry.register(traffic)
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_answers_are_counted_by_format_and_status(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text("<rss/>")
    with served(tmp_path) as server:
        tag = server.get("/feed.xml").headers["etag"]
        server.get("/feed.xml", if_none_match=tag)
        server.head("/feed.xml")
        server.get("/nowhere")
        assert numbers(server.traffic) == {
            ("syndicate_requests_total", "rss", "200"): 2,
            ("syndicate_requests_total", "rss", "304"): 1,
            ("syndicate_requests_total", "none", "404"): 1,
        }


@pytest.mark.parametrize(
    ("user_agent", "aggregator", "readers"),
    [
        ("Feedly/1.0 (+http://feedly.com/fetcher.html; 42 subscribers; like Gecko)", "Feedly", 42),
        ("Feedbin feed-id:9 - 7 subscribers", "Feedbin", 7),
        ("Bloglovin/1.0 (http://x.example; 1 subscriber)", "Bloglovin", 1),
        ("NewsBlur Feed Fetcher - 12 subscribers - http://x.example", "NewsBlur", 12),
        ("inoreader.com-like FeedFetcher-Google; 31 readers", "inoreader.com-like", 31),
    ],
)
def test_aggregators_report_their_numbers_of_subscribers(
    tmp_path: Path, user_agent: str, aggregator: str, readers: int
) -> None:
    (tmp_path / "feed.xml").write_text("<rss/>")
    (tmp_path / "index.html").write_text("page")
    with served(tmp_path) as server:
        server.get("/", user_agent=user_agent)
        server.get("/feed.xml", user_agent=user_agent)
        server.get("/%66eed.xml?x", user_agent=user_agent)
        found = numbers(server.traffic)
    names = [key for key in found if key[0] == "syndicate_readers"]
    assert names == [("syndicate_readers", aggregator, "feed.xml")]
    assert found[names[0]] == readers


def test_the_latest_number_counts_and_copies_are_added_up() -> None:
    traffic = Traffic()
    for user_agent in (b"A 5 subscribers", b"A 4 subscribers", b"B 3 subscribers; feed-id=1"):
        traffic.count_readers("feed.xml", user_agent)
    traffic.count_readers("feed.xml", b"B 2 subscribers; feed-id=2")
    traffic.count_readers("feed.xml", b"curl/8 no subscribers")
    assert numbers(traffic) == {
        ("syndicate_readers", "A", "feed.xml"): 4,
        ("syndicate_readers", "B", "feed.xml"): 5,
    }


@given(st.binary(max_size=50).map(lambda value: b"A" + value + b" 3 readers "))
def test_no_name_breaks_the_numbers(name: bytes) -> None:
    traffic = Traffic()
    traffic.count_readers("feed.xml", name)
    numbers(traffic)


def test_no_number_of_names_fills_the_memory() -> None:
    traffic = Traffic()
    for number in range(metrics.MAX_READERS + 5):
        traffic.count_readers("feed.xml", b"A%d 1 subscriber" % number)
    assert len(traffic.readers) == metrics.MAX_READERS
    assert ("feed.xml", "A4", "") not in traffic.readers


@dataclass
class Service:
    """A service of which is known how it is."""

    dead: Sequence[str] = ()
    wrong: list[str] = field(default_factory=list)

    def livez(self) -> Sequence[str]:
        return self.dead

    def readyz(self) -> Sequence[str]:
        return self.wrong

    def metrics(self) -> bytes:
        return b"up 1\n"


def test_health_is_reported_as_text(tmp_path: Path) -> None:
    service = Service()
    (tmp_path / "livez").write_text("a page of this name gives way")
    with served(tmp_path, monitor=service) as server:
        assert (server.get("/livez").status_code, server.get("/livez").text) == (200, "ok\n")
        assert server.get("/readyz").status_code == 200
        service.wrong.append("the last build failed: config.yaml:3")
        ready = server.get("/readyz")
        assert (ready.status_code, ready.text) == (503, "the last build failed: config.yaml:3\n")
        assert ready.headers["cache-control"] == "no-store"
        numbers = server.get("/metrics")
        assert numbers.text == "up 1\n"
        assert numbers.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert server.head("/metrics").content == b""


def test_without_a_service_there_is_no_health(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        assert server.get("/livez").status_code == 404
