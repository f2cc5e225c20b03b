"""No packet leaves the machine while a site is built, whatever its articles and templates name.

The build runs in a network of its own, whose only way out leads back to itself: the kernel counts
what is tried, by Python or by a library in C.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

SITE = """
site:
  title: Far away
  url: https://far.example.org/
newsletters:
  weekly:
    title: Weekly
    sender: Far <weekly@far.example.org>
"""
REMOTE = "http://192.0.2.1/"
REFERENCES = f"""
<link rel="stylesheet" href="{REMOTE}a.css"><style>@import url({REMOTE}b.css);</style>
<img src="{REMOTE}a.png" srcset="{REMOTE}b.png 2x" alt="a"><iframe src="{REMOTE}"></iframe>
<video src="{REMOTE}a.mp4" poster="{REMOTE}c.png"></video><script src="{REMOTE}a.js"></script>
<object data="{REMOTE}"></object><p style="background: url({REMOTE}d.png)">Text</p>
<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{REMOTE}"/>
"""
DOCTYPE = (
    f'<!DOCTYPE html SYSTEM "{REMOTE}a.dtd" [<!ENTITY x SYSTEM "{REMOTE}x"><!ENTITY % y SYSTEM '
    f'"{REMOTE}y">%y;]>'
)
ARTICLES = {
    "a.md": f"---\ntitle: A\nimage: {REMOTE}lead.png\n---\n![a]({REMOTE}e.png)\n\n{REFERENCES}",
    "b.html": f"{DOCTYPE}<html><head><title>B</title></head><body>&x;{REFERENCES}</body></html>",
}
CSS = f"""@import "{REMOTE}c.css"; @\\69mport url({REMOTE}d.css); @charset "utf-8";
@namespace url({REMOTE}); @font-face {{ font-family: far; src: url({REMOTE}far.woff) }}
p {{ background: url({REMOTE}f.png) }} @media print {{ p {{ background: url({REMOTE}g.png) }} }}
"""
COUNTERS = (("Tcp", "ActiveOpens"), ("Udp", "OutDatagrams"), ("Ip", "OutRequests"))


@pytest.fixture
def ip(require_program: Callable[[str, str], str]) -> str:
    return require_program("ip", "apt-get install iproute2")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    builtin = Path(__file__).parents[1] / "templates" / "newsletter"
    (tmp_path / "config.yaml").write_text(SITE)
    (tmp_path / "content").mkdir()
    for name, text in ARTICLES.items():
        (tmp_path / "content" / name).write_text(text)
    design = tmp_path / "templates" / "newsletter"
    design.mkdir(parents=True)
    (design / "email.css").write_text(CSS + (builtin / "email.css").read_text())
    frame = next(each for each in builtin.glob("*.html") if "<body" in each.read_text())
    html = frame.read_text().replace("<!DOCTYPE html>", DOCTYPE, 1)
    (design / frame.name).write_text(html.replace("</head>", f"{REFERENCES}</head>", 1))
    return tmp_path


def packets(folder: Path, isolated_network: list[str], ip: str, *command: str) -> dict[str, int]:
    """What a command sent, by kind, in a network where all ways lead back to it."""
    script = f'{ip} link set lo up && {ip} route add default dev lo && "$@"; cat /proc/net/snmp'
    done = subprocess.run(
        [*isolated_network, "sh", "-c", script, "sh", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    lines = [line.split() for line in done.stdout.splitlines() if line.count(":") == 1]
    tables: dict[str, dict[str, str]] = {}
    for names, values in pairwise(lines):
        if names[0] == values[0]:
            tables[names[0].rstrip(":")] = dict(zip(names, values, strict=True))
    return {f"{kind} {name}": int(tables[kind][name]) for kind, name in COUNTERS}


@pytest.mark.parametrize(
    "attempt",
    [
        "import urllib.request as r; r.urlopen('http://192.0.2.1/', timeout=0.1)",
        "import socket as s; s.socket(type=s.SOCK_DGRAM).sendto(b'a', ('192.0.2.1', 53))",
    ],
)
def test_what_is_tried_is_counted(
    tmp_path: Path, isolated_network: list[str], ip: str, attempt: str
) -> None:
    assert any(packets(tmp_path, isolated_network, ip, sys.executable, "-c", attempt).values())


def test_a_build_sends_nothing(site: Path, isolated_network: list[str], ip: str) -> None:
    program = str(Path(sys.executable).with_name("syndicate"))
    sent = packets(site, isolated_network, ip, program, "build")
    assert sent == dict.fromkeys(sent, 0)
    mail = (site / "issues" / "weekly" / "next" / "email.html").read_text()
    assert f"{REMOTE}far.woff" in mail, "the design with its references was rendered"
    assert f"{REMOTE}e.png" in mail
