"""How long a file of a million people takes, against sqlite3 reading it into a bare table, in turn.

    python benchmarks/import.py [--quick] [--people 1000000]

Prints the results and puts them into docs/benchmarks.md. Exits with 0 whatever is measured: a
number that misses its target is printed as such.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from build import STOPWATCH, machine
from programs import ENVIRONMENT
from results import keep

PROGRAM = Path(sys.executable).with_name("syndicate")
AT_MOST = 60
"""Seconds for a million people."""


class Run(NamedTuple):
    """What one run took: seconds, and the peak memory of the process in MB."""

    seconds: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure an import of subscribers.")
    parser.add_argument("--quick", action="store_true", help="one round: to try, not to quote")
    parser.add_argument("--people", type=int, default=1_000_000, help="how many [1000000]")
    options = parser.parse_args()
    rounds = 1 if options.quick else 3
    ours, again, theirs = [], [], []
    with tempfile.TemporaryDirectory() as name:
        file = write_people(Path(name) / "people.csv", options.people)
        for number in range(rounds):
            folder = Path(name) / str(number)
            theirs.append(bare(file, folder))
            command = syndicate(file, folder)
            ours.append(run(command, folder))
            again.append(run(command, folder))
            check(folder / "site" / "syndicate.db", options.people)
            shutil.rmtree(folder)
    text = "\n".join(report(options.people, ours, again, theirs, quick=options.quick))
    print(text)
    keep("import", text)


def write_people(path: Path, count: int) -> Path:
    """A file as listmonk writes it."""
    with path.open("w", encoding="utf-8") as file:
        file.write("uuid,email,name,attributes,status,created_at,updated_at\n")
        for n in range(count):
            day = f"2024-01-{1 + n % 28:02d}T10:00:00Z"
            file.write(
                f"7a4c1f9e-0000-4000-8000-{n:012d},person{n}.name@mail{n % 997}.example.org,"
                f'Person {n},"{{""city"": ""Bern""}}",enabled,{day},{day}\n'
            )
    return path


def bare(file: Path, folder: Path) -> Run:
    """sqlite3 reads the file into a table without any index."""
    folder.mkdir()
    program = shutil.which("sqlite3") or sys.exit("sqlite3 is needed: apt-get install sqlite3")
    return run([program, str(folder / "bare.db"), ".mode csv", f".import {file} people"], folder)


def syndicate(file: Path, folder: Path) -> Sequence[str]:
    """Make a site; give the command that imports the file into its newsletter."""
    subprocess.run([PROGRAM, "init", folder / "site"], check=True, stdout=subprocess.DEVNULL)
    config = folder / "site" / "config.yaml"
    options = ("--to", "weekly", "--consent", "subscribed at our old list", "--config", str(config))
    return [str(PROGRAM), "subscribers", "import", str(file), *options]


def run(command: Sequence[str], folder: Path) -> Run:
    """Run a command."""
    done = subprocess.run(
        [sys.executable, STOPWATCH, *command],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, kilobytes = done.stderr.split()[-2:]
    return Run(float(seconds), int(kilobytes) / 1024)


def check(path: Path, people: int) -> None:
    """Whether everybody is there, and once."""
    query = "SELECT count(*) FROM subscriptions WHERE state = 'active'"
    found = sqlite3.connect(path).execute(query).fetchone()
    if found != (people,):
        sys.exit(f"{found} people instead of {people}")


def report(
    people: int, ours: list[Run], again: list[Run], theirs: list[Run], *, quick: bool
) -> Iterator[str]:
    """The results as Markdown."""
    yield from machine({"SQLite": sqlite3.sqlite_version}, quick=quick)
    yield f"- {people:,} people; {len(ours)} rounds"
    yield ""
    yield "| | seconds: median (least to most) | times sqlite3 | peak memory |"
    yield "|---|---|---|---|"
    least = median(one.seconds for one in theirs)
    named = {"sqlite3, into a bare table": theirs, "syndicate": ours, "syndicate, again": again}
    for name, runs in named.items():
        all_seconds = [one.seconds for one in runs]
        middle = median(all_seconds)
        yield (
            f"| {name} | {middle:.1f} ({min(all_seconds):.1f} to {max(all_seconds):.1f}) "
            f"| {middle / least:.1f} | {max(one.memory for one in runs):.0f} MB |"
        )
    yield ""
    took = median(one.seconds for one in ours) * 1_000_000 / people
    yield "| Target | Asked | Measured | |"
    yield "|---|---|---|---|"
    holds = "holds" if took <= AT_MOST else "**missed**"
    yield f"| a million people | at most {AT_MOST} s | {took:.0f} s | {holds} |"


if __name__ == "__main__":
    main()
