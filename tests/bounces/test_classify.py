"""What a refusal means for an address, and when soft ones are too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.bounces.classify import BounceKind, classify_refusal, soft_limit_reached
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


def test_an_issue_that_arrived_begins_the_count_anew() -> None:
    assert not soft_limit_reached(weekly(4, 6, 7), [5])
    assert soft_limit_reached(weekly(4, 6, 7, 8), [5])


def test_three_issues_within_a_few_days_are_not_enough() -> None:
    daily = {issue: MONDAY + timedelta(days=issue) for issue in range(1, 8)}
    assert not soft_limit_reached(daily, [])
    assert soft_limit_reached(daily | {8: MONDAY + timedelta(days=8)}, [])
