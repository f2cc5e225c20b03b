"""A site, and two ways to run commands in it: in this process, and as a program."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from terminal import PROGRAM, CommandResult, RunCommand, article

from syndicate import cli

OWN = {
    "https://example.org/": "https://tide.example.net/",
    "Notes from a small harbour town about": "Our notes about",
    "Maren Holt": "Ada Brook",
    "hello@example.org": "hello@example.net",
    "What happened in the harbour": "What happened at the lake",
    "letters@example.org": "letters@example.net",
    "Written at a kitchen table": "Written at a desk",
    "Low Tide, 3 Slip Lane, Harbour Town (please replace with your own address)": "9 Mill Road",
}


SMALL = "site: {title: Lake Notes, url: https://lake.example.net/, description: About a lake}\n"


def replace_examples(config: Path) -> None:
    """Make the values of the starter one's own, as a new user does."""
    text = config.read_text(encoding="utf-8")
    for example, own in OWN.items():
        assert example in text, example
        text = text.replace(example, own)
    config.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that `init` makes, built once."""
    folder = tmp_path_factory.mktemp("sample") / "site"
    assert cli.main(["init", str(folder)]) == 0
    replace_examples(folder / "config.yaml")
    assert cli.main(["build", "--quiet", "--config", str(folder / "config.yaml")]) == 0
    return folder


@pytest.fixture
def site(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built site; the test stands in it."""
    folder = shutil.copytree(sample, tmp_path / "site")
    monkeypatch.chdir(folder)
    assert cli.main(["resume", "--moved"]) == 0
    return folder


@pytest.fixture
def small_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site of one article, without newsletters, never built; the test stands in it."""
    folder = tmp_path / "site"
    article(folder, "first.md", "---\ntitle: First\ndate: 2026-01-01\n---\nText.\n")
    (folder / "config.yaml").write_text(SMALL, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> RunCommand:
    """Run a command in this process."""

    def typed(*arguments: str) -> CommandResult:
        capsys.readouterr()
        code = cli.main(list(arguments))
        result = capsys.readouterr()
        return CommandResult(code, result.out, result.err)

    return typed


@pytest.fixture
def run_program() -> RunCommand:
    """Run a command as a program, as users do."""

    def typed(*arguments: str | bytes, **environment: str) -> CommandResult:
        done = subprocess.run(
            [PROGRAM, *arguments],
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
        )
        return CommandResult(done.returncode, done.stdout, done.stderr)

    return typed
