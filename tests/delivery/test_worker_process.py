"""`syndicate worker` sends beside others, and stands by while it may not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from mailing_site import MailingSite

from smtp_server import SmtpServer
from syndicate import cli
from syndicate.delivery.planning import plan_approved
from syndicate.delivery.worker_session import worker_session
from syndicate.store.incarnation import RESTORED
from syndicate.store.workers import Workers
from syndicate.timestamps import parse_timestamp

T = TypeVar("T")

PROGRAM = Path(sys.executable).with_name("syndicate")
PEOPLE = [f"p{number:03}@example.org" for number in range(30)]
PATIENCE = 60.0
NOON = parse_timestamp("2026-11-28T12:00:00Z")

pytestmark = pytest.mark.postgresql

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def wait_for(ask: Callable[[], T]) -> T:
    """The first answer that is true."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


class WorkerProgram:
    """`syndicate worker` in the folder of a site, or in another one with its configuration."""

    def __init__(self, folder: Path, name: str = "second", home: Path | None = None) -> None:
        environment = {**os.environ, **({"XDG_STATE_HOME": str(home)} if home else {})}
        self._process = subprocess.Popen(
            [PROGRAM, "worker", "--name", name],
            cwd=folder,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._log: list[dict[str, object]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = wait_for(lambda: [each["port"] for each in self._log if "port" in each])[0]

    def _read(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self._log.append(json.loads(line))

    def get(self, path: str) -> tuple[int, str]:
        """The status and the text of an answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    @property
    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def end(self, number: signal.Signals | None = signal.SIGTERM) -> int:
        """Its exit code, after a signal; None waits until it ends."""
        if number:
            self._process.send_signal(number)
        code = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def __enter__(self) -> WorkerProgram:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(PATIENCE)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture
def mailed(site: MailingSite, server: SmtpServer) -> MailingSite:
    """A site that sends by the server, with subscribers and an issue."""
    site.subscribe(PEOPLE)
    site.issue()
    site.send_by_smtp(server.port)
    return site


def recipients(server: SmtpServer) -> list[str]:
    return sorted(address for mail in server.accepted for address in mail.to)


@on_postgresql
def test_a_worker_sends_what_others_began(mailed: MailingSite, server: SmtpServer) -> None:
    with WorkerProgram(mailed.folder.root) as worker:
        wait_for(lambda: worker.is_ready)
        with mailed.folder.opened() as opened:
            plan_approved(opened, NOON)
        wait_for(lambda: len(server.accepted) == len(PEOPLE))
        wait_for(lambda: mailed.delivery_report().sending.ended_at)
        assert recipients(server) == PEOPLE
        assert "syndicate_deliveries_total" in worker.get("/metrics")[1]
        assert worker.end() == 0
    with mailed.folder.opened() as opened:
        assert Workers(opened.database).all() == []


@on_postgresql
def test_a_worker_does_not_begin_an_issue(mailed: MailingSite, server: SmtpServer) -> None:
    with WorkerProgram(mailed.folder.root) as worker:
        wait_for(lambda: worker.is_ready)
        time.sleep(1.5)  # more than one look
    assert not server.accepted


@on_postgresql
def test_workers_are_listed_and_drained(
    mailed: MailingSite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(mailed.folder.root)
    with WorkerProgram(mailed.folder.root, "second") as worker:
        wait_for(lambda: worker.is_ready)
        assert cli.main(["workers"]) == 0
        assert "second" in capsys.readouterr().out
        assert cli.main(["workers", "drain", "third"]) == 2
        assert "there is no worker third" in capsys.readouterr().err
        assert cli.main(["workers", "drain", "second"]) == 0
        assert worker.end(None) == 0
    capsys.readouterr()
    assert cli.main(["workers"]) == 0
    assert capsys.readouterr().out == "No process is sending.\n"


@on_postgresql
def test_a_dead_worker_is_listed_as_such_until_another_recovers_it(
    mailed: MailingSite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(mailed.folder.root)
    with WorkerProgram(mailed.folder.root, "second") as worker:
        wait_for(lambda: worker.is_ready)
        worker.end(signal.SIGKILL)

    def state() -> str:
        cli.main(["workers"])
        return capsys.readouterr().out

    wait_for(lambda: "  died  " in state())
    mailed.send()
    assert "died, found" in state()


@on_postgresql
def test_a_worker_with_other_settings_stands_by_until_it_may_join(
    mailed: MailingSite, server: SmtpServer
) -> None:
    with mailed.folder.opened() as first, worker_session(first.database, first.config, "first"):
        mailed.send_by_smtp(server.port, per_second=7)
        with WorkerProgram(mailed.folder.root) as worker:
            answer = wait_for(lambda: "per_second" in worker.get("/readyz")[1])
            assert answer
            assert worker.get("/readyz")[0] == 503
            assert worker.get("/livez")[0] == 200
            assert worker.end() == 0


@on_postgresql
def test_a_worker_joins_again_after_its_session_was_ended(
    mailed: MailingSite, server: SmtpServer
) -> None:
    with WorkerProgram(mailed.folder.root) as worker, mailed.folder.opened() as opened:
        wait_for(lambda: worker.is_ready)
        (first,) = Workers(opened.database).all()
        opened.database.end_session(first.id)
        wait_for(lambda: [w.id for w in Workers(opened.database).not_ended()] == [first.id + 1])
        plan_approved(opened, NOON)
        wait_for(lambda: len(server.accepted) == len(PEOPLE))
    assert recipients(server) == PEOPLE


@on_postgresql
def test_a_worker_sends_nothing_from_a_store_that_was_restored_meanwhile(
    mailed: MailingSite, server: SmtpServer
) -> None:
    with WorkerProgram(mailed.folder.root) as worker, mailed.folder.opened() as opened:
        wait_for(lambda: worker.is_ready)
        with opened.database.transaction():
            opened.database.upsert("meta", ("key", "value"), [(RESTORED, "yes")])
        plan_approved(opened, NOON)
        wait_for(lambda: "restored from a backup" in worker.get("/readyz")[1])
    assert recipients(server) == []


@on_postgresql
def test_a_worker_on_a_new_host_waits_for_a_service_that_knows_the_store(
    mailed: MailingSite, tmp_path: Path
) -> None:
    from syndicate.store.postgresql import PostgreSQL

    mailed.send()
    host = tmp_path / "host"
    host.mkdir()
    (host / "config.yaml").write_bytes((mailed.folder.root / "config.yaml").read_bytes())
    with mailed.folder.opened() as opened:
        url = opened.config.store.url
    with WorkerProgram(host, home=tmp_path / "home") as worker:
        wait_for(lambda: "record of what was sent is missing" in worker.get("/readyz")[1])
        service = PostgreSQL(url)
        try:
            assert service.lock_service("a service")
            wait_for(lambda: worker.is_ready)
        finally:
            service.close()


def test_a_worker_needs_postgresql(
    sqlite_site: MailingSite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sqlite_site.configure(transport="outbox")
    monkeypatch.chdir(sqlite_site.folder.root)
    assert cli.main(["worker"]) == 2
    assert "workers need a PostgreSQL store" in capsys.readouterr().err
