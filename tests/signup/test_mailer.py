"""Transactional emails: none is lost when it cannot be sent, none goes to a suppressed address."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from visits import Place

from smtp_server import Action, Reply, SmtpServer, Step
from syndicate.config.model import Server
from syndicate.delivery.relays import FailoverTransport
from syndicate.errors import DeliveryError
from syndicate.mail.outbox import Outbox
from syndicate.mail.smtp.client import SmtpTransport
from syndicate.mail.transport import Envelope, Session, Transport
from syndicate.service.job_table import MINUTE
from syndicate.service.jobs import Job
from syndicate.service.scheduler import Scheduler
from syndicate.service.signup_task import SignupMailTask, frame_of
from syndicate.signup.mailer import BACKOFF, SignupMailer
from syndicate.site import set_up
from syndicate.store.requests import RequestState, SignupRequests
from syndicate.store.subscribers import SuppressionReason
from syndicate.subscribers.addresses import address

MAIL = "ada@example.org"
SECOND = timedelta(seconds=1)


class Refusing:
    """A mail server that takes nothing."""

    doubt = ""

    def __init__(self, *, permanent: bool = False, connects: bool = True) -> None:
        self.error = DeliveryError("not now", permanent=permanent)
        self.connects = connects

    @contextmanager
    def session(self) -> Iterator[Session]:
        if not self.connects:
            raise self.error
        yield self

    def begin(self, envelope: Envelope) -> None:
        raise self.error

    def finish(self, message: bytes, following: Envelope | None = None) -> str:
        raise AssertionError("nothing was begun")


def now() -> datetime:
    return datetime.now(UTC) + SECOND


def sent_by(place: Place, transport: Transport, moment: datetime) -> list[str]:
    with place.site.opened() as site:
        return SignupMailer(site, *frame_of(site, moment), transport).run_once(moment)


def states(place: Place, mail: str = MAIL) -> list[tuple[str, int]]:
    with place.known() as known:
        hashed = address(mail).hashed(known.salt())
    with place.site.opened() as site:
        return [(each.state, each.attempts) for each in SignupRequests(site.database).of(hashed)]


@pytest.mark.parametrize("connects", [True, False])
def test_an_email_that_is_temporarily_refused_is_retried(
    sqlite_place: Place, connects: bool
) -> None:
    sqlite_place.ask(MAIL)
    moment = now()
    assert sent_by(sqlite_place, Refusing(connects=connects), moment) == ["not now"]
    assert states(sqlite_place) == [(RequestState.WAITING, 1)]
    outbox = Outbox(sqlite_place.site.root / "outbox")
    assert sent_by(sqlite_place, outbox, moment + BACKOFF.initial - 2 * SECOND) == []
    assert states(sqlite_place) == [(RequestState.WAITING, 1)], "its time has not come"
    sent_by(sqlite_place, outbox, moment + BACKOFF.initial)
    assert states(sqlite_place) == [(RequestState.SENT, 1)]


def test_a_permanently_refused_email_is_not_retried(sqlite_place: Place) -> None:
    sqlite_place.ask(MAIL)
    sent_by(sqlite_place, Refusing(permanent=True), now())
    assert states(sqlite_place) == [(RequestState.FAILED, 1)]


def test_strangers_and_the_suppressed_are_not_written_to(place: Place) -> None:
    with place.known() as known:
        hashed = address("never@example.org").hashed(known.salt())
        known.suppress(hashed, SuppressionReason.REQUEST, "", "2026-11-25T12:00:00Z")
    place.ask("never@example.org")
    place.post("preferences/", {"address": MAIL})
    assert place.emails() == []
    assert states(place) == states(place, "never@example.org") == [(RequestState.DROPPED, 0)]


def test_a_new_configuration_sends_no_email_twice(
    sqlite_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part of the configuration before is still at work when the new one begins."""
    for number in range(4):
        sqlite_place.ask(f"{number}@example.org")
    slow = Outbox.finish

    def slowly(outbox: Outbox, message: bytes) -> str:
        time.sleep(0.05)
        return slow(outbox, message)

    monkeypatch.setattr(Outbox, "finish", slowly)
    setup = set_up(sqlite_place.site.config_file, {})
    tasks = [SignupMailTask(setup, threading.Event()) for _ in range(2)]
    jobs = [
        Job(task.name, MINUTE, task.run, background=True, has_work=task.has_work) for task in tasks
    ]
    scheduler, moment = Scheduler(jobs[:1]), now()
    scheduler.run_due(moment)
    scheduler.replace(jobs[1:])
    scheduler.run_due(moment)
    while scheduler.running:
        time.sleep(0.01)
        scheduler.run_due(moment)
    assert len(list((sqlite_place.site.root / "outbox").glob("*.eml"))) == 4


def test_a_request_made_during_a_tick_is_answered_in_that_tick(sqlite_place: Place) -> None:
    """A pass that builds a large site may have begun seconds before the request."""
    sqlite_place.ask(MAIL)
    assert len(sqlite_place.emails(now() - timedelta(seconds=5))) == 1


def test_old_requests_are_deleted_also_without_signup_pages(
    sqlite_place: Place, tmp_path: Path
) -> None:
    sqlite_place.ask(MAIL)
    sqlite_place.site.configure(subscribers={"signup_pages": False})
    part = SignupMailTask(set_up(sqlite_place.site.config_file, {}), threading.Event())
    for days, kept in ((0, 1), (7, 1), (8, 0)):
        part.run(now() + timedelta(days=days))
        assert len(states(sqlite_place)) == kept
    assert not (tmp_path / "site" / "outbox").exists()


def test_a_clock_that_is_ahead_for_a_moment_loses_no_request(sqlite_place: Place) -> None:
    sqlite_place.ask(MAIL)
    (message,) = sqlite_place.emails()
    sqlite_place.mailer_task.run(now() + timedelta(days=3650))
    sqlite_place.mailer_task.run(now())
    assert sqlite_place.post(sqlite_place.link(message), {}).status_code == 200
    assert sqlite_place.states(MAIL) == {"weekly": "active"}


def test_emails_are_sent_by_the_first_available_server(sqlite_place: Place) -> None:
    sqlite_place.ask(MAIL)
    with SmtpServer() as server:
        common = {"host": "127.0.0.1", "security": "none", "timeout": 60}
        servers = {"gone": {**common, "port": 9}, "main": {**common, "port": server.port}}
        sqlite_place.site.configure(sending={"transport": "smtp", "servers": servers})
        part = SignupMailTask(set_up(sqlite_place.site.config_file, {}), threading.Event())
        part.run(now())
        (mail,) = server.accepted
    assert (mail.sender, mail.to) == ("letters@example.org", (MAIL,))
    assert states(sqlite_place) == [(RequestState.SENT, 0)]
    assert not list(sqlite_place.site.root.glob("outbox/*.eml"))


def test_an_email_that_may_not_have_been_accepted_is_sent_again(sqlite_place: Place) -> None:
    """Twice is harmless; a confirmation that never comes is not."""
    sqlite_place.ask(MAIL)

    def extra_reply(step: Step) -> Action | None:
        odd = step.name == "QUIT" and step.connection == 1
        return Reply("451 4.3.0 not now") if odd else None

    with SmtpServer(extra_reply) as server:
        settings = Server(
            name="main", host="127.0.0.1", port=server.port, security="none", timeout=60
        )
        transport = FailoverTransport([SmtpTransport(settings, "here.example.org")])
        moment = now()
        (problem,) = sent_by(sqlite_place, transport, moment)
        assert "451" in problem
        assert states(sqlite_place) == [(RequestState.WAITING, 1)]
        assert sent_by(sqlite_place, transport, moment + BACKOFF.initial) == []
    assert states(sqlite_place) == [(RequestState.SENT, 1)]
