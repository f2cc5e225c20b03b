"""How long an issue of a newsletter takes, against premailer as it comes, in turn, in one run.

    python benchmarks/newsletter.py [--quick]

Prints the results and puts them into docs/benchmarks.md. Exits with 0 whatever is measured: a
number that misses its target is printed as such.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TypeVar
from unittest.mock import patch

import premailer

from articles import write_articles
from results import keep, processor
from syndicate.config.model import Newsletter, SiteSettings, Text
from syndicate.content.article import Published
from syndicate.content.markdown import to_html
from syndicate.newsletters import render
from syndicate.newsletters.inline import inline
from syndicate.newsletters.issue import IssueLinks, Rendered
from syndicate.templating.environment import environment

T = TypeVar("T")

HOME = "https://example.org/"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINKS = IssueLinks(f"{HOME}newsletters/w/", "mailto:w@example.org", HOME)
ENV = environment(None, Path(__file__).parents[1] / "templates")


@dataclass
class Case:
    """An issue of so many articles, and what was measured of it, in milliseconds."""

    many: int
    text: Text
    at_most: int | None
    ours: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    size: int = 0
    cut: int = 0


def cases() -> list[Case]:
    """What is measured."""
    return [
        Case(10, "summary", 40),
        Case(200, "summary", 250),
        Case(4, "full", None),
        Case(10, "full", None),
        Case(200, "full", None),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure an issue against premailer as it comes.")
    parser.add_argument("--quick", action="store_true", help="fewer runs: to try, not to quote")
    quick = parser.parse_args().quick
    rounds = 2 if quick else 7
    articles = published(200)
    first = timed(lambda: issue(articles[:1], "summary"))[0]
    measured = cases()
    for number in range(rounds):
        for case in measured:
            measure(case, fresh(articles[: case.many], number))
    text = "\n".join(report(measured, first, rounds, quick=quick))
    print(text)
    keep("newsletter", text)


def published(count: int) -> list[Published]:
    """Articles of 6 KB, as published."""
    with tempfile.TemporaryDirectory() as folder:
        return [_published(path) for path in reversed(write_articles(Path(folder), count))]


def _published(path: Path) -> Published:
    _, header, body = path.read_text().split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in header.splitlines())
    html = to_html(body, []).replace('src="/', f'src="{HOME}')
    return Published(
        id=f"tag:example.org,2026:{path.stem}",
        url=f"{HOME}articles/{path.stem}/",
        title=fields["title"],
        published=datetime.fromisoformat(fields["date"]),
        updated=datetime.fromisoformat(fields["lastmod"]),
        summary=fields["description"],
        html=html,
        path=path.name,
        authors=(fields["author"],),
    )


def fresh(articles: list[Published], number: int) -> list[Published]:
    """The articles with texts that were not seen in any other round."""
    return [replace(each, html=f"{each.html}<p>Round {number}.</p>") for each in articles]


def measure(case: Case, articles: list[Published]) -> None:
    """Measure once, and add to the numbers."""
    html = before_inlining(articles, case.text)
    took, rendered = timed(lambda: issue(articles, case.text))
    case.ours.append(took)
    case.plain.append(timed(lambda: premailer.transform(html))[0])
    case.size, case.cut = render.size_as_sent(rendered.html), len(rendered.summarised)


def issue(articles: list[Published], text: Text) -> Rendered:
    """The issue as a build renders it."""
    newsletter = Newsletter(
        name="w", title="Weekly", sender="W <w@example.org>", text=text, postal_address="Here"
    )
    site = SiteSettings(title="Site", url=HOME)
    return render.render_issue(ENV, render.IssueContent(newsletter, site, articles, NOW), LINKS)


def before_inlining(articles: list[Published], text: Text) -> str:
    """The HTML of the issue as its template gave it the last time.

    Each text is marked, so that nothing made of it is there already when it is measured.
    """
    marked = [replace(each, html=f"{each.html}<p>Not measured.</p>") for each in articles]
    with patch("syndicate.newsletters.render.inline", wraps=inline) as inlined:
        issue(marked, text)
    html: str = inlined.call_args.args[0]
    return html


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Milliseconds of processor time, which others do not add to, and what came of it."""
    start = time.process_time()
    done = work()
    return (time.process_time() - start) * 1000, done


def report(measured: list[Case], first: float, rounds: int, *, quick: bool) -> Iterator[str]:
    """The results as Markdown."""
    yield f"- {datetime.now(UTC):%Y-%m-%d}; premailer {version('premailer')}; {rounds} rounds"
    python = f"Python {platform.python_version()}"
    yield f"- {processor()}, {os.cpu_count()} cores; {platform.system()}; {python}"
    if quick:
        yield "- a quick run, to try the benchmark: few rounds, not to be quoted"
    yield f"- the first issue of a process, which reads the style sheet: {first:.0f} ms"
    yield ""
    yield (
        "| articles of 6 KB | as sent | syndicate, ms of processor time: median (least to most) "
        "| premailer alone, ms | times ours | asked | |"
    )
    yield "|---|---|---|---|---|---|---|"
    for case in measured:
        ours, plain = median(case.ours), median(case.plain)
        cut = f", {case.cut} of them gave way to summaries" if case.cut else ""
        asked, holds = ("", "")
        if case.at_most:
            asked = f"at most {case.at_most} ms"
            holds = "holds" if ours <= case.at_most else "**missed**"
        yield (
            f"| {case.many}, text: {case.text}{cut} | {case.size // 1000} KB "
            f"| {ours:.0f} ({min(case.ours):.0f} to {max(case.ours):.0f}) "
            f"| {plain:.0f} | {plain / ours:.1f} | {asked} | {holds} |"
        )


if __name__ == "__main__":
    main()
