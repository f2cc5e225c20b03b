"""What one request costs: syndicate's server and nginx, in turn, in one run, on the same feed.

    python benchmarks/serve.py [--quick]

Needs nginx and wrk (Debian packages). Each server has one process that answers; both are asked by
the same program over loopback, the same questions. Measured is the time the answering process
spends on the processor, for each request. Prints the results and puts them into
docs/benchmarks.md. Exits with 0 whatever is measured.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx

from articles import write_articles
from build import machine, say
from programs import WORK
from results import keep

ARTICLES = 200
CONNECTIONS = 64
NOT_MODIFIED, PACKED = "304, nothing new", "200, the whole feed as gzip"
MEASURES = (NOT_MODIFIED, PACKED)
OURS, NGINX = "syndicate", "nginx, packed beforehand"
PACKING, ASGI, EMPTY = "nginx, packing each time", "syndicate, as plain ASGI", "empty ASGI"
PROGRAMS = {
    OURS: "serve(sys.argv[1], int(sys.argv[2]), Front)",
    ASGI: "serve(sys.argv[1], int(sys.argv[2]), 'httptools')",
    EMPTY: "empty(sys.argv[1], int(sys.argv[2]))",
}
TARGET = 0.4


@dataclass
class Server:
    """A server that runs: its name, address, the process that answers, what was measured."""

    name: str
    port: int
    pid: int
    microseconds: dict[str, list[float]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/feed.xml"

    def cost(self, measure: str) -> float:
        """Microseconds of processor for each request: the median of all rounds."""
        return median(self.microseconds[measure])


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure requests against nginx.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: to try, not to quote")
    options = parser.parse_args()
    for program in ("nginx", "wrk"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed: apt-get install nginx wrk")
    say("building a site")
    folder = site()
    with ExitStack() as running:
        servers = [
            running.enter_context(nginx(NGINX, folder, "gzip_static on;")),
            running.enter_context(nginx(PACKING, folder, "gzip on; gzip_types *;")),
            *(running.enter_context(python(name, code, folder)) for name, code in PROGRAMS.items()),
        ]
        pin(servers)
        for number in range(3 if options.quick else 9):
            say(f"round {number + 1}")
            for measure in MEASURES:
                for server in servers:
                    run(server, measure)
    text = report(servers, folder, quick=options.quick)
    print(text)
    keep("serve", text)


def site() -> Path:
    """The output folder of a site of generated articles, with a packed feed beside the feed."""
    folder = WORK / "served"
    shutil.rmtree(folder, ignore_errors=True)
    write_articles(folder / "content", ARTICLES)
    (folder / "config.yaml").write_text('site: {title: Bench, url: "https://example.org/"}\n')
    command = [str(Path(sys.executable).with_name("syndicate")), "build", "--quiet"]
    subprocess.run(command, cwd=folder, check=True)
    feed = folder / "public" / "feed.xml"
    Path(f"{feed}.gz").write_bytes(gzip.compress(feed.read_bytes(), 6, mtime=0))
    return folder / "public"


# -- servers -----------------------------------------------------------------------------------


@contextmanager
def nginx(name: str, folder: Path, packing: str) -> Iterator[Server]:
    """nginx with one worker, no log, files kept open."""
    work, port = WORK / f"nginx-{len(packing)}", free_port()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    kept = "".join(
        f"{kind}_temp_path {work}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (work / "nginx.conf").write_text(
        f"worker_processes 1; daemon off; pid {work}/pid; error_log {work}/errors;\n"
        f"events {{ worker_connections 512; }}\n"
        f"http {{ access_log off; sendfile on; tcp_nopush on; open_file_cache max=100; {kept}\n"
        f"types {{ application/rss+xml xml; }} keepalive_requests 1000000000;\n"
        f"server {{ listen 127.0.0.1:{port}; root {folder}; {packing} gzip_vary on;\n"
        f"expires 3600; add_header X-Content-Type-Options nosniff; }} }}\n"
    )
    errors = str(work / "errors")
    with started(["nginx", "-e", errors, "-c", str(work / "nginx.conf")], port) as master:
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        yield Server(name, port, int(children[0]))


@contextmanager
def python(name: str, code: str, folder: Path) -> Iterator[Server]:
    """A server of our own Python, one process."""
    port, here = free_port(), str(Path(__file__).parent)
    program = f"import sys; sys.path.insert(0, {here!r}); from serving import *; {code}"
    with started([sys.executable, "-c", program, str(folder), str(port)], port) as pid:
        yield Server(name, port, pid)


@contextmanager
def started(command: Sequence[str], port: int) -> Iterator[int]:
    """A program that listens on a port, until it is no more needed; gives its process id."""
    process = subprocess.Popen(command)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def pin(servers: Sequence[Server]) -> None:
    """All servers on one processor, who asks on another: a move between them costs caches."""
    first, *others = sorted(os.sched_getaffinity(0))
    for server in servers:
        os.sched_setaffinity(server.pid, {first})
    os.sched_setaffinity(0, others or {first})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- measuring ---------------------------------------------------------------------------------


def run(server: Server, measure: str) -> None:
    """Ask for a second, and note what each request cost the server."""
    headers = question(server, measure)
    asked = [part for item in headers.items() for part in ("-H", f"{item[0]}: {item[1]}")]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", "-d1s", *asked, server.url]
    before = processor_seconds(server.pid)
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    spent = processor_seconds(server.pid) - before
    requests = re.search(r"(\d+) requests in", done.stdout)
    if requests is None or "Non-2xx" in done.stdout:
        sys.exit(f"{server.name}: {done.stdout}")
    server.microseconds.setdefault(measure, []).append(spent / int(requests[1]) * 1e6)


def question(server: Server, measure: str) -> Mapping[str, str]:
    """The headers to send; stops unless the server gives the answer that is to be measured."""
    headers = {"Accept-Encoding": "gzip"}
    whole = httpx.get(server.url, headers=headers)
    if whole.headers.get("content-encoding") != "gzip" or b"</rss>" not in whole.content:
        sys.exit(f"{server.name}: this is not the feed, packed")
    if measure == NOT_MODIFIED:
        headers["If-None-Match"] = whole.headers["etag"]
        if httpx.get(server.url, headers=headers).status_code != 304:
            sys.exit(f"{server.name}: this is no 304")
    return headers


def processor_seconds(pid: int) -> float:
    """What a process and its threads have spent on the processor."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


# -- what it comes to --------------------------------------------------------------------------


def report(servers: Sequence[Server], folder: Path, *, quick: bool) -> str:
    """The results as Markdown."""
    base = servers[0]
    ours = next(server for server in servers if server.name == OURS)
    size, packed = ((folder / name).stat().st_size for name in ("feed.xml", "feed.xml.gz"))
    shown = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    versions = {"nginx": shown.strip().rpartition("/")[2]}
    return "\n".join(
        [
            *machine(versions, quick=quick),
            f"- the feed: {size / 1000:.0f} KB, {packed / 1000:.0f} KB as gzip",
            "",
            f"| microseconds of processor for a request: median (least to most) | "
            f"{' | '.join(MEASURES)} |",
            f"|---{'|---' * len(MEASURES)}|",
            *(row(server, base) for server in servers),
            "",
            "| Target | Asked | Measured | |",
            "|---|---|---|---|",
            *(target(measure, base.cost(measure) / ours.cost(measure)) for measure in MEASURES),
        ]
    )


def row(server: Server, base: Server) -> str:
    """What one server needs, and how many requests it answers where nginx answers one."""
    cells = []
    for measure in MEASURES:
        rounds = server.microseconds[measure]
        part = base.cost(measure) / server.cost(measure)
        more = f", {part:.2f} of nginx" if server is not base else ""
        cells.append(f"{server.cost(measure):.1f} ({min(rounds):.1f} to {max(rounds):.1f}){more}")
    return f"| {server.name} | {' | '.join(cells)} |"


def target(measure: str, ratio: float) -> str:
    verdict = "holds" if ratio >= TARGET else "**missed**"
    what = f"{measure}: requests for each second of processor, as a part of nginx's"
    return f"| {what} | at least {TARGET:g} | {ratio:.2f} | {verdict} |"


if __name__ == "__main__":
    main()
