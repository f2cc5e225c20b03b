"""A preview as users have it: the program, and a browser."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from previewing import PROGRAM, Preview, Start

from syndicate.starter import copy_to


@pytest.fixture
def new_site(tmp_path: Path) -> Path:
    """The site that `init` makes, never built."""
    copy_to(tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a preview of a site; all end with the test."""
    with starting() as run:
        yield run


@pytest.fixture(scope="module")
def start_once() -> Iterator[Start]:
    """The same for tests that only read; all end with the module."""
    with starting() as run:
        yield run


@contextmanager
def starting() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(site: Path, *arguments: str) -> Preview:
        process = subprocess.Popen(
            [PROGRAM, "preview", "--no-open", *arguments],
            cwd=site,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert line.startswith("http://127.0.0.1:"), line + process.stderr.read()
        return Preview(site, line.split()[0], process)

    yield run
    for process in started:
        process.terminate()
        process.communicate()
