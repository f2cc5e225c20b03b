"""Several senders together keep the limits of a mail server, also when one of them is killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mailing_site import MailingSite

from smtp_server import Action, SmtpServer, Step
from syndicate.store.relay_usage import RelayUsage

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

PROGRAM = Path(sys.executable).with_name("syndicate")
PATIENCE = 100.0
LIMIT = 30
STEPS = ("MAIL", "DATA", "MESSAGE")
"""Where a server may count: each is noted before the reply to it."""


class Clock:
    """When the mail server was at which step, by its clock; and how many connections are open."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {step: [] for step in STEPS}
        self.most_open = 0
        self._open = 0
        self._lock = threading.Lock()

    def note(self, step: Step) -> Action | None:
        """Behave as a good server."""
        with self._lock:
            if step.name in STEPS:
                self.times[step.name].append(time.monotonic())
            self._open += (step.name == "GREETING") - (step.name == "QUIT")
            self.most_open = max(self.most_open, self._open)
        return None

    def most_in_a_second(self, step: str) -> int:
        """The most of a step in any second."""
        times = sorted(self.times[step])
        return max(sum(1 for each in times if 0 <= each - first < 1) for first in times)


@contextmanager
def sender(site: MailingSite) -> Iterator[subprocess.Popen[bytes]]:
    """A sender in a process of its own."""
    with subprocess.Popen(
        [PROGRAM, "send"],
        cwd=site.folder.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that other processes do."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_no_second_has_more_than_its_limit_although_a_sender_is_killed(site: MailingSite) -> None:
    site.subscribe([f"p{number:03}@example.org" for number in range(6 * LIMIT)])
    site.issue()
    clock = Clock()
    with SmtpServer(clock.note) as server:
        site.send_by_smtp(server.port, per_second=LIMIT, connections=6)
        with sender(site) as one, sender(site) as other, sender(site) as killed:
            wait_until(lambda: len(server.accepted) > 2 * LIMIT)
            killed.kill()
            for process in (one, other):
                process.wait(PATIENCE)
        server.wait_for_clients()
    assert all(clock.most_in_a_second(step) <= LIMIT for step in STEPS)
    assert max(Counter(mail.to for mail in server.accepted).values()) == 1
    delivery_report = site.delivery_report()
    assert delivery_report.sent + delivery_report.held == 6 * LIMIT
    assert delivery_report.held <= 6


def test_connections_are_shared_by_all_living_senders(site: MailingSite) -> None:
    site.subscribe([f"p{number:03}@example.org" for number in range(500)])
    site.issue()
    clock = Clock()
    with SmtpServer(clock.note) as server, site.folder.opened() as opened:
        usage = RelayUsage(opened.database)

        def are_shared(*shares: int) -> bool:
            return [each.connections for each in usage.reservations("main")] == [*shares]

        site.send_by_smtp(server.port, per_second=5, connections=6)
        with sender(site), sender(site):
            wait_until(lambda: are_shared(3, 3))
            with sender(site):
                wait_until(lambda: are_shared(2, 2, 2))
                assert clock.most_open <= 6
            wait_until(lambda: are_shared(3, 3, 0))
