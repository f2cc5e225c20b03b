"""Send an issue to many recipients while the sender is killed repeatedly, and check the result.

Everything is real except the mail server, which only counts: the program as users run it, its
database, SIGKILL. After a kill, the state of each delivery is compared with the messages that the
server accepted; after a restart, the number of deliveries is checked.
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
TIMEOUT = 60.0
"""Seconds without progress after which the sender counts as stuck."""
EXIT_HELD = 1
"""The exit code of `syndicate send` when deliveries are held."""
NOT_SENT = frozenset({"pending", "retry", "failed", "suppressed"})
SUMMED = ("sent", "failed", "held", "suppressed", "pending")

Delivered = dict[str, str]
"""Address -> the state of its delivery."""


class SoakError(Exception):
    """A property that must hold does not hold."""


@dataclass
class SoakResult:
    """The result. `kills_while_sending` are kills after a message was accepted."""

    recipients: int
    connections: int
    kills: int = 0
    kills_while_sending: int = 0
    checks: int = 0
    seconds: float = 0.0
    report: dict[str, int] = field(default_factory=dict)
    held: int = 0
    held_accepted: int = 0
    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)

    @property
    def max_held(self) -> int:
        """The maximum of held deliveries: one for each connection and kill."""
        return self.kills * self.connections

    @property
    def passed(self) -> bool:
        """Whether no delivery was lost or duplicated, and no more are held than allowed."""
        return not self.lost and not self.duplicates and self.held <= self.max_held


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


class SoakSite:
    """A site in `folder` with subscribers and an issue."""

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
        """Run a command; returns its output."""
        done = subprocess.run(
            [PROGRAM, *arguments], cwd=self._folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SoakError(f"{' '.join(arguments)}: {done.returncode}: {done.stderr}")
        return done.stdout

    def send_with_kills(self, kills: int, random: Random) -> SoakResult:
        """Send the issue with this number of kills, then let the sender finish."""
        outcome, begin = SoakResult(len(self._people), self.connections), time.monotonic()
        while outcome.kills < kills:
            # Held deliveries may never arrive. Each kill gets an equal share of the remaining
            # messages, and so does the end: the last kill hits a sender that still has work.
            remaining = len(self._people) - self._server.total() - outcome.max_held
            self._send_and_kill(random, max(remaining, 0) // (kills - outcome.kills + 1), outcome)
            if outcome.kills % 2:  # else the next sender opens the database first
                self._compare_with_server(self._server.counts(), outcome)
        with self._sender() as sender:
            _, output = sender.communicate()
        if sender.returncode not in (0, EXIT_HELD):
            raise SoakError(f"the sender ended with {sender.returncode}: {output.decode()}")
        outcome.seconds = time.monotonic() - begin
        self._check_result(outcome)
        return outcome

    def _send_and_kill(self, random: Random, most: int, outcome: SoakResult) -> None:
        """Kill a sender within a number of messages, or while it starts."""
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
                output = sender.communicate()[1].decode()
                raise SoakError(
                    f"before kill {outcome.kills + 1}, after {self._server.total()} messages, "
                    f"the sender ended with {sender.returncode}: {output}"
                )
            os.killpg(sender.pid, signal.SIGKILL)
            sender.wait()
        outcome.kills += 1
        outcome.kills_while_sending += self._server.total() > before

    def _wait_for(self, total: int, sender: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while self._server.total() < total and sender.poll() is None:
            if time.monotonic() > deadline:
                raise SoakError("the sender sends nothing")
            time.sleep(0.001)

    @contextmanager
    def _sender(self) -> Iterator[subprocess.Popen[bytes]]:
        """The sending program, in its own process group."""
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

    # -- checks ---------------------------------------------------------------------

    @contextmanager
    def _database(self) -> Iterator[Database]:
        database = open_database(self._url, self._folder)
        yield database
        database.close()

    def _check_sum(self, outcome: SoakResult) -> None:
        """Check that each recipient has one delivery."""
        with self._database() as database:
            rows = database.rows("SELECT state, count(*) FROM deliveries GROUP BY state")
        if sum(many for _, many in rows) != len(self._people):
            raise SoakError(f"{len(self._people)} were planned, and there are {rows}")
        outcome.checks += 1

    def _compare_with_server(self, accepted: Counter[str], outcome: SoakResult) -> None:
        """Check each delivery against the accepted messages. No sender is running."""
        for address, state in self._deliveries().items():
            count = accepted[address]
            if (state == "sent" and count != 1) or (state in NOT_SENT and count) or count > 1:
                raise SoakError(f"{address} is {state} and got {count} messages")
        outcome.checks += 1

    def _deliveries(self) -> Delivered:
        query = (
            "SELECT p.address, d.state FROM deliveries d JOIN subscribers p ON p.id = d.subscriber"
        )
        with self._database() as database:
            return {row[0]: row[1] for row in database.rows(query)}

    def _check_result(self, outcome: SoakResult) -> None:
        """Check the server, the store and the delivery report at the end."""
        accepted, states = self._server.counts(), self._deliveries()
        self._compare_with_server(accepted, outcome)
        held = {address for address, state in states.items() if state == "held"}
        outcome.held, outcome.held_accepted = len(held), sum(accepted[each] for each in held)
        outcome.lost = [each for each in self._people if not accepted[each] and each not in held]
        outcome.duplicates = [each for each, count in accepted.items() if count > 1]
        report = json.loads(self.run("deliveries", "report", NEWSLETTER, "--json"))
        outcome.report = {name: report[name] for name in ("planned", *SUMMED)}
        summed = sum(outcome.report[name] for name in SUMMED)
        if outcome.report["planned"] != summed or summed != len(self._people):
            raise SoakError(f"the report does not add up: {outcome.report}")
        if outcome.report["held"] != len(held) or outcome.report["pending"]:
            raise SoakError(f"the report has {outcome.report}, and {len(held)} are held")
