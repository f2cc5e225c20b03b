"""A sender that is killed at a given step: the store is right, and the next run continues.

The program runs as users run it. The fake SMTP server kills it at a step of SMTP; at a commit or a
write, which no server can see, it kills itself.
"""

from __future__ import annotations

import copy
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from mailing_site import NAME, MailingSite, new_mailing_site

from smtp_server import (
    EXTENSIONS,
    Action,
    Behaviour,
    Close,
    Reply,
    SmtpServer,
    Step,
    accept_everything,
)
from syndicate.delivery.operations import pausing
from syndicate.delivery.operations.store_recovery import resume_moved
from syndicate.delivery.sender import SendReport
from syndicate.errors import SyndicateError

PROGRAM = Path(sys.executable).with_name("syndicate")
CRASHING_PROGRAM = Path(__file__).with_name("crash_points.py")
PEOPLE = [f"{name}@example.org" for name in ("ada", "bob", "cyd", "dan", "eve")]
"""Enough for three connections: two can take their next message before the third begins."""
NOT_SENT = ("pending", "retry", "failed", "suppressed")
TIMEOUT = 100.0

T = TypeVar("T", str, tuple[str, str])


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> MailingSite:
    """A site with an issue to send."""
    site = new_mailing_site(tmp_path_factory.mktemp("prepared") / "site", "sqlite:///syndicate.db")
    site.subscribe(PEOPLE)
    site.issue()
    return site


@pytest.fixture
def site(prepared: MailingSite, tmp_path: Path) -> MailingSite:
    """A copy of the prepared site."""
    root = shutil.copytree(prepared.folder.root, tmp_path / "site")
    folder = copy.copy(prepared.folder)
    folder.root = root
    with folder.opened() as opened:
        resume_moved(opened)
    return MailingSite(folder)


@pytest.fixture
def site_on_both(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> MailingSite:
    """The same, on SQLite and on PostgreSQL."""
    if database_url.startswith("sqlite"):
        copied: MailingSite = request.getfixturevalue("site")
        return copied
    site = new_mailing_site(tmp_path / "site", database_url)
    site.subscribe(PEOPLE)
    site.issue()
    return site


class SenderProcess:
    """A sender in a child process, to be killed."""

    def __init__(self, site: MailingSite) -> None:
        self._folder = site.folder.root
        self._process: subprocess.Popen[bytes] | None = None
        self._started = threading.Event()

    def run(self, *crash_point: str) -> None:
        """Start it and wait until it was killed, by a test or at a `crash_point` by itself."""
        program = (
            [sys.executable, str(CRASHING_PROGRAM), *crash_point] if crash_point else [str(PROGRAM)]
        )
        with subprocess.Popen(
            [*program, "send"], cwd=self._folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            self._process = process
            self._started.set()
            try:
                output, _ = process.communicate(timeout=TIMEOUT)
            finally:
                process.kill()
        assert process.returncode == -signal.SIGKILL, output.decode()

    def suspend(self) -> None:
        """Suspend it: it does nothing more, but its connections stay open."""
        self._signal(signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(self._pid, os.WUNTRACED)[1])

    def kill(self) -> None:
        """Kill it, and wait for its end."""
        self._signal(signal.SIGKILL)
        assert self._process
        self._process.wait()

    @property
    def _pid(self) -> int:
        assert self._process
        return self._process.pid

    def _signal(self, number: signal.Signals) -> None:
        assert self._started.wait(TIMEOUT)
        os.kill(self._pid, number)


@dataclass(frozen=True)
class CrashPoint:
    """A step of the second message. With `lost_reply`, the server replies after the kill.

    `held` is the number of deliveries with unknown outcome, `accepted` that of accepted messages.
    """

    step: str
    held: int
    accepted: int = 1
    lost_reply: str = ""
    action: Action | None = None
    times: int = 1


SERVER_STEPS = {
    "connected": CrashPoint("GREETING", held=0, accepted=0, times=0),
    "EHLO": CrashPoint("EHLO", held=0, accepted=0, times=0),
    "MAIL": CrashPoint("MAIL", held=0),
    "RCPT": CrashPoint("RCPT", held=0),
    "DATA": CrashPoint("DATA", held=0),
    "354 was sent": CrashPoint("DATA", held=0, lost_reply="354 go ahead"),
    "the message arrived, and the connection ended": CrashPoint("BODY", held=1, action=Close()),
    "the message arrived, and the server continues": CrashPoint("BODY", held=1, accepted=2),
    "after the dot, not accepted": CrashPoint("MESSAGE", held=1, action=Close()),
    "after the dot, accepted": CrashPoint(
        "MESSAGE", held=1, accepted=2, action=Close(accepted=True)
    ),
    "a positive reply was sent": CrashPoint(
        "MESSAGE", held=1, accepted=2, lost_reply="250 2.0.0 taken"
    ),
    "a negative reply was sent": CrashPoint("MESSAGE", held=1, lost_reply="451 4.3.0 not now"),
}
ON_BOTH_DATABASES = ["MAIL", "354 was sent", "after the dot, accepted", "a positive reply was sent"]
"""Steps that are tested on both databases."""
SOAK_ONLY = {
    *("connected", "EHLO", "RCPT", "DATA", "354 was sent"),
    "the message arrived, and the server continues",
    "after the dot, not accepted",
}
"""Steps that only the soak tests use; others are similar."""


def both_databases(whens: Sequence[T], soak: AbstractSet[T], kept: T) -> list[object]:
    """Parameters for both databases; those in `soak` are soak tests.

    On PostgreSQL, so are all others than `kept`.
    """
    return [
        pytest.param(
            kind,
            when,
            marks=[pytest.mark.soak] * (when in soak or (kind == "postgresql" and when != kept)),
            id=f"{kind}-{when if isinstance(when, str) else ' '.join(when)}",
        )
        for kind in ("sqlite", "postgresql")
        for when in whens
    ]


def mark_soak(whens: Iterable[T], soak: AbstractSet[T]) -> list[object]:
    """Parameters; those in `soak` are soak tests."""
    return [
        pytest.param(
            when,
            marks=[pytest.mark.soak] * (when in soak),
            id=when if isinstance(when, str) else " ".join(when),
        )
        for when in whens
    ]


def kill_at(point: CrashPoint, sender: SenderProcess, site: MailingSite) -> Behaviour:
    """The behaviour of a server that kills its client at a step."""

    def behaviour(step: Step) -> Action | None:
        if (step.name, step.times) != (point.step, point.times):
            return None
        if point.times:
            wait_for_state(site, "sent")
        if point.lost_reply:
            sender.suspend()
            return Reply(point.lost_reply, on_sent=sender.kill)
        sender.kill()
        return point.action

    return behaviour


def wait_for_state(site: MailingSite, state: str) -> None:
    """Wait until a delivery has this state in the store."""
    deadline = time.monotonic() + TIMEOUT
    while state not in site.states().values():
        assert time.monotonic() < deadline, f"no delivery is {state}"
        time.sleep(0.01)


def accepted_counts(server: SmtpServer) -> Counter[str]:
    """The number of accepted messages of each recipient."""
    return Counter(to for message in server.accepted for to in message.to)


def assert_store_matches(site: MailingSite, server: SmtpServer) -> None:
    """Check each delivery in the store against the accepted messages. No sender is running."""
    accepted = accepted_counts(server)
    for recipient, state in site.states().items():
        count = accepted[recipient]
        assert count <= 1, f"{recipient} got the issue {count} times"
        assert state != "sent" or count == 1, f"{recipient} is sent and got nothing"
        assert state not in NOT_SENT or count == 0, f"{recipient} is {state} and got the issue"


def send_again(site: MailingSite) -> SendReport:
    """Run the next sender. A database server takes a moment to release the lock of the last one."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            return site.send()
        except SyndicateError as error:
            if "another program" not in error.message or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def assert_recovers(site: MailingSite, server: SmtpServer, *, held: int) -> None:
    """Check the store after a kill, the next run, and resolving what is held."""
    server.wait_for_clients()
    before = accepted_counts(server)
    assert_store_matches(site, server)
    states = list(site.states().values())
    assert states.count("sending") == held
    site.delivery_report()
    server.behaviour = accept_everything
    report = send_again(site)
    assert report.held_by_issue == ({NAME: held} if held else {})
    assert_store_matches(site, server)
    delivery_report = site.delivery_report()
    totals = (delivery_report.sent, delivery_report.held, delivery_report.pending)
    assert totals == (len(PEOPLE) - held, held, 0)
    held_recipients = [to for to, state in site.states().items() if state == "held"]
    for recipient in held_recipients:
        assert accepted_counts(server)[recipient] == before[recipient], "a held delivery was sent"
    _resolve_held(site, server, held_recipients)
    assert set(site.states().values()) == {"sent"}
    assert sorted(accepted_counts(server)) == sorted(PEOPLE)
    assert max(accepted_counts(server).values()) == 1
    assert site.delivery_report().sending.ended_at


def _resolve_held(site: MailingSite, server: SmtpServer, recipients: list[str]) -> None:
    """Resolve accepted messages as sent, and send the others again."""
    for recipient in recipients:
        arrived = bool(accepted_counts(server)[recipient])
        decision = "--sent" if arrived else "--resend"
        done = subprocess.run(
            [PROGRAM, "deliveries", "resolve", NAME, recipient, decision],
            cwd=site.folder.root,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("1 message")
        if not arrived:
            send_again(site)


def kill_at_server_step(
    name: str, site: MailingSite, extensions: Sequence[str] = EXTENSIONS
) -> None:
    """Kill the sender at a step, and check the recovery."""
    point, sender = SERVER_STEPS[name], SenderProcess(site)
    with SmtpServer(kill_at(point, sender, site), extensions=extensions) as server:
        site.send_by_smtp(server.port, connections=1)
        sender.run()
        server.wait_for_clients()
        assert len(server.accepted) == point.accepted
        assert_recovers(site, server, held=point.held)


@pytest.mark.parametrize(
    "name", mark_soak([n for n in SERVER_STEPS if n not in ON_BOTH_DATABASES], SOAK_ONLY)
)
def test_killed_when_the_server_is_at(name: str, site: MailingSite) -> None:
    kill_at_server_step(name, site)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("database_url", "name"),
    both_databases(ON_BOTH_DATABASES, SOAK_ONLY, "after the dot, accepted"),
    indirect=["database_url"],
)
def test_killed_on_either_database_when_the_server_is_at(
    name: str, site_on_both: MailingSite
) -> None:
    kill_at_server_step(name, site_on_both)


@pytest.mark.parametrize(
    "name", mark_soak(["MAIL", "354 was sent", "after the dot, accepted"], {"MAIL", "354 was sent"})
)
def test_killed_where_commands_are_sent_one_by_one(name: str, site: MailingSite) -> None:
    kill_at_server_step(name, site, [each for each in EXTENSIONS if each != "PIPELINING"])


def test_killed_with_several_connections_one_message_of_each_is_held(site: MailingSite) -> None:
    sender, together = SenderProcess(site), threading.Barrier(3)

    def behaviour(step: Step) -> Action | None:
        if step.name != "MESSAGE":
            return None
        if together.wait(TIMEOUT) == 0:
            sender.kill()
        together.wait(TIMEOUT)
        return Close(accepted=step.connection != 2)

    with SmtpServer(behaviour) as server:
        site.send_by_smtp(server.port, connections=3)
        sender.run()
        server.wait_for_clients()
        assert len(server.accepted) == 2
        assert_recovers(site, server, held=3)


def test_an_issue_paused_before_the_kill_stays_paused(site: MailingSite) -> None:
    sender = SenderProcess(site)

    def behaviour(step: Step) -> Action | None:
        if (step.name, step.times) == ("DATA", 1):
            wait_for_state(site, "sent")
            with site.folder.opened() as opened:
                assert pausing.pause(opened, site.issue_send)
            sender.kill()
        return None

    with SmtpServer(behaviour) as server:
        site.send_by_smtp(server.port, connections=1)
        sender.run()
        server.wait_for_clients()
        server.behaviour = accept_everything
        assert [each.name for each in send_again(site).paused] == [NAME]
        assert_store_matches(site, server)
        assert site.delivery_report().pending == len(PEOPLE) - 1
        with site.folder.opened() as opened:
            assert pausing.resume(opened, site.issue_send)
        assert_recovers(site, server, held=0)


# -- at commits and writes ----------------------------------------------------------------


COMMITS_AND_WRITES = {
    ("before", "begin"): (0, 0),
    ("after", "begin"): (0, 0),
    ("before", "plan_next"): (0, 0),
    ("after", "plan_next"): (0, 0),
    ("before", "claim"): (0, 0),
    ("after", "claim"): (0, 0),
    ("before", "mark_sending"): (0, 0),
    ("after", "mark_sending"): (1, 0),
    ("within", "nothing"): (1, 0),
    ("within", "half"): (1, 0),
    ("before", "apply_transitions"): (1, 1),
    ("after", "apply_transitions"): (0, 1),
    ("before", "release"): (0, len(PEOPLE)),
    ("before", "end"): (0, len(PEOPLE)),
    ("after", "end"): (0, len(PEOPLE)),
}
"""Crash point -> the number of held deliveries, and of accepted messages."""
COMMITS_ON_BOTH_DATABASES = [
    ("before", "begin"),
    ("after", "plan_next"),
    ("after", "mark_sending"),
    ("before", "apply_transitions"),
]
SOAK_ONLY_COMMITS = {
    *(("after", "begin"), ("before", "plan_next"), ("after", "plan_next"), ("before", "claim")),
    *(("after", "claim"), ("before", "mark_sending"), ("within", "nothing"), ("before", "release")),
    ("before", "end"),
}


def crash_at_commit(when: tuple[str, str], site: MailingSite) -> None:
    """Crash the sender at a commit or write, and check the recovery."""
    sender, (held, accepted) = SenderProcess(site), COMMITS_AND_WRITES[when]

    def second_waits(step: Step) -> Action | None:
        """Else the commit of the first outcome may also permit the second message."""
        if when == ("after", "apply_transitions") and (step.name, step.times) == ("DATA", 1):
            wait_for_state(site, "sent")
        return None

    with SmtpServer(second_waits) as server:
        site.send_by_smtp(server.port, connections=1)
        sender.run(*when)
        server.wait_for_clients()
        assert len(server.accepted) == accepted
        if when == ("before", "begin"):
            assert send_again(site).sent == len(PEOPLE)
        assert_recovers(site, server, held=held)


@pytest.mark.parametrize(
    "when",
    mark_soak(
        [when for when in COMMITS_AND_WRITES if when not in COMMITS_ON_BOTH_DATABASES],
        SOAK_ONLY_COMMITS,
    ),
)
def test_killed_at_a_commit_or_write(when: tuple[str, str], site: MailingSite) -> None:
    crash_at_commit(when, site)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("database_url", "when"),
    both_databases(COMMITS_ON_BOTH_DATABASES, SOAK_ONLY_COMMITS, ("before", "apply_transitions")),
    indirect=["database_url"],
)
def test_killed_on_either_database_at_a_commit_or_write(
    when: tuple[str, str], site_on_both: MailingSite
) -> None:
    crash_at_commit(when, site_on_both)
