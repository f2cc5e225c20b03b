"""The service as a process: files dropped in come out, and signals do what they should."""

from __future__ import annotations

import fcntl
import io
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from test_clock import PATIENCE, soon

from site_folder import SiteFolder
from syndicate import cli
from syndicate.timestamps import parse_timestamp

PROGRAM = Path(sys.executable).with_name("syndicate")
WITH_SLOW_HANDS = """
from syndicate.cli import run
from syndicate.service import service

service.SAME_REQUEST = 600.0
run()
"""
"""The program, to which all signals within ten minutes come at once."""


@dataclass(frozen=True)
class Ran:
    """A command that ran: its exit code and output."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Services:
    """Starts services for a site, and ends those that a test leaves."""

    site: SiteFolder
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *program: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        with (self.site.root / "log").open("ab") as log:
            process = subprocess.Popen(
                [*(program or (PROGRAM,)), "run"],
                cwd=self.site.root,
                stderr=log,
                env={**os.environ, **environment},
            )
        self.started.append(process)
        return process

    def run(self, *arguments: str) -> Ran:
        """Another command in the same site, in this process: starting one takes much longer."""
        out, err = io.StringIO(), io.StringIO()
        with chdir(self.site.root), redirect_stdout(out), redirect_stderr(err):
            code = cli.main([*arguments])
        return Ran(code, out.getvalue(), err.getvalue())

    def log(self) -> list[dict[str, Any]]:
        text = (self.site.root / "log").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def events(self) -> list[str]:
        return [said["event"] for said in self.log()]

    @contextmanager
    def at_work(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """The service in the midst of a build, which waits until the block ends."""
        assert self.published("First steps"), self.log()
        path = self.site.root / "syndicate.db.lock"
        assert soon(lambda: path not in _opened_by(process))
        with path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.site.article("second.md", "Second wind")
            assert soon(lambda: path in _opened_by(process))
            yield

    @contextmanager
    def standing_still(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """The service does nothing until the block ends, and has its store closed."""

        def stands_still() -> bool:
            process.send_signal(signal.SIGSTOP)
            assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
            if self.site.root / "syndicate.db" not in _opened_by(process):
                return True
            process.send_signal(signal.SIGCONT)
            return False

        assert soon(stands_still)
        yield
        process.send_signal(signal.SIGCONT)

    def published(self, title: str) -> bool:
        """Whether an article is in the feed before long."""
        return soon(lambda: self.site.has("feed.xml") and title in self.site.text("feed.xml"))


def _opened_by(process: subprocess.Popen[bytes]) -> set[Path]:
    """The files a process has open."""
    found = set()
    for handle in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(handle.readlink())
    return found


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """A site whose service looks often."""
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    site.configure(service={"poll_interval": 0.1, "port": 0, "shutdown_timeout": 20})
    site.article("first.md", "First steps")
    services = Services(site)
    yield services
    for process in services.started:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_a_new_file_is_published_and_sigterm_ends_the_service(services: Services) -> None:
    process = services.start()
    assert services.published("First steps")
    services.site.article("second.md", "Second wind")
    assert services.published("Second wind")
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert services.events()[0] == "running"
    assert services.events()[-1] == "stopped"


def test_a_second_service_is_refused_and_kill_9_makes_room(services: Services) -> None:
    process = services.start()
    assert services.published("First steps")
    second = subprocess.run(
        [PROGRAM, "run"], cwd=services.site.root, capture_output=True, text=True
    )
    assert second.returncode == 2
    assert f"process {process.pid}" in second.stderr
    assert f"kill {process.pid}" in second.stderr
    process.kill()
    process.wait()
    services.site.article("second.md", "Second wind")
    third = services.start()
    assert services.published("Second wind")
    third.send_signal(signal.SIGINT)
    assert third.wait(PATIENCE) == 0


def test_sighup_loads_a_valid_configuration_and_keeps_the_old_one_otherwise(
    services: Services,
) -> None:
    process = services.start()
    assert services.published("First steps")
    services.site.configure(site={"title": "Sea Notes"})
    process.send_signal(signal.SIGHUP)
    assert soon(lambda: "Sea Notes" in services.site.text("feed.xml"))
    services.site.configure(site={"title": "", "colour": "red"})
    process.send_signal(signal.SIGHUP)
    refused = "the configuration cannot be used; the previous one stays in force"
    assert soon(lambda: refused in services.events())
    faults = [said for said in services.log() if said["level"] == "error" and "place" in said]
    assert [fault["part"] for fault in faults] == ["configuration"] * 2
    assert all(fault["place"].startswith("config.yaml:") for fault in faults)
    services.site.article("second.md", "Second wind")
    assert services.published("Second wind")
    assert "Sea Notes" in services.site.text("feed.xml")


def test_status_as_json_has_the_words_of_the_text(services: Services) -> None:
    stopped = json.loads(services.run("status", "--json").stdout)
    assert stopped == {
        "state": "not running",
        "process": None,
        "facts": {},
        "jobs": {},
        "findings": [],
    }
    services.site.write("broken.md", "---\ntitle: Broken\ndate: 2026-13-45\n---\n")
    process = services.start()
    assert soon(lambda: services.run("status").returncode == 1)
    shown = services.run("status", "--json")
    assert shown.returncode == 1
    document, text = json.loads(shown.stdout), services.run("status").stdout
    assert (document["state"], document["process"]) == ("running", process.pid)
    assert {*document["facts"]} >= {"since", "last pass", "last build", "problems since"}
    assert all(label in text for label in document["facts"])
    assert all(name in text for name in document["jobs"])
    assert parse_timestamp(document["jobs"]["articles"])
    assert document["jobs"]["next article"] is None, "it runs when it is needed"
    (finding,) = (each for each in document["findings"] if each["path"].endswith("broken.md"))
    assert finding["message"] in text


def test_status_does_not_load_the_service(services: Services) -> None:
    program = (
        "import sys; from syndicate.cli import main; main(['status']); "
        "print([name for name in sys.modules if name.startswith('syndicate.service.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=services.site.root,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout == "No service is running.\n[]\n"


def test_status_shows_the_state_of_the_service(services: Services) -> None:
    said = services.run("status")
    assert said.returncode == 3
    assert said.stdout == "No service is running.\n"
    services.site.article("first.md", "First steps", date="2026-01-01")  # without it, a notice
    process = services.start()
    assert services.published("First steps")
    assert soon(lambda: "last build" in services.run("status").stdout)
    said = services.run("status")
    assert said.returncode == 0
    assert f"process {process.pid}; no problems found" in said.stdout
    assert "Jobs, and when each runs next:" in said.stdout
    services.site.write("broken.md", "---\ntitle: Broken\ndate: 2026-13-45\n---\n")
    services.site.article("later.md", "Later", date="2099-01-01T08:00:00Z")
    assert soon(lambda: "2099-01-01T08:00:00Z later.md" in services.run("status").stdout)
    assert soon(lambda: services.run("status").returncode == 1)
    assert "content/broken.md:3" in services.run("status").stdout
    process.kill()
    process.wait()
    said = services.run("status")
    assert said.returncode == 3
    assert "last one ran until" in said.stdout


def test_a_store_that_is_away_for_a_while_does_not_stop_the_service(services: Services) -> None:
    process = services.start()
    assert services.published("First steps")
    database, away = services.site.root / "syndicate.db", services.site.root / "away"
    with services.standing_still(process):
        database.rename(away)
        database.mkdir()
    services.site.article("second.md", "Second wind")
    assert soon(lambda: any("database" in event for event in services.events()))
    assert "First steps" in services.site.text("feed.xml")
    with services.standing_still(process):
        database.rmdir()
        away.rename(database)
    assert services.published("Second wind")
    told = [event for event in services.events() if event.startswith("the database")]
    assert len(told) == 1


@pytest.mark.soak
def test_a_full_disk_stops_nothing_for_long(services: Services) -> None:
    """Full for this process alone: no file of it may grow."""
    process = services.start()
    assert services.published("First steps")
    _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, most))
    feed = services.site.text("feed.xml")
    services.site.article("second.md", "Second wind")
    time.sleep(1)
    assert process.poll() is None
    assert services.site.text("feed.xml") == feed
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
    assert services.published("Second wind")


def test_systemd_is_notified_of_every_step(services: Services, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(PATIENCE)
        process = services.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="10000000")
        assert listener.recv(100) == b"READY=1"
        assert listener.recv(100) == b"WATCHDOG=1"
        process.send_signal(signal.SIGHUP)
        assert next_step(listener).startswith(b"RELOADING=1")
        assert next_step(listener) == b"READY=1"
        process.terminate()
        assert next_step(listener) == b"STOPPING=1"
        assert process.wait(PATIENCE) == 0


def next_step(listener: socket.socket) -> bytes:
    """What is said next; signs of life come in between, the more the busier the machine."""
    while (said := listener.recv(100)) == b"WATCHDOG=1":
        pass
    return said


def test_work_that_exceeds_the_shutdown_timeout_is_abandoned(services: Services) -> None:
    services.site.configure(service={"poll_interval": 0.1, "port": 0, "shutdown_timeout": 1})
    process = services.start()
    with services.at_work(process):
        process.terminate()
        assert process.wait(PATIENCE) == 1
    assert services.events()[-1] == "shutdown timed out"
    services.start()
    assert services.published("Second wind")


def test_a_second_signal_ends_it_at_once(services: Services) -> None:
    process = services.start()
    with services.at_work(process):
        process.terminate()
        assert soon(lambda: "stopping" in services.events())
        assert soon(lambda: ends(process))
    assert process.returncode == 128 + signal.SIGTERM


def ends(process: subprocess.Popen[bytes]) -> bool:
    """Ask a process to end; whether it has ended."""
    process.terminate()
    return process.poll() is not None


@pytest.mark.soak
def test_a_signal_that_comes_twice_at_once_is_one_request(services: Services) -> None:
    process = services.start(sys.executable, "-c", WITH_SLOW_HANDS)
    with services.at_work(process):
        process.terminate()
        assert soon(lambda: "stopping" in services.events())
        process.terminate()
    assert process.wait(PATIENCE) == 0
    assert services.events()[-1] == "stopped"


def test_nothing_is_lost_when_it_is_killed_at_work(services: Services) -> None:
    process = services.start()
    with services.at_work(process):
        process.kill()
        process.wait()
    services.start()
    assert services.published("Second wind")


@pytest.fixture
def in_a_terminal(services: Services) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The service, started in a terminal of its own, and the terminal's other end."""
    master, terminal = os.openpty()

    attach = "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    attach += "signal.signal(signal.SIGHUP, signal.SIG_DFL); "  # ignored below nohup
    process = subprocess.Popen(
        [sys.executable, "-c", f"{attach}os.execv(sys.argv[1], sys.argv[1:])", PROGRAM, "run"],
        cwd=services.site.root,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    services.started.append(process)
    yield process, master
    with suppress(OSError):
        os.close(master)


def test_a_service_ends_with_the_terminal_it_was_started_in(
    services: Services, in_a_terminal: tuple[subprocess.Popen[bytes], int]
) -> None:
    process, terminal = in_a_terminal
    assert services.published("First steps")
    services.site.configure(site={"title": "Sea Notes"})
    process.send_signal(signal.SIGHUP)
    assert soon(lambda: "Sea Notes" in services.site.text("feed.xml")), "it is there"
    os.close(terminal)
    assert process.wait(PATIENCE) == 0
    assert services.run("status").returncode == 3


@pytest.mark.soak
def test_a_changed_configuration_is_reported_until_it_is_applied(services: Services) -> None:
    process = services.start()
    assert services.published("First steps")
    services.site.configure(site={"title": "Sea Notes"})
    assert soon(lambda: "config-changed" in services.run("status").stdout)
    said = services.run("status")
    assert said.returncode == 1
    assert "config.yaml" in said.stdout
    assert "SIGHUP" in said.stdout
    process.send_signal(signal.SIGHUP)
    assert soon(lambda: services.run("status").returncode == 0)
    assert soon(lambda: "Sea Notes" in services.site.text("feed.xml"))


@pytest.mark.soak
def test_a_service_has_as_many_files_as_the_system_allows(services: Services) -> None:
    mine = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, mine[1]))
    try:
        process = services.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, mine)
    assert services.published("First steps")
    assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (mine[1], mine[1])
