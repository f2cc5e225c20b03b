"""The service as a process makes up for a missed issue, once, and a browser sees all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from service_parts import Life, newsletter_settings
from test_clock import PATIENCE, soon
from test_process import Services

from site_folder import SiteFolder


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """A site whose service ended before the last hour struck."""
    site = SiteFolder(tmp_path / "site", f"sqlite:///{tmp_path / 'site' / 'syndicate.db'}")
    weekly = newsletter_settings(every="hour", catch_up="latest", max_age="3 hours")
    site.configure(service={"poll_interval": 0.1, "port": 0}, newsletters={"weekly": weekly})
    site.article("first.md", "First steps", date="2026-01-01")
    life = Life(site, datetime.now(UTC) - timedelta(minutes=90))
    life.at(life.now)
    services = Services(site)
    yield services
    for process in services.started:
        if process.poll() is None:
            process.kill()
        process.wait()


def address(services: Services) -> str:
    """Where the service last started serves."""
    said = re.findall(r'"address": "([^"]+)"', (services.site.root / "log").read_text())
    return str(said[-1]).rstrip("/") if said else ""


def test_a_missed_issue_is_made_once_whatever_kills_the_service(services: Services) -> None:
    process = services.start()
    assert soon(lambda: "issue made" in services.events())
    made = services.run("issues", "list").stdout
    assert made.count("First steps") == 1
    services.site.article("second.md", "Second wind")
    url = address(services)
    assert soon(
        lambda: "Second wind" in httpx.get(f"{url}/feed.xml", trust_env=False, timeout=60).text
    )
    process.kill()
    process.wait()
    again = services.start()
    assert soon(lambda: services.events().count("serving") == 2)
    archive = f"{address(services)}/newsletters/weekly/"
    assert "First steps" in httpx.get(archive, trust_env=False, timeout=60).text
    assert services.run("issues", "list").stdout.count("First steps") == 1
    again.terminate()
    assert again.wait(PATIENCE) == 0
