"""`subscribers`: add, import, list, unsubscribe, export and erase."""

from __future__ import annotations

import csv
import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from terminal import CommandResult, RunCommand

from syndicate.store.connect import open_database
from syndicate.store.sqlite import Sqlite
from syndicate.store.subscribers import Subscribers, SuppressionReason
from syndicate.subscribers.addresses import address as read_address


@pytest.fixture
def added(site: Path, run: RunCommand) -> CommandResult:
    return run(
        *("subscribers", "add", "weekly", "Ada@Example.org", "--name", "Ada"),
        *("--consent", "in the shop"),
    )


def add(run: RunCommand, *addresses: str) -> CommandResult:
    return run("subscribers", "add", "weekly", *addresses, "--consent", "again")


def test_added_subscribers_are_listed_also_as_csv(added: CommandResult, run: RunCommand) -> None:
    assert added.code == 0
    assert "Ada@example.org" in run("subscribers", "list").out
    (row,) = csv.DictReader(run("subscribers", "list", "weekly", "--csv").out.splitlines())
    assert (row["address"], row["name"], row["state"]) == ("Ada@example.org", "Ada", "active")


def test_an_unsubscribed_person_is_not_added_again(added: CommandResult, run: RunCommand) -> None:
    left = run("subscribers", "unsubscribe", "ada@example.org", "--from", "weekly")
    assert "from weekly" in left.out
    again = add(run, "ada@example.org", "new@example.org")
    assert again.code == 1
    assert "unsubscribed before: not added" in again.out
    listed = run("subscribers", "list", "weekly", "--state", "active").out
    assert "new@example.org" in listed, "the good one is in"
    assert "Ada" not in listed


def test_a_suppressed_address_is_not_added_until_that_is_lifted(
    site: Path, run: RunCommand
) -> None:
    assert run("subscribers", "suppress", "bob@example.org", "--reason", "asked").code == 0
    assert "suppressed: not added" in add(run, "bob@example.org").out
    run("subscribers", "suppress", "bob@example.org", "--lift")
    assert add(run, "BOB@example.org").code == 0


def test_all_data_of_a_person_is_exported_and_erased(
    added: CommandResult, site: Path, run: RunCommand
) -> None:
    record = json.loads(run("subscribers", "export", "ADA@example.org").out)
    assert record["subscriptions"][0]["newsletter"] == "weekly"
    assert record["consents"][0]["detail"] == "in the shop"
    assert record["suppressed"] is None
    assert run("subscribers", "erase", "ada@example.org").code == 0
    assert run("subscribers", "suppress", "ada@example.org", "--lift").code == 2
    gone = run("subscribers", "export", "ada@example.org")
    assert gone.code == 2
    assert "no subscriber with the address" in gone.err
    assert "suppressed: not added" in add(run, "ada@example.org").out


def ask(site: Path, address: str, state: str = "sent") -> None:
    """What the page of a site keeps when somebody asks for weekly."""
    known = Sqlite(site / "syndicate.db")
    with known.transaction():
        hashed = read_address(address).hashed(Subscribers(known).salt())
        known.run(
            "INSERT INTO signup_requests VALUES (1, 'subscribe', :a, :h, :n, "
            "'2026-11-22T08:00:00Z', '', 'Yes', :s, 0, '', '', '')",
            {"a": address, "h": hashed, "s": state, "n": '{"weekly": []}'},
        )
    known.close()


def test_a_person_with_only_a_request_is_shown_exported_and_erased(
    site: Path, run: RunCommand
) -> None:
    ask(site, "eve@example.org")
    assert "subscribe" in run("subscribers", "show", "Eve@example.org").out
    record = json.loads(run("subscribers", "export", "eve@example.org").out)
    assert record["requests"][0]["newsletters"] == {"weekly": []}
    assert json.loads(run("subscribers", "stats", "weekly", "--json").out)[0]["unconfirmed"] == 1
    assert run("subscribers", "erase", "eve@example.org").code == 0
    assert run("subscribers", "export", "eve@example.org").code == 2
    assert json.loads(run("subscribers", "stats", "weekly", "--json").out)[0]["unconfirmed"] == 0
    assert "suppressed: not added" in add(run, "eve@example.org").out


def test_requests_of_a_subscriber_are_erased_with_them(
    added: CommandResult, site: Path, run: RunCommand
) -> None:
    ask(site, "ada@example.org", "answered")
    run("subscribers", "erase", "ada@example.org")
    assert "subscribe" not in run("subscribers", "show", "ada@example.org").out


def test_a_person_is_shown_with_the_evidence_newest_first(
    added: CommandResult, run: RunCommand
) -> None:
    run("subscribers", "unsubscribe", "ada@example.org", "--reason", "moved away")
    run("subscribers", "suppress", "ada@example.org", "--reason", "asked for it")
    shown = run("subscribers", "show", "ada@example.org").out
    assert shown.startswith("Ada@example.org (Ada)\n")
    assert "request: asked for it" in shown
    assert shown.index("moved away") < shown.index("in the shop")
    assert run("subscribers", "show", "nobody@example.org").code == 2


def test_subscribers_are_counted_as_they_join_and_unsubscribe(
    added: CommandResult, run: RunCommand
) -> None:
    add(run, "bob@example.org", "eve@example.org")
    run("subscribers", "unsubscribe", "bob@example.org")
    run("subscribers", "suppress", "eve@example.org")
    (counts,) = json.loads(run("subscribers", "stats", "--json").out)
    now = [counts[state] for state in ("active", "unsubscribed", "suppressed", "unconfirmed")]
    assert now == [1, 1, 1, 0]
    assert (counts["joined_7_days"], counts["unsubscribed_30_days"]) == (3, 1)
    assert "+3 -1" in run("subscribers", "stats", "weekly").out


def test_no_name_is_a_formula_in_a_spreadsheet(site: Path, run: RunCommand) -> None:
    run(*("subscribers", "add", "weekly", "a@example.org", "--name", "=1+1", "--consent", "x"))
    listed = run("subscribers", "list", "--csv").out
    (row,) = csv.DictReader(listed.splitlines())
    assert row["name"] == "'=1+1"
    assert row["tags"] == ""


def test_an_exported_list_moves_people_with_their_topics_to_another_site(
    site: Path, sample: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert add(run, "ada@example.org", "bob@example.org", "eve@example.org").code == 0
    run("subscribers", "unsubscribe", "bob@example.org")
    run("subscribers", "suppress", "eve@example.org")
    with closing(open_database("sqlite:///syndicate.db", site)) as database:
        known = Subscribers(database)
        with database.transaction():
            ada = known.find(read_address("ada@example.org").hashed(known.salt()))
            assert ada
            known.choose(known.subscriptions(ada.id)[0], ("birds", "sea-salt"))
    exported = run("subscribers", "list", "weekly", "--csv").out
    other = shutil.copytree(sample, site.parent / "other")
    monkeypatch.chdir(other)
    Path("list.csv").write_text(exported)
    assert (
        run("subscribers", "import", "list.csv", "--to", "weekly", "--consent", "moved").code == 0
    )
    moved = csv.DictReader(run("subscribers", "list", "weekly", "--csv").out.splitlines())
    found = {row["address"]: (row["state"], row["tags"]) for row in moved}
    assert found == {
        "ada@example.org": ("active", "birds, sea-salt"),
        "bob@example.org": ("unsubscribed", ""),
    }
    evidence = json.loads(run("subscribers", "export", "ada@example.org").out)["consents"]
    assert evidence[0]["detail"].startswith("moved (a list, since 20")
    assert "suppressed: not added" in add(run, "eve@example.org").out


def test_a_file_is_imported_and_a_second_time_changes_nothing(site: Path, run: RunCommand) -> None:
    Path("people.csv").write_text(
        "email;state\nada@example.org;active\nbob@example.org;unsubscribed\nnobody;active\n"
    )
    command = ("subscribers", "import", "people.csv", "--to", "weekly", "--consent", "moved")
    first, second = run(*command), run(*command)
    assert (first.code, second.code) == (1, 1), "one row is bad"
    assert "people.csv.bad.csv" in first.out
    assert "unsubscribed before: not added" not in first.out
    assert "unsubscribed here before: not added" in second.out
    assert "4,nobody" not in Path("people.csv.bad.csv").read_text()
    assert Path("people.csv.bad.csv").read_text().startswith("line,reason,email,state\n4,")
    listed = run("subscribers", "list", "weekly", "--state", "active").out
    assert "ada" in listed
    assert "bob" not in listed
    Path("list.csv").write_text(run("subscribers", "list", "weekly", "--csv").out)
    own = run("subscribers", "import", "list.csv", "--to", "weekly", "--consent", "moved")
    assert own.code == 0
    assert not Path("list.csv.bad.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("no.csv", "--to", "weekly"), "no.csv"),
        (("-", "--to", "weekly"), "choose a file for rejected rows with --bad"),
        (("config.yaml", "--to", "weekly"), "config.yaml:1"),
        (("config.yaml", "--to", "weekly", "--bad", "config.yaml"), "overwritten"),
        (("config.yaml", "--to", "daily"), "there is no newsletter daily"),
    ],
)
def test_an_impossible_import_is_explained(
    site: Path, run: RunCommand, arguments: tuple[str, ...], complaint: str
) -> None:
    result = run("subscribers", "import", *arguments, "--consent", "x")
    assert result.code == 2
    assert complaint in result.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ("add", "weekly", "no-address", "--consent", "x"),
            "'no-address' is not a valid email address",
        ),
        (("add", "daily", "a@example.org", "--consent", "x"), "there is no newsletter daily"),
        (("add", "weekly", "a@example.org"), "--consent"),
        (
            ("add", "weekly", "a@example.org", "b@example.org", "--name", "A", "--consent", "x"),
            "--name works with one ADDRESS",
        ),
        (("suppress", "nobody@example.org", "--lift"), "is not suppressed, or was erased"),
        (("unsubscribe", "nobody@example.org"), "no subscriber with the address"),
    ],
)
def test_a_wrong_command_is_explained_and_changes_nothing(
    site: Path, run: RunCommand, arguments: tuple[str, ...], complaint: str
) -> None:
    result = run("subscribers", *arguments)
    assert result.code == 2
    assert complaint in result.err
    assert "No subscribers." in run("subscribers", "list").out


# -- links -------------------------------------------------------------------------------------


@pytest.fixture
def served(site: Path, run: RunCommand) -> Path:
    """A site with pages about people, and one person."""
    assert run("subscribers", "add", "weekly", "ada@example.org", "--consent", "asked").code == 0
    return site


def _listed(run: RunCommand) -> dict[str, str]:
    result = run("subscribers", "list", "--csv", "--links")
    (row,) = csv.DictReader(result.out.splitlines())
    return row


def test_the_list_has_the_links_of_each_subscriber(served: Path, run: RunCommand) -> None:
    row = _listed(run)
    assert row["unsubscribe"].startswith("https://tide.example.net/unsubscribe/weekly/")
    assert row["preferences"].startswith("https://tide.example.net/preferences/")


def test_without_signup_pages_the_list_has_no_links(site: Path, run: RunCommand) -> None:
    config = site / "config.yaml"
    head, key, rest = config.read_text("utf-8").partition("\nsubscribers:\n")
    without = head + key + rest.replace("signup_pages: true", "signup_pages: false", 1)
    config.write_text(without, encoding="utf-8")
    result = run("subscribers", "list", "--csv", "--links")
    assert result.code == 2
    assert "subscribers: {signup_pages: true}" in result.err
    assert run("subscribers", "list", "--links").code == 2


def test_a_new_key_changes_the_links(served: Path, run: RunCommand) -> None:
    before = _listed(run)
    result = run("subscribers", "rotate-keys", "--grace", "30 days")
    assert "work until" in result.out
    assert _listed(run)["unsubscribe"] != before["unsubscribe"]
    assert run("subscribers", "rotate-keys", "--grace", "soon").code == 2


def test_a_person_unsubscribes_by_email(served: Path, run: RunCommand) -> None:
    token = _listed(run)["unsubscribe"].rpartition("/")[2]
    message = served / "message.eml"
    message.write_text(f"From: x@example.net\nSubject: Re: unsubscribe weekly {token}\n\n")
    result = run("subscribers", "unsubscribe", "--mail", str(message))
    assert result.out == "Unsubscribed ada@example.org from weekly.\n"
    assert _listed(run)["state"] == "unsubscribed"
    assert "Not subscribed." in run("subscribers", "unsubscribe", "--mail", str(message)).out


@pytest.mark.parametrize("subject", ["Hello", f"unsubscribe weekly {'x' * 40}"])
def test_any_other_email_changes_nothing(served: Path, run: RunCommand, subject: str) -> None:
    message = served / "message.eml"
    message.write_text(f"From: ada@example.org\nSubject: {subject}\n\nunsubscribe\n")
    assert run("subscribers", "unsubscribe", "--mail", str(message)).code == 0
    assert _listed(run)["state"] == "active"


def test_an_unreadable_email_is_an_error_with_a_hint(served: Path, run: RunCommand) -> None:
    message = served / "message.eml"
    message.write_text("Content-Type: message/rfc822\n\n" * 1_300)
    outcome = run("subscribers", "unsubscribe", "--mail", str(message))
    assert outcome.code == 2
    assert "the message is unreadable: it is nested too deeply" in outcome.err
    assert "email program" in outcome.err


def test_a_suppressed_address_that_was_erased_stays_suppressed(
    served: Path, run: RunCommand
) -> None:
    with closing(open_database("sqlite:///syndicate.db", served)) as database:
        known = Subscribers(database)
        with database.transaction():
            hashed = read_address("ada@example.org").hashed(known.salt())
            known.suppress(hashed, SuppressionReason.BOUNCE, "unknown", "2026-11-02T08:00:00Z")
    assert run("subscribers", "erase", "ada@example.org").code == 0
    assert "was erased" in run("subscribers", "suppress", "--lift", "ada@example.org").err


def test_the_unsubscribed_person_is_named_in_one_way(served: Path, run: RunCommand) -> None:
    assert run("subscribers", "unsubscribe").code == 2
    message = str(served / "config.yaml")
    assert run("subscribers", "unsubscribe", "ada@example.org", "--mail", message).code == 2


def test_an_address_is_added_as_email_programs_copy_it(site: Path, run: RunCommand) -> None:
    assert add(run, "Cleo <cleo@example.net>", '"Lee, Dan" <dan@example.net>').code == 0
    rows = csv.DictReader(run("subscribers", "list", "weekly", "--csv").out.splitlines())
    assert {row["address"]: row["name"] for row in rows} == {
        "cleo@example.net": "Cleo",
        "dan@example.net": "Lee, Dan",
    }


@pytest.mark.parametrize("given", [[], ["--consent", " "]])
def test_without_evidence_of_consent_an_example_is_shown(
    site: Path, run: RunCommand, given: list[str]
) -> None:
    result = run("subscribers", "add", "weekly", "ada@example.org", *given)
    assert result.code == 2
    assert "--consent is missing" in result.err
    assert "For example: --consent '" in result.err
