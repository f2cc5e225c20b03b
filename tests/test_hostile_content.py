"""Files that would exhaust memory or time: each affects no other, within stated limits.

The files are made here, and the program runs as a process of its own, whose memory is measured.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from site_folder import SiteFolder

pytestmark = pytest.mark.slow

MAX_MEGABYTES = 300
SIZE = 100_000
LETTER = {"title": "Lake Weekly", "sender": "lake@example.org", "postal_address": "Here"}
IN_ONE_ISSUE = 8


def many(piece: str, size: int = SIZE) -> str:
    return piece * (size // len(piece.encode()))


def numbered(piece: str, size: int = SIZE) -> str:
    return "".join(piece.format(n=n) for n in range(size // (len(piece) + 4)))


MARKDOWN: Mapping[str, str] = {
    "addresses on one line": many("ann@example.com ", 25_000 * 16),
    "addresses of chat": many("xmpp:a@b.c "),
    "ampersands": many("&", 1_000_000),
    "half references": many("&#"),
    "quotes": many("> "),
    "lists on one line": many("- "),
    "lists line by line": "\n".join("  " * depth + "- a" for depth in range(700)),
    "elements in Markdown": many("<div>\n\n"),
    "brackets": many("["),
    "links unfinished": many("[a]("),
    "links": many("[a](b) "),
    "definitions": numbered("[r{n}]: /u{n}\n"),
    "one footnote, often": "[^1]: x\n\n" + many("[^1]"),
    "footnotes": numbered("a[^{n}]\n\n[^{n}]: b\n\n"),
    "pictures": numbered("![](p{n}.png)\n"),
    "missing articles": numbered("[x](a{n}.md)\n"),
    "code marks": many("`a``b```c"),
    "stars": many("*a **b "),
    "one word": many("x"),
    "right to left": many("\u202e\u05d0"),
    "accents": many("e\u0301\u0302\u0303"),
    "headings": many("# a\n\n"),
    "a wide table": "|" + "a|" * 300 + "\n|" + "-|" * 300 + "\n" + many("x\n"),
    "shortcodes": many("{{< a >}}"),
    "shortcodes unfinished": many("{{< "),
    "braces": many("{"),
    "descriptions": many("a\n: b\n\n", 30_000),
    "tags unfinished": many("<a "),
    "comments": many("<!-- "),
    "listings": many("```python\nx = 1\n```\n\n"),
    "lines": "x\n" * 290_000,
    "prose": many("A sentence of some words here. ", 9_900_000),
}
HTML: Mapping[str, str] = {
    "elements": many("<div>"),
    "styles": many("<p><b><i>"),
    "list elements": many("<ul><li>"),
    "tables": many("<table><tr><td>"),
    "ampersands in HTML": many("&", 100_000),
    "attributes": "<p " + numbered("a{n}=1 ") + ">",
    "sources": '<img src="a" srcset="' + many("a 1x, ") + '">',
    "one picture": '<img src="data:image/png;base64,' + many("A", 9_000_000) + '">',
    "frames": many('<iframe src="https://a.example/">'),
}


# A process started by fork and exec inherits its parent's peak of memory, here that of all tests
# before this one; its own children begin at zero. So a small process in between does the measuring.
MEASURE = """
import resource, subprocess, sys
resource.setrlimit(resource.RLIMIT_AS, (2_000_000 * 1024,) * 2)
process = subprocess.run(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(process.returncode)
"""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    megabytes: int


def run(site: SiteFolder, *arguments: str) -> Ran:
    """Run the program; a limit keeps a mistake from taking the whole machine."""
    program = str(Path(sys.executable).with_name("syndicate"))
    peak = site.root / "peak.txt"
    done = subprocess.run(
        (sys.executable, "-I", "-S", "-c", MEASURE, str(peak), program, *arguments),
        cwd=site.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    used = int(peak.read_text(encoding="ascii"))
    kilobytes = used if sys.platform == "linux" else used // 1024
    return Ran(done.returncode, done.stdout, kilobytes // 1024)


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    """A site with every hostile file, in issues of a few, and a good article in each issue."""
    folder = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    texts = [(name, suffix, body) for suffix, all_ in KINDS for name, body in all_.items()]
    for number, (name, suffix, body) in enumerate(texts):
        part = f"part-{number // IN_ONE_ISSUE}"
        folder.article(f"hostile {name}.{suffix}", name, body, date="2026-11-01", tags=[part])
    parts = [f"part-{number}" for number in range(-(-len(texts) // IN_ONE_ISSUE))]
    good = "Words of a good article."
    folder.article("good.md", "Good", good, date="2026-11-20", tags=parts)
    issues = {
        part: LETTER | {"include": [part], "max_articles": 20, "backlog": 20} for part in parts
    }
    folder.configure(newsletters=issues, feeds={"entries": 200, "tags": False})
    return folder


KINDS = (("md", MARKDOWN), ("html", HTML))


@pytest.mark.soak
def test_files_that_are_too_large_affect_no_other(site: SiteFolder) -> None:
    first = run(site, "build")
    assert first.code == 0, first.out
    assert first.megabytes < MAX_MEGABYTES
    assert "Words of a good article." in site.text("feed.xml")
    assert len(site.ids("feed.json")) == 1 + len(MARKDOWN) + len(HTML)
    newsletters = sorted(path.name for path in (site.root / "issues").iterdir())
    assert len(newsletters) == -(-(len(MARKDOWN) + len(HTML)) // IN_ONE_ISSUE)
    for name in newsletters:
        assert (site.root / "issues" / name / "next" / "message.eml").exists(), first.out
    for name in ("addresses on one line.md", "ampersands.md", "prose.md"):
        assert f"{name}:" in first.out
    assert first.out.count("the text exceeds a limit") > len(newsletters)
    again = run(site, "build")
    assert again.code == 0
    assert again.out.count("the text exceeds a limit") == first.out.count(
        "the text exceeds a limit"
    )
    made = run(site, "issues", "make", newsletters[0])
    assert made.code == 0, made.out
    assert max(again.megabytes, made.megabytes) < MAX_MEGABYTES


def test_a_file_of_too_many_lines_is_not_read(site: SiteFolder) -> None:
    for file in (site.root / "content").iterdir():
        if file.name != "good.md":
            file.unlink()
    site.article("blank.md", "Blank", "\n" * 9_900_000, date="2026-11-01")
    built = run(site, "build")
    assert built.code == 1, "a file that is not read is an error"
    assert built.megabytes < MAX_MEGABYTES
    assert "blank.md" in built.out
    assert len(site.ids("feed.json")) == 1
