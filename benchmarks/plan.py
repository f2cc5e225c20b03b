"""How fast the deliveries of an issue are planned, and how long subscribers wait meanwhile.

    python benchmarks/plan.py [--quick] [--people 1000000 10000000]

The service plans and sends an issue on SQLite, then on PostgreSQL, while people subscribe on its
page and another process adds subscribers. Then the deliveries are counted, and a person is erased.
Needs smtp-sink (Debian's package postfix) and 10 GB of disk for ten million people. Prints the
results and puts them into docs/benchmarks.md. Exits with 0 whatever is measured: a number that
misses its target is printed as such.
"""

from __future__ import annotations

import argparse
import http.client
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "delivery"))

from soak_site import replace_example_values

from articles import write_articles
from build import machine, say
from programs import ENVIRONMENT
from results import keep
from send import CONNECTIONS, PROGRAM, run, sink, wait_for
from soak import database as new_database
from syndicate.store.connect import open_database
from syndicate.store.database import Database
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.subscribers import LAST, Subscribers
from syndicate.subscribers.addresses import address
from syndicate.subscribers.personal_data import erase

POST_EVERY, ADD_EVERY, LOOK_EVERY = 0.5, 0.1, 0.02
"""Seconds between two subscriptions on the page, two additions, and two looks at the progress."""
AT_ONCE = 250_000
"""People of one transaction."""
PLANNED, STEP, WAIT, COUNTS = 120.0, 2.0, 1.0, 0.1
"""What is asked, at most so many seconds; the first for ten million people."""
NOON = "2026-01-01T12:00:00Z"
LAST_PERSON = "last@example.net"


@dataclass
class Measured:
    """Seconds that things took on one database with so many people.

    `step` is the longest from the end of one step to the end of the next.
    """

    database: str
    people: int
    planned: float = 0.0
    step: float = 0.0
    posts: list[float] = field(default_factory=list)
    adds: list[float] = field(default_factory=list)
    counts: list[float] = field(default_factory=list)
    erased: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the planning of deliveries.")
    parser.add_argument("--quick", action="store_true", help="100,000 people: to try, not to quote")
    sizes = [1_000_000, 10_000_000]
    parser.add_argument("--people", type=int, nargs="+", default=sizes, help="how many, each time")
    options = parser.parse_args()
    results, versions = [], {"SQLite": sqlite3.sqlite_version}
    for people in [100_000] if options.quick else options.people:
        for kind in ("SQLite", "PostgreSQL"):
            say(f"{people:,} people, {kind}")
            results.append(Measured(kind, people))
            with (
                tempfile.TemporaryDirectory() as name,
                new_database(Path(name), postgresql=kind == "PostgreSQL") as url,
            ):
                measure(Path(name), url, results[-1])
                if kind == "PostgreSQL":
                    with closing(open_database(url, Path(name))) as database:
                        ((versions[kind],),) = database.rows("SHOW server_version")
    text = "\n".join(report(results, versions, quick=options.quick))
    print(text)
    keep("plan", text)


def measure(folder: Path, url: str, measured: Measured) -> None:
    """Measure everything on one database."""
    with sink() as port:
        site = make_site(folder / "site", url, port)
        with closing(open_database(url, site)) as database:
            fill(database, measured.people)
            run("issues", "make", "weekly", "--yes", folder=site)
            run("build", "--quiet", folder=site)
            with service(site) as web:
                plan(database, url, web, measured)
            for _ in range(20):
                measured.counts.append(timed(lambda: Deliveries(database).counts(1)))
            measured.erased = timed(lambda: erase(database, LAST_PERSON, datetime.now(UTC)))


def make_site(folder: Path, url: str, port: int) -> Path:
    """A site with a short article, whose newsletter has no subscribers yet."""
    folder.mkdir()
    run("init", ".", folder=folder)
    subprocess.run(["rm", "-r", str(folder / "content")], check=True)
    write_articles(folder / "content", 1)
    config = folder / "config.yaml"
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    replace_example_values(settings)
    settings["store"] = {"url": url}
    server = {"host": "127.0.0.1", "port": port, "security": "none", "connections": CONNECTIONS}
    settings["sending"] = {"transport": "smtp", "servers": {"main": server}}
    settings["subscribers"] = {"signup_pages": True}
    settings["newsletters"]["weekly"] |= {"deliver": True, "backlog": 1}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    run("build", "--quiet", folder=folder)
    return folder


def fill(database: Database, people: int) -> None:
    """Add subscribers by SQL, in the order of their hashes as an import does.

    One of a hundred is suppressed; the last one can be found by the address.
    """
    for first in range(1, people, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, people))
        with database.transaction():
            database.load(
                "subscribers",
                ("id", "address", "hash", "name", "created_at"),
                [
                    (n, f"person{n}@mail{n % 997}.example.net", f"{n:032x}", "", NOON)
                    for n in numbers
                ],
            )
            database.load(
                "subscriptions",
                ("newsletter", "subscriber", "state", "since"),
                [("weekly", n, "active", NOON) for n in numbers],
            )
            database.load(
                "suppressions",
                ("hash", "reason", "detail", "since"),
                [(f"{n:032x}", "bounce", "", NOON) for n in numbers if n % 100 == 0],
            )
    with database.transaction():
        database.upsert("meta", ("key", "value"), [(LAST, str(people - 1))])
        subscribe(database, LAST_PERSON)


def subscribe(database: Database, text: str) -> None:
    """Subscribe an address, inside a transaction."""
    subscribers = Subscribers(database)
    hashed = address(text).hashed(subscribers.salt())
    subscribers.subscribe(text, hashed, "", "weekly", "benchmark", NOON)


# -- planning --------------------------------------------------------------------------------


@contextmanager
def service(site: Path) -> Iterator[int]:
    """The service, with the time it starts sending; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [str(PROGRAM), "run", "--port", str(port)]
    with subprocess.Popen(command, cwd=site, env=ENVIRONMENT, stderr=subprocess.DEVNULL) as running:
        try:
            wait_for(port)
            yield port
        finally:
            running.terminate()


def plan(database: Database, url: str, web: int, measured: Measured) -> None:
    """Watch the service plan, while others subscribe."""
    while not sending(database):
        time.sleep(LOOK_EVERY)
    begin = changed = time.perf_counter()
    with (
        repeated(POST_EVERY, partial(post, web), measured.posts),
        repeated(ADD_EVERY, Adder(url), measured.adds),
    ):
        planned_to = 0
        while not (current := sending(database)) or not current.is_planned:
            time.sleep(LOOK_EVERY)
            if current and current.planned_to != planned_to:
                now = time.perf_counter()
                measured.step = max(measured.step, now - changed)
                planned_to, changed = current.planned_to, now
        measured.planned = time.perf_counter() - begin


def sending(database: Database) -> IssueSend | None:
    """The sending of the issue."""
    return IssueSends(database).get(1)


@contextmanager
def repeated(every: float, act: Callable[[int], None], seconds: list[float]) -> Iterator[None]:
    """Do something again and again in a thread, with a number; add how long it took each time."""
    done = threading.Event()

    def repeat() -> None:
        while not done.wait(every):
            seconds.append(timed(partial(act, len(seconds))))

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def post(port: int, number: int) -> None:
    """Subscribe on the page; after 300 in an hour the service answers 429, after the same wait."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    form = urlencode({"newsletter": "weekly", "address": f"visitor{number}@example.net"})
    headers = {"content-type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/subscribe/", form, headers)
    status = connection.getresponse().status
    connection.close()
    if status not in (303, 429):
        sys.exit(f"the service answered {status} to a subscription")


class Adder:
    """Subscribes addresses as `syndicate subscribers add` does, on a database that stays open."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._database: Database | None = None

    def __call__(self, number: int) -> None:
        """Subscribe one; always in the same thread."""
        self._database = self._database or open_database(self._url, Path.cwd())
        with self._database.transaction():
            subscribe(self._database, f"friend{number}@example.net")


def timed(act: Callable[[], object]) -> float:
    """How many seconds it takes."""
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


# -- the report ------------------------------------------------------------------------------


def report(results: Sequence[Measured], versions: dict[str, str], *, quick: bool) -> Iterator[str]:
    """The results as Markdown."""
    yield from machine(versions, quick=quick)
    yield ""
    yield (
        "| | all planned, s | longest step, s | wait on the page, s | wait of another process, s "
        "| counts, ms | erasing, s |"
    )
    yield "|---|---|---|---|---|---|---|"
    for each in results:
        yield (
            f"| {each.database}, {each.people:,} people | {each.planned:.0f} | {each.step:.2f} "
            f"| {spread(each.posts)} | {spread(each.adds)} "
            f"| {median(each.counts) * 1000:.0f} ({max(each.counts) * 1000:.0f}) "
            f"| {each.erased:.2f} |"
        )
    yield ""
    yield "| Target | Asked | Measured | |"
    yield "|---|---|---|---|"
    for each in results:
        name = f"{each.database}, {each.people:,} people"
        yield limit(f"{name}: planned", PLANNED * each.people / 10_000_000, each.planned)
        yield limit(f"{name}: longest step", STEP, each.step)
        yield limit(f"{name}: longest wait to subscribe", WAIT, max(*each.posts, *each.adds))
        yield limit(f"{name}: counts", COUNTS, max(each.counts))


def spread(seconds: Sequence[float]) -> str:
    """The median, the longest but for one of a hundred, and the longest."""
    hundredths = quantiles(seconds, n=100, method="inclusive")
    return f"{median(seconds):.2f}, {hundredths[98]:.2f}, {max(seconds):.2f} of {len(seconds)}"


def limit(name: str, most: float, measured: float) -> str:
    """A row: what is to take at most so many seconds."""
    holds = "holds" if measured <= most else "**missed**"
    return f"| {name} | at most {most:g} s | {measured:.2f} s | {holds} |"


if __name__ == "__main__":
    main()
