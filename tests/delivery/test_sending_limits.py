"""Rate limits, quiet hours and shares of servers hold while an issue is sent."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from mailing_site import MailingSite, now
from sent_messages import ADA

from smtp_server import SmtpServer
from syndicate.delivery import queue


def settled(server: SmtpServer, wanted: int) -> Callable[[], bool]:
    """So many messages were taken, and a moment later no more were."""
    since = 0.0

    def is_over() -> bool:
        nonlocal since
        if len(server.accepted) >= wanted and not since:
            since = time.monotonic()
        return bool(since) and time.monotonic() > since + 0.5

    return is_over


@pytest.mark.postgresql
def test_a_limit_holds_across_restarts(site: MailingSite) -> None:
    site.subscribe([f"p{number:02}@example.org" for number in range(30)])
    site.issue()
    with SmtpServer() as server:
        for per_hour in (10, 10, 25):
            site.send_by_smtp(server.port, per_hour=per_hour)
            site.send(stopping=settled(server, per_hour))
            assert len(server.accepted) == per_hour
    delivery_report = site.delivery_report()
    assert (delivery_report.sent, delivery_report.pending) == (25, 5)


def test_in_quiet_hours_nothing_is_sent(site: MailingSite) -> None:
    site.subscribe([ADA])
    site.issue()
    hour = now().hour
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        settings = site.folder.settings["sending"]
        assert isinstance(settings, dict)
        quiet = f"{hour:02}:00-{(hour + 2) % 24:02}:00"
        site.configure(**settings, quiet_hours=quiet)
        report = site.send()
        assert report.quiet_until
        assert not server.accepted
        site.configure(**settings, quiet_hours="")
        assert site.send().sent == 1


def test_servers_share_by_weight_and_one_that_is_down_loses_no_delivery(
    site: MailingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "ACTIVE_WINDOW", 60)  # however busy this machine is
    site.subscribe([f"p{number:03}@example.org" for number in range(120)])
    site.issue()
    with SmtpServer() as one, SmtpServer() as other:
        common = {"host": "127.0.0.1", "security": "none", "timeout": 60}
        servers = {
            "one": {**common, "port": one.port, "weight": 3},
            "other": {**common, "port": other.port},
            "down": {**common, "port": 9},
        }
        site.configure(transport="smtp", servers=servers)
        assert site.send().sent == 120
        assert len(one.accepted) + len(other.accepted) == 120
        assert 2 <= len(one.accepted) / len(other.accepted) <= 4
