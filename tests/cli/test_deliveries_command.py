"""`send`, `send-test` and `deliveries`: what an operator types, from an issue to its report."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminal import PROGRAM, RunCommand

from smtp_server import Action, Close, Reply, SmtpServer, Step, scripted

ADA, BOB = "ada@example.net", "bob@example.net"
PATIENCE = 60.0
"""Seconds that a busy machine may take."""


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as opened:
        yield opened


@pytest.fixture
def delivering(site: Path, run: RunCommand, server: SmtpServer) -> Path:
    """A site whose newsletter is delivered through a mail server to two people."""
    config = site / "config.yaml"
    text = config.read_text(encoding="utf-8").replace("# deliver: true", "deliver: true")
    main = {"host": "127.0.0.1", "port": server.port, "security": "none", "connections": 2}
    servers = json.dumps({"main": main})
    text = text.replace("transport: outbox", f"transport: smtp\n  servers: {servers}")
    config.write_text(text, encoding="utf-8")
    for address in (ADA, BOB):
        added = run("subscribers", "add", "weekly", address, "--consent", "in the shop")
        assert added.code == 0, added.err
    return site


def test_without_anything_to_send_no_server_is_tried(
    delivering: Path, run: RunCommand, server: SmtpServer
) -> None:
    sent = run("send")
    assert (sent.code, server.accepted) == (0, [])
    assert "Nothing to send, so no mail server was contacted." in sent.out
    assert "syndicate send-test" in sent.out


def test_an_issue_is_tested_sent_and_reported(
    delivering: Path, run: RunCommand, server: SmtpServer
) -> None:
    assert "its subscribers" in run("issues", "plan").out
    assert run("issues", "make", "weekly", "--yes").code == 0
    tested = run("send-test", "weekly", "me@example.org")
    assert (tested.code, "queued as 1" in tested.out) == (0, True), tested.err
    refused = run("deliveries", "report", "weekly")
    assert (refused.code, "syndicate send" in refused.err) == (2, True)
    sent = run("send")
    assert (sent.code, re.search(r"sent +2", sent.out) is not None) == (0, True), sent.out
    assert sorted(mail.to[0] for mail in server.accepted) == [ADA, BOB, "me@example.org"]
    delivery_report = run("deliveries", "report", "weekly")
    assert delivery_report.code == 0
    assert re.search(r"planned +2\n +sent +2\n", delivery_report.out)
    assert "sent" in run("issues", "show", "weekly").out


def test_the_report_is_json_with_names_on_request(delivering: Path, run: RunCommand) -> None:
    run("issues", "make", "weekly", "--yes")
    run("send")
    result = json.loads(run("deliveries", "report", "weekly", "--json", "--names").out)
    assert (result["planned"], result["sent"], result["balanced"]) == (2, 2, True)
    assert [each["address"] for each in result["deliveries"]] == [ADA, BOB]
    assert result["deliveries"][0]["reply"].startswith("250")
    assert json.loads(run("deliveries", "report", "weekly", "--json").out).keys() == {
        *("issue", "planned", "sent", "failed", "held", "suppressed", "pending"),
        *("balanced", "started_at", "ended_at", "paused"),
    }
    failed = run("deliveries", "report", "weekly", "--state", "failed")
    assert ADA not in failed.out


def test_deliveries_list_and_show_each_delivery_with_its_history(
    delivering: Path, run: RunCommand, server: SmtpServer
) -> None:
    run("issues", "make", "weekly", "--yes")
    server.behaviour = lambda step: (
        Reply("550 5.1.1 nobody\x1b[31m here") if BOB in step.argument else None
    )
    run("send")
    assert "sent" in run("deliveries", "for", ADA).out
    result = run("deliveries", "for", BOB)
    assert "5.1.1 nobody" in result.out
    assert "\x1b[31m" not in result.out
    assert "failed" in result.out
    assert "suppressed" in run("subscribers", "list", "weekly").out
    assert "will be retried" in run("issues", "retry-failed", "weekly").out
    assert run("deliveries", "for", "eve@example.net").code == 2


def test_held_deliveries_are_listed_and_resolved(
    delivering: Path, run: RunCommand, server: SmtpServer
) -> None:
    assert "No deliveries are held" in run("deliveries", "held").out
    run("issues", "make", "weekly", "--yes")
    server.behaviour = scripted(MESSAGE=[Close()])
    sent = run("send")
    assert sent.code == 1
    assert "syndicate deliveries held weekly" in sent.out
    held = run("deliveries", "held")
    assert ADA in held.out
    assert BOB in held.out
    server.behaviour = scripted()
    assert run("deliveries", "resolve", "weekly").code == 2, "which?"
    assert "1 message marked as sent" in run("deliveries", "resolve", "weekly", ADA, "--sent").out
    assert "1 message queued again" in run("deliveries", "resolve", "weekly", "--resend").out
    assert run("send").code == 0
    assert [mail.to for mail in server.accepted] == [(BOB,)]
    events = run("deliveries", "for", BOB).out
    assert "held" in events
    assert "resend" in events


def test_an_issue_is_paused_resumed_and_stopped(
    delivering: Path, run: RunCommand, server: SmtpServer
) -> None:
    run("issues", "make", "weekly", "--yes")
    server.behaviour = scripted(MAIL=Reply("550 5.7.1 you may not send from there"))
    sent = run("send")
    assert sent.code == 1
    assert "you may not send from there" in sent.out
    assert not server.accepted
    server.behaviour = scripted()
    assert run("send").code == 1, "it is still paused"
    assert "is resumed" in run("issues", "resume", "weekly").out
    assert "was not paused" in run("issues", "resume", "weekly").out
    assert "is paused" in run("issues", "pause", "weekly").out
    assert "was not being sent" in run("issues", "pause", "weekly").out
    result = run("issues", "cancel", "weekly", "--reason", "a slip")
    assert "not sent to 2 subscribers" in result.out
    assert "No subscriber got it" in result.out
    assert run("send").code == 0
    assert not server.accepted


def test_later_subscribers_get_an_issue_on_command(
    delivering: Path, run: RunCommand, server: SmtpServer
) -> None:
    run("issues", "make", "weekly", "--yes")
    run("send")
    run("subscribers", "add", "weekly", "cyd@example.net", "--consent", "in the shop")
    assert "1 message of weekly" in run("issues", "send-missed", "weekly").out
    run("send")
    assert [mail.to[0] for mail in server.accepted][2:] == ["cyd@example.net"]


def test_on_a_terminal_one_line_shows_the_progress(
    delivering: Path, run: RunCommand, server: SmtpServer
) -> None:
    run("issues", "make", "weekly", "--yes")
    first, seen = threading.Semaphore(1), threading.Event()

    def second_waits(step: Step) -> Action | None:
        if step.name == "MESSAGE" and not first.acquire(blocking=False):
            seen.wait(PATIENCE)
        return None

    server.behaviour = second_waits
    ours, theirs = pty.openpty()
    sending = subprocess.Popen([PROGRAM, "send"], stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    shown = ""
    while more := _read(ours):
        shown += more
        if re.search(r"\r\x1b\[2KSending  \[#+-+\]  1 of 2, ", shown):
            seen.set()
    os.close(ours)
    sending.communicate()
    assert sending.returncode == 0
    assert seen.is_set(), shown
    assert shown.endswith("\r\x1b[2K"), "the line is gone at the end"


def _read(terminal: int) -> str:
    try:
        return os.read(terminal, 10_000).decode()
    except OSError:  # how Linux says that the other end is closed
        return ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_loses_nothing(
    delivering: Path, run: RunCommand, server: SmtpServer, number: signal.Signals
) -> None:
    run("issues", "make", "weekly", "--yes")
    began = _stall_after_first(server)
    sending = subprocess.Popen([PROGRAM, "send"], stdout=subprocess.PIPE, text=True)
    began()
    sending.send_signal(number)
    out, _ = sending.communicate(timeout=PATIENCE)
    assert sending.returncode == 0, out
    delivery_report = json.loads(run("deliveries", "report", "weekly", "--json").out)
    assert (delivery_report["held"], delivery_report["sent"]) == (0, len(server.accepted))
    run("send")
    assert sorted(mail.to[0] for mail in server.accepted) == [ADA, BOB]


def _stall_after_first(server: SmtpServer) -> Callable[[], None]:
    """Have messages take a while; what waits until the first is on its way."""
    on_its_way = threading.Event()

    def behaviour(step: Step) -> Action | None:
        if step.name == "MESSAGE":
            on_its_way.set()
            time.sleep(0.3)
        return None

    server.behaviour = behaviour
    return lambda: _until(on_its_way.wait(PATIENCE))


def _until(came: bool) -> None:
    assert came


def test_the_reason_for_waiting_is_printed_while_it_waits(
    delivering: Path, run: RunCommand, server: SmtpServer
) -> None:
    run("issues", "make", "weekly", "--yes")
    server.behaviour = scripted(GREETING=Reply("421 4.3.2 come later", close=True))
    ours, theirs = pty.openpty()
    sending = subprocess.Popen([PROGRAM, "send"], stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    shown = ""
    waiting = re.compile(r"0 of 2; next attempt at \d\d:\d\d:\d\d")
    while not waiting.search(shown) and (more := _read(ours)):
        shown += more
    sending.terminate()
    out, _ = sending.communicate(timeout=PATIENCE)
    os.close(ours)
    assert shown.count("come later") == 1
    assert re.search(r"come later; (next attempt at \d\d:\d\d:\d\d|trying again)", shown)
    assert "a second" not in shown, "there is no pace where nothing moves"
    assert b"come later" in out
    assert sending.returncode == 1
    assert not server.accepted


def test_a_refused_login_is_reported_once_and_not_as_retried(
    delivering: Path, run: RunCommand, server: SmtpServer
) -> None:
    run("issues", "make", "weekly", "--yes")
    server.behaviour = scripted(MAIL=Reply("530 5.7.0 log in first"))
    sent = run("send")
    assert sent.code == 1
    assert "again" not in sent.out + sent.err.replace("not tried again", "")
    assert sent.out.count("530 5.7.0") == 1
    assert "syndicate issues resume weekly" in sent.out


def test_an_outbox_that_cannot_be_written_is_named_with_the_reason(
    delivering: Path, run: RunCommand
) -> None:
    config = delivering / "config.yaml"
    text = config.read_text(encoding="utf-8").replace("transport: smtp", "transport: outbox")
    config.write_text(text, encoding="utf-8")
    run("issues", "make", "weekly", "--yes")
    (delivering / "outbox").write_text("no folder", encoding="utf-8")
    sent = run("send")
    assert sent.code == 1
    assert "outbox cannot be written: File exists" in sent.out
    assert re.search(r"remaining +2", sent.out)
    delivery_report = run("deliveries", "report", "weekly", "--names")
    assert "File exists" in delivery_report.out
