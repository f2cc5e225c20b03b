"""Workers are killed, stopped and cut off at random: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from mailing_site import NAME, MailingSite

from smtp_server import Action, SmtpServer, Step
from syndicate.delivery.planning import plan_approved
from syndicate.errors import StoreError
from syndicate.store.workers import Workers
from syndicate.timestamps import parse_timestamp

PROGRAM = Path(__file__).with_name("quick_worker.py")
PEOPLE = [f"p{number:04}@example.org" for number in range(600)]
CONNECTIONS = 4
NOON = parse_timestamp("2026-11-28T12:00:00Z")
PATIENCE = 240.0
SEEDS = int(os.environ.get("SEEDS", "2"))
"""How many random orders of faults to try; `make soak-hosts` sets it."""

pytestmark = [pytest.mark.postgresql, pytest.mark.soak]


class Hosts:
    """Some workers of a site, each a process, to which faults happen."""

    def __init__(self, site: MailingSite, number: int, chance: random.Random) -> None:
        self._site = site
        self._chance = chance
        self._workers = [self._start() for _ in range(number)]
        self.faults: Counter[str] = Counter()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, PROGRAM, "worker"],
            cwd=self._site.folder.root,
            stderr=subprocess.DEVNULL,
        )

    def fault(self) -> None:
        """Have something happen to one of them."""
        index = self._chance.randrange(len(self._workers))
        kind = self._chance.choice([self.kill, self.stop, self.cut_off])
        kind(index)
        self.faults[kind.__name__] += 1

    def kill(self, index: int) -> None:
        """Kill one, and start another."""
        self._workers[index].kill()
        self._workers[index].wait()
        self._workers[index] = self._start()

    def stop(self, index: int) -> None:
        """Stop one, for a moment or until others take over."""
        os.kill(self._workers[index].pid, signal.SIGSTOP)
        time.sleep(self._chance.uniform(0.1, 3))
        os.kill(self._workers[index].pid, signal.SIGCONT)

    def cut_off(self, index: int) -> None:
        """End the session of one with the database."""
        with suppress(StoreError), self._site.folder.opened() as opened:
            for worker in Workers(opened.database).not_ended():
                if worker.pid == self._workers[index].pid:
                    opened.database.end_session(worker.id)

    def end(self) -> None:
        """End all in order."""
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.wait(PATIENCE)


def ended(site: MailingSite) -> bool:
    with site.folder.opened() as opened:
        return not opened.database.rows("SELECT 1 FROM issue_sends WHERE ended_at = ''")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_is_lost_or_sent_twice(
    seed: int, site: MailingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.store.chunks.CHUNK_SIZE", 10)
    site.subscribe(PEOPLE)
    site.issue()

    def slow(step: Step) -> Action | None:
        if step.name == "MESSAGE":
            time.sleep(0.05)
        return None

    chance = random.Random(seed)
    with SmtpServer(slow) as server:
        site.send_by_smtp(server.port, connections=CONNECTIONS)
        with site.folder.opened() as opened:
            plan_approved(opened, NOON)
        hosts = Hosts(site, 3, chance)
        try:
            deadline = time.monotonic() + PATIENCE
            while not ended(site):
                assert time.monotonic() < deadline
                time.sleep(chance.uniform(0.2, 1.5))
                hosts.fault()
        finally:
            hosts.end()
        accepted = Counter(address for mail in server.accepted for address in mail.to)
    states = site.states()
    assert set(states) == set(PEOPLE)
    assert set(states.values()) <= {"sent", "held"}
    assert {who for who, number in accepted.items() if number > 1} == set()
    assert {who for who, state in states.items() if state == "sent"} <= set(accepted)
    held = sum(state == "held" for state in states.values())
    assert held <= CONNECTIONS * hosts.faults.total()
    report = site.delivery_report()
    assert (report.sent + report.held, report.pending) == (len(PEOPLE), 0)
    print(NAME, dict(hosts.faults), f"held {held}", f"{len(accepted)} accepted")
