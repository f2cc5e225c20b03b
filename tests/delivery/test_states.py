"""What becomes of a delivery that was not taken, and when an issue should wait."""

from datetime import timedelta

import pytest

from syndicate.bounces.failure_budget import is_mostly_refused, is_over_budget
from syndicate.delivery.states import FOLLOWS, OPEN, DeliveryState, next_state
from syndicate.errors import DeliveryError, RejectedStage

TWO_DAYS = timedelta(days=2)


def refused(what: RejectedStage, **more: bool) -> DeliveryError:
    return DeliveryError("said no", stage=what, **more)  # type: ignore[arg-type]


def test_what_may_have_arrived_is_held_whatever_was_said_of_it() -> None:
    for what in RejectedStage:
        for permanent in (True, False):
            found = next_state(
                refused(what, outcome_unknown=True, permanent=permanent), 0, TWO_DAYS
            )
            assert found.state is DeliveryState.HELD
            assert not found.pause


@pytest.mark.parametrize("what", [RejectedStage.SERVER, RejectedStage.SENDER])
def test_who_refuses_us_for_good_stops_the_issue_and_fails_nobody(what: RejectedStage) -> None:
    found = next_state(refused(what, permanent=True), 3, TWO_DAYS)
    assert (found.state, found.pause, found.is_attempt) == (DeliveryState.PENDING, "said no", False)


@pytest.mark.parametrize("what", [RejectedStage.RECIPIENT, RejectedStage.MESSAGE])
def test_a_message_refused_for_good_failed(what: RejectedStage) -> None:
    found = next_state(refused(what, permanent=True), 0, TWO_DAYS)
    assert (found.state, found.pause) == (DeliveryState.FAILED, "")


def test_what_is_refused_for_now_is_tried_again_ever_later_until_the_deadline() -> None:
    waits = []
    attempts = 0
    while (
        found := next_state(refused(RejectedStage.RECIPIENT), attempts, TWO_DAYS)
    ).state == "retry":
        waits.append(found.wait)
        attempts += 1
    assert found.state is DeliveryState.FAILED
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=5)
    assert sum(waits, timedelta(0)) >= TWO_DAYS > sum(waits[:-1], timedelta(0))


def test_a_few_failures_are_no_reason_to_pause_and_a_tenth_is() -> None:
    assert not is_over_budget(sent=0, failed=9, max_percent=10)
    assert is_over_budget(sent=90, failed=10, max_percent=10)
    assert not is_over_budget(sent=91, failed=10, max_percent=10)
    assert is_over_budget(sent=0, failed=10, max_percent=100)


def test_more_than_half_of_the_smallest_list_is_most_of_it() -> None:
    assert is_mostly_refused(sent=0, failed=2, max_percent=10)
    assert is_mostly_refused(sent=1, failed=2, max_percent=10)
    assert not is_mostly_refused(sent=2, failed=2, max_percent=10)
    assert is_mostly_refused(sent=0, failed=1, max_percent=10)
    assert not is_mostly_refused(sent=1, failed=1, max_percent=10)
    assert not is_mostly_refused(sent=0, failed=0, max_percent=10)
    assert not is_mostly_refused(sent=3, failed=7, max_percent=80)
    assert not is_mostly_refused(sent=0, failed=9, max_percent=100)


def test_what_was_sent_is_only_ever_held_and_nothing_open_is_an_end() -> None:
    assert FOLLOWS[DeliveryState.SENT] == (DeliveryState.HELD,)
    assert set(FOLLOWS) == set(DeliveryState)
    for state in OPEN:
        assert FOLLOWS[state]
