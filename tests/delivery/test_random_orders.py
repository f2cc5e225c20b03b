"""Events in any order while an issue is sent: the store records what happened."""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from mailing_site import MailingSite, change_deliveries, new_mailing_site, now

from smtp_server import Action, Close, Reply, SmtpServer, Step, accept_everything
from syndicate.backoff import Backoff
from syndicate.delivery import planning_pace, relays
from syndicate.delivery.operations import cancellation, pausing, report, resending
from syndicate.delivery.operations.store_recovery import resume_moved
from syndicate.delivery.states import FOLLOWS, DeliveryState
from syndicate.store import chunks
from syndicate.store.issues import Issue
from syndicate.store.sqlite import Sqlite
from syndicate.store.subscribers import Subscriber, Subscribers, SuppressionReason

PEOPLE = [f"p{number}@example.org" for number in range(6)]
NEVER_SENT = ("pending", "retry", "failed", "suppressed")

SAID: list[Action] = [
    Reply("421 4.3.2 busy", close=True),
    Reply("451 4.3.0 not now"),
    Reply("550 5.7.1 no"),
    Reply("550 5.1.1 nobody here"),
    Reply("well, yes"),
    Close(),
]
STEPS = ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "BODY", "MESSAGE"]
FAULTS = st.lists(
    st.tuples(st.sampled_from(STEPS), st.sampled_from([*SAID, Close(accepted=True)])), max_size=3
)


class KilledError(BaseException):
    """The process is no more."""


Order = Callable[[], None]


class AnyOrder(RuleBasedStateMachine):
    """One issue, its people, its operator, its mail server, and senders that die."""

    @initialize()
    def start(self) -> None:
        self.temporary = tempfile.TemporaryDirectory()
        made = prepared()
        root = shutil.copytree(made.root, Path(self.temporary.name) / "site")
        folder = copy.copy(made.site.folder)
        folder.root = root
        os.environ["XDG_STATE_HOME"] = str(Path(self.temporary.name) / "state-home")
        with folder.opened() as opened:
            resume_moved(opened)
        self.site, self.issue = MailingSite(folder), made.issue
        self.people = {each.id: each for each in made.people}
        self.server = SmtpServer(accept_everything)
        self.server.__enter__()
        self.site.send_by_smtp(self.server.port, connections=2, timeout=0.3)
        self.small = (
            patch.object(chunks, "CHUNK_SIZE", 2),
            patch.object(planning_pace, "FIRST_LIMIT", 4),
        )
        for each in self.small:
            each.start()
        self.resent: Counter[int] = Counter()
        self.believed: set[int] = set()
        self.may_get_no_more: dict[int, int] = {}
        """Of those who left, or whose issue was stopped: how many they had got."""
        self.stopped = False

    def teardown(self) -> None:
        if hasattr(self, "server"):
            for each in self.small:
                each.stop()
            self.server.__exit__()
            self.temporary.cleanup()

    # -- what is so ----------------------------------------------------------------------------

    def accepted_counts(self) -> Counter[int]:
        numbers = {each.address: each.id for each in self.people.values()}
        return Counter(numbers[to] for mail in self.server.accepted for to in mail.to)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.site.folder.opened() as opened:
            return opened.database.rows(query)

    def states(self) -> dict[int, str]:
        return {
            int(str(who)): str(state)
            for who, state in self.rows("SELECT subscriber, state FROM deliveries")
        }

    @invariant()
    def store_matches_server(self) -> None:
        if not hasattr(self, "server"):
            return
        got = self.accepted_counts()
        for who, state in self.states().items():
            least = 1 if state == "sent" and who not in self.believed else 0
            most = self.resent[who] + (state not in NEVER_SENT)
            assert least <= got[who] <= most, f"{who} is {state} and got {got[who]}"
        for who, many in self.may_get_no_more.items():
            assert got[who] == many, f"{who} was to get no more"

    @invariant()
    def report_balances(self) -> None:
        if hasattr(self, "server") and self.rows("SELECT 1 FROM issue_sends"):
            with self.site.folder.opened() as opened:
                delivery_report = report.reconcile(opened, report.sending_of(opened, self.issue))
            assert delivery_report.balanced, delivery_report
            ((rows,),) = self.rows("SELECT count(*) FROM deliveries")
            assert rows == delivery_report.planned
            assert {**delivery_report.by_state, "pending": 0} == {
                state: 0 if state == "pending" else list(self.states().values()).count(state)
                for state in delivery_report.by_state
            }

    @invariant()
    def transitions_are_allowed(self) -> None:
        if hasattr(self, "server"):
            for before, after in self.rows("SELECT DISTINCT before, after FROM moves"):
                state = DeliveryState(str(before))
                assert after in FOLLOWS[state], f"{before} -> {after}"

    # -- people ----------------------------------------------------------------------------------

    @rule(number=st.integers(6, 8))
    def subscriber_returns(self, number: int) -> None:
        for each in self.site.subscribe([f"p{number}@example.org"]):
            self.people[each.id] = each

    @rule(number=st.integers(0, 8), how=st.sampled_from(["leaves", "suppressed", "erased"]))
    def subscriber_withdraws(self, number: int, how: str) -> None:
        self.withdraw(number, how)

    def withdraw(self, number: int, how: str) -> None:
        who = next((p for p in self.people.values() if p.address == f"p{number}@example.org"), None)
        if who is None:
            return
        with self.site.folder.opened() as opened, opened.database.transaction():
            known = Subscribers(opened.database)
            if how == "leaves":
                known.unsubscribe(who.id, ["weekly"], "", "2026-11-25T00:00:00Z")
            else:
                known.suppress(
                    who.hash, SuppressionReason(how if how == "erased" else "request"), "", "2026"
                )
            if how == "erased":
                known.erase(who)
            query = "SELECT 1 FROM deliveries WHERE state = 'sending' AND subscriber = :s"
            begun = opened.database.rows(query, {"s": who.id})
        if not begun:
            self.may_get_no_more[who.id] = self.accepted_counts()[who.id]

    # -- the operator ----------------------------------------------------------------------------

    @rule(what=st.sampled_from(["pause", "resume", "stop", "retry", "missed", "sent", "resend"]))
    def operator_acts(self, what: str) -> None:
        self.operate(what)

    def operate(self, what: str) -> None:
        """As the commands do: nothing of an issue that never began, or is cancelled."""
        if not self.rows("SELECT 1 FROM issues WHERE state IN ('sending', 'sent')"):
            return
        with self.site.folder.opened() as opened:
            sending = report.sending_of(opened, self.issue)
            if what == "pause":
                pausing.pause(opened, sending)
            elif what == "resume":
                pausing.resume(opened, sending)
            elif what == "stop":
                cancellation.stop(opened, self.issue, now(), "a slip")
                self.stopped = True
            elif what == "retry":
                self.stopped &= not resending.retry_failed(opened, sending, now())
            elif what == "missed":
                self.stopped &= not resending.resend_missed(opened, self.issue, sending, now())
            else:
                self.resolve(what)

    def resolve(self, what: str) -> None:
        with self.site.folder.opened() as opened:
            sending = report.sending_of(opened, self.issue)
            held = [who for who, state in self.states().items() if state == "held"]
            for who in held:  # one by one: what is held meanwhile is not decided
                many = resending.resolve_held(
                    opened, sending, now(), sent=what == "sent", people=[who]
                )
                if many and what == "sent":
                    self.believed.add(who)
                elif many:
                    self.resent[who] += 1
                    self.stopped = False

    @rule()
    def retries_become_due(self) -> None:
        with self.site.folder.opened() as opened, opened.database.transaction():
            change_deliveries(opened.database, "next_try = '2026'")

    # -- the sender ------------------------------------------------------------------------------

    @rule(
        faults=FAULTS,
        dies=st.none() | st.tuples(st.integers(3, 14), st.booleans()),
        meanwhile=st.none()
        | st.tuples(
            st.integers(2, 14),
            st.sampled_from(["pause", "stop", "missed", "resend", "leaves", "erased"]),
        ),
        on_held=st.sampled_from(["hold", "hold", "resend"]),
    )
    def run_sender(
        self,
        faults: Sequence[tuple[str, Action]],
        dies: tuple[int, bool] | None,
        meanwhile: tuple[int, str] | None,
        on_held: str,
    ) -> None:
        was_stopped, before = self.stopped, self.accepted_counts()
        self.server.behaviour = self.faulty(list(faults), meanwhile)
        self.site.send_by_smtp(self.server.port, {"on_held": on_held}, connections=2, timeout=0.3)
        if on_held == "resend":  # the operator takes it that some get it twice
            self.resent.update(dict.fromkeys(self.people, len(faults) + 2))
        with (
            patch.object(relays, "BACKOFF", Backoff(timedelta(seconds=0.05), timedelta(minutes=1))),
            killing_at(dies) as was_killed,
        ):
            end = time.monotonic() + 1.0
            try:
                self.site.send(stopping=lambda: time.monotonic() > end)
            except KilledError:
                assert was_killed()
        self.server.disconnect_all()
        if was_stopped and self.stopped:
            assert self.accepted_counts() == before, "it was stopped"
        unsaid = "SELECT reply FROM deliveries WHERE state = 'failed' AND server = ''"
        assert self.rows(unsaid) == [], "nobody fails whom no server refused"

    def faulty(
        self, faults: list[tuple[str, Action]], meanwhile: tuple[int, str] | None
    ) -> Callable[[Step], Action | None]:
        lock, seen = threading.Lock(), [0]

        def behaviour(step: Step) -> Action | None:
            with lock:
                seen[0] += 1
                if meanwhile and seen[0] == meanwhile[0]:
                    self.act(meanwhile[1])
                for fault in faults:
                    if fault[0] == step.name:
                        faults.remove(fault)
                        return fault[1]
            return None

        return behaviour

    def act(self, what: str) -> None:
        if what in ("leaves", "erased"):
            self.withdraw(5, what)
        else:
            self.operate(what)


@contextmanager
def killing_at(when: tuple[int, bool] | None) -> Iterator[Callable[[], bool]]:
    """The thread dies before or after its n-th transaction, and so do all that come after."""
    if when is None:
        yield lambda: False
        return
    (number, after), real, mine = when, Sqlite.transaction, threading.get_ident()
    count = [0]

    @contextmanager
    def transaction(self: Sqlite) -> Iterator[None]:
        if threading.get_ident() != mine:
            with real(self):
                yield
            return
        count[0] += 1
        if count[0] > number:
            raise KilledError
        with real(self):
            yield
            if count[0] == number and not after:
                raise KilledError
        if count[0] == number:
            raise KilledError

    with patch.object(Sqlite, "transaction", transaction):
        yield lambda: count[0] >= number


class Prepared:
    """A site with an issue."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.root = Path(self._folder.name) / "site"
        self.site = new_mailing_site(self.root, "sqlite:///syndicate.db")
        self.people: list[Subscriber] = self.site.subscribe(PEOPLE)
        self.issue: Issue = self.site.issue()
        with self.site.folder.opened() as opened, opened.database.transaction():
            opened.database.run("CREATE TABLE moves (before TEXT, after TEXT)")
            opened.database.run(
                "CREATE TRIGGER moved AFTER UPDATE OF state ON deliveries "
                "WHEN old.state <> new.state "
                "BEGIN INSERT INTO moves VALUES (old.state, new.state); END"
            )


@cache
def prepared() -> Prepared:
    """The one site that all orders begin with."""
    return Prepared()


TestAnyOrder = pytest.mark.soak(AnyOrder.TestCase)
TestAnyOrder.settings = settings(
    max_examples=10,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
