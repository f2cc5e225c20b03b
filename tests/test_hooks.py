"""Hooks and the hub are called for every event, in order, and retried until they succeed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import pytest

from site_folder import NOON, SiteFolder
from syndicate.hooks import GIVEN_UP_AFTER, HUB, Failure, after_failure, call_hooks
from syndicate.issues.freeze import freeze_issue
from syndicate.issues.transitions import approve_issue, cancel_issue
from syndicate.site import Site
from syndicate.store.events import Event, Events, HookCursor
from syndicate.store.issues import Issue

WEEKLY = {"weekly": {"title": "Weekly", "sender": "a@example.org", "postal_address": "Here"}}


class HookServer(HTTPServer):
    """A server on loopback that stores requests, and replies with `status`."""

    status = 204

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HookRequestHandler)
        self.requests: list[tuple[dict[str, str], bytes]] = []
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def received(self) -> list[dict[str, object]]:
        """The requests since the last call, as JSON."""
        received = [json.loads(body) for _, body in self.requests]
        self.requests.clear()
        return received


class HookRequestHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, HookServer)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[HookServer]:
    listening = HookServer()
    yield listening
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SiteFolder:
    folder = SiteFolder(tmp_path / "site", database_url)
    folder.configure(newsletters=WEEKLY)
    folder.article("old.md", "From before", date="2026-11-01")
    folder.build()
    return folder


def configure_hook(site: SiteFolder, **hook: object) -> None:
    """Configure a hook; it is called for events from now on."""
    site.configure(hooks={"mine": {"on": ["article-published", "issue-made"], **hook}})
    assert call_all_hooks(site) == []


def call_all_hooks(site: SiteFolder, now: datetime = NOON) -> list[Failure]:
    with site.opened() as opened:
        return call_hooks(opened, now)


Change = Callable[[Site, Issue, datetime], bool]


def make(site: SiteFolder, change: Change | None = None) -> None:
    with site.opened() as opened:
        newsletter = opened.config.newsletters["weekly"]
        issue = freeze_issue(opened, newsletter, "2026-11-22T12:00", NOON, NOON)
        if change:
            assert change(opened, issue, NOON)
    site.build()


def test_a_hook_is_called_once_for_each_new_article(site: SiteFolder, server: HookServer) -> None:
    configure_hook(site, url=server.url)
    site.article("new.md", "Just written", date="2026-11-20", tags=["Tides"])
    site.article("draft.md", "Not yet", draft=True)
    site.build()
    assert call_all_hooks(site) == []
    (received,) = server.received()
    assert received["event"] == "article-published"
    assert received["site"] == {"title": "Lake Notes", "url": "https://example.org/"}
    article = received["article"]
    assert isinstance(article, dict)
    assert (article["title"], article["url"], article["tags"]) == (
        "Just written", "https://example.org/articles/new/", ["Tides"],
    )  # fmt: skip
    site.article("new.md", "Just written", "Edited.", date="2026-11-20")
    site.build()
    assert call_all_hooks(site) == []
    assert server.received() == [], "an edit is no publication"


def test_a_hook_gets_the_texts_of_an_issue_signed(site: SiteFolder, server: HookServer) -> None:
    configure_hook(site, url=server.url, secret="between us")
    make(site)
    assert call_all_hooks(site) == []
    ((headers, body),) = server.requests
    assert headers["X-Syndicate-Signature"] == (
        "sha256=" + hmac.new(b"between us", body, hashlib.sha256).hexdigest()
    )
    received = json.loads(body)
    assert headers["Idempotency-Key"] == received["id"]
    issue = received["issue"]
    assert (issue["newsletter"], issue["subject"], issue["state"]) == (
        "weekly", "Weekly: From before", "approved",
    )  # fmt: skip
    assert "<!DOCTYPE html>" in issue["html"]
    assert "From before" in issue["text"]
    assert issue["url"] == "https://example.org/newsletters/weekly/2026-11-22-1200/"


def test_a_hook_gets_the_paths_and_urls_of_changed_documents(
    site: SiteFolder, server: HookServer
) -> None:
    configure_hook(site, on=["documents-changed"], url=server.url)
    site.article("new one.md", "New one", date="2026-11-20")
    site.build()
    assert call_all_hooks(site) == []
    (received,) = server.received()
    assert (received["event"], received["target"]) == ("documents-changed", "")
    documents = received["documents"]
    assert isinstance(documents, list)
    by_path = {each["path"]: each["url"] for each in documents}
    assert by_path["articles/new-one/index.html"] == "https://example.org/articles/new-one/"
    assert by_path["index.html"] == "https://example.org/"
    assert by_path["feed.xml"] == "https://example.org/feed.xml"


@pytest.mark.parametrize(
    ("review", "then", "requests"),
    [
        ("automatic", None, ["issue-made", "issue-approved"]),
        ("manual", None, ["issue-made"]),
        ("manual", approve_issue, ["issue-made", "issue-approved"]),
        ("manual", cancel_issue, ["issue-made"]),
    ],
)
def test_hooks_are_called_when_an_issue_is_made_and_approved(
    site: SiteFolder, server: HookServer, review: str, then: Change | None, requests: list[str]
) -> None:
    site.configure(newsletters={"weekly": WEEKLY["weekly"] | {"approval": review}})
    configure_hook(site, on=["issue-made", "issue-approved"], url=server.url)
    make(site, then)
    assert call_all_hooks(site) == []
    assert [received["event"] for received in server.received()] == requests


@pytest.mark.postgresql
def test_failed_calls_of_a_hook_are_retried_in_order(site: SiteFolder, server: HookServer) -> None:
    configure_hook(site, url=server.url)
    server.status = 503
    for name in ("one", "two"):
        site.article(f"{name}.md", name.title(), date="2026-11-20")
    site.build()
    assert [failure.reason for failure in call_all_hooks(site)] == [
        "the server answers 503 Service Unavailable"
    ]
    assert len(server.received()) == 1, "the second waits for the first"
    assert call_all_hooks(site, NOON + timedelta(seconds=10))[0].hook == "mine"
    assert server.received() == [], "not before the wait is over"
    server.status = 200
    assert call_all_hooks(site, NOON + timedelta(minutes=1)) == []
    assert [received["article"]["title"] for received in server.received()] == ["One", "Two"]  # type: ignore[index]


@pytest.mark.parametrize("status", [301, 307, 404, 500])
def test_only_a_success_counts_and_no_redirect_is_followed(
    site: SiteFolder, server: HookServer, status: int
) -> None:
    configure_hook(site, url=server.url)
    server.status = status
    make(site)
    assert str(status) in call_all_hooks(site)[0].reason


def test_an_unreachable_server_is_a_failure(site: SiteFolder) -> None:
    configure_hook(site, url="http://127.0.0.1:1/")
    make(site)
    assert "refused" in call_all_hooks(site)[0].reason


def test_a_command_gets_the_same_as_its_input(site: SiteFolder) -> None:
    script = site.root / "keep.sh"
    script.write_text("#!/bin/sh\ncat > heard.json\n")
    script.chmod(0o755)
    configure_hook(site, command="./keep.sh")
    make(site)
    assert call_all_hooks(site) == []
    received = json.loads((site.root / "heard.json").read_text())
    assert received["issue"]["subject"] == "Weekly: From before"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("sh -c 'echo no luck >&2; exit 3'", "the command exited with 3: no luck"),
        ("./not-there.sh", "the command cannot be run: No such file or directory"),
    ],
)
def test_a_failed_command_is_reported_with_its_reason(
    site: SiteFolder, command: str, reason: str
) -> None:
    configure_hook(site, command=command)
    make(site)
    assert call_all_hooks(site) == [Failure("mine", reason)]


def test_the_hub_is_notified_of_changed_feeds_and_nothing_else(
    site: SiteFolder, server: HookServer
) -> None:
    site.configure(feeds={"hub": server.url, "tags": False, "archive": False})
    site.build()
    assert call_all_hooks(site) == []
    assert len(server.requests) == 1
    form = parse_qs(server.requests.pop()[1].decode())
    assert form["hub.mode"] == ["publish"]
    assert sorted(form["hub.url"]) == [
        f"https://example.org/{name}" for name in ("atom.xml", "feed.json", "feed.xml")
    ]
    site.build()
    assert call_all_hooks(site) == []
    assert server.requests == [], "nothing changed"


def test_waits_grow_and_after_a_day_an_event_is_given_up() -> None:
    received, event, now = HookCursor("mine", 4), Event(5, "issue-made", "weekly/1", ""), NOON
    waits: list[timedelta] = []
    for _ in range(100):
        received = after_failure(received, event, "no", now)
        if received.position != 4 or not received.next_try:
            break
        later = datetime.fromisoformat(received.next_try)
        waits.append(later - now)
        now = later
    assert waits == sorted(waits)
    assert (waits[0], max(waits)) == (timedelta(seconds=30), timedelta(hours=1))
    assert GIVEN_UP_AFTER <= now - NOON < GIVEN_UP_AFTER + timedelta(hours=1)
    assert received == HookCursor("mine", 5)


@pytest.mark.postgresql
def test_old_events_are_deleted_but_never_repeated(site: SiteFolder, server: HookServer) -> None:
    configure_hook(site, url=server.url)
    make(site)
    assert call_all_hooks(site) == []
    assert len(server.received()) == 1
    for days in (40, 41):
        assert call_all_hooks(site, NOON + timedelta(days=days)) == []
    with site.opened() as opened:
        assert Events(opened.database).last() > 0
        assert len(opened.database.rows("SELECT * FROM events")) == 1, "the newest stays"
        assert HUB not in Events(opened.database).cursors()
    assert server.received() == []
