"""No server gets more than its limits in any window, and hardly less."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from syndicate.config.model import Server
from syndicate.delivery.rate_limits import (
    DAY,
    HOUR,
    PARTS,
    SECOND,
    RateLimiter,
    history_seconds,
    max_exchange_seconds,
)
from syndicate.mail.smtp.client import DATA_TIMEOUT_FACTOR

BEGAN = 1_700_000_000.25


def server(
    per_second: int = 0, per_hour: int = 0, per_day: int = 0, warm_up: tuple[int, ...] = ()
) -> Server:
    return Server(
        name="main",
        host="mail",
        per_second=per_second,
        per_hour=per_hour,
        per_day=per_day,
        warm_up=warm_up,
        timeout=5,
    )


def send(limiter: RateLimiter, now: float) -> bool:
    """A message that takes no time; whether it might go."""
    if not limiter.reserve(now):
        return False
    limiter.record(now)
    return True


def burst(limiter: RateLimiter, now: float) -> int:
    """As many messages as may go at a moment."""
    sent = 0
    while sent < 100_000 and send(limiter, now):
        sent += 1
    return sent


def fresh(limits: Server, now: float = BEGAN) -> RateLimiter:
    return RateLimiter(limits, [], None, now)


# -- what a window is -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "length"),
    [
        (server(per_second=3), SECOND),
        (server(per_hour=100), HOUR),
        (server(per_day=1000), DAY),
    ],
    ids=["second", "hour", "day"],
)
def test_a_limit_is_used_in_full_and_again_after_its_window(limits: Server, length: float) -> None:
    most = limits.per_second or limits.per_hour or limits.per_day
    limiter = fresh(limits)
    assert burst(limiter, BEGAN) == most
    assert limiter.seconds_until_free(BEGAN) == length
    assert burst(limiter, BEGAN + length - 0.1) == 0
    assert burst(limiter, BEGAN + length) == most


def test_without_limits_nothing_waits() -> None:
    assert burst(fresh(server()), BEGAN) == 100_000


def test_the_narrowest_of_several_limits_counts() -> None:
    limiter = fresh(server(per_second=2, per_hour=3))
    assert burst(limiter, BEGAN) == 2
    assert limiter.seconds_until_free(BEGAN) == SECOND
    assert burst(limiter, BEGAN + 1) == 1
    assert limiter.seconds_until_free(BEGAN + 1) == HOUR - 1


def test_a_message_being_sent_counts_until_a_window_after_the_reply() -> None:
    limiter = fresh(server(per_hour=1))
    assert limiter.reserve(BEGAN)
    assert limiter.seconds_until_free(BEGAN + 2 * HOUR) is None  # only its end makes place
    limiter.record(BEGAN + 2 * HOUR)
    assert limiter.seconds_until_free(BEGAN + 2 * HOUR) == HOUR


def test_a_message_counts_from_the_reply_also_where_nothing_asked_in_between() -> None:
    limiter = fresh(server(per_hour=1))
    assert limiter.reserve(BEGAN)
    limiter.record(BEGAN + HOUR)
    assert limiter.seconds_until_free(BEGAN + HOUR) == HOUR


def test_a_message_that_came_to_nothing_does_not_count() -> None:
    limiter = fresh(server(per_hour=1))
    assert limiter.reserve(BEGAN)
    limiter.release()
    assert send(limiter, BEGAN)


def test_the_memory_of_a_rate_limit_does_not_grow_with_messages() -> None:
    limiter = fresh(server(per_day=10_000_000))
    for number in range(200_000):
        assert send(limiter, BEGAN + number * 0.9)
    assert max(len(window._sent) for window in limiter._windows) <= PARTS + 1


# -- warming up -------------------------------------------------------------------------------


def test_each_day_of_warming_up_has_its_own_limit_then_that_of_a_day_alone_counts() -> None:
    limiter = fresh(server(per_day=500, warm_up=(50, 200, 1000)))
    days = [burst(limiter, BEGAN + day * DAY) for day in range(5)]
    assert days == [50, 200, 500, 500, 500]


def test_a_day_of_warming_up_waits_for_the_next_day_not_for_a_window() -> None:
    limiter = fresh(server(warm_up=(2, 5)))
    assert send(limiter, BEGAN)
    assert burst(limiter, BEGAN + DAY - 60) == 1
    assert limiter.seconds_until_free(BEGAN + DAY - 60) == 60
    assert burst(limiter, BEGAN + DAY) == 4
    assert limiter.seconds_until_free(BEGAN + DAY) == DAY - 60


def test_the_next_day_of_warming_up_does_not_wait_for_the_window_of_the_last() -> None:
    limiter = fresh(server(warm_up=(2, 5, 50)))
    assert burst(limiter, BEGAN) == 2
    assert burst(limiter, BEGAN + DAY + HOUR) == 5
    assert limiter.seconds_until_free(BEGAN + DAY + HOUR) == DAY - HOUR
    assert burst(limiter, BEGAN + 2 * DAY) == 45


def test_after_warming_up_there_is_no_limit_where_none_is_set() -> None:
    limiter = fresh(server(warm_up=(2,)))
    assert burst(limiter, BEGAN) == 2
    assert burst(limiter, BEGAN + DAY) == 100_000


def test_a_server_used_before_is_on_the_day_of_warming_up_it_was_on() -> None:
    first = int(BEGAN - 1.5 * DAY)
    assert burst(RateLimiter(server(warm_up=(5, 20, 80)), [], first, BEGAN), BEGAN) == 20


# -- restarts and clocks ----------------------------------------------------------------------


def test_a_restart_forgets_nothing() -> None:
    rows = [(int(BEGAN) - 1800, 60), (int(BEGAN) - 60, 30)]
    limiter = RateLimiter(server(per_hour=100), rows, rows[0][0], BEGAN)
    assert burst(limiter, BEGAN) == 10


def test_a_delivery_marked_before_a_restart_counts_as_just_sent() -> None:
    limiter = RateLimiter(server(per_second=5), [(int(BEGAN) - 2, 5)], int(BEGAN) - 2, BEGAN)
    assert burst(limiter, BEGAN + 0.9) == 0
    assert burst(limiter, BEGAN + 1) == 5


def test_a_message_is_waited_for_no_longer_than_is_remembered() -> None:
    assert max_exchange_seconds(server()) >= (DATA_TIMEOUT_FACTOR + 2) * server().timeout


def test_messages_dated_ahead_of_the_clock_after_a_restart_count_as_just_sent() -> None:
    ahead = int(BEGAN) + 1000
    limiter = RateLimiter(server(per_hour=5), [(ahead, 5)], ahead, BEGAN)
    assert limiter.seconds_until_free(BEGAN) == HOUR


def test_a_clock_set_back_gives_nothing_away_and_blocks_no_longer_than_a_window() -> None:
    limiter = fresh(server(per_hour=5, warm_up=(5, 5)))
    assert burst(limiter, BEGAN) == 5
    back = BEGAN - 400 * DAY
    assert burst(limiter, back) == 0
    assert burst(limiter, back + HOUR - 1) == 0
    assert burst(limiter, back + DAY) == 5


# -- whatever happens -------------------------------------------------------------------------

LIMITS = st.builds(
    server,
    per_second=st.integers(0, 3),
    per_hour=st.integers(0, 8),
    per_day=st.integers(0, 20),
    warm_up=st.lists(st.integers(1, 12), max_size=3).map(tuple),
)
PASSES = st.one_of(
    st.floats(0, 2), st.floats(0, 4000), st.floats(0, 100_000), st.sampled_from([1, HOUR, DAY])
)
IN_HAND = 60.0
"""Seconds from marking a message to its end, at the most: twelve times the timeout."""


class Sender(RuleBasedStateMachine):
    """One server, whose own clock is right; messages on their way; a process that dies."""

    def __init__(self) -> None:
        super().__init__()
        self.limits = server()
        self.real = BEGAN
        self.behind = 0.0  # the clock of the process
        self.rows: Counter[int] = Counter()
        self.marked: list[float] = []  # on their way: when each was marked, by the real clock
        self.taken: list[tuple[float, float]] = []  # the server counted it between these
        self.limiter = fresh(self.limits)

    @property
    def now(self) -> float:
        return self.real - self.behind

    @precondition(lambda self: not self.taken and not self.marked)
    @rule(limits=LIMITS)
    def configured(self, limits: Server) -> None:
        self.limits = limits
        self.restart()

    @rule(seconds=PASSES)
    def time_passes(self, seconds: float) -> None:
        for marked in [each for each in self.marked if self.real + seconds - each > IN_HAND]:
            self.ends(self.marked.index(marked))
        self.real += seconds

    @rule(many=st.integers(1, 10))
    def begin(self, many: int) -> None:
        for _ in range(many):
            if self.limiter.reserve(self.now):
                self.rows[int(self.now)] += 1
                self.marked.append(self.real)

    @rule(early=st.floats(0, 1), many=st.integers(1, 10))
    def begin_when_it_may_be_time(self, early: float, many: int) -> None:
        self.time_passes(max((self.limiter.seconds_until_free(self.now) or 0) - early, 0))
        self.begin(many)

    @rule()
    def begin_and_come_to_nothing(self) -> None:
        if self.limiter.reserve(self.now):
            self.limiter.release()

    @rule(many=st.integers(1, 20))
    def send_at_once(self, many: int) -> None:
        for _ in range(many):
            self.begin(1)
            if self.marked and self.marked[-1] == self.real:
                self.ends(-1)

    @precondition(lambda self: self.marked)
    @rule(which=st.integers(0, 1000))
    def ends(self, which: int) -> None:
        self.limiter.record(self.now)
        self.taken.append((self.marked.pop(which % len(self.marked)), self.real))

    @rule(seconds=st.one_of(st.floats(0, 10), st.floats(0, 10_000)))
    def clock_goes_back(self, seconds: float) -> None:
        self.behind += seconds

    @rule(down=st.floats(0, 5))
    def dies_and_starts_again(self, down: float) -> None:
        self.taken += [(marked, self.real) for marked in self.marked]
        self.marked = []
        self.real += down
        self.restart()

    def restart(self) -> None:
        since, ahead = self.now - history_seconds(self.limits), self.now + DAY
        rows = sorted(each for each in self.rows.items() if since <= each[0] <= ahead)
        self.limiter = RateLimiter(self.limits, rows, min(self.rows, default=None), self.now)

    @invariant()
    def no_window_has_more_than_its_limit(self) -> None:
        ended = self.taken + [(marked, self.real) for marked in self.marked]
        for length, most in (
            (SECOND, self.limits.per_second),
            (HOUR, self.limits.per_hour),
            (DAY, self.limits.per_day),
        ):
            for which in (0, 1):  # as early as can be, and as late
                times = sorted(each[which] for each in ended)
                for early, late in zip(times, times[most:], strict=False):
                    assert not most or late - early >= length - 1e-6

    @invariant()
    def the_first_day_of_warming_up_has_no_more_than_its_limit(self) -> None:
        if self.limits.warm_up and not self.behind and self.rows:
            times = [marked for marked, _ in self.taken] + self.marked
            today = [each for each in times if each < min(times) + DAY]
            assert len(today) <= self.limits.warm_up[0]


TestWhateverHappens = Sender.TestCase
TestWhateverHappens.settings = settings(max_examples=60, stateful_step_count=40)


@given(
    most=st.integers(1, 40),
    window=st.sampled_from([SECOND, HOUR, DAY]),
    restarts=st.lists(st.integers(1, 200), max_size=3),
)
def test_with_people_always_waiting_a_limit_is_used_but_for_a_3600th_of_its_window(
    most: int, window: float, restarts: list[int]
) -> None:
    """And but for what may have been on its way at each restart."""
    per_second, per_hour, per_day = (most * (window == each) for each in (SECOND, HOUR, DAY))
    limits = server(per_second, per_hour, per_day)
    limiter, now, rows = fresh(limits), BEGAN, Counter[int]()
    times: list[float] = []
    while len(times) < 200:
        now += limiter.seconds_until_free(now) or 0
        assert send(limiter, now)
        times.append(now)
        rows[int(now)] += 1
        if len(times) in restarts:
            limiter = RateLimiter(limits, sorted(rows.items()), int(BEGAN), now)
    windows = (len(times) - 1) // most
    bound = windows * window * (1 + 1 / PARTS) + len(restarts) * min(IN_HAND + 1, window)
    assert times[-1] - times[0] <= bound + 1e-3
