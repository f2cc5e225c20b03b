"""How long builds take and how much memory: syndicate, Hugo and Pelican, in turn, in one run.

    python benchmarks/build.py [--quick] [--articles 10000]

Installs the peers and this checkout's wheel below benchmarks/work/, writes the articles, runs
everything, prints the results and puts them into docs/benchmarks.md. Exits with 0 whatever is
measured: a number that misses its target is printed as such.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from xml.etree import ElementTree

import programs
from articles import change, write_articles
from programs import ENVIRONMENT, NEWEST, REPOSITORY, WORK, Program

STOPWATCH = Path(__file__).with_name("stopwatch.py")
RESULTS = REPOSITORY / "docs" / "benchmarks.md"
BEGIN, END = "<!-- build: begin -->", "<!-- build: end -->"
COLD, SAME, CHANGED = "cold", "again, nothing changed", "again, one article changed"
MEASURES = (COLD, SAME, CHANGED)


@dataclass(frozen=True)
class Plan:
    """How often each thing is measured."""

    rounds: int
    pelican: int
    whole: int


FULL, QUICK = Plan(rounds=7, pelican=2, whole=3), Plan(rounds=2, pelican=1, whole=1)


@dataclass
class Numbers:
    """What was measured of one program under one measure."""

    seconds: list[float] = field(default_factory=list)
    kib: list[int] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """The median of the seconds."""
        return median(self.seconds)


Results = dict[tuple[str, str], Numbers]


@dataclass
class Bench:
    """A program, its articles, and how often one of them was changed."""

    program: Program
    articles: list[Path]
    changes: int = 0

    def prepare(self, measure: str) -> None:
        """Bring the site to where a measure begins."""
        if measure == COLD:
            self.program.forget()
        if measure == CHANGED:
            self.changes += 1
            change(self.articles[-1], f"Change number {self.changes}.", self.changes)

    def verify(self) -> None:
        """Stop unless both feeds carry the newest articles, whole, with the last change."""
        for path, kind in ((self.program.rss, "item"), (self.program.atom, "entry")):
            document = ElementTree.parse(self.program.site / path).getroot()
            entries = [e for e in document.iter() if e.tag.rpartition("}")[2] == kind]
            text = "".join("".join(entry.itertext()) for entry in entries)
            newest = f"Change number {self.changes}." if self.changes else ""
            if len(entries) != NEWEST or len(text) < NEWEST * 5_000 or newest not in text:
                sys.exit(f"{self.program.name}: {path} is not the feed that was asked for")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure builds against Hugo and Pelican.")
    parser.add_argument("--quick", action="store_true", help="fewer runs: to try, not to quote")
    parser.add_argument("--articles", type=int, default=10_000, help="how many [10000]")
    options = parser.parse_args()
    plan, count = (QUICK if options.quick else FULL), options.articles
    say("installing")
    versions = programs.install()
    say(f"writing articles: {count:,} for each program, {2 * count:,} once")
    feeds = race(
        [
            (bench(programs.syndicate, "syndicate", count), plan.rounds),
            (bench(programs.hugo, "hugo", count), plan.rounds),
            (bench(programs.pelican, "pelican", count), plan.pelican),
        ]
    )
    growth = grow(bench(programs.syndicate, "syndicate", count), 2 * count, plan.rounds)
    whole = race(
        [
            (bench(programs.whole_syndicate, "whole-syndicate", count), plan.whole),
            (bench(programs.whole_hugo, "whole-hugo", count), plan.whole),
        ]
    )
    text = report(feeds, growth, whole, count, versions, quick=options.quick)
    print(text)
    keep(text)


def say(what: str) -> None:
    """Progress, for the person who waits."""
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", file=sys.stderr, flush=True)


def bench(make: Callable[[Path], Program], name: str, count: int) -> Bench:
    """A fresh site with fresh articles."""
    folder = WORK / f"{name}-{count}"
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    return Bench(make(folder), write_articles(folder / "content", count))


def race(benches: Sequence[tuple[Bench, int]]) -> Results:
    """Measure all, in turn: A B C, A B C, ...; each as many rounds as it is given."""
    results: Results = {}
    for number in range(max(rounds for _, rounds in benches)):
        for measure in MEASURES:
            for one, rounds in benches:
                if number < rounds:
                    measured = results.setdefault((one.program.name, measure), Numbers())
                    run(one, measure, measured)
    return results


def grow(small: Bench, count: int, rounds: int) -> Results:
    """What one changed article costs in a folder of one size and of another, in turn."""
    large = bench(programs.syndicate, "syndicate", count)
    results = {(name, m): Numbers() for name in ("small", "large") for m in (COLD, CHANGED)}
    for name, one in (("small", small), ("large", large)):
        run(one, COLD, results[name, COLD])
    for _ in range(rounds):
        for name, one in (("small", small), ("large", large)):
            run(one, CHANGED, results[name, CHANGED])
    return results


def run(one: Bench, measure: str, numbers: Numbers) -> None:
    """Measure once, and add to the numbers."""
    one.prepare(measure)
    os.sync()
    watched = [sys.executable, "-I", "-S", str(STOPWATCH), *one.program.command]
    done = subprocess.run(
        watched,
        cwd=one.program.site,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{one.program.name}: {done.stdout}{done.stderr}")
    seconds, kib = done.stderr.strip().splitlines()[-1].split()
    numbers.seconds.append(float(seconds))
    numbers.kib.append(int(kib))
    one.verify()
    say(f"{one.program.name}, {measure}: {float(seconds):.2f} s, {int(kib) / 1024:.0f} MB")


# -- what it comes to --------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """Something promised: a ratio of two numbers, and how large (or small) it must be."""

    what: str
    ratio: float
    at_least: float | None = None
    below: float | None = None

    def line(self) -> str:
        """The target as a row of a table."""
        holds = (
            self.ratio >= self.at_least
            if self.at_least is not None
            else self.ratio <= (self.below or 0)
        )
        asked = f"at least {self.at_least:g}" if self.at_least else f"at most {self.below:g}"
        return (
            f"| {self.what} | {asked} | {self.ratio:.2f} | {'holds' if holds else '**missed**'} |"
        )


def targets(feeds: Results, growth: Results) -> Iterator[Target]:
    """All that is promised, as measured."""

    def faster(peer: str, measure: str) -> float:
        return feeds[peer, measure].middle / feeds["syndicate", measure].middle

    yield Target("cold: times faster than Hugo", faster("Hugo", COLD), at_least=3)
    yield Target("cold: times faster than Pelican", faster("Pelican", COLD), at_least=100)
    for measure in (SAME, CHANGED):
        yield Target(f"{measure}: times faster than Hugo", faster("Hugo", measure), at_least=5)
    memory = peak(feeds, "syndicate") / peak(feeds, "Hugo")
    yield Target("peak memory, as a part of Hugo's", memory, below=0.25)
    ratio = growth["large", CHANGED].middle / growth["small", CHANGED].middle
    yield Target("one article changed: twice the articles cost this many times", ratio, below=1.5)


def peak(results: Results, name: str) -> float:
    """The most memory any process of a program took in any run, in MB."""
    return max(max(n.kib) for (who, _), n in results.items() if who == name) / 1024


def report(
    feeds: Results,
    growth: Results,
    whole: Results,
    count: int,
    versions: dict[str, str],
    *,
    quick: bool,
) -> str:
    """The results as Markdown."""
    large = growth["large", COLD]
    return "\n".join(
        [
            *machine(versions, quick=quick),
            "",
            f"### {count:,} articles: RSS and Atom of the newest {NEWEST}, full text",
            "",
            *table(feeds, ("syndicate", "Hugo", "Pelican")),
            "",
            "| Target | Asked | Measured | |",
            "|---|---|---|---|",
            *(target.line() for target in targets(feeds, growth)),
            "",
            f"### {2 * count:,} articles, syndicate",
            "",
            f"One article changed: {shown(growth['large', CHANGED])} s among {2 * count:,}, "
            f"{shown(growth['small', CHANGED])} s among {count:,}. "
            f"Cold: {large.middle:.2f} s, {max(large.kib) / 1024:.0f} MB.",
            "",
            f"### {count:,} articles: everything on",
            "",
            "syndicate: a page for each article, page and feeds for each tag, the archive of all "
            "articles, the next issue of a newsletter. Hugo: a page for each article; page and "
            "feeds for the site, each tag and each category; it has no archive and no newsletter.",
            "",
            *table(whole, ("syndicate", "Hugo")),
        ]
    )


def machine(versions: dict[str, str], *, quick: bool) -> Iterator[str]:
    """What was measured with what, and when."""
    names = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield f"- {datetime.now(UTC):%Y-%m-%d}; {names}"
    python = f"Python {platform.python_version()}"
    yield f"- {_processor()}, {os.cpu_count()} cores; {platform.system()}; {python}"
    if quick:
        yield "- a quick run, to try the benchmark: few rounds, not to be quoted"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = (line.partition(":")[2] for line in lines if line.startswith("model name"))
    return " ".join(next(models, platform.machine()).split())


def table(results: Results, names: Sequence[str]) -> Iterator[str]:
    """Seconds of each program and measure, how many times ours, and peak memory."""
    yield f"| seconds: median (least to most) | {' | '.join(names)} |"
    yield f"|---{'|---' * len(names)}|"
    for measure in MEASURES:
        cells = [shown(results[name, measure], results[names[0], measure]) for name in names]
        yield f"| {measure} | {' | '.join(cells)} |"
    memory = [f"{peak(results, name):.0f} MB" for name in names]
    yield f"| peak memory of the largest process | {' | '.join(memory)} |"
    runs = [str(len(results[name, COLD].seconds)) for name in names]
    yield f"| runs | {' | '.join(runs)} |"


def shown(numbers: Numbers, ours: Numbers | None = None) -> str:
    """`0.31 (0.30 to 0.33)`, and how many times ours it is."""
    times = numbers.middle / ours.middle if ours and ours is not numbers else 0
    more = f", {times:.1f} times ours" if times else ""
    return f"{numbers.middle:.2f} ({min(numbers.seconds):.2f} to {max(numbers.seconds):.2f}){more}"


def keep(text: str, begin: str = BEGIN, end: str = END) -> None:
    """Put the results where the last ones stand, between two marks."""
    page = RESULTS.read_text(encoding="utf-8")
    before, _, rest = page.partition(begin)
    after = rest.partition(end)[2]
    RESULTS.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
