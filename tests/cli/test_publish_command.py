"""`publish`: publish once, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from site_folder import SiteFolder
from syndicate import cli

SECRET = "s3cr3t-key"


@pytest.fixture
def built(tmp_path: Path) -> SiteFolder:
    """A built site with a target."""
    (tmp_path / "live").mkdir()
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    site.configure(publish={"live": {"folder": "../live"}})
    site.article("one.md", "The first", date="2026-11-01")
    site.build()
    return site


def run(site: SiteFolder, *arguments: str) -> int:
    return cli.main(["publish", "--config", str(site.config_file), *arguments])


def test_it_publishes_and_reports_the_numbers(
    built: SiteFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(built) == 0
    number = sum(1 for file in (tmp_path / "live").rglob("*") if file.is_file())
    assert f"live  {number} documents written, 0 removed" in capsys.readouterr().out
    assert run(built, "live") == 0
    assert "0 documents written" in capsys.readouterr().out


def test_a_failure_is_shown_and_the_next_try_does_not_wait(
    built: SiteFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "live").rmdir()
    assert run(built) == 1
    assert "there is no folder" in capsys.readouterr().err
    (tmp_path / "live").mkdir()
    assert run(built) == 0


def test_an_unknown_target_is_refused(
    built: SiteFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(built, "other") == 2
    error = capsys.readouterr().err
    assert "there is no target other" in error
    assert "known: live" in error


def test_without_targets_it_states_how_to_add_one(
    built: SiteFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    del built.settings["publish"]
    built.configure()
    assert run(built) == 2
    assert "publish:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "one of them is needed"),
        ({"folder": "a", "command": "b"}, "one of them is needed"),
        ({"url": "http://bucket"}, "is not the address of a bucket"),
        ({"url": "s3://bucket", "access_key_id": "a"}, "and secret_access_key"),
        ({"url": "s3://bucket", "secret_access_key": SECRET}, "and secret_access_key"),
        ({"folder": "a", "region": "b"}, "there is no url"),
        ({"url": "s3://bucket", "endpoint": "storage"}, "is not a web address"),
        ({"command": "rsync 'a"}, "cannot be read"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    built: SiteFolder,
    capsys: pytest.CaptureFixture[str],
    target: dict[str, object],
    message: str,
) -> None:
    built.settings["publish"] = {"live": target}
    built.configure()
    assert run(built) == 2
    error = capsys.readouterr().err
    assert message in error
    assert SECRET not in error


def test_the_key_is_masked_in_the_configuration_in_force(
    built: SiteFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    target = {"url": "s3://bucket", "access_key_id": "a", "secret_access_key": SECRET}
    built.settings["publish"] = {"live": target}
    built.configure()
    assert cli.main(["config", "--config", str(built.config_file)]) == 0
    shown = capsys.readouterr().out
    assert "s3://bucket" in shown
    assert SECRET not in shown
