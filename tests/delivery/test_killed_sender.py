"""A sender dies at a named step: the store has what happened, and the next run continues.

The program runs as its users run it, and is killed by the mail server that sees the step, or by
itself where no server can see it.
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
from mailings import NAME, Mailing, mailing

from smtp_server import EXTENSIONS, Action, Behaviour, Close, Say, SmtpServer, Step, good
from syndicate.delivery.operations import pausing
from syndicate.delivery.operations.store_recovery import resume_moved
from syndicate.delivery.sender import SendReport
from syndicate.errors import SyndicateError

PROGRAM = Path(sys.executable).with_name("syndicate")
DYING = Path(__file__).with_name("dying.py")
PEOPLE = [f"{name}@example.org" for name in ("ada", "bob", "cyd", "dan", "eve")]
"""Enough for three connections: two can take their next message before the third begins."""
UNSENT = ("pending", "retry", "failed", "suppressed")
PATIENCE = 100.0

T = TypeVar("T", str, tuple[str, str])


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Mailing:
    """A site whose issue is to be sent."""
    site = mailing(tmp_path_factory.mktemp("prepared") / "site", "sqlite:///syndicate.db")
    site.subscribe(PEOPLE)
    site.issue()
    return site


@pytest.fixture
def site(prepared: Mailing, tmp_path: Path) -> Mailing:
    """A copy of it."""
    root = shutil.copytree(prepared.folder.root, tmp_path / "site")
    folder = copy.copy(prepared.folder)
    folder.root = root
    with folder.opened() as opened:
        resume_moved(opened)
    return Mailing(folder)


@pytest.fixture
def site_on_either(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Mailing:
    """The same, on SQLite and on PostgreSQL."""
    if database_url.startswith("sqlite"):
        copied: Mailing = request.getfixturevalue("site")
        return copied
    site = mailing(tmp_path / "site", database_url)
    site.subscribe(PEOPLE)
    site.issue()
    return site


class Victim:
    """A sender in a process of its own, to be killed."""

    def __init__(self, site: Mailing) -> None:
        self._folder = site.folder.root
        self._process: subprocess.Popen[bytes] | None = None
        self._started = threading.Event()

    def run(self, *dying: str) -> None:
        """Start it, and wait until it was killed; `dying` says at which moment it dies itself."""
        program = [sys.executable, str(DYING), *dying] if dying else [str(PROGRAM)]
        with subprocess.Popen(
            [*program, "send"], cwd=self._folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            self._process = process
            self._started.set()
            try:
                said, _ = process.communicate(timeout=PATIENCE)
            finally:
                process.kill()
        assert process.returncode == -signal.SIGKILL, said.decode()

    def stop(self) -> None:
        """Have it do nothing more, and hear all the same."""
        self._signal(signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(self._pid, os.WUNTRACED)[1])

    def kill(self) -> None:
        """Kill it; when this returns, it is dead."""
        self._signal(signal.SIGKILL)
        assert self._process
        self._process.wait()

    @property
    def _pid(self) -> int:
        assert self._process
        return self._process.pid

    def _signal(self, number: signal.Signals) -> None:
        assert self._started.wait(PATIENCE)
        os.kill(self._pid, number)


@dataclass(frozen=True)
class Death:
    """At which step of the second message. `unheard`: the reply is given, and nobody hears it.

    `held` is how many nobody knows the fate of, `taken` how many the server took.
    """

    step: str
    held: int
    taken: int = 1
    unheard: str = ""
    action: Action | None = None
    times: int = 1


DEATHS = {
    "connected": Death("GREETING", held=0, taken=0, times=0),
    "EHLO": Death("EHLO", held=0, taken=0, times=0),
    "MAIL": Death("MAIL", held=0),
    "RCPT": Death("RCPT", held=0),
    "DATA": Death("DATA", held=0),
    "354 was said": Death("DATA", held=0, unheard="354 go ahead"),
    "the message came, and then nothing": Death("BODY", held=1, action=Close()),
    "the message came, and the server goes on": Death("BODY", held=1, taken=2),
    "after the dot, not kept": Death("MESSAGE", held=1, action=Close()),
    "after the dot, kept": Death("MESSAGE", held=1, taken=2, action=Close(kept=True)),
    "the reply was given": Death("MESSAGE", held=1, taken=2, unheard="250 2.0.0 taken"),
    "the reply was no": Death("MESSAGE", held=1, unheard="451 4.3.0 not now"),
}
EITHER = ["MAIL", "354 was said", "after the dot, kept", "the reply was given"]
"""Those that are tried on both databases."""
SOAKED = {
    *("connected", "EHLO", "RCPT", "DATA", "354 was said"),
    "the message came, and the server goes on",
    "after the dot, not kept",
}
"""Those that only the soak tests try; others are like them."""


def on_either_database(whens: Sequence[T], soak: AbstractSet[T], kept: T) -> list[object]:
    """Parameters of both databases; only the soak tests try those in `soak`.

    On PostgreSQL they alone try others than `kept`.
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


def soaked(whens: Iterable[T], soak: AbstractSet[T]) -> list[object]:
    """Parameters, of which only the soak tests try those in `soak`."""
    return [
        pytest.param(
            when,
            marks=[pytest.mark.soak] * (when in soak),
            id=when if isinstance(when, str) else " ".join(when),
        )
        for when in whens
    ]


def killing(death: Death, victim: Victim, site: Mailing) -> Behaviour:
    """A server that kills its client at a step."""

    def behaviour(step: Step) -> Action | None:
        if (step.name, step.times) != (death.step, death.times):
            return None
        if death.times:
            written_down(site, "sent")
        if death.unheard:
            victim.stop()
            return Say(death.unheard, then=victim.kill)
        victim.kill()
        return death.action

    return behaviour


def written_down(site: Mailing, state: str) -> None:
    """Wait until the ledger says so of somebody."""
    deadline = time.monotonic() + PATIENCE
    while state not in site.states().values():
        assert time.monotonic() < deadline, f"nobody is {state}"
        time.sleep(0.01)


def taken(server: SmtpServer) -> Counter[str]:
    """How often the server took a message for whom."""
    return Counter(to for mail in server.mails for to in mail.to)


def agrees(site: Mailing, server: SmtpServer) -> None:
    """What the ledger says is what happened; the sender is dead, or over."""
    got = taken(server)
    for who, state in site.states().items():
        assert got[who] <= 1, f"{who} got it {got[who]} times"
        assert state != "sent" or got[who] == 1, f"{who} is sent and got nothing"
        assert state not in UNSENT or got[who] == 0, f"{who} is {state} and got it"


def again(site: Mailing) -> SendReport:
    """The next sender. A database server takes a moment to see that the last one is gone."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return site.send()
        except SyndicateError as error:
            if "another program" not in error.message or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def ends_well(site: Mailing, server: SmtpServer, *, held: int) -> None:
    """After its death: what is known is right, the next sender does the rest, a person the last."""
    server.left_alone()
    before = taken(server)
    agrees(site, server)
    states = list(site.states().values())
    assert states.count("sending") == held
    site.delivery_report()
    server.behaviour = good
    report = again(site)
    assert report.held_by_issue == ({NAME: held} if held else {})
    agrees(site, server)
    proof = site.delivery_report()
    assert (proof.sent, proof.held, proof.pending) == (len(PEOPLE) - held, held, 0)
    unknown = [who for who, state in site.states().items() if state == "held"]
    for who in unknown:
        assert taken(server)[who] == before[who], "nothing held is sent by itself"
    _decide(site, server, unknown)
    assert set(site.states().values()) == {"sent"}
    assert sorted(taken(server)) == sorted(PEOPLE)
    assert max(taken(server).values()) == 1
    assert site.delivery_report().sending.ended_at


def _decide(site: Mailing, server: SmtpServer, unknown: list[str]) -> None:
    """Whoever got it is taken for sent, whoever did not is sent it again."""
    for who in unknown:
        arrived = bool(taken(server)[who])
        verdict = "--sent" if arrived else "--resend"
        done = subprocess.run(
            [PROGRAM, "deliveries", "resolve", NAME, who, verdict],
            cwd=site.folder.root,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("1 message")
        if not arrived:
            again(site)


def dies_at(name: str, site: Mailing, extensions: Sequence[str] = EXTENSIONS) -> None:
    """Have the sender killed at that step, and look at all that follows."""
    death, victim = DEATHS[name], Victim(site)
    with SmtpServer(killing(death, victim, site), extensions=extensions) as server:
        site.send_by_smtp(server.port, connections=1)
        victim.run()
        server.left_alone()
        assert len(server.mails) == death.taken
        ends_well(site, server, held=death.held)


@pytest.mark.parametrize("name", soaked([n for n in DEATHS if n not in EITHER], SOAKED))
def test_killed_when_the_server_is_at(name: str, site: Mailing) -> None:
    dies_at(name, site)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("database_url", "name"),
    on_either_database(EITHER, SOAKED, "after the dot, kept"),
    indirect=["database_url"],
)
def test_killed_on_either_database_when_the_server_is_at(
    name: str, site_on_either: Mailing
) -> None:
    dies_at(name, site_on_either)


@pytest.mark.parametrize(
    "name", soaked(["MAIL", "354 was said", "after the dot, kept"], {"MAIL", "354 was said"})
)
def test_killed_where_commands_are_sent_one_by_one(name: str, site: Mailing) -> None:
    dies_at(name, site, [each for each in EXTENSIONS if each != "PIPELINING"])


def test_killed_with_several_connections_one_message_of_each_is_held(site: Mailing) -> None:
    victim, together = Victim(site), threading.Barrier(3)

    def behaviour(step: Step) -> Action | None:
        if step.name != "MESSAGE":
            return None
        if together.wait(PATIENCE) == 0:
            victim.kill()
        together.wait(PATIENCE)
        return Close(kept=step.connection != 2)

    with SmtpServer(behaviour) as server:
        site.send_by_smtp(server.port, connections=3)
        victim.run()
        server.left_alone()
        assert len(server.mails) == 2
        ends_well(site, server, held=3)


def test_killed_while_the_issue_is_paused_it_stays_so(site: Mailing) -> None:
    victim = Victim(site)

    def behaviour(step: Step) -> Action | None:
        if (step.name, step.times) == ("DATA", 1):
            written_down(site, "sent")
            with site.folder.opened() as opened:
                assert pausing.pause(opened, site.sending)
            victim.kill()
        return None

    with SmtpServer(behaviour) as server:
        site.send_by_smtp(server.port, connections=1)
        victim.run()
        server.left_alone()
        server.behaviour = good
        assert [each.name for each in again(site).paused] == [NAME]
        agrees(site, server)
        assert site.delivery_report().pending == len(PEOPLE) - 1
        with site.folder.opened() as opened:
            assert pausing.resume(opened, site.sending)
        ends_well(site, server, held=0)


# -- where no server can see it ----------------------------------------------------------------


COMMITS = {
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
"""When it dies -> how many nobody knows the fate of, and how many the server took."""
COMMITS_ON_EITHER = [
    ("before", "begin"),
    ("after", "plan_next"),
    ("after", "mark_sending"),
    ("before", "apply_transitions"),
]
SOAKED_COMMITS = {
    *(("after", "begin"), ("before", "plan_next"), ("after", "plan_next"), ("before", "claim")),
    *(("after", "claim"), ("before", "mark_sending"), ("within", "nothing"), ("before", "release")),
    ("before", "end"),
}


def dies(when: tuple[str, str], site: Mailing) -> None:
    """Have the sender die by itself, and look at all that follows."""
    victim, (held, many) = Victim(site), COMMITS[when]

    def second_waits(step: Step) -> Action | None:
        """Otherwise the commit of the first outcome may also permit the second message."""
        if when == ("after", "apply_transitions") and (step.name, step.times) == ("DATA", 1):
            written_down(site, "sent")
        return None

    with SmtpServer(second_waits) as server:
        site.send_by_smtp(server.port, connections=1)
        victim.run(*when)
        server.left_alone()
        assert len(server.mails) == many
        if when == ("before", "begin"):
            assert again(site).sent == len(PEOPLE)
        ends_well(site, server, held=held)


@pytest.mark.parametrize(
    "when", soaked([when for when in COMMITS if when not in COMMITS_ON_EITHER], SOAKED_COMMITS)
)
def test_it_dies(when: tuple[str, str], site: Mailing) -> None:
    dies(when, site)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("database_url", "when"),
    on_either_database(COMMITS_ON_EITHER, SOAKED_COMMITS, ("before", "apply_transitions")),
    indirect=["database_url"],
)
def test_it_dies_on_either_database(when: tuple[str, str], site_on_either: Mailing) -> None:
    dies(when, site_on_either)
