"""The script in docs/hooks.md makes listmonk send an issue: its two calls, once, or an error."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

HOOKS = Path(__file__).parents[1] / "docs" / "hooks.md"

EVENT: dict[str, Any] = {
    "event": "issue-approved",
    "id": "example.org/17",
    "at": "2026-11-30T08:00:01Z",
    "site": {"title": "Low Tide", "url": "https://example.org/"},
    "issue": {
        "newsletter": "weekly",
        "title": "Low Tide, weekly",
        "sender": "Low Tide <letters@example.org>",
        "slot": "2026-11-30T08:00",
        "state": "approved",
        "subject": 'A "quoted" subject, with ünïcode',
        "html": "<p>Hello, it's $HOME `here` \\n</p>\n",
        "text": "Hello\n\n{{ UnsubscribeURL }}\n",
        "url": "https://example.org/newsletters/weekly/2026-11-30-0800/",
        "articles": [],
    },
}


class Listmonk(HTTPServer):
    """The two calls of listmonk's API, as far as the script knows them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.calls: list[tuple[str, str, Any]] = []
        self.tokens: set[str] = set()
        self.statuses = {"POST": 200, "PUT": 200}
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Call(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        assert isinstance(self.server, Listmonk)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls.append((self.command, self.path, body))
        self.server.tokens.add(self.headers["Authorization"])
        answer = json.dumps({"data": {"id": 42, "status": "draft"}}).encode()
        self.send_response(self.server.statuses[self.command])
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, *_args: object) -> None:
        return


@pytest.fixture
def listmonk() -> Iterator[Listmonk]:
    server = Listmonk()
    yield server
    server.shutdown()
    server.server_close()


Send = Callable[[dict[str, Any]], subprocess.CompletedProcess[str]]


@pytest.fixture
def send(listmonk: Listmonk, tmp_path: Path, require_program: Callable[[str, str], str]) -> Send:
    """Hand an event to the script, as the service does."""
    for program in ("curl", "jq"):
        require_program(program, f"apt install {program}")
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```$", HOOKS.read_text(encoding="utf-8"))
    (script,) = (block for block in blocks if block.startswith("#!"))
    (tmp_path / "send.sh").write_text(script, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "LISTMONK_URL": f"http://127.0.0.1:{listmonk.server_port}",
        "LISTMONK_LIST": "3",
        "LISTMONK_TEMPLATE": "5",
        "LISTMONK_TOKEN": "api:key",
    }

    def run(event: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "send.sh"],
            cwd=tmp_path,
            env=environment,
            input=json.dumps(event, ensure_ascii=False),
            capture_output=True,
            encoding="utf-8",
        )

    return run


def test_an_issue_becomes_a_campaign_that_is_started(listmonk: Listmonk, send: Send) -> None:
    done = send(EVENT)
    assert (done.returncode, done.stderr) == (0, "")
    created, started = listmonk.calls
    issue = EVENT["issue"]
    assert created == (
        "POST",
        "/api/campaigns",
        {
            "name": "weekly 2026-11-30T08:00",
            "subject": issue["subject"],
            "lists": [3],
            "from_email": issue["sender"],
            "type": "regular",
            "content_type": "html",
            "body": issue["html"],
            "altbody": issue["text"],
            "messenger": "email",
            "template_id": 5,
            "tags": ["weekly"],
        },
    )
    assert started == ("PUT", "/api/campaigns/42/status", {"status": "running"})
    assert listmonk.tokens == {"token api:key"}


def test_an_event_that_arrives_twice_is_sent_once(listmonk: Listmonk, send: Send) -> None:
    assert [send(EVENT).returncode for _ in range(2)] == [0, 0]
    assert [method for method, _, _ in listmonk.calls] == ["POST", "PUT"]
    assert send(EVENT | {"id": "example.org/1"}).returncode == 0
    assert len(listmonk.calls) == 4


def test_an_issue_that_was_cancelled_is_not_sent(listmonk: Listmonk, send: Send) -> None:
    cancelled = EVENT | {"issue": EVENT["issue"] | {"state": "cancelled"}}
    assert send(cancelled).returncode == 0
    assert listmonk.calls == []


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_request_that_listmonk_refuses_is_retried(
    listmonk: Listmonk, send: Send, method: str
) -> None:
    listmonk.statuses[method] = 500
    done = send(EVENT)
    assert done.returncode != 0
    assert "500" in done.stderr
    listmonk.statuses[method] = 200
    assert send(EVENT).returncode == 0
    assert listmonk.calls[-1][0] == "PUT"
