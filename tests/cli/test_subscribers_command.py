"""`subscribers`: people come by being added, leave for good, and are forgotten when they ask."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from terminal import Said, Typing


@pytest.fixture
def added(site: Path, run: Typing) -> Said:
    return run(
        *("subscribers", "add", "weekly", "Ada@Example.org", "--name", "Ada"),
        *("--agreed", "in the shop"),
    )


def add(run: Typing, *addresses: str) -> Said:
    return run("subscribers", "add", "weekly", *addresses, "--agreed", "again")


def test_who_was_added_is_listed_also_as_csv(added: Said, run: Typing) -> None:
    assert added.code == 0
    assert "Ada@example.org" in run("subscribers", "list").out
    (row,) = csv.DictReader(run("subscribers", "list", "weekly", "--csv").out.splitlines())
    assert (row["address"], row["name"], row["state"]) == ("Ada@example.org", "Ada", "active")


def test_who_left_is_not_added_again(added: Said, run: Typing) -> None:
    left = run("subscribers", "unsubscribe", "ada@example.org", "--from", "weekly")
    assert "left weekly" in left.out
    again = add(run, "ada@example.org", "new@example.org")
    assert again.code == 1
    assert "left before: not added" in again.out
    listed = run("subscribers", "list", "weekly", "--state", "active").out
    assert "new@example.org" in listed, "the good one is in"
    assert "Ada" not in listed


def test_a_suppressed_address_is_not_added_until_that_is_lifted(site: Path, run: Typing) -> None:
    assert run("subscribers", "suppress", "bob@example.org", "--reason", "asked").code == 0
    assert "suppressed: not added" in add(run, "bob@example.org").out
    run("subscribers", "suppress", "bob@example.org", "--lift")
    assert add(run, "BOB@example.org").code == 0


def test_a_person_gets_all_that_is_known_and_is_erased(
    added: Said, site: Path, run: Typing
) -> None:
    record = json.loads(run("subscribers", "export", "ADA@example.org").out)
    assert record["subscriptions"][0]["newsletter"] == "weekly"
    assert record["consents"][0]["detail"] == "in the shop"
    assert record["suppressed"] is None
    assert run("subscribers", "remove", "ada@example.org").code == 0
    assert run("subscribers", "suppress", "ada@example.org", "--lift").code == 2
    gone = run("subscribers", "export", "ada@example.org")
    assert gone.code == 2
    assert "nobody here has the address" in gone.err
    assert "suppressed: not added" in add(run, "ada@example.org").out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("add", "weekly", "no-address", "--agreed", "x"), "'no-address' is no address of mail"),
        (("add", "daily", "a@example.org", "--agreed", "x"), "there is no newsletter daily"),
        (("add", "weekly", "a@example.org"), "--agreed"),
        (
            ("add", "weekly", "a@example.org", "b@example.org", "--name", "A", "--agreed", "x"),
            "--name is for one ADDRESS",
        ),
        (("suppress", "nobody@example.org", "--lift"), "was not suppressed by this command"),
        (("unsubscribe", "nobody@example.org"), "nobody here has the address"),
    ],
)
def test_a_wrong_turn_is_explained_and_changes_nothing(
    site: Path, run: Typing, arguments: tuple[str, ...], complaint: str
) -> None:
    said = run("subscribers", *arguments)
    assert said.code == 2
    assert complaint in said.err
    assert "Nobody." in run("subscribers", "list").out
