"""Workers that share a relay never exceed its limits, whichever of them dies when."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from syndicate.config.model import Server
from syndicate.delivery.rate_limits import DAY, HOUR, SECOND, max_exchange_seconds
from syndicate.delivery.relay_quota import EXCHANGE_SECONDS, TOKEN_SECONDS, Exchange, RelayQuota
from syndicate.store.relay_usage import Reservation, Usage

BEGAN = 1_700_000_000.25


def server(
    per_second: int = 0,
    per_hour: int = 0,
    per_day: int = 0,
    warm_up: tuple[int, ...] = (),
    connections: int = 4,
) -> Server:
    return Server(
        name="main",
        host="mail",
        per_second=per_second,
        per_hour=per_hour,
        per_day=per_day,
        warm_up=warm_up,
        connections=connections,
        timeout=5,
    )


class Tables:
    """What workers share, in memory."""

    def __init__(self, limits: Server) -> None:
        self.limits = limits
        self.usage: list[Usage] = []
        self.reservations: dict[int, Reservation] = {}

    def decide(self, worker: Worker, queued: int, now: float) -> Exchange:
        """The exchange of a worker, not written yet."""
        sequence = worker.quota.sequence
        worker.quota.observe([row for row in self.usage if row.sequence > sequence], now)
        return worker.quota.exchange(worker.id, list(self.reservations.values()), queued, now)

    def write(self, exchange: Exchange, now: float) -> None:
        """Commit an exchange."""
        if exchange.used:
            self.record(exchange.used, now)
        for worker in exchange.expired:
            del self.reservations[worker]
        self.reservations[exchange.reservation.worker] = exchange.reservation

    def record(self, messages: int, now: float) -> None:
        """Count messages."""
        self.usage.append(Usage(len(self.usage) + 1, now, messages))


class Message:
    """A message: when it was announced, and when the server has counted it at the latest."""

    def __init__(self, announced: float) -> None:
        self.announced = announced
        self.counted_by = inf


class Worker:
    """A worker with one relay."""

    def __init__(self, number: int, tables: Tables) -> None:
        self.id = number
        self.quota = RelayQuota(tables.limits)
        self.tables = tables
        self.sending: list[Message] = []
        self.connected: set[int] = set()

    def exchange(self, queued: int, now: float, moment: float) -> None:
        """An exchange that is committed; times are the same for all but `now`."""
        exchange = self.tables.decide(self, queued, now)
        self.tables.write(exchange, now)
        self.quota.apply(exchange, moment)

    def begin(self, many: int, moment: float) -> list[Message]:
        """Announce messages, as many as may be."""
        begun = [Message(moment) for _ in range(many) if self.quota.take(moment)]
        self.sending += begun
        return begun

    def finish(self, which: int, moment: float) -> None:
        """The outcome of a message is known."""
        self.sending.pop(which % len(self.sending)).counted_by = moment
        self.quota.finish()

    def connect(self) -> None:
        """Open all connections that may be open, and close the others."""
        for number in range(self.tables.limits.connections):
            if self.quota.slots.enter(number, 0) and self.quota.slots.is_allowed(number):
                self.connected.add(number)
            elif number in self.connected:
                self.connected.remove(number)
                self.quota.slots.leave(number)


# -- one worker -------------------------------------------------------------------------------


def started(limits: Server, queued: int = 1000) -> Worker:
    """A worker that has exchanged once."""
    worker = Worker(1, Tables(limits))
    worker.exchange(queued, BEGAN, 0)
    return worker


def test_a_worker_reserves_a_present_and_a_next_message_for_each_connection() -> None:
    worker = started(server(per_hour=100, connections=4))
    assert worker.tables.reservations[1] == Reservation(1, 8, 4)
    assert len(worker.begin(100, 0)) == 8


def test_no_more_is_reserved_than_is_queued_or_than_the_limit_allows() -> None:
    assert started(server(per_hour=100), queued=3).tables.reservations[1].messages == 3
    assert started(server(per_hour=5)).tables.reservations[1].messages == 5


def test_without_limits_nothing_is_reserved_and_all_may_go() -> None:
    worker = started(server())
    assert worker.tables.reservations[1] == Reservation(1, 0, 4)
    assert len(worker.begin(1000, 0)) == 1000
    worker.finish(0, 0)
    worker.exchange(1000, BEGAN, 1)
    assert worker.tables.usage == [Usage(1, BEGAN, 1)]


def test_a_fast_worker_reserves_ahead_but_leaves_others_most_of_what_is_left() -> None:
    worker = started(server(per_hour=1000))
    for _ in worker.begin(8, 0):
        worker.finish(0, 0)
    worker.exchange(1000, BEGAN, 0.1)
    assert worker.tables.reservations[1].messages == 16
    for _ in worker.begin(16, 0.1):
        worker.finish(0, 0)
    worker.exchange(1000, BEGAN + 0.2, 0.2)
    assert worker.tables.reservations[1].messages == 32


def test_what_a_worker_does_not_use_goes_back_with_its_next_exchange() -> None:
    worker = started(server(per_hour=100))
    assert worker.quota.seconds_until_due(0, queued=0) == EXCHANGE_SECONDS
    worker.exchange(0, BEGAN + 1, 1)
    assert worker.tables.reservations[1].messages == 0
    assert worker.begin(1, 1) == []


def test_an_exchange_is_due_at_once_when_messages_run_out_and_the_limit_allows_more() -> None:
    worker = started(server(per_hour=100))
    assert worker.quota.seconds_until_due(0, queued=10) > 0
    worker.begin(8, 0)
    assert worker.quota.seconds_until_due(0, queued=10) > 0, "its connections can take no more"
    worker.finish(0, 0)
    assert worker.quota.seconds_until_due(0, queued=10) == 0


def test_a_used_limit_is_asked_for_again_when_it_has_room() -> None:
    worker = started(server(per_second=2))
    for _ in worker.begin(2, 0):
        worker.finish(0, 0)
    worker.exchange(10, BEGAN, 0)
    assert worker.quota.is_exhausted
    assert worker.quota.seconds_until_due(0, queued=10) > 0
    worker.exchange(10, BEGAN + 0.9, 0.9)
    assert 0.09 < worker.quota.seconds_until_due(0.9, queued=10) < 0.11
    worker.exchange(10, BEGAN + 1, 1)
    assert not worker.quota.is_exhausted
    assert len(worker.begin(10, 1)) == 2


def test_what_was_reserved_long_ago_may_not_be_announced() -> None:
    worker = started(server(per_hour=100))
    assert len(worker.begin(1, TOKEN_SECONDS)) == 1
    assert worker.begin(1, TOKEN_SECONDS + 1) == []


def test_a_message_that_was_never_announced_may_be_another() -> None:
    worker = started(server(per_hour=1))
    assert worker.begin(1, 0)
    worker.quota.put_back()
    assert worker.begin(1, 0)


# -- several workers --------------------------------------------------------------------------


def together(limits: Server, ids: Iterable[int]) -> list[Worker]:
    """Workers that have exchanged often enough to have their shares."""
    tables = Tables(limits)
    workers = [Worker(number, tables) for number in ids]
    for turn in range(3):
        for worker in workers:
            worker.exchange(1000, BEGAN, turn)
            worker.connect()
    return workers


def test_connections_are_shared_evenly_and_a_new_worker_gets_its_part() -> None:
    workers = together(server(connections=10), [7, 3, 5])
    assert {worker.id: len(worker.connected) for worker in workers} == {3: 4, 5: 3, 7: 3}
    new = Worker(9, workers[0].tables)
    for turn in range(3, 6):
        for worker in (*workers, new):
            worker.exchange(1000, BEGAN, turn)
            worker.connect()
    assert sorted(len(worker.connected) for worker in (*workers, new)) == [2, 2, 3, 3]


def test_connections_over_the_share_count_until_they_are_closed() -> None:
    (one,) = together(server(connections=4), [1])
    new = Worker(2, one.tables)
    new.exchange(1000, BEGAN, 9)
    one.exchange(1000, BEGAN, 9)
    assert one.tables.reservations[1].connections == 4
    new.exchange(1000, BEGAN, 10)
    assert new.quota.slots.allowed == 0
    one.connect()
    one.exchange(1000, BEGAN, 11)
    new.exchange(1000, BEGAN, 11)
    assert new.quota.slots.allowed == len(one.connected) == 2


def test_the_connections_of_a_dead_worker_are_free() -> None:
    one, other = together(server(connections=6), [1, 2])
    assert len(one.connected) == len(other.connected) == 3
    other.tables.reservations[1] = Reservation(1, 0, 0, ended_at=BEGAN)
    other.exchange(1000, BEGAN, 9)
    other.connect()
    assert len(other.connected) == 6


def test_with_more_workers_than_connections_the_oldest_have_them() -> None:
    workers = together(server(connections=2), [1, 2, 3])
    assert [len(worker.connected) for worker in workers] == [1, 1, 0]


def test_messages_of_a_dead_worker_count_as_being_sent_and_then_as_sent() -> None:
    limits = server(per_second=10)
    grace = max_exchange_seconds(limits) + TOKEN_SECONDS
    tables = Tables(limits)
    tables.reservations[1] = Reservation(1, 8, 0, ended_at=BEGAN)
    worker = Worker(2, tables)
    worker.exchange(1000, BEGAN + grace - 1, 0)
    assert len(worker.begin(100, 0)) == 2
    worker.finish(0, 0)
    worker.finish(0, 0)
    worker.exchange(1000, BEGAN + grace, 1)
    assert 1 not in tables.reservations
    assert worker.begin(100, 1) == []
    worker.exchange(1000, BEGAN + grace + 1, 2)
    assert len(worker.begin(100, 2)) == 8


# -- whatever happens -------------------------------------------------------------------------

LIMITS = st.builds(
    server,
    per_second=st.integers(0, 4),
    per_hour=st.sampled_from([0, 0, 3, 8]),
    per_day=st.sampled_from([0, 0, 5, 20]),
    warm_up=st.lists(st.integers(1, 12), max_size=3).map(tuple),
    connections=st.integers(1, 5),
)
PASSES = st.one_of(
    *(st.floats(0, most) for most in (0.1, 2, 100, 4000, 100_000)),
    st.sampled_from([1, HOUR, DAY]),
)
WHICH = st.integers(0, 1000)


class Workers(RuleBasedStateMachine):
    """Workers of one relay: on their way are messages, and some of the workers die."""

    def __init__(self) -> None:
        super().__init__()
        self.real = BEGAN
        self.behind = 0.0  # the clock of the store
        self.tables = Tables(server())
        self.alive: list[Worker] = []
        self.cut_off: list[Worker] = []
        self.messages: list[Message] = []
        self.started = 0

    @property
    def now(self) -> float:
        return self.real - self.behind

    @property
    def exchange_seconds(self) -> float:
        return max_exchange_seconds(self.tables.limits)

    @initialize(limits=LIMITS)
    def configured(self, limits: Server) -> None:
        self.tables = Tables(limits)

    @precondition(lambda self: len(self.alive) < 4)
    @rule()
    def starts(self) -> None:
        self.started += 1
        worker = Worker(self.started, self.tables)
        worker.exchange(9, self.now, self.real)
        self.alive.append(worker)

    @rule(seconds=PASSES)
    def time_passes(self, seconds: float) -> None:
        self.real += seconds

    @precondition(lambda self: self.alive)
    @rule(which=WHICH, queued=st.integers(0, 30), early=st.floats(0, 0.1))
    def exchanges_when_there_may_be_room(self, which: int, queued: int, early: float) -> None:
        worker = self.alive[which % len(self.alive)]
        self.real += max(worker.quota.seconds_until_due(self.real, queued) - early, 0)
        worker.exchange(queued, self.now, self.real)
        worker.connect()

    @precondition(lambda self: self.alive)
    @rule(which=WHICH, queued=st.integers(0, 30), is_committed=st.booleans())
    def loses_an_exchange(self, which: int, queued: int, is_committed: bool) -> None:
        worker = self.alive[which % len(self.alive)]
        exchange = self.tables.decide(worker, queued, self.now)
        if is_committed:
            self.tables.write(exchange, self.now)

    @precondition(lambda self: self.alive)
    @rule(which=WHICH, many=st.integers(1, 12))
    def begins(self, which: int, many: int) -> None:
        self.messages += self.alive[which % len(self.alive)].begin(many, self.real)

    @precondition(lambda self: any(worker.sending for worker in self.alive))
    @rule(which=WHICH, many=st.integers(1, 12))
    def finishes(self, which: int, many: int) -> None:
        sending = [worker for worker in self.alive if worker.sending]
        worker = sending[which % len(sending)]
        for _ in range(min(many, len(worker.sending))):
            worker.finish(which, self.real)

    @precondition(lambda self: self.alive)
    @rule(which=WHICH, turns=st.integers(1, 9))
    def works(self, which: int, turns: int) -> None:
        worker = self.alive[which % len(self.alive)]
        for _ in range(turns):
            self.messages += worker.begin(12, self.real)
            while worker.sending:
                worker.finish(0, self.real)
            worker.exchange(30, self.now, self.real)
            self.real += 0.05

    @precondition(lambda self: any(worker.sending for worker in self.alive))
    @rule(which=WHICH)
    def does_not_announce(self, which: int) -> None:
        sending = [worker for worker in self.alive if worker.sending]
        worker = sending[which % len(sending)]
        self.messages.remove(worker.sending.pop())
        worker.quota.put_back()

    @precondition(lambda self: self.alive)
    @rule(which=WHICH)
    def dies(self, which: int) -> None:
        """Its session ends; the process may go on for a while without it."""
        worker = self.alive.pop(which % len(self.alive))
        if reservation := self.tables.reservations.get(worker.id):
            ended = reservation._replace(connections=0, ended_at=self.now)
            self.tables.reservations[worker.id] = ended
        for message in worker.sending:
            message.counted_by = self.real + self.exchange_seconds
        self.cut_off.append(worker)

    @precondition(lambda self: len(self.alive) > 1)
    @rule(which=WHICH, seconds=PASSES)
    def dies_and_others_go_on(self, which: int, seconds: float) -> None:
        self.begins(which, 12)
        self.dies(which)
        for pause in (seconds, SECOND):
            self.real += pause
            self.works(which, 3)

    @precondition(lambda self: self.cut_off)
    @rule(which=WHICH, many=st.integers(1, 12))
    def begins_without_a_session(self, which: int, many: int) -> None:
        worker = self.cut_off[which % len(self.cut_off)]
        for message in worker.begin(many, self.real):
            message.counted_by = self.real + self.exchange_seconds
            self.messages.append(message)

    @precondition(lambda self: self.alive)
    @rule(which=WHICH)
    def ends(self, which: int) -> None:
        worker = self.alive.pop(which % len(self.alive))
        for message in worker.sending:
            message.counted_by = self.real
        del self.tables.reservations[worker.id]
        self.tables.record(worker.quota.unrecorded, self.now)

    @rule(seconds=st.one_of(st.floats(0, 10), st.floats(0, 10_000)))
    def clock_goes_back(self, seconds: float) -> None:
        self.behind += seconds

    @invariant()
    def no_window_has_more_than_its_limit(self) -> None:
        """Whenever the server counts each message, from its announcement to its end."""
        limits = self.tables.limits
        for length, most in (
            (SECOND, limits.per_second),
            (HOUR, limits.per_hour),
            (DAY, limits.per_day),
        ):
            for last in self.messages if most else ():
                at = last.announced
                begun = [each for each in self.messages if each.announced <= at]
                together = [each for each in begun if each.counted_by > at - length + 1e-6]
                assert len(together) <= most

    @invariant()
    def the_first_day_of_warming_up_has_no_more_than_its_limit(self) -> None:
        if self.tables.limits.warm_up and not self.behind and self.messages:
            times = [message.announced for message in self.messages]
            today = [each for each in times if each < min(times) + DAY]
            assert len(today) <= self.tables.limits.warm_up[0]

    @invariant()
    def no_more_connections_are_open_than_there_may_be(self) -> None:
        total = sum(len(worker.connected) for worker in self.alive)
        assert total <= self.tables.limits.connections


TestWhateverHappens = Workers.TestCase
TestWhateverHappens.settings = settings(max_examples=80, stateful_step_count=50)


def test_a_limit_per_second_is_used_by_several_workers() -> None:
    """Messages take 20 milliseconds, and each worker exchanges every 20."""
    workers = together(server(per_second=40, connections=16), range(4))
    clock, sent = 0.0, 0
    while clock < 20:
        for worker in workers:
            while worker.sending:
                worker.finish(0, clock)
            if not worker.quota.seconds_until_due(clock, 1000):
                worker.exchange(1000, BEGAN + clock, clock)
            sent += len(worker.begin(100, clock))
            clock += 0.005
    assert sent / clock >= 0.85 * 40
