"""`preview` on the command line: its output and its end. The page is tested in tests/preview."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

from terminal import PROGRAM, RunCommand


def test_an_unknown_newsletter_is_refused_and_the_nearest_named(
    site: Path, run: RunCommand
) -> None:
    result = run("preview", "wekly", "--no-open")
    assert result.code == 2
    assert "there is no newsletter wekly" in result.err
    assert "did you mean weekly?" in result.err


def test_a_site_without_newsletters_is_an_error_with_a_hint(site: Path, run: RunCommand) -> None:
    (site / "config.yaml").write_text("site: {title: T, url: 'https://example.org/'}\n")
    result = run("preview", "--no-open")
    assert result.code == 2
    assert "newsletters:" in result.err


def test_an_invalid_configuration_is_reported_at_once(site: Path, run: RunCommand) -> None:
    (site / "config.yaml").write_text("site: {titel: T}\n")
    result = run("preview", "--no-open")
    assert result.code == 2
    assert "did you mean title?" in result.err


def test_an_occupied_port_is_an_error(site: Path, run: RunCommand) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("preview", "--no-open", "--port", str(port))
    assert result.code == 2
    assert f"cannot listen on port {port}" in result.err


def test_ctrl_c_ends_it_quietly_while_a_page_is_open(site: Path) -> None:
    process = subprocess.Popen(
        [PROGRAM, "preview", "--no-open"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    port = int(process.stdout.readline().split("/")[2].split(":")[1])
    with socket.create_connection(("127.0.0.1", port)) as page:
        page.sendall(b"GET /weekly/news HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert page.recv(12) == b"HTTP/1.1 200"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out == "\nPreview stopped.\n"


def test_nothing_of_the_site_is_changed(site: Path) -> None:
    def files() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in site.rglob("*")}

    before = files()
    test_ctrl_c_ends_it_quietly_while_a_page_is_open(site)
    assert files() == before
