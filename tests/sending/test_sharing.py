"""Which connection may take a delivery: outlets get shares, and a slow one keeps none waiting."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import pytest

from syndicate.config.model import Server
from syndicate.delivery.messages import Mail
from syndicate.delivery.queue import AHEAD, KEEPS_UP, Feed, Task
from syndicate.delivery.rate_limits import Limiter
from syndicate.delivery.relays import Outlet
from syndicate.mail.outbox import Outbox
from syndicate.store.deliveries import Claimed, Sending


class Clock:
    """A monotonic clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def outlet(folder: Path, name: str, weight: int) -> Outlet:
    server = Server(name=name, host="", weight=weight)
    return Outlet(server, Outbox(folder), Limiter(server, [], None, time.time()))


@pytest.fixture
def outlets(tmp_path: Path) -> tuple[Outlet, Outlet]:
    """One with three times the weight of the other."""
    return outlet(tmp_path, "one", 3), outlet(tmp_path, "other", 1)


def feed_of(outlets: tuple[Outlet, Outlet]) -> Feed:
    """A feed with a hundred deliveries in line."""
    feed, sending = Feed(outlets), Sending(1, "weekly", "2026-11-23T08:00", "2026-11-23T08:00:00Z")
    feed.add(
        Task(sending, Claimed(1, number, 0, f"p{number}@example.org", ""), cast("Mail", None))
        for number in range(100)
    )
    return feed


def taken(feed: Feed, outlet: Outlet) -> int:
    """How many deliveries an outlet may take now, one after the other."""
    return sum(1 for _ in iter(lambda: feed.take(outlet, 0), None))


def test_an_outlet_gets_its_share_and_little_more_while_others_keep_up(
    outlets: tuple[Outlet, Outlet], clock: Clock
) -> None:
    one, other = outlets
    feed = feed_of(outlets)
    assert taken(feed, one) == 3 * AHEAD + 1
    assert feed.take(other, 0)
    assert taken(feed, one) == 3


def test_an_outlet_whose_server_is_slow_is_not_waited_for(
    outlets: tuple[Outlet, Outlet], clock: Clock
) -> None:
    one, other = outlets
    feed = feed_of(outlets)
    assert feed.take(other, 0)
    clock.now += 2 * KEEPS_UP
    assert taken(feed, one) == 99


def test_shares_hold_when_the_store_keeps_all_outlets_waiting(
    outlets: tuple[Outlet, Outlet], clock: Clock
) -> None:
    one, other = outlets
    feed = feed_of(outlets)
    assert feed.take(other, 0)
    clock.now += 2 * KEEPS_UP
    feed.goes_on(outlets)
    assert taken(feed, one) == 3 * (AHEAD + 1) + 1
