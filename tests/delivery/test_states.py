"""The next state of a refused delivery, and when an issue should pause."""

from datetime import timedelta

import pytest

from syndicate.bounces.failure_budget import is_mostly_refused, is_over_budget
from syndicate.delivery.states import FOLLOWS, OPEN, DeliveryState, next_state
from syndicate.delivery.states import DeliveryState as S
from syndicate.errors import DeliveryError, RejectedStage

TWO_DAYS = timedelta(days=2)


def refused(what: RejectedStage, **more: bool) -> DeliveryError:
    return DeliveryError("said no", stage=what, **more)  # type: ignore[arg-type]


def test_a_delivery_that_may_have_arrived_is_held_whatever_the_reply() -> None:
    for what in RejectedStage:
        for permanent in (True, False):
            found = next_state(
                refused(what, outcome_unknown=True, permanent=permanent), 0, TWO_DAYS
            )
            assert found.state is DeliveryState.HELD
            assert not found.pause


@pytest.mark.parametrize("what", [RejectedStage.SERVER, RejectedStage.SENDER])
def test_a_permanent_refusal_of_the_sender_pauses_the_issue_and_fails_no_delivery(
    what: RejectedStage,
) -> None:
    found = next_state(refused(what, permanent=True), 3, TWO_DAYS)
    assert (found.state, found.pause, found.is_attempt) == (DeliveryState.PENDING, "said no", False)


@pytest.mark.parametrize("what", [RejectedStage.RECIPIENT, RejectedStage.MESSAGE])
def test_a_permanently_refused_message_fails(what: RejectedStage) -> None:
    found = next_state(refused(what, permanent=True), 0, TWO_DAYS)
    assert (found.state, found.pause) == (DeliveryState.FAILED, "")


def test_a_temporary_refusal_is_retried_with_growing_delays_until_the_deadline() -> None:
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


def test_no_wait_before_a_retry_is_longer_than_four_hours() -> None:
    found = next_state(refused(RejectedStage.RECIPIENT), 20, timedelta(days=365))
    assert found.wait == timedelta(hours=4)


def test_the_last_retry_is_the_one_before_the_deadline_is_reached() -> None:
    """After three attempts, waits of 5, 10 and 20 minutes are over."""
    minute = timedelta(minutes=1)
    error = refused(RejectedStage.RECIPIENT)
    assert next_state(error, 3, 36 * minute).state is DeliveryState.RETRY
    assert next_state(error, 3, 35 * minute).state is DeliveryState.FAILED


def test_every_outcome_but_a_refusal_of_the_sender_is_an_attempt_without_a_wait() -> None:
    held = next_state(refused(RejectedStage.MESSAGE, outcome_unknown=True), 0, TWO_DAYS)
    failed = next_state(refused(RejectedStage.MESSAGE, permanent=True), 0, TWO_DAYS)
    assert [each.is_attempt for each in (held, failed)] == [True, True]
    assert [each.wait for each in (held, failed)] == [timedelta(0), timedelta(0)]


def test_a_tenth_of_failures_pauses_and_a_few_do_not() -> None:
    assert not is_over_budget(sent=0, failed=9, max_percent=10)
    assert is_over_budget(sent=90, failed=10, max_percent=10)
    assert not is_over_budget(sent=91, failed=10, max_percent=10)
    assert is_over_budget(sent=0, failed=10, max_percent=100)


def test_more_than_half_of_a_small_list_pauses() -> None:
    assert is_mostly_refused(sent=0, failed=2, max_percent=10)
    assert is_mostly_refused(sent=1, failed=2, max_percent=10)
    assert not is_mostly_refused(sent=2, failed=2, max_percent=10)
    assert is_mostly_refused(sent=0, failed=1, max_percent=10)
    assert not is_mostly_refused(sent=1, failed=1, max_percent=10)
    assert not is_mostly_refused(sent=0, failed=0, max_percent=10)
    assert not is_mostly_refused(sent=3, failed=7, max_percent=80)
    assert not is_mostly_refused(sent=0, failed=9, max_percent=100)


def test_a_sent_delivery_can_only_become_held_and_an_open_state_never_ends() -> None:
    assert FOLLOWS[DeliveryState.SENT] == (DeliveryState.HELD,)
    assert set(FOLLOWS) == set(DeliveryState)
    for state in OPEN:
        assert FOLLOWS[state]


def test_a_delivery_is_open_until_it_is_sent_failed_held_or_suppressed() -> None:
    assert set(S) - set(OPEN) == {S.SENT, S.FAILED, S.HELD, S.SUPPRESSED}


def test_a_delivery_that_waits_is_sent_refused_or_suppressed_but_never_held() -> None:
    followers = {S.SENDING, S.PENDING, S.RETRY, S.FAILED, S.SUPPRESSED}
    assert set(FOLLOWS[S.PENDING]) == set(FOLLOWS[S.RETRY]) == followers
    assert set(FOLLOWS[S.SENDING]) == {S.SENT, S.RETRY, S.FAILED, S.HELD, S.PENDING}


def test_an_operator_may_return_a_held_failed_or_suppressed_delivery_to_pending() -> None:
    assert set(FOLLOWS[S.HELD]) == {S.SENT, S.PENDING}
    assert FOLLOWS[S.FAILED] == FOLLOWS[S.SUPPRESSED] == (S.PENDING,)
