"""A server that replies before a message ended: no outcome is recorded that is not certain."""

from __future__ import annotations

from collections import Counter

import pytest
from mailing_site import MailingSite

from smtp_server import Action, Close, Reply, SmtpServer, scripted

PEOPLE = ["ada@example.org", "bob@example.org", "cyd@example.org"]
NOT_SENT = ("pending", "retry", "failed")
EARLY = ["451 4.3.0 not now", "550 5.1.1 no such user", "250 2.0.0 ok", "421 4.3.2 busy", "hello?"]
LATER: list[Action | None] = [None, Reply("554 5.7.1 no"), Close(accepted=True)]


# A reply with a code, and then a hang-up, are the same bytes as from a server that means it.
TOGETHER = [
    (early, later)
    for early in EARLY
    for later in LATER
    if not (isinstance(later, Close) and early[:3].isdigit())
]


@pytest.mark.parametrize(("early", "later"), TOGETHER)
@pytest.mark.parametrize("extensions", [("PIPELINING",), ("8BITMIME",)])
def test_an_early_reply_makes_no_outcome_wrong(
    sqlite_site: MailingSite, early: str, later: Action | None, extensions: tuple[str, ...]
) -> None:
    check_outcomes(sqlite_site, early, later, extensions)


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "early", [pytest.param(each, marks=[pytest.mark.soak] * (each[0] in "5h")) for each in EARLY]
)
def test_an_early_reply_makes_no_outcome_wrong_on_postgresql(site: MailingSite, early: str) -> None:
    """Each kind of outcome once: how a reply is understood does not depend on the database."""
    check_outcomes(site, early, None, ("PIPELINING",))


def check_outcomes(
    site: MailingSite, early: str, later: Action | None, extensions: tuple[str, ...]
) -> None:
    """Send to a server that replies early: no delivery is recorded as what it was not."""
    site.subscribe(PEOPLE)
    site.issue()
    behaviour = scripted(BODY=[Reply(early)], MESSAGE=[later])
    with SmtpServer(behaviour, extensions=extensions) as server:
        site.send_by_smtp(server.port, connections=2)
        site.send()
        server.disconnect_all()
    got = Counter(to for mail in server.accepted for to in mail.to)
    states = site.states()
    for who in PEOPLE:
        assert got[who] <= 1
        assert states[who] != "sent" or got[who] == 1, f"{who} is sent and got nothing"
        assert states[who] not in NOT_SENT or got[who] == 0, f"{who} is {states[who]} and got it"
    assert "failed" not in states.values()
    assert site.delivery_report().balanced
