"""An erased person is in no row and no byte of the store, whatever servers replied about them."""

from __future__ import annotations

import sqlite3
from urllib.parse import quote

import pytest
from mailing_site import MailingSite

from smtp_server import Action, Reply, SmtpServer, Step
from syndicate import cli
from syndicate.site import Site
from syndicate.store import sqlite
from syndicate.store.bounces import Bounce, Bounces
from syndicate.store.delivery_events import DeliveryEvent
from syndicate.store.schema import metadata
from syndicate.store.sqlite import Sqlite

ANN, BOB = "ann.lee@example.org", "bob@example.org"
SPELLINGS = [
    "<ann.lee@example.org>: unknown",
    "ANN.LEE@EXAMPLE.ORG unknown",
    '"ann.lee"@example.org unknown',
    "user ann.lee unknown",
    "user 'Ann.Lee'. Go away",
    "https://example.org/why?to=ann.lee%40example.org",
    "bounce+ann.lee=example.org@example.net",
    "ann.lee (at) example.org",
]


def traces(site: MailingSite) -> list[str]:
    """Tables with a row that holds the address, in whatever spelling."""
    with site.folder.opened() as opened:
        rows = {name: opened.database.rows(f"SELECT * FROM {name}") for name in metadata.tables}
    return sorted(name for name, found in rows.items() if "ann.lee" in repr(found).lower())


@pytest.mark.parametrize("step", ["RCPT", "MESSAGE"])
@pytest.mark.parametrize(
    ("code", "spelling"),
    [
        pytest.param(code, spelling, marks=[pytest.mark.soak] * (code[0] != "5" and number > 1))
        for code in ("250 2.0.0", "451 4.3.0", "550 5.1.1")
        for number, spelling in enumerate(SPELLINGS)
    ],
)
def test_no_stored_reply_contains_the_recipient(
    sqlite_site: MailingSite, step: str, code: str, spelling: str
) -> None:
    def behaviour(at: Step) -> Action | None:
        return Reply(f"{code} {spelling}") if at.name == step else None

    sqlite_site.subscribe([ANN])
    sqlite_site.issue()
    with SmtpServer(behaviour) as server:
        sqlite_site.send_by_smtp(server.port)
        sqlite_site.send()
    assert traces(sqlite_site) == ["subscribers"]


@pytest.mark.postgresql
def test_an_erased_person_is_nowhere_in_the_store(
    site: MailingSite, capsys: pytest.CaptureFixture[str]
) -> None:
    ann, _ = site.subscribe([ANN, BOB])
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        site.send()
    site.query(lambda opened: remember(opened, ann.id, ann.hash))
    assert traces(site) == [
        *(
            "bounces",
            "deliveries",
            "delivery_events",
            "signup_requests",
            "subscribers",
            "suppressions",
        ),
    ]
    before = files(site)
    assert before is None or b"ann.lee" in before
    config = str(site.folder.root / "config.yaml")
    assert cli.main(["subscribers", "erase", ANN, "--config", config]) == 0
    capsys.readouterr()
    assert traces(site) == []
    after = files(site)
    assert after is None or (b"ann.lee" not in after.lower() and b"bob@example.org" in after)


@pytest.mark.postgresql
def test_replies_about_an_erased_person_are_erased_also_where_they_do_not_name_the_address(
    site: MailingSite, capsys: pytest.CaptureFixture[str]
) -> None:
    ann, _ = site.subscribe([ANN, BOB])
    site.issue()
    site.send()
    site.query(lambda opened: remember(opened, ann.id, ann.hash, "550 Ms Lee has moved away"))
    config = str(site.folder.root / "config.yaml")
    assert cli.main(["subscribers", "erase", ANN, "--config", config]) == 0
    capsys.readouterr()
    with site.folder.opened() as opened:
        rows = {name: opened.database.rows(f"SELECT * FROM {name}") for name in metadata.tables}
    assert [name for name, found in rows.items() if "Ms Lee" in repr(found)] == []
    assert rows["bounces"], "the bounce itself is still counted"
    assert [each for each in rows["delivery_events"] if "failed" in each]


OTHERS = [
    "550 <ann.lee@example.org> is an alias of this mailbox",
    "forwarded to ANN.LEE@EXAMPLE.ORG, refused",
    "see https://example.net/why?to=ann.lee%40example.org",
    "bounces+ann.lee=example.org@example.net",
    "To: ann.lee=40example.org",
    "asked by ann.lee (at) example.org",
    "Location: https://example.net/?to=3Dann.lee=40example.org",
    "Return-Path: SRS0=Ab1x=T7=example.org=ann.lee@relay.example.net",
    "SRS1=Zz9=relay.example.net==Ab1x=T7=example.org=ann.lee@other.example",
    "prvs=12ab34=ann.lee@example.org",
    "ann.lee&#x40;example.org and ann.lee&#64;example.org, ann&#46;lee&commat;example.org",
    "ann.lee_at_example.org, ann.lee @ example.org, ann.lee [at] example [dot] org",
    "ann%2elee%2540example%2eorg, ann.lee at example.org",
    '"ann.lee"@example.org, her sister',
]


@pytest.mark.postgresql
def test_an_address_in_replies_about_others_is_erased_as_well(
    site: MailingSite, capsys: pytest.CaptureFixture[str]
) -> None:
    _, bob = site.subscribe([ANN, BOB])
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port)
        site.send()
    said = " ".join([*OTHERS, "joann.lee@example.org stays"])
    site.query(lambda opened: remember(opened, bob.id, bob.hash, said, BOB))
    assert len(traces(site)) == 6, "five of the sister, and the person"
    before = files(site)
    assert before is None or b"ann.lee=example.org" in before.replace(b"joann", b"")
    config = str(site.folder.root / "config.yaml")
    assert cli.main(["subscribers", "erase", ANN, "--config", config]) == 0
    capsys.readouterr()
    after = files(site)
    rest = (after or b"").lower().replace(b"joann.lee", b"")
    assert not [each for each in (b"ann.lee", b"ann%2elee", b"ann&#46;lee") if each in rest]
    with site.folder.opened() as opened:
        ((detail,),) = opened.database.rows("SELECT detail FROM bounces")
    assert str(detail).endswith("her sister joann.lee@example.org stays")
    assert "ann.lee" not in str(detail).replace("joann.lee", "").lower()


@pytest.mark.parametrize("rest", ["ann.lee@example.or", "<ann.lee@", "ann.lee", "ann.l"])
def test_an_address_that_was_cut_in_a_long_text_is_erased(
    sqlite_site: MailingSite, rest: str
) -> None:
    _, bob = sqlite_site.subscribe([ANN, BOB])
    sqlite_site.issue()
    said = f"{'forwarded ' * 48}to {rest}"
    sqlite_site.query(lambda opened: remember(opened, bob.id, bob.hash, said, BOB))
    config = str(sqlite_site.folder.root / "config.yaml")
    assert cli.main(["subscribers", "erase", ANN, "--config", config]) == 0
    assert b"ann.l" not in (files(sqlite_site) or b"")


def test_a_program_that_reads_meanwhile_is_reported(
    sqlite_site: MailingSite, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_site.subscribe([ANN, BOB])
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    other = sqlite3.connect(sqlite_site.folder.root / "syndicate.db")
    other.execute("BEGIN")
    other.execute("SELECT * FROM subscribers").fetchall()
    config = str(sqlite_site.folder.root / "config.yaml")
    assert cli.main(["subscribers", "erase", ANN, "--config", config]) == 0
    other.close()
    assert "Another program has the database open" in capsys.readouterr().err


SAID = f"550 5.1.1 <{ANN}>: user {quote(ANN)} unknown"


def remember(opened: Site, who: int, hashed: str, said: str = SAID, mail: str = ANN) -> None:
    """What versions before this one kept of replies, and what comes with bounces and requests."""
    database, moment = opened.database, "2026-11-25T00:00:00Z"
    with database.transaction():
        database.run(
            "UPDATE deliveries SET reply = :r WHERE subscriber = :s", {"r": said, "s": who}
        )
        database.upsert(
            "delivery_events",
            DeliveryEvent._fields,
            [DeliveryEvent(1, who, moment, "failed", said)],
        )
        Bounces(database).add(Bounce("b1", 1, who, "hard", "5.1.1", said, moment), "bounced")
        database.run(
            "INSERT INTO signup_requests VALUES (1, 'subscribe', :a, :h, '{}', :m, '', 'Yes', "
            "'sent', 0, '', :r, '')",
            {"a": mail, "h": hashed, "m": moment, "r": said},
        )
        database.run(
            "INSERT INTO suppressions VALUES (:h, 'bounced', :r, :m)",
            {"h": hashed, "r": said, "m": moment},
        )


def files(site: MailingSite) -> bytes | None:
    """Every byte of the database, its log included; None of a database server."""

    def read(opened: Site) -> bytes | None:
        if not isinstance(opened.database, Sqlite):
            return None
        path = opened.database.path
        return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))

    found = site.query(read)
    assert found is None or isinstance(found, bytes)
    return found
