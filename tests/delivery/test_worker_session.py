"""Workers of one store: who may join, and what happens when one dies or does not respond."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mailing_site import MailingSite, new_mailing_site
from sqlalchemy import make_url

from smtp_server import Action, Close, SmtpServer, Step
from syndicate.config.model import Server
from syndicate.delivery import worker_session as sessions
from syndicate.delivery.batch import batch_of
from syndicate.delivery.messages import message_factory
from syndicate.delivery.planning import plan_approved, plan_step
from syndicate.delivery.planning_pace import PlanningPace
from syndicate.delivery.queue import Task
from syndicate.delivery.quota_exchange import QuotaExchange
from syndicate.delivery.recorder import DeliveryRecorder
from syndicate.delivery.relays import Relay
from syndicate.delivery.worker_session import WorkerSession, drain, silent_looks, worker_session
from syndicate.delivery.workers import Accepted, OutcomeUnknown, WorkerEvent
from syndicate.errors import StoreError, SyndicateError
from syndicate.mail.outbox import Outbox
from syndicate.site import Site
from syndicate.store.chunks import Chunks
from syndicate.store.claims import ClaimedDelivery, Claims, Transition
from syndicate.store.issue_sends import IssueSends
from syndicate.store.workers import WorkerRow, Workers

PROGRAM = Path(sys.executable).with_name("syndicate")
PEOPLE = [f"p{number:03}@example.org" for number in range(60)]
PATIENCE = 60.0
NOW, LATER = "2026-11-28T10:00:00Z", "2026-12-01T00:00:00Z"
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)

pytestmark = pytest.mark.postgresql

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def accepted(server: SmtpServer) -> Counter[str]:
    """How often a message to each recipient was accepted."""
    return Counter(address for mail in server.accepted for address in mail.to)


@pytest.fixture
def other(site: MailingSite) -> Iterator[Site]:
    """The same store, opened once more."""
    site.send_by_smtp(2525)
    with site.folder.opened() as opened:
        yield opened


def lose_session(opened: Site, session: WorkerSession, other: Site) -> None:
    """Have the database end a session, and its program notice that its connection broke."""
    other.database.end_session(session.worker.id)
    wait_for(lambda: other.database.ended_sessions([session.worker.id]))
    with suppress(StoreError):
        opened.database.has_session()


# -- one worker ------------------------------------------------------------------------------------


def test_a_worker_is_listed_while_its_session_lasts(other: Site) -> None:
    with worker_session(other.database, other.config, "first"):
        (row,) = Workers(other.database).all()
    assert (row.name, row.pid, row.ended_at) == ("first", os.getpid(), "")
    assert Workers(other.database).all() == []


def test_the_ids_of_workers_are_never_used_again(other: Site) -> None:
    owners = []
    for _ in range(2):
        with worker_session(other.database, other.config) as session:
            owners.append(session.owner)
    assert owners == ["1", "2"]


def test_with_sqlite_one_worker_sends_at_a_time(tmp_path: Path) -> None:
    site = new_mailing_site(tmp_path / "site", "sqlite:///syndicate.db")
    site.send_by_smtp(2525)
    with site.folder.opened() as one, worker_session(one.database, one.config):
        with pytest.raises(SyndicateError, match="already sending"):
            site.send()
        assert len(Workers(one.database).all()) == 1


@on_postgresql
def test_a_worker_that_writes_to_an_outbox_is_the_only_one(site: MailingSite) -> None:
    site.configure(transport="outbox")
    with (
        site.folder.opened() as one,
        worker_session(one.database, one.config),
        pytest.raises(SyndicateError, match="already sending"),
    ):
        site.send()


# -- who may join ----------------------------------------------------------------------------------


@on_postgresql
def test_a_worker_with_other_limits_is_refused_by_the_names_of_the_settings(
    site: MailingSite,
) -> None:
    site.send_by_smtp(2525, per_second=5)
    with site.folder.opened() as one, worker_session(one.database, one.config, "first"):
        site.send_by_smtp(2525, per_second=6)
        with pytest.raises(SyndicateError) as caught:
            site.send()
        assert len(Workers(one.database).all()) == 1
    expected = "worker first has other settings: sending.servers.main.per_second"
    assert caught.value.message == expected


@on_postgresql
def test_each_worker_may_log_in_with_its_own_password(site: MailingSite) -> None:
    site.send_by_smtp(2525, user="one", password="secret")
    with site.folder.opened() as one, worker_session(one.database, one.config):
        site.send_by_smtp(2525, user="other", password="hidden")
        with site.folder.opened() as other, worker_session(other.database, other.config):
            rows = Workers(one.database).all()
    assert len(rows) == 2
    assert "secret" not in str(rows)


@on_postgresql
def test_a_worker_of_another_version_is_refused(
    site: MailingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.send_by_smtp(2525)
    with site.folder.opened() as one, worker_session(one.database, one.config, "old"):
        monkeypatch.setattr(sessions, "__version__", "9.9.9")
        with pytest.raises(SyndicateError, match=r"worker old runs version .*9\.9\.9"):
            site.send()


@on_postgresql
def test_the_settings_of_a_dead_worker_do_not_count(site: MailingSite) -> None:
    site.send_by_smtp(2525, per_second=5)
    with (
        site.folder.opened() as one,
        site.folder.opened() as another,
        suppress(SyndicateError),
        worker_session(one.database, one.config, "dead") as session,
    ):
        lose_session(one, session, another)
    site.send_by_smtp(2525, per_second=6)
    with site.folder.opened() as other, worker_session(other.database, other.config) as session:
        session.recover()
        rows = Workers(other.database).all()
    assert [bool(row.ended_at) for row in rows] == [True, False]


@pytest.fixture
def pooled(
    request: pytest.FixtureRequest,
    site: MailingSite,
    tmp_path_factory: pytest.TempPathFactory,
    require_program: Callable[[str, str], str],
) -> Iterator[Callable[[str], Site]]:
    """Open the site through PgBouncer with a pool mode."""
    program = require_program("pgbouncer", "install pgbouncer")
    server = make_url(request.getfixturevalue("database_url"))
    socket_folder = Path(str(server.query["host"]))
    folder = tmp_path_factory.mktemp("pooler")
    with ExitStack() as stack:

        def opened(mode: str) -> Site:
            port = free_port()
            (folder / "pgbouncer.ini").write_text(
                f"[databases]\n* = host={socket_folder} user={server.username}\n[pgbouncer]\n"
                f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
                f"auth_type = any\npool_mode = {mode}\n"
            )
            owner = socket_folder.owner()
            for path in (folder, folder.parent, folder.parent.parent):
                path.chmod(0o755)
            as_owner = ["-u", owner] if os.getuid() == 0 else []
            arguments = [program, "-q", *as_owner, str(folder / "pgbouncer.ini")]
            process = stack.enter_context(subprocess.Popen(arguments))
            stack.callback(process.kill)
            wait_for(lambda: is_listening(port))
            address = f"postgresql://{server.username}@127.0.0.1:{port}/{server.database}"
            site.folder.configure(store={"url": address})
            return stack.enter_context(site.folder.opened())

        yield opened


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@on_postgresql
def test_a_pooler_in_transaction_mode_is_refused(pooled: Callable[[str], Site]) -> None:
    site = pooled("transaction")
    with pytest.raises(SyndicateError, match="a pooler gives each transaction another one"):
        worker_session(site.database, site.config).__enter__()


@on_postgresql
def test_a_pooler_in_session_mode_is_accepted(pooled: Callable[[str], Site]) -> None:
    site = pooled("session")
    with worker_session(site.database, site.config):
        assert len(Workers(site.database).all()) == 1


# -- dead workers ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class FirstWorker:
    """A worker that is sending the message of its first delivery."""

    opened: Site
    session: WorkerSession
    claims: Claims
    sending: Transition

    def die(self, other: Site) -> None:
        """End its session: as the system does when a process is killed."""
        lose_session(self.opened, self.session, other)


@pytest.fixture
def first(site: MailingSite, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirstWorker]:
    monkeypatch.setattr("syndicate.store.chunks.CHUNK_SIZE", 5)
    monkeypatch.setattr(sessions, "LOOK_SECONDS", 0.0)
    site.send_by_smtp(2525)
    site.subscribe(PEOPLE[:15])
    issue = site.issue().sequence
    with (
        site.folder.opened() as opened,
        suppress(SyndicateError),  # its session may have ended before
        worker_session(opened.database, opened.config, "first") as session,
    ):
        plan_approved(opened, NOON)
        plan_step(opened, NOON, PlanningPace())
        claims = Claims(opened.database, session.owner)
        with opened.database.transaction():
            (claimed,) = claims.claim(issue, NOW, LATER)
            subscriber = claimed.deliveries[0].subscriber
            claims.mark_sending(site.issue_send, [subscriber], "main", NOW)
        accepted = Transition(issue, subscriber, "sending", "sent", server="main", reply="250 ok")
        yield FirstWorker(opened, session, claims, accepted)


def states(site: MailingSite) -> Counter[str]:
    return Counter(site.states().values())


@on_postgresql
def test_what_a_dead_worker_was_sending_is_held_and_its_chunks_are_free(
    site: MailingSite, first: FirstWorker, other: Site
) -> None:
    with worker_session(other.database, other.config) as session:
        assert Chunks(other.database).owners() == [first.session.owner], "it lives"
        first.die(other)
        session.look()
        assert Chunks(other.database).owners() == []
        assert [bool(row.ended_at) for row in Workers(other.database).all()] == [True, False]
    assert states(site) == {"held": 1, "pending": 14}


def apply_late(site: MailingSite, first: FirstWorker) -> None:
    """Have the first worker report that its message was accepted, after all."""
    with site.folder.opened() as opened, opened.database.transaction():
        claims = Claims(opened.database, first.session.owner)
        claims.apply_transitions([first.sending], NOW)
        claims.apply_late([first.sending], NOW)


@on_postgresql
def test_a_worker_that_was_taken_for_dead_still_reports_what_it_knows(
    site: MailingSite, first: FirstWorker, other: Site
) -> None:
    first.die(other)
    with worker_session(other.database, other.config) as session:
        session.recover()
        assert states(site) == {"held": 1, "pending": 14}
        apply_late(site, first)
    assert states(site) == {"sent": 1, "pending": 14}
    assert Chunks(other.database).counts(first.sending.issue) == {"sent": 1, "pending": 14}


@on_postgresql
def test_a_report_counts_before_others_see_that_its_worker_is_dead(
    site: MailingSite, first: FirstWorker, other: Site
) -> None:
    first.die(other)
    apply_late(site, first)
    with worker_session(other.database, other.config) as session:
        session.recover()
        assert states(site) == {"sent": 1, "pending": 14}


@on_postgresql
def test_a_worker_reports_nothing_about_deliveries_of_others(
    site: MailingSite, first: FirstWorker, other: Site
) -> None:
    first.die(other)
    with worker_session(other.database, other.config) as session:
        session.recover()
        with other.database.transaction():
            claims = Claims(other.database, session.owner)
            claims.apply_late([first.sending], NOW)
        assert states(site) == {"held": 1, "pending": 14}


def test_a_worker_is_silent_at_looks_that_find_what_the_last_one_found() -> None:
    def row(number: int, seen_at: str) -> WorkerRow:
        return WorkerRow(number, "name", "host", 1, "1.0", "{}", NOW, seen_at)

    looks = silent_looks({}, [row(1, "10:00"), row(2, "10:00")])
    assert looks == {1: ("10:00", 0), 2: ("10:00", 0)}
    looks = silent_looks(looks, [row(1, "10:00"), row(2, "10:02")])
    assert looks == {1: ("10:00", 1), 2: ("10:02", 0)}
    assert silent_looks(looks, [row(1, "10:00")]) == {1: ("10:00", 2)}


@on_postgresql
def test_the_session_of_a_silent_worker_is_ended_and_that_of_a_busy_one_is_not(
    first: FirstWorker, other: Site
) -> None:
    with worker_session(other.database, other.config) as session:
        for _ in range(2 * sessions.MAX_SILENT_LOOKS):
            with first.opened.database.transaction():
                seen_at = str(time.monotonic())  # another one each time
                Workers(first.opened.database).mark_seen(first.session.worker.id, seen_at)
            session.look()
        assert first.opened.database.has_session()
        for _ in range(sessions.MAX_SILENT_LOOKS):
            session.look()
        wait_for(lambda: other.database.ended_sessions([first.session.worker.id]))
        session.look()
        assert Chunks(other.database).owners() == []
    assert [bool(row.ended_at) for row in Workers(other.database).all()] == [True]


@on_postgresql
def test_a_worker_that_is_cut_off_within_a_transaction_keeps_others_waiting_for_seconds(
    site: MailingSite, other: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.store.postgresql.MAX_IDLE_SECONDS", 1)
    with (
        site.folder.opened() as opened,
        suppress(SyndicateError),  # its session has ended
        worker_session(opened.database, opened.config),
        opened.database.transaction(),  # and says nothing more
        worker_session(other.database, other.config) as session,
    ):
        session.recover()
        (cut_off, _) = Workers(other.database).all()
        assert cut_off.ended_at


@on_postgresql
def test_a_late_outcome_that_is_in_doubt_stays_held(
    site: MailingSite, first: FirstWorker, other: Site
) -> None:
    first.die(other)
    with worker_session(other.database, other.config) as session:
        session.recover()
    with site.folder.opened() as opened:
        relay = Relay(Server(name="main", host="127.0.0.1"), Outbox(site.folder.root))
        (sending,) = IssueSends(opened.database).open()
        delivery = (first.sending.issue, first.sending.subscriber)
        claimed = ClaimedDelivery(*delivery, "pending", 0, PEOPLE[0], "")
        task = Task(sending, claimed, message_factory(opened, sending))
        quotas = QuotaExchange(opened.database, first.session.worker.id, [relay])
        recorder = DeliveryRecorder(
            opened.database,
            opened.config.sending,
            first.session.owner,
            quotas,
            lambda *_: None,
            lambda _: None,
        )
        events: list[WorkerEvent] = [
            Accepted(task, relay, "250 ok"),
            OutcomeUnknown(task, relay, "a 2nd reply"),
        ]
        recorder.write_last(batch_of(events, opened.config.sending, NOON))
    assert states(site) == {"held": 1, "pending": 14}


# -- processes -------------------------------------------------------------------------------------


class Process:
    """A `syndicate send` in the site's folder."""

    def __init__(self, site: MailingSite) -> None:
        self._process = subprocess.Popen(
            [PROGRAM, "send"],
            cwd=site.folder.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.pid = self._process.pid

    def output(self) -> str:
        """All it printed, once it has ended."""
        return self._process.communicate(timeout=PATIENCE)[0]

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def in_small_chunks(monkeypatch: pytest.MonkeyPatch, site: MailingSite) -> MailingSite:
    """An issue of which two deliveries each are a chunk, planned."""
    monkeypatch.setattr("syndicate.store.chunks.CHUNK_SIZE", 2)
    site.subscribe(PEOPLE)
    site.issue()
    site.send_by_smtp(2525)
    with site.folder.opened() as opened:
        plan_approved(opened, NOON)
        plan_step(opened, NOON, PlanningPace())
    return site


def owners(site: MailingSite) -> list[str]:
    with site.folder.opened() as opened:
        return Chunks(opened.database).owners()


def living(site: MailingSite) -> int:
    with site.folder.opened() as opened:
        return len(Workers(opened.database).not_ended())


@on_postgresql
def test_several_workers_send_an_issue_each_recipient_once(in_small_chunks: MailingSite) -> None:
    shared = threading.Event()

    def slow_until_shared(step: Step) -> Action | None:
        if step.name == "MESSAGE":
            end = time.monotonic() + 1
            while not shared.is_set() and time.monotonic() < end:
                if len(owners(in_small_chunks)) > 1:
                    shared.set()
        return None

    with SmtpServer(slow_until_shared) as server, ExitStack() as stack:
        in_small_chunks.send_by_smtp(server.port, connections=3)
        processes = [stack.enter_context(Process(in_small_chunks)) for _ in range(3)]
        outputs = [process.output() for process in processes]
        assert shared.is_set(), outputs
        assert sorted(accepted(server)) == PEOPLE
        assert set(accepted(server).values()) == {1}
    report = in_small_chunks.delivery_report()
    assert (report.sent, report.held, bool(report.sending.ended_at)) == (60, 0, True)


class SecondMessage:
    """The first worker waits at its second message until `decided`; its other connection before."""

    def __init__(self, action: Action | None) -> None:
        self.arrived, self.decided = threading.Event(), threading.Event()
        self._action = action

    def __call__(self, step: Step) -> Action | None:
        if step.connection == 1 and (step.name, step.times) == ("MESSAGE", 1):
            self.arrived.set()
            assert self.decided.wait(PATIENCE)
            return self._action
        if step.connection == 2 and step.name == "MAIL":
            assert self.decided.wait(PATIENCE)
        return None


@on_postgresql
def test_a_worker_continues_what_a_killed_one_left(in_small_chunks: MailingSite) -> None:
    second = SecondMessage(Close(accepted=True))
    with SmtpServer(second) as server:
        in_small_chunks.send_by_smtp(server.port, connections=2)
        with Process(in_small_chunks) as killed:
            assert second.arrived.wait(PATIENCE)
            with Process(in_small_chunks) as survivor:
                wait_for(lambda: living(in_small_chunks) == 2)
                killed.kill()
                second.decided.set()
                survivor.output()
        assert sorted(accepted(server)) == PEOPLE
        assert set(accepted(server).values()) == {1}
    report = in_small_chunks.delivery_report()
    assert (report.sent, report.held, bool(report.sending.ended_at)) == (59, 1, True)


@on_postgresql
def test_a_stopped_worker_sends_nothing_more_and_reports_what_it_knows(
    in_small_chunks: MailingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "LOOK_SECONDS", 0.05)
    second = SecondMessage(None)
    with SmtpServer(second) as server:
        in_small_chunks.send_by_smtp(server.port, connections=2, timeout=60)
        with Process(in_small_chunks) as stopped:
            assert second.arrived.wait(PATIENCE)
            os.kill(stopped.pid, signal.SIGSTOP)
            report = in_small_chunks.send()
            assert (report.sent, sum(report.held_by_issue.values())) == (58, 1)
            second.decided.set()
            os.kill(stopped.pid, signal.SIGCONT)
            stopped.output()
        assert sorted(accepted(server)) == PEOPLE
        assert set(accepted(server).values()) == {1}
    assert states(in_small_chunks) == {"sent": 60}


@on_postgresql
def test_a_worker_that_ends_is_not_silent_while_a_server_keeps_its_last_message(
    in_small_chunks: MailingSite,
) -> None:
    second = SecondMessage(None)
    with SmtpServer(second) as server:
        in_small_chunks.send_by_smtp(server.port, connections=1, timeout=60)
        with Process(in_small_chunks) as ending, in_small_chunks.folder.opened() as opened:

            def looks(since: set[str]) -> int:
                since.add(Workers(opened.database).all()[0].seen_at)
                return len(since)

            assert second.arrived.wait(PATIENCE)
            drain(opened.database, Workers(opened.database).all()[0].name)
            seen: set[str] = set()
            wait_for(lambda: looks(seen) > 3)
            second.decided.set()
            ending.output()
    assert set(states(in_small_chunks)) == {"sent", "pending"}
