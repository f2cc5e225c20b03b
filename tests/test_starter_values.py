"""Values of the example configuration are listed, and never mailed to people."""

from __future__ import annotations

from pathlib import Path

import pytest

from site_folder import NOON, SiteFolder
from syndicate.config.loader import load
from syndicate.config.model import Config
from syndicate.errors import SyndicateError
from syndicate.findings import Finding, Level
from syndicate.issues.freeze import make_by_hand
from syndicate.starter import starter
from syndicate.starter_values import (
    BRAND,
    NEWSLETTER,
    SITE,
    has_starter_address,
    not_to_be_mailed,
    starter_findings,
)

TO_REPLACE = {
    *("site.title", "site.url", "site.description", "site.author", "site.email"),
    *("newsletters.weekly.title", "newsletters.weekly.description", "newsletters.weekly.sender"),
    *("newsletters.weekly.postal_address", "newsletters.weekly.brand.footer"),
}
SMTP = "transport: smtp\n  servers: {main: {host: localhost, security: none}}"
STARTER = starter() / "config.yaml"


def config_of(file: Path) -> Config:
    return load(file, {}).config


POSTAL = config_of(STARTER).newsletters["weekly"].postal_address


def configured(folder: Path, *changes: tuple[str, str]) -> Path:
    """The starter's configuration with some changes of its text."""
    file, text = folder / "config.yaml", STARTER.read_text(encoding="utf-8")
    text = text.replace("# deliver: true", "deliver: false")
    for old, new in changes:
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return file


def found(file: Path) -> dict[str, Finding]:
    """The findings, by the setting they name."""
    findings = starter_findings(config_of(file), str(file))
    return {each.message.partition(" ")[0]: each for each in findings}


DELIVER = (
    ("deliver: false", "deliver: true"),
    ("  signup_pages: false\n", "  signup_pages: true\n"),
)


def test_each_value_is_named_with_its_line(tmp_path: Path) -> None:
    file = configured(tmp_path)
    listed, lines = found(file), file.read_text(encoding="utf-8").splitlines()
    assert listed.keys() == TO_REPLACE
    for key, finding in listed.items():
        assert finding.line
        assert f"{key.rpartition('.')[2]}:" in lines[finding.line - 1]
        assert (finding.level, bool(finding.hint)) == (Level.NOTICE, True)


def test_with_deliver_they_are_errors(tmp_path: Path) -> None:
    levels = {each.level for each in found(configured(tmp_path, *DELIVER)).values()}
    assert levels == {Level.ERROR}


def test_what_was_replaced_is_not_listed(tmp_path: Path) -> None:
    file = configured(tmp_path, ("https://example.org/", "https://tide.example.net/"))
    assert found(file).keys() == TO_REPLACE - {"site.url"}


@pytest.mark.parametrize(
    ("example", "changed"),
    [
        ("https://example.org/", "https://example.org"),
        ("https://example.org/", "http://www.Example.org/notes/"),
        ("Low Tide <letters@example.org>", "Lake Notes <letters@example.org>"),
        ("Low Tide <letters@example.org>", "news@example.org"),
        ("Low Tide, 3 Slip Lane, Harbour Town (please replace with your own address)",
         "Lake Notes, 9 Mill Road (please replace with your own address)"),
        ("Low Tide, 3 Slip Lane, Harbour Town (please replace with your own address)",
         "Lake Notes,  3 Slip Lane,  Harbour Town"),
    ],
)  # fmt: skip
def test_what_was_replaced_in_part_is_listed(tmp_path: Path, example: str, changed: str) -> None:
    listed = found(configured(tmp_path, (example, changed))).values()
    assert changed in " ".join(each.message for each in listed).replace("\\n", "\n")


@pytest.mark.parametrize("own", ["https://example.org.uk/", "https://my-example.org/"])
def test_a_domain_that_only_resembles_the_example_is_accepted(tmp_path: Path, own: str) -> None:
    assert "site.url" not in found(configured(tmp_path, ("https://example.org/", own)))


def test_the_examples_are_those_of_the_configuration_that_init_writes() -> None:
    config = config_of(STARTER)
    weekly = config.newsletters["weekly"]
    for examples, settings in ((SITE, config.site), (NEWSLETTER, weekly), (BRAND, weekly.brand)):
        assert {name: getattr(settings, name) for name in examples} == examples


def test_nothing_of_it_is_given_to_mail_servers_but_the_outbox_takes_it(tmp_path: Path) -> None:
    config = config_of(configured(tmp_path, *DELIVER))
    assert not_to_be_mailed(config, config.newsletters["weekly"]) == ()
    config = config_of(configured(tmp_path, *DELIVER, ("transport: outbox", SMTP)))
    assert set(not_to_be_mailed(config, config.newsletters["weekly"])) == TO_REPLACE


@pytest.mark.parametrize(
    ("url", "sender", "postal", "named"),
    [
        ("https://lake.example.net/", "a@example.net", POSTAL, "newsletters.weekly.postal_address"),
        ("https://example.org/", "a@example.net", "Here", "site.url"),
        ("https://lake.example.net/", "a@example.org", "Here", "newsletters.weekly.sender"),
        ("https://lake.example.net/", "a@example.net", "Here", ""),
    ],
)
def test_an_issue_is_sent_by_smtp_only_without_values_of_the_starter(
    tmp_path: Path, url: str, sender: str, postal: str, named: str
) -> None:
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    weekly = {"title": "W", "sender": sender, "postal_address": postal, "deliver": True}
    server = {"main": {"host": "localhost", "security": "none"}}
    site.configure(
        site={"url": url},
        newsletters={"weekly": weekly},
        subscribers={"signup_pages": True},
        sending={"transport": "smtp", "servers": server},
    )
    site.article("one.md", "The first", date="2026-11-01")
    site.build()
    with site.opened() as opened:
        newsletter = opened.config.newsletters["weekly"]
        if not named:
            assert make_by_hand(opened, newsletter, NOON)
            return
        with pytest.raises(SyndicateError, match=f"as in the example: {named}$"):
            make_by_hand(opened, newsletter, NOON)


def test_the_example_address_is_recognised_in_wrapped_text() -> None:
    wrapped = POSTAL.replace(" ", "\n", 3)
    assert has_starter_address(f"Words.\n\n{wrapped}\n")
    assert not has_starter_address("Low Tide, 4 Other Lane")
