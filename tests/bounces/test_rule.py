"""What a refusal means for an address, and when soft ones are too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.bounces.classify import Kind, verdict, worn_out
from syndicate.errors import Refused

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "what", "kind"),
    [
        ("5.1.1", Refused.RECIPIENT, Kind.HARD),
        ("5.1.1", Refused.MESSAGE, Kind.HARD),
        ("5.1.10", Refused.RECIPIENT, Kind.HARD),
        ("5.2.1", Refused.RECIPIENT, Kind.HARD),
        ("5.2.2", Refused.RECIPIENT, Kind.SOFT),
        ("5.1.0", Refused.RECIPIENT, Kind.SOFT),
        ("5.0.0", Refused.RECIPIENT, Kind.SOFT),
        ("4.1.1", Refused.RECIPIENT, Kind.SOFT),
        ("4.2.2", Refused.RECIPIENT, Kind.SOFT),
        ("", Refused.RECIPIENT, Kind.SOFT),
        ("", Refused.MESSAGE, Kind.BLOCKED),
        ("5.1.8", Refused.RECIPIENT, Kind.BLOCKED),
        ("5.3.4", Refused.MESSAGE, Kind.BLOCKED),
        ("5.6.0", Refused.MESSAGE, Kind.BLOCKED),
        ("5.7.1", Refused.RECIPIENT, Kind.BLOCKED),
        ("4.7.1", Refused.RECIPIENT, Kind.BLOCKED),
        ("5.7.8", Refused.SERVER, None),
        ("5.1.8", Refused.SENDER, None),
        ("2.0.0", Refused.RECIPIENT, None),
    ],
)
def test_the_verdict(status: str, what: Refused, kind: Kind | None) -> None:
    assert verdict(f"550 {status}" if status else "550", status, what) == kind


def weekly(*issues: int) -> dict[int, datetime]:
    return {issue: MONDAY + timedelta(weeks=number) for number, issue in enumerate(issues)}


def test_three_issues_in_a_row_over_a_week_are_enough() -> None:
    assert worn_out(weekly(4, 5, 6), [])
    assert not worn_out(weekly(4, 5), [])


def test_an_issue_that_arrived_begins_the_count_anew() -> None:
    assert not worn_out(weekly(4, 6, 7), [5])
    assert worn_out(weekly(4, 6, 7, 8), [5])


def test_three_issues_within_a_few_days_are_not_enough() -> None:
    daily = {issue: MONDAY + timedelta(days=issue) for issue in range(1, 8)}
    assert not worn_out(daily, [])
    assert worn_out(daily | {8: MONDAY + timedelta(days=8)}, [])
