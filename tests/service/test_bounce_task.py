"""The service reads bounce reports each minute, and accepts events of providers."""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event

import httpx
import pytest
from service_parts import MINUTE, MONDAY, settle

import sent_issues
from site_folder import SiteFolder
from syndicate.bounces.mailboxes import Tally, read_mailboxes
from syndicate.service import bounce_task
from syndicate.service.bounce_task import BounceTask
from syndicate.service.http_server import HttpServer
from syndicate.service.jobs import IntervalTrigger, Job
from syndicate.service.scheduler import Scheduler
from syndicate.site import set_up
from syndicate.store.bounces import Bounces
from syndicate.store.subscribers import Subscribers
from syndicate.timestamps import format_timestamp

ADA = 1
SECOND = timedelta(seconds=1)
PASSWORD = "user:0123456789abcdef"
GONE = {
    "RecordType": "Bounce",
    "Type": "HardBounce",
    "Email": sent_issues.ADA,
    "Details": "550 5.1.1 no",
}


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SiteFolder:
    """A site with a Maildir for notices, which sent an issue to Ada."""
    folder = SiteFolder(tmp_path / "site", database_url)
    for name in ("new", "cur", "tmp"):
        (folder.root / "returns" / name).mkdir(parents=True)
    folder.configure(bounces={"maildir": "returns"})
    with folder.opened() as opened:
        ada = sent_issues.subscriber(opened.database, now=format_timestamp(MONDAY))
        assert ada.id == ADA
        sent_issues.send(opened.database, 1, ada)
    return folder


def deliver_report(site: SiteFolder, name: str) -> None:
    """Have a notice about the message to Ada in the Maildir."""
    with site.opened() as opened:
        ada = Subscribers(opened.database).by_id(ADA)
        assert ada
        path = sent_issues.path_of(opened.database, 1, ada, format_timestamp(MONDAY))
    (site.root / "returns" / "new" / name).write_bytes(sent_issues.to(path))


def unread(site: SiteFolder) -> list[str]:
    return sorted(each.name for each in (site.root / "returns" / "new").iterdir())


def is_suppressed(site: SiteFolder) -> bool:
    with site.opened() as opened:
        return bool(opened.database.rows("SELECT 1 FROM suppressions"))


def bounce_job(site: SiteFolder) -> Job:
    task = BounceTask(set_up(site.config_file, {}))
    return Job(task.name, IntervalTrigger(MINUTE), task.run, background=True)


def service(site: SiteFolder) -> Scheduler:
    return Scheduler([bounce_job(site)])


def faults(scheduler: Scheduler) -> list[str]:
    return [finding.message for _, finding, _ in scheduler.problems]


def test_bounces_are_handled_and_reported(
    site: SiteFolder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    deliver_report(site, "1")
    settle(service(site), MONDAY)
    assert is_suppressed(site)
    assert not unread(site)
    (record,) = [each for each in caplog.records if each.getMessage() == "bounce reports read"]
    assert vars(record)["facts"] == {"suppressed": "1"}


def test_the_mailbox_is_read_once_a_minute_also_after_the_clock_was_set_back(
    site: SiteFolder,
) -> None:
    scheduler = service(site)
    for now, comes, left in (
        (MONDAY, "1", []),
        (MONDAY + MINUTE - SECOND, "2", ["2"]),
        (MONDAY + MINUTE, "3", []),
        (MONDAY, "4", []),
    ):
        deliver_report(site, comes)
        settle(scheduler, now)
        assert unread(site) == left, comes


def test_a_mailbox_that_cannot_be_read_is_a_fault_until_it_can(site: SiteFolder) -> None:
    scheduler, returns, away = service(site), site.root / "returns", site.root / "away"
    deliver_report(site, "1")
    returns.rename(away)
    settle(scheduler, MONDAY)
    (fault,) = faults(scheduler)
    assert "there is no Maildir here" in fault
    away.rename(returns)
    settle(scheduler, MONDAY + 2 * MINUTE)
    assert not faults(scheduler)
    assert is_suppressed(site)


def test_without_a_mailbox_there_is_nothing_to_do(
    site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.configure(bounces={"maildir": ""})
    monkeypatch.setattr(bounce_task, "open_site", None)
    scheduler = service(site)
    settle(scheduler, MONDAY)
    assert not faults(scheduler)


def test_a_slow_mailbox_delays_no_other_task_and_is_read_by_one_thread(
    site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, readers, most = Event(), [0], [0]
    entered = threading.Semaphore(0)

    def slowly(*arguments: object) -> Tally:
        readers[0] += 1
        most[0] = max(most[0], readers[0])
        entered.release()
        go.wait()
        readers[0] -= 1
        return read_mailboxes(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("syndicate.bounces.mailboxes.read_mailboxes", slowly)
    deliver_report(site, "1")
    scheduler = service(site)
    scheduler.run_due(MONDAY)
    assert entered.acquire(timeout=60)
    scheduler.run_due(MONDAY + 5 * MINUTE)
    scheduler.replace([bounce_job(site)])
    scheduler.run_due(MONDAY + 6 * MINUTE)
    assert scheduler.running == {"bounces"}
    assert unread(site) == ["1"]
    go.set()
    settle(scheduler, MONDAY + 7 * MINUTE)
    assert entered.acquire(timeout=60), "the new configuration has its turn, too"
    assert most == [1]
    assert not unread(site)


@pytest.mark.parametrize(
    ("provider", "value", "needs"),
    [
        ("ses", "arn:aws:sns:eu-west-1:123456789012:a", True),
        ("postmark", PASSWORD, False),
    ],
)
def test_a_missing_package_for_signatures_is_an_error(
    site: SiteFolder, monkeypatch: pytest.MonkeyPatch, provider: str, value: str, needs: bool
) -> None:
    site.configure(bounces={"webhooks": {provider: value}})
    scheduler = service(site)
    settle(scheduler, MONDAY)
    assert not faults(scheduler)
    monkeypatch.setattr(bounce_task, "find_spec", lambda _: None)
    settle(scheduler, MONDAY + MINUTE)
    assert bool(faults(scheduler)) == needs
    assert all("cryptography is not installed" in fault for fault in faults(scheduler))


@pytest.fixture
def url(site: SiteFolder) -> Iterator[str]:
    """Where a service of the site serves, which hears Postmark."""
    site.configure(bounces={"webhooks": {"postmark": PASSWORD}})
    serving = HttpServer(set_up(site.config_file, {}), Scheduler([]), "127.0.0.1", 0, 60, Event())
    serving.listen()
    serving.start()
    yield serving.url.rstrip("/")
    serving.stop()


def post(url: str, body: str | bytes, password: str = PASSWORD) -> int:
    mark = base64.b64encode(password.encode()).decode()
    headers = {"authorization": f"Basic {mark}"}
    return httpx.post(url, content=body, headers=headers, trust_env=False, timeout=60).status_code


def test_an_event_of_a_provider_is_accepted(site: SiteFolder, url: str) -> None:
    assert post(f"{url}/bounces/postmark", json.dumps(GONE)) == 200
    assert post(f"{url}/bounces/postmark?again", json.dumps(GONE)) == 200
    assert is_suppressed(site)
    with site.opened() as opened:
        (kept,) = Bounces(opened.database).of(ADA)
    assert (kept.issue, kept.kind, kept.detail) == (1, "hard", "550 5.1.1 no")


def test_a_request_of_anyone_else_is_refused(site: SiteFolder, url: str) -> None:
    body = json.dumps(GONE)
    assert post(f"{url}/bounces/postmark", body, "user:something-else") == 403
    assert post(f"{url}/bounces/mailgun", body) == 404
    assert post(f"{url}/bounces/", body) == 404
    assert post(f"{url}/bounces/postmark", "[") == 400
    assert post(f"{url}/bounces/postmark", b"x" * 1_000_001) == 413
    assert httpx.get(f"{url}/bounces/postmark", trust_env=False, timeout=60).status_code == 405
    assert not is_suppressed(site)


def test_a_provider_is_asked_to_retry_while_the_store_is_away(
    site: SiteFolder, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from syndicate.errors import SyndicateError

    def away(*_: object) -> None:
        raise SyndicateError("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr("syndicate.service.threaded_handler.open_site", away)
        assert post(f"{url}/bounces/postmark", json.dumps(GONE)) == 503
    assert post(f"{url}/bounces/postmark", json.dumps(GONE)) == 200
    assert is_suppressed(site)


def test_an_unreadable_message_is_reported_for_a_day(site: SiteFolder) -> None:
    scheduler = service(site)
    (site.root / "returns" / "new" / "1").write_text("Content-Type: message/rfc822\n\n" * 1_300)
    settle(scheduler, MONDAY)
    assert faults(scheduler) == ["unreadable messages in the bounce mailbox: 1"]
    settle(scheduler, MONDAY + 2 * MINUTE)
    assert faults(scheduler)
    settle(scheduler, MONDAY + timedelta(days=1, minutes=1))
    assert not faults(scheduler)
