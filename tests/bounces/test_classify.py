"""What a refusal means for an address, and when soft ones are too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.bounces.classify import (
    SUPPRESS_IMMEDIATELY,
    BounceKind,
    classify_refusal,
    soft_limit_reached,
)
from syndicate.errors import RejectedStage

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "what", "kind"),
    [
        ("5.1.1", RejectedStage.RECIPIENT, BounceKind.HARD),
        ("5.1.1", RejectedStage.MESSAGE, BounceKind.HARD),
        ("5.1.10", RejectedStage.RECIPIENT, BounceKind.HARD),
        ("5.2.1", RejectedStage.RECIPIENT, BounceKind.HARD),
        ("5.2.2", RejectedStage.RECIPIENT, BounceKind.SOFT),
        ("5.1.0", RejectedStage.RECIPIENT, BounceKind.SOFT),
        ("5.0.0", RejectedStage.RECIPIENT, BounceKind.SOFT),
        ("4.1.1", RejectedStage.RECIPIENT, BounceKind.SOFT),
        ("4.2.2", RejectedStage.RECIPIENT, BounceKind.SOFT),
        ("", RejectedStage.RECIPIENT, BounceKind.SOFT),
        ("", RejectedStage.MESSAGE, BounceKind.BLOCKED),
        ("5.1.8", RejectedStage.RECIPIENT, BounceKind.BLOCKED),
        ("5.3.4", RejectedStage.MESSAGE, BounceKind.BLOCKED),
        ("5.6.0", RejectedStage.MESSAGE, BounceKind.BLOCKED),
        ("5.7.1", RejectedStage.RECIPIENT, BounceKind.BLOCKED),
        ("4.7.1", RejectedStage.RECIPIENT, BounceKind.BLOCKED),
        ("5.7.8", RejectedStage.SERVER, None),
        ("5.1.8", RejectedStage.SENDER, None),
        ("2.0.0", RejectedStage.RECIPIENT, None),
    ],
)
def test_the_verdict(status: str, what: RejectedStage, kind: BounceKind | None) -> None:
    assert classify_refusal(f"550 {status}" if status else "550", status, what) == kind


def weekly(*issues: int) -> dict[int, datetime]:
    return {issue: MONDAY + timedelta(weeks=number) for number, issue in enumerate(issues)}


def test_three_issues_in_a_row_over_a_week_are_enough() -> None:
    assert soft_limit_reached(weekly(4, 5, 6), [])
    assert not soft_limit_reached(weekly(4, 5), [])


def test_a_delivered_issue_resets_the_count_of_soft_bounces() -> None:
    assert not soft_limit_reached(weekly(4, 6, 7), [5])
    assert soft_limit_reached(weekly(4, 6, 7, 8), [5])
    assert not soft_limit_reached(weekly(4, 6, 7), [2, 5]), "the latest that arrived counts"


def test_three_issues_within_a_few_days_are_not_enough() -> None:
    daily = {issue: MONDAY + timedelta(days=issue) for issue in range(1, 8)}
    assert not soft_limit_reached(daily, [])
    assert soft_limit_reached(daily | {8: MONDAY + timedelta(days=8)}, [])


def test_a_reply_without_code_or_known_phrase_does_not_count_against_the_recipient() -> None:
    assert classify_refusal("problem with this recipient") is BounceKind.BLOCKED
    assert classify_refusal("550 problem with this recipient") is BounceKind.SOFT


def test_an_unknown_address_is_soft_while_the_server_calls_it_temporary() -> None:
    assert classify_refusal("450 4.1.1 user unknown", "4.1.1") is BounceKind.SOFT
    assert classify_refusal("550 5.1.1 user unknown", "5.1.1") is BounceKind.HARD


def test_a_hard_bounce_and_a_complaint_suppress_an_address_the_first_time() -> None:
    assert {BounceKind.HARD, BounceKind.COMPLAINT} == SUPPRESS_IMMEDIATELY
