"""No server gets more than its limits in any window, and hardly less."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.config.model import Server
from syndicate.delivery.rate_limits import (
    DAY,
    HOUR,
    PARTS,
    SECOND,
    UNLIMITED,
    RateLimiter,
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
        timeout=60,
    )


def burst(limiter: RateLimiter, now: float, most: int = UNLIMITED) -> int:
    """Send as many messages as may go at a moment, which take no time; how many."""
    sent = min(limiter.room(now, 0), most)
    if sent:
        limiter.add(now, sent, now)
    return sent


def wait(limiter: RateLimiter, now: float) -> float:
    """How long a message waits when none is on its way."""
    return limiter.seconds_until_room(now, 0)


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
    limiter = RateLimiter(limits)
    assert burst(limiter, BEGAN) == most
    assert wait(limiter, BEGAN) == length
    assert burst(limiter, BEGAN + length - 0.1) == 0
    assert burst(limiter, BEGAN + length) == most


def test_without_limits_nothing_waits() -> None:
    assert burst(RateLimiter(server()), BEGAN) == UNLIMITED


def test_the_narrowest_of_several_limits_counts() -> None:
    limiter = RateLimiter(server(per_second=2, per_hour=3))
    assert burst(limiter, BEGAN) == 2
    assert wait(limiter, BEGAN) == SECOND
    assert burst(limiter, BEGAN + 1) == 1
    assert wait(limiter, BEGAN + 1) == HOUR - 1


def test_reserved_messages_count_until_they_are_recorded_and_then_for_a_window() -> None:
    limiter = RateLimiter(server(per_hour=3))
    assert limiter.room(BEGAN, 2) == 1
    assert limiter.room(BEGAN, 3) == 0
    assert limiter.seconds_until_room(BEGAN + 2 * HOUR, 3) == inf  # only its end makes room
    limiter.add(BEGAN + 2 * HOUR, 1, BEGAN + 2 * HOUR)
    assert limiter.seconds_until_room(BEGAN + 2 * HOUR, 2) == HOUR
    assert limiter.room(BEGAN + 3 * HOUR, 2) == 1


def test_more_reserved_than_a_lowered_limit_leaves_no_room() -> None:
    assert RateLimiter(server(per_hour=3)).room(BEGAN, 5) == 0


def test_the_memory_of_a_rate_limit_does_not_grow_with_messages() -> None:
    limiter = RateLimiter(server(per_day=10_000_000))
    for number in range(200_000):
        limiter.add(BEGAN + number * 0.9, 1, BEGAN + number * 0.9)
    assert max(len(window._sent) for window in limiter._windows) <= PARTS + 1


# -- warming up -------------------------------------------------------------------------------


def test_each_day_of_warming_up_has_its_own_limit_then_that_of_a_day_alone_counts() -> None:
    limiter = RateLimiter(server(per_day=500, warm_up=(50, 200, 1000)))
    days = [burst(limiter, BEGAN + day * DAY) for day in range(5)]
    assert days == [50, 200, 500, 500, 500]


def test_a_day_of_warming_up_waits_for_the_next_day_not_for_a_window() -> None:
    limiter = RateLimiter(server(warm_up=(2, 5)))
    assert burst(limiter, BEGAN, 1) == 1
    assert burst(limiter, BEGAN + DAY - 60) == 1
    assert wait(limiter, BEGAN + DAY - 60) == 60
    assert burst(limiter, BEGAN + DAY) == 4
    assert wait(limiter, BEGAN + DAY) == DAY - 60


def test_the_next_day_of_warming_up_does_not_wait_for_the_window_of_the_last() -> None:
    limiter = RateLimiter(server(warm_up=(2, 5, 50)))
    assert burst(limiter, BEGAN) == 2
    assert burst(limiter, BEGAN + DAY + HOUR) == 5
    assert wait(limiter, BEGAN + DAY + HOUR) == DAY - HOUR
    assert burst(limiter, BEGAN + 2 * DAY) == 45


def test_after_warming_up_there_is_no_limit_where_none_is_set() -> None:
    limiter = RateLimiter(server(warm_up=(2,)))
    assert burst(limiter, BEGAN) == 2
    assert burst(limiter, BEGAN + DAY) == UNLIMITED


def test_a_server_used_before_is_on_the_day_of_warming_up_it_was_on() -> None:
    limiter = RateLimiter(server(warm_up=(5, 20, 80)))
    limiter.used_first(BEGAN - 1.5 * DAY)
    assert burst(limiter, BEGAN) == 20


def test_the_first_day_of_warming_up_begins_with_the_first_message_that_any_worker_recorded() -> (
    None
):
    limiter = RateLimiter(server(warm_up=(5, 20)))
    limiter.add(BEGAN - DAY / 2, 3, BEGAN)
    limiter.add(BEGAN - DAY / 4, 1, BEGAN)
    assert burst(limiter, BEGAN) == 1
    assert wait(limiter, BEGAN) == DAY / 2


# -- restarts and clocks ----------------------------------------------------------------------


def test_a_restart_forgets_nothing() -> None:
    limiter = RateLimiter(server(per_hour=100))
    for ago, many in ((1800, 60), (60, 30)):
        limiter.add(BEGAN - ago, many, BEGAN)
    assert burst(limiter, BEGAN) == 10
    assert burst(limiter, BEGAN + 1800) == 60


def test_a_message_is_waited_for_no_longer_than_it_can_take() -> None:
    waits = (DATA_TIMEOUT_FACTOR + 1) * server().timeout
    assert max_exchange_seconds(server()) >= waits


def test_messages_dated_ahead_of_the_clock_count_as_just_sent() -> None:
    limiter = RateLimiter(server(per_hour=5))
    limiter.add(BEGAN + 1000, 5, BEGAN)
    assert wait(limiter, BEGAN) == HOUR


def test_a_clock_set_back_gives_nothing_away_and_blocks_no_longer_than_a_window() -> None:
    limiter = RateLimiter(server(per_hour=5, warm_up=(5, 5)))
    assert burst(limiter, BEGAN) == 5
    back = BEGAN - 400 * DAY
    assert burst(limiter, back) == 0
    assert burst(limiter, back + HOUR - 1) == 0
    assert burst(limiter, back + DAY) == 5


# -- whatever happens -------------------------------------------------------------------------


@given(most=st.integers(1, 40), window=st.sampled_from([SECOND, HOUR, DAY]))
def test_with_people_always_waiting_a_limit_is_used_but_for_a_3600th_of_its_window(
    most: int, window: float
) -> None:
    per_second, per_hour, per_day = (most * (window == each) for each in (SECOND, HOUR, DAY))
    limiter, now = RateLimiter(server(per_second, per_hour, per_day)), BEGAN
    times: list[float] = []
    while len(times) < 200:
        now += wait(limiter, now)
        assert burst(limiter, now, 1)
        times.append(now)
    windows = (len(times) - 1) // most
    assert times[-1] - times[0] <= windows * window * (1 + 1 / PARTS) + 1e-3
