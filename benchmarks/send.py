"""How fast an issue goes out, against smtp-source and against the plain way, in turn, in one run.

    python benchmarks/send.py [--quick] [--people 20000] [--many 1000000]

Needs smtp-source and smtp-sink (Debian's package postfix). All hand messages of 51 KB to the same
smtp-sink over loopback. Then a short issue goes to many people, for what memory that takes. Prints
the results and puts them into docs/benchmarks.md. Exits with 0 whatever is measured: a number that
misses its target is printed as such.
"""

from __future__ import annotations

import argparse
import getpass
import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "delivery"))

from soak_site import replace_example_values

from articles import write_articles
from build import STOPWATCH, machine, say
from programs import ENVIRONMENT
from results import keep

PROGRAM = Path(sys.executable).with_name("syndicate")
PLAIN_SENDER = Path(__file__).with_name("plain_sender.py")
SOURCE, KEPT = "smtp-source", "smtp-source, keeping connections"
OURS, PLAIN = "syndicate", "the plain way"
SIZE = 51_200
CONNECTIONS = 16
LONG, SHORT = 18, 1
"""Articles, as summaries, of an issue of 51 KB, and of a short one."""
FEW = 10_000
PERSONAL_LINK = "https://example.org/unsubscribe/{{ token }}"
OF_SOURCE, OF_PLAIN, MEGABYTES, FAN_OUT = 0.3, 8.0, 150, 5.0
"""What is asked: at least, at least, at most, at most (seconds)."""


@dataclass
class Rates:
    """Messages a second, of several runs of one program; `count` in each run."""

    count: int
    all: list[float] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """Their median."""
        return median(self.all)

    def __str__(self) -> str:
        return f"{self.middle:.0f} ({min(self.all):.0f} to {max(self.all):.0f})"


@dataclass(frozen=True)
class Big:
    """An issue to many people: seconds until each had a delivery, and the peak memory in MB."""

    people: int
    fan_out: float
    memory: float
    rate: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the sending of an issue.")
    parser.add_argument("--quick", action="store_true", help="one round: to try, not to quote")
    parser.add_argument("--people", type=int, default=10_000, help="in each round [10000]")
    parser.add_argument("--many", type=int, default=1_000_000, help="for memory [1000000]")
    options = parser.parse_args()
    for program in ("smtp-sink", "smtp-source"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed: apt-get install postfix")
    with tempfile.TemporaryDirectory() as name, sink() as port:
        folder = Path(name)
        rates, size = compare(folder, port, options.people, rounds=1 if options.quick else 5)
        big = [send_big(folder / str(n), port, n) for n in (FEW, options.many)]
    text = "\n".join(report(rates, size, big, quick=options.quick))
    print(text)
    keep("send", text)


# -- the server ------------------------------------------------------------------------------


@contextmanager
def sink() -> Iterator[int]:
    """smtp-sink, which takes everything and keeps nothing; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = ["smtp-sink", "-u", getpass.getuser(), f"127.0.0.1:{port}", "1000"]
    with subprocess.Popen(command) as server:
        try:
            wait_for(port)
            yield port
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    """Until a server listens."""
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                sys.exit(f"no server listens on port {port}")
            time.sleep(0.05)
        else:
            return


# -- rates -----------------------------------------------------------------------------------


def compare(folder: Path, port: int, people: int, *, rounds: int) -> tuple[dict[str, Rates], int]:
    """Each program in turn, round after round; and the size of a message of ours."""
    say("a site, its people, and an issue of 51 KB")
    fresh = make_site(folder / "fresh", port, people, LONG)
    size = write_templates(fresh)
    rates = {name: Rates(people) for name in (SOURCE, KEPT, OURS)}
    rates[PLAIN] = Rates(max(people // 10, 1))
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        commands = {
            SOURCE: smtp_source(port, people),
            KEPT: smtp_source(port, people, "-d"),
            OURS: [PROGRAM, "send"],
            PLAIN: [sys.executable, PLAIN_SENDER, fresh, port, rates[PLAIN].count],
        }
        site = make_site(folder / "site", port, people, LONG)  # a copy would send nothing
        for name, command in commands.items():
            seconds = timed(command, site)
            rates[name].all.append(rates[name].count / seconds)
        check(site, people)
        shutil.rmtree(site)
    return rates, size


def smtp_source(port: int, count: int, *more: str) -> Sequence[object]:
    """The command that sends so many messages, the same one every time."""
    options = ("-s", CONNECTIONS, "-l", SIZE, "-m", count, "-f", "letters@example.org")
    return ["smtp-source", *more, *options, "-t", "person@example.net", f"127.0.0.1:{port}"]


def make_site(folder: Path, port: int, people: int, articles: int) -> Path:
    """A site with an issue that waits to be sent to so many people."""
    folder.mkdir()
    run("init", ".", folder=folder)
    shutil.rmtree(folder / "content")
    write_articles(folder / "content", articles)
    config = folder / "config.yaml"
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    server = {"host": "127.0.0.1", "port": port, "security": "none", "connections": CONNECTIONS}
    replace_example_values(settings)
    settings["sending"] = {"transport": "smtp", "servers": {"main": server}}
    settings["subscribers"] = {"signup_pages": True}
    settings["newsletters"]["weekly"] |= {"design": "digest", "text": "summary", "deliver": True}
    settings["newsletters"]["weekly"] |= {"max_articles": articles, "backlog": articles}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    with (folder / "people.csv").open("w", encoding="utf-8") as file:
        file.write("email\n")
        file.writelines(f"person{n}@mail{n % 997}.example.net\n" for n in range(people))
    run("subscribers", "import", "people.csv", "--to", "weekly", "--consent", "yes", folder=folder)
    run("build", "--quiet", folder=folder)
    run("issues", "make", "weekly", "--yes", folder=folder)
    run("build", "--quiet", folder=folder)
    return folder


def write_templates(site: Path) -> int:
    """The same issue as templates for the plain way; the size of the message as we send it."""
    issue = next(path for path in (site / "issues" / "weekly").iterdir() if path.name != "next")
    for name in ("email.html", "email.txt"):
        text = (issue / name).read_text(encoding="utf-8")
        personal = re.sub(r"mailto:[^\s\"<>)]+", PERSONAL_LINK, text)
        (site / name).write_text(personal, encoding="utf-8")
    return (issue / "message.eml").stat().st_size


# -- many people -----------------------------------------------------------------------------


def send_big(folder: Path, port: int, people: int) -> Big:
    """Send a short issue to so many people."""
    say(f"{people:,} people")
    site = make_site(folder, port, people, SHORT)
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, STOPWATCH, PROGRAM, "send"],
        cwd=site,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as sender:
        while planned(site) < people and sender.poll() is None:
            time.sleep(0.05)
        fan_out = time.perf_counter() - begin
        said = sender.communicate()[1]
    if sender.returncode:
        sys.exit(said)
    check(site, people)
    seconds, kilobytes = said.split()[-2:]
    shutil.rmtree(site)
    return Big(people, fan_out, int(kilobytes) / 1024, people / float(seconds))


def planned(site: Path) -> int:
    """How many deliveries there are."""
    connection = sqlite3.connect(site / "syndicate.db", timeout=60)
    ((many,),) = connection.execute("SELECT count(*) FROM deliveries").fetchall()
    connection.close()
    return int(many)


# -- running ---------------------------------------------------------------------------------


def run(*arguments: str, folder: Path) -> str:
    """A command of ours; what it wrote."""
    done = subprocess.run(
        [PROGRAM, *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout.decode()


def timed(command: Sequence[object], folder: Path) -> float:
    """How many seconds a command takes."""
    begin = time.perf_counter()
    done = subprocess.run(
        [str(each) for each in command],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr.decode()}")
    return seconds


def check(site: Path, people: int) -> None:
    """Whether all of it went out, and the proof says so."""
    proof = json.loads(run("deliveries", "proof", "weekly", "--json", folder=site))
    if not proof["planned"] == proof["sent"] == people:
        sys.exit(f"{people} people: {proof}")


# -- the report ------------------------------------------------------------------------------


def report(
    rates: Mapping[str, Rates], size: int, big: Sequence[Big], *, quick: bool
) -> Iterator[str]:
    """The results as Markdown."""
    yield from machine(versions(), quick=quick)
    yield f"- messages of syndicate have {size / 1024:.0f} KB; {len(rates[OURS].all)} rounds"
    yield ""
    yield "| | messages a second: median (least to most) | messages in each round |"
    yield "|---|---|---|"
    for name, measured in rates.items():
        yield f"| {name} | {measured} | {measured.count:,} |"
    yield ""
    yield "| people | seconds until each has a delivery | messages a second | peak memory |"
    yield "|---|---|---|---|"
    for one in big:
        yield f"| {one.people:,} | {one.fan_out:.1f} | {one.rate:.0f} | {one.memory:.0f} MB |"
    yield ""
    yield "| Target | Asked | Measured | |"
    yield "|---|---|---|---|"
    ours = rates[OURS].middle
    for name in (SOURCE, KEPT):
        yield target(f"as a part of the rate of {name}", OF_SOURCE, ours / rates[name].middle)
    yield target("times as fast as the plain way", OF_PLAIN, ours / rates[PLAIN].middle)
    yield limit(f"memory with {big[-1].people:,} people, MB", MEGABYTES, big[-1].memory)
    yield limit(f"{big[-1].people:,} deliveries planned, seconds", FAN_OUT, big[-1].fan_out)


def target(name: str, least: float, measured: float) -> str:
    """A row: what is to be at least so much."""
    holds = "holds" if measured >= least else "**missed**"
    return f"| {name} | at least {least:g} | {measured:.2f} | {holds} |"


def limit(name: str, most: float, measured: float) -> str:
    """A row: what is to be at most so much."""
    holds = "holds" if measured <= most else "**missed**"
    return f"| {name} | at most {most:g} | {measured:.1f} | {holds} |"


def versions() -> dict[str, str]:
    """What it was measured with."""
    from importlib.metadata import version

    command = ["postconf", "-h", "mail_version"]
    postfix = subprocess.run(command, capture_output=True, text=True, check=True)
    names = ("syndicate", "aiosmtplib", "Jinja2")
    return {"Postfix": postfix.stdout.strip()} | {name: version(name) for name in names}


if __name__ == "__main__":
    main()
