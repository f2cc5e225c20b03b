"""The service sends approved issues, reports its progress, and loses nothing however it ends."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Semaphore

import httpx
import pytest
from service_parts import newsletter_settings
from test_clock import PATIENCE, soon
from test_process import Services

from site_folder import SiteFolder
from smtp_server import Action, Reply, SmtpServer, Step, scripted
from syndicate.store.subscribers import Subscribers
from syndicate.subscribers.addresses import address

PEOPLE = [f"p{number:03}@example.net" for number in range(60)]


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as opened:
        yield opened


@pytest.fixture
def services(tmp_path: Path, server: SmtpServer) -> Iterator[Services]:
    """A site whose newsletter goes to sixty people, with a review before."""
    site = SiteFolder(tmp_path / "site", f"sqlite:///{tmp_path / 'site' / 'syndicate.db'}")
    main = {"host": "127.0.0.1", "port": server.port, "security": "none", "connections": 2}
    site.configure(
        site={"url": "https://lake.example.net/"},
        service={"poll_interval": 0.1, "port": 0, "shutdown_timeout": 20},
        newsletters={"weekly": newsletter_settings(every="", approval="manual", deliver=True)},
        subscribers={"signup_pages": True},
        sending={"transport": "smtp", "servers": {"main": main}},
    )
    site.article("first.md", "First steps", date="2026-01-01")
    site.build()
    with site.opened() as opened, opened.database.transaction():
        known = Subscribers(opened.database)
        for each in PEOPLE:
            hashed = address(each).hashed(known.salt())
            known.subscribe(each, hashed, "", "weekly", "in the shop", "2026-11-01T00:00:00Z")
    services = Services(site)
    services.run("issues", "make", "weekly")
    yield services
    for process in services.started:
        if process.poll() is None:
            process.kill()
        process.wait()


def url(services: Services) -> str:
    found = re.findall(r'"address": "([^"]+)"', (services.site.root / "log").read_text())
    return str(found[-1]).rstrip("/") if found else ""


def delivery_report(services: Services) -> dict[str, int]:
    said = services.run("deliveries", "report", "weekly", "--json")
    found: dict[str, int] = json.loads(said.stdout) if said.stdout else {}
    return found


def test_an_approved_issue_is_sent_and_counted(services: Services, server: SmtpServer) -> None:
    services.start()
    assert soon(lambda: "serving" in services.events())
    assert not server.accepted, "it is a draft"
    services.run("issues", "approve", "weekly")
    assert soon(lambda: len(server.accepted) == 60)
    assert soon(lambda: bool(delivery_report(services).get("ended_at")))
    assert sorted(mail.to[0] for mail in server.accepted) == PEOPLE
    metrics = httpx.get(f"{url(services)}/metrics", trust_env=False).text
    assert re.search(r'syndicate_deliveries_total\{issue="weekly/[^"]+",state="sent"\} 60', metrics)
    assert re.search(r'syndicate_deliveries_left\{issue="weekly/[^"]+"\} 0', metrics)
    assert soon(lambda: "sent" in services.events())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_after_any_crash_or_restart_each_subscriber_gets_one_message(
    services: Services, server: SmtpServer, number: signal.Signals
) -> None:
    first_ten, signalled = Semaphore(10), Event()
    pause = 0 if number == signal.SIGHUP else 0.5

    def slow_after_ten(step: Step) -> Action | None:
        if step.name == "MESSAGE" and not first_ten.acquire(blocking=False):
            signalled.wait(PATIENCE)
            time.sleep(pause)
        return None

    server.behaviour = slow_after_ten
    services.run("issues", "approve", "weekly")
    process = services.start()
    assert soon(lambda: len(server.accepted) == 10)
    assert soon(lambda: "weekly/" in services.run("status").stdout)
    process.send_signal(number)
    signalled.set()
    if number != signal.SIGHUP:
        process.wait(PATIENCE)
        now = delivery_report(services)
        assert now["balanced"]
        assert now["sent"] < 60
        server.behaviour = scripted()
        services.start()
    assert soon(lambda: bool(delivery_report(services).get("ended_at")))
    taken = [mail.to[0] for mail in server.accepted]
    assert len(taken) == len(set(taken)), "nobody twice"
    held = services.run("deliveries", "report", "weekly", "--names", "--state", "held").stdout
    missing = set(PEOPLE) - set(taken)
    assert all(each in held for each in missing), "nobody lost"
    assert delivery_report(services)["held"] <= (2 if number == signal.SIGKILL else 0)


def test_a_refusal_of_the_sender_is_reported_and_the_operator_resumes(
    services: Services, server: SmtpServer
) -> None:
    server.behaviour = scripted(MAIL=Reply("550 5.7.1 not from here"))
    services.run("issues", "approve", "weekly")
    services.start()
    assert soon(lambda: "issue-paused" in services.run("status").stdout)
    said = services.run("status").stdout
    assert "not from here" in said
    assert "syndicate issues resume weekly/" in said
    server.behaviour = scripted()
    services.run("issues", "resume", "weekly")
    assert soon(lambda: len(server.accepted) == 60)
    assert soon(lambda: "issue-paused" not in services.run("status").stdout)
