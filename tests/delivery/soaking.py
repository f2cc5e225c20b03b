"""An issue to many people, its sender killed repeatedly: who got it, and what the store has.

Everything is real but the mail server, which counts: the program as its users run it, its database,
SIGKILL. What is known of each delivery is compared with what the server took whenever the sender
is dead, and the sum of all deliveries whenever it lives again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import yaml
from counting_server import CountingServer

from syndicate.store.connect import open_database
from syndicate.store.database import Database

PROGRAM = Path(sys.executable).with_name("syndicate")
NEWSLETTER = "weekly"
PATIENCE = 60.0
"""Seconds after which a sender that does nothing is a failure."""
SOME_HELD = 1
"""The exit code of a sender that leaves something unknown."""
UNSENT = frozenset({"pending", "retry", "failed", "suppressed"})
SUMMED = ("sent", "failed", "held", "suppressed", "pending")

Delivered = dict[str, str]
"""Address -> the state of its delivery."""


class SoakError(Exception):
    """What must not happen."""


@dataclass
class Outcome:
    """What came of it. `amid` are kills that hit a sender at work, `checks` comparisons made."""

    recipients: int
    connections: int
    kills: int = 0
    amid: int = 0
    checks: int = 0
    seconds: float = 0.0
    proof: dict[str, int] = field(default_factory=dict)
    held: int = 0
    held_taken: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)

    @property
    def most_held(self) -> int:
        """One for each connection and kill."""
        return self.kills * self.connections

    @property
    def good(self) -> bool:
        """Nobody lost, nobody twice, and no more unknown than must be."""
        return not self.lost and not self.twice and self.held <= self.most_held


def replace_example_values(settings: dict[str, Any]) -> None:
    """Replace the example values of a new site, which are never sent by SMTP."""
    settings["site"] |= {
        "title": "Soak",
        "url": "https://soak.example.net/",
        "description": "An issue to many people.",
        "author": "Ann Lee",
        "email": "ann@example.net",
    }
    settings["newsletters"][NEWSLETTER] |= {
        "title": "Soak, weekly",
        "description": "One issue.",
        "sender": "Soak <soak@example.net>",
        "postal_address": "1 Test Street, Testville",
        "brand": {"footer": "Written by a program."},
    }


class Soak:
    """A site in `folder` with its people, and an issue to be sent to them."""

    def __init__(
        self, folder: Path, database_url: str, server: CountingServer, *, recipients: int
    ) -> None:
        self._folder = folder
        self._url = database_url
        self._server = server
        self._people = [f"person{number}@example.net" for number in range(recipients)]
        self.connections = 4
        self._make()

    def _make(self) -> None:
        self._folder.mkdir()
        self.run("init", ".")
        config = self._folder / "config.yaml"
        settings = yaml.safe_load(config.read_text(encoding="utf-8"))
        replace_example_values(settings)
        settings["store"] = {"url": self._url}
        settings["subscribers"] = {"signup_pages": True}
        settings["newsletters"][NEWSLETTER] |= {"deliver": True, "approval": "automatic"}
        main = {"host": "127.0.0.1", "port": self._server.port, "security": "none"}
        main |= {"connections": self.connections, "timeout": 10}
        settings["sending"] = {"transport": "smtp", "servers": {"main": main}}
        config.write_text(yaml.safe_dump(settings), encoding="utf-8")
        people = "email\n" + "".join(f"{address}\n" for address in self._people)
        (self._folder / "people.csv").write_text(people, encoding="utf-8")
        self.run("subscribers", "import", "people.csv", "--to", NEWSLETTER, "--consent", "asked us")
        self.run("build", "--quiet")
        self.run("issues", "make", NEWSLETTER, "--yes")

    def run(self, *arguments: str) -> str:
        """A command that ends; what it wrote."""
        done = subprocess.run(
            [PROGRAM, *arguments], cwd=self._folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SoakError(f"{' '.join(arguments)}: {done.returncode}: {done.stderr}")
        return done.stdout

    def kill_often(self, kills: int, random: Random) -> Outcome:
        """Send the issue, killed so many times before it is done; then let it be done."""
        outcome, begin = Outcome(len(self._people), self.connections), time.monotonic()
        while outcome.kills < kills:
            # Some that are held never arrive. Each kill has its share of the rest, and so has the
            # end, so that the last one hits a sender with something left to do.
            left = len(self._people) - self._server.total() - outcome.most_held
            self._send_and_kill(random, max(left, 0) // (kills - outcome.kills + 1), outcome)
            if outcome.kills % 2:  # at others the sender is who finds the database as it was left
                self._compare(self._server.counts(), outcome)
        with self._sender() as sender:
            _, said = sender.communicate()
        if sender.returncode not in (0, SOME_HELD):
            raise SoakError(f"the sender ended with {sender.returncode}: {said.decode()}")
        outcome.seconds = time.monotonic() - begin
        self._conclude(outcome)
        return outcome

    def _send_and_kill(self, random: Random, most: int, outcome: Outcome) -> None:
        """Kill a sender in the middle of so many messages, or while it starts."""
        before = self._server.total()
        with self._sender() as sender:
            if random.random() < 0.1:
                time.sleep(random.uniform(0, 1))
            else:
                self._wait_for(before + 1, sender)
                self._check_sum(outcome)
                self._wait_for(self._server.total() + random.randint(0, most), sender)
                time.sleep(random.uniform(0, 0.01))
            if sender.poll() is not None:
                said = sender.communicate()[1].decode()
                raise SoakError(
                    f"before kill {outcome.kills + 1}, with {self._server.total()} messages taken, "
                    f"the sender ended with {sender.returncode}: {said}"
                )
            os.killpg(sender.pid, signal.SIGKILL)
            sender.wait()
        outcome.kills += 1
        outcome.amid += self._server.total() > before

    def _wait_for(self, total: int, sender: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._server.total() < total and sender.poll() is None:
            if time.monotonic() > deadline:
                raise SoakError("the sender sends nothing")
            time.sleep(0.001)

    @contextmanager
    def _sender(self) -> Iterator[subprocess.Popen[bytes]]:
        """The program as it sends, in a group of its own."""
        with subprocess.Popen(
            [PROGRAM, "send"],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as sender:
            try:
                yield sender
            finally:
                if sender.poll() is None:
                    os.killpg(sender.pid, signal.SIGKILL)

    # -- what is known ---------------------------------------------------------------------

    @contextmanager
    def _database(self) -> Iterator[Database]:
        database = open_database(self._url, self._folder)
        yield database
        database.close()

    def _check_sum(self, outcome: Outcome) -> None:
        """Each person has one delivery, whatever its state."""
        with self._database() as database:
            rows = database.rows("SELECT state, count(*) FROM deliveries GROUP BY state")
        if sum(many for _, many in rows) != len(self._people):
            raise SoakError(f"{len(self._people)} were planned, and there are {rows}")
        outcome.checks += 1

    def _compare(self, taken: Counter[str], outcome: Outcome) -> None:
        """No delivery says what did not happen. The sender is dead."""
        for address, state in self._deliveries().items():
            many = taken[address]
            if (state == "sent" and many != 1) or (state in UNSENT and many) or many > 1:
                raise SoakError(f"{address} is {state} and got {many} messages")
        outcome.checks += 1

    def _deliveries(self) -> Delivered:
        query = (
            "SELECT p.address, d.state FROM deliveries d JOIN subscribers p ON p.id = d.subscriber"
        )
        with self._database() as database:
            return {row[0]: row[1] for row in database.rows(query)}

    def _conclude(self, outcome: Outcome) -> None:
        """Who got what in the end, by the server, the ledger and the proof."""
        taken, states = self._server.counts(), self._deliveries()
        self._compare(taken, outcome)
        held = {address for address, state in states.items() if state == "held"}
        outcome.held, outcome.held_taken = len(held), sum(taken[each] for each in held)
        outcome.lost = [each for each in self._people if not taken[each] and each not in held]
        outcome.twice = [each for each, many in taken.items() if many > 1]
        proof = json.loads(self.run("deliveries", "report", NEWSLETTER, "--json"))
        outcome.proof = {name: proof[name] for name in ("planned", *SUMMED)}
        summed = sum(outcome.proof[name] for name in SUMMED)
        if outcome.proof["planned"] != summed or summed != len(self._people):
            raise SoakError(f"the proof does not add up: {outcome.proof}")
        if outcome.proof["held"] != len(held) or outcome.proof["pending"]:
            raise SoakError(f"the proof says {outcome.proof}, and {len(held)} are held")
