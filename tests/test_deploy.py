"""The files in deploy/ work, as far as that can be tested without installing them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from syndicate.config.model import ServiceSettings

REPOSITORY = Path(__file__).parents[1]
UNIT = REPOSITORY / "deploy" / "syndicate.service"
CONTAINERFILE = REPOSITORY / "deploy" / "Containerfile"
MAX_EXPOSED = "15"
"""Tenths, as systemd reckons: from 0, which is safe, to 100."""

Need = Callable[[str, str], str]


@pytest.fixture
def analyze(require_program: Need) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run systemd-analyze."""
    program = require_program("systemd-analyze", "apt install systemd")

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([program, *arguments], capture_output=True, text=True)

    return run


def test_systemd_finds_nothing_wrong_with_the_unit(
    analyze: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    program = str(Path(sys.executable).with_name("syndicate"))
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/syndicate/bin/syndicate", program))
    done = analyze("verify", here)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_rates_the_unit_as_secure(
    analyze: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = analyze("security", "--offline=yes", f"--threshold={MAX_EXPOSED}", UNIT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_systemd_waits_longer_than_the_service_takes_to_stop() -> None:
    (seconds,) = re.findall(r"(?m)^TimeoutStopSec=(\d+)$", UNIT.read_text())
    assert int(seconds) > ServiceSettings().shutdown_timeout


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile and what they are given."""
    text = re.sub(r"\\\n", " ", CONTAINERFILE.read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pairs = [line.partition(" ") for line in lines]
    return [(name, given) for name, _, given in pairs]


def test_the_containerfile_has_only_instructions_that_exist() -> None:
    known = "FROM RUN COPY ENV USER WORKDIR VOLUME STOPSIGNAL ENTRYPOINT CMD EXPOSE LABEL ARG"
    assert {name for name, _ in instructions()} <= set(known.split())
    assert instructions()[0][0] == "FROM"


def test_the_image_is_made_of_files_that_are_here() -> None:
    """And of all that the wheel is made of."""
    copied = [
        source
        for name, given in instructions()
        if name == "COPY" and not given.startswith("--from")
        for source in given.split()[:-1]
    ]
    assert all((REPOSITORY / source).exists() for source in copied)
    assert {"pyproject.toml", "constraints.txt", "README.md", "LICENSE"} <= set(copied)
    assert {"config.yaml", "content", "templates", "src"} <= set(copied)


def test_the_image_runs_the_service_without_privileges() -> None:
    last = dict(instructions())
    assert not last["USER"].startswith(("0", "root"))
    assert last["ENTRYPOINT"] == '["syndicate"]'
    run = ["run", "--host", "0.0.0.0", "--port", last["EXPOSE"]]
    assert json.loads(last["CMD"]) == run
    assert last["STOPSIGNAL"] == "SIGTERM"
