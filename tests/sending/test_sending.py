"""An issue goes to its subscribers, each once, and it is known of each what became of it."""

from __future__ import annotations

from mailings import Mailing

from smtp_server import SmtpServer

ADA, BOB, CYD = "ada@example.org", "bob@example.org", "cyd@example.org"


def test_everybody_gets_a_message_of_their_own_once(site: Mailing) -> None:
    site.people([ADA, BOB, CYD])
    site.issue()
    with SmtpServer() as server:
        site.through(server.port)
        report = site.send()
        assert sorted(mail.to for mail in server.mails) == [(ADA,), (BOB,), (CYD,)]
        assert len({mail.body for mail in server.mails}) == 3
        again = site.send()
        assert len(server.mails) == 3
    assert (report.sent, report.failed, report.held_of, again.sent) == (3, 0, {}, 0)
    proof = site.proof()
    assert (proof.planned, proof.sent, proof.pending) == (3, 3, 0)
    assert proof.sending.ended
