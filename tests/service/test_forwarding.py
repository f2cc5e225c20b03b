"""A forwarded header from an unknown proxy is a finding while the settings stay the same."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from site_folder import NOON
from syndicate.findings import Level
from syndicate.service.forwarding import ProxyCheck
from syndicate.service.jobs import IntervalTrigger, Job
from syndicate.service.scheduler import Scheduler
from syndicate.web.http_messages import Request
from syndicate.web.rate_limit import Clients, Limit

CONFIG = "config.yaml"


def visited(peer: str) -> Clients:
    clients = Clients(Limit())
    headers = {b"x-forwarded-for": b"203.0.113.1"}
    clients.client(Request(method=b"GET", target=b"/", headers=headers, peer=peer))
    return clients


def test_without_such_a_header_there_is_nothing_to_report() -> None:
    assert ProxyCheck(visited("127.0.0.1"), CONFIG).run(NOON).findings == []


@pytest.mark.parametrize(
    ("peer", "level"),
    [
        ("10.1.2.3", Level.WARNING),
        ("fd00::1", Level.WARNING),
        ("8.8.8.8", Level.NOTICE),
        ("2600::1", Level.NOTICE),
    ],
)
def test_the_address_is_named_with_the_setting(peer: str, level: Level) -> None:
    (finding,) = ProxyCheck(visited(peer), CONFIG).run(NOON).findings or ()
    assert (finding.level, finding.rule, finding.path) == (level, "proxy-unknown", "config.yaml")
    assert peer in finding.message
    assert f'trusted_proxies: ["{peer}"]' in finding.hint


def test_it_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    scheduler = Scheduler(
        [Job("proxies", IntervalTrigger(timedelta()), ProxyCheck(visited("10.1.2.3"), CONFIG).run)]
    )
    with caplog.at_level(logging.WARNING):
        scheduler.run_due(NOON)
        scheduler.run_due(NOON)
    assert len([r for r in caplog.records if "service.trusted_proxies" in r.getMessage()]) == 1
