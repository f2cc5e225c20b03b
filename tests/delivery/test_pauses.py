"""When an issue pauses automatically, and what reason is given."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from syndicate.config.model import Server
from syndicate.delivery.messages import MessageFactory
from syndicate.delivery.pauses import after_failures, at_end, no_relay
from syndicate.delivery.progress import IssueProgress
from syndicate.delivery.relays import Relay
from syndicate.errors import DeliveryError
from syndicate.mail.outbox import Outbox
from syndicate.store.issue_sends import IssueSend, Pause, PauseKind

LIMIT = 10
"""Percent of messages that may be refused."""


def progress(*, sent_otherwise: int = 0, sent: int = 0, failed: int = 0) -> IssueProgress:
    sending = IssueSend(1, "weekly", "2026-11-23T08:00", "2026-11-23T08:00:00Z")
    return IssueProgress(
        sending,
        cast("MessageFactory", None),
        planned=1000,
        finished=sent_otherwise,
        sent_otherwise=sent_otherwise,
        sent=sent,
        failed=failed,
    )


def refusals(reason: str) -> Pause:
    return Pause(PauseKind.REFUSALS, reason)


def test_what_other_workers_sent_and_failed_counts_too() -> None:
    mine = progress(sent=50, failed=4)
    assert after_failures(mine, ["failed"], LIMIT) is None
    mine.recount(1000, {"sent": 60, "failed": 10, "pending": 930})
    assert after_failures(mine, ["failed"], LIMIT)


def test_an_issue_pauses_with_the_failure_that_reaches_the_limit() -> None:
    assert after_failures(progress(sent=90, failed=9), ["failed"], LIMIT) == (
        refusals("10 of 100 messages were refused")
    )
    assert after_failures(progress(sent=91, failed=9), ["failed"], LIMIT) is None
    assert after_failures(progress(sent=90, failed=9), ["sent", "failed"], LIMIT) is None
    assert after_failures(progress(sent=90, failed=8), ["failed"], LIMIT) is None


def test_messages_sent_by_earlier_runs_count_too() -> None:
    assert after_failures(progress(sent_otherwise=90, sent=1, failed=9), ["failed"], LIMIT) is None
    assert after_failures(progress(sent_otherwise=40, sent=50, failed=9), ["failed"], LIMIT)


def test_an_issue_that_was_resumed_pauses_only_with_another_failure() -> None:
    assert after_failures(progress(failed=50), ["sent", "retry", "held"], LIMIT) is None
    assert after_failures(progress(failed=50), ["retry", "failed"], LIMIT)


def test_an_issue_pauses_before_its_end_if_most_of_it_or_too_much_of_it_was_refused() -> None:
    assert at_end({"sent": 1, "failed": 2}, LIMIT) == refusals("2 of 3 messages were refused")
    assert at_end({"failed": 1}, LIMIT) == refusals("1 of 1 messages were refused")
    assert at_end({"sent": 90, "failed": 10}, LIMIT) == refusals("10 of 100 messages were refused")
    assert at_end({"sent": 2, "failed": 2}, LIMIT) is None
    assert at_end({"sent": 91, "failed": 10}, LIMIT) is None
    assert at_end({"sent": 3}, LIMIT) is None
    assert at_end({}, LIMIT) is None
    assert at_end({"held": 3, "suppressed": 9}, LIMIT) is None


def test_everything_pauses_when_the_last_relay_is_disabled(tmp_path: Path) -> None:
    def relay(name: str) -> Relay:
        server = Server(name=name, host="")
        return Relay(server, Outbox(tmp_path))

    one, other = relay("one"), relay("other")
    assert no_relay([one, other]) is None
    one.mark_failed(DeliveryError("go away", permanent=True), 0.0)
    other.mark_failed(DeliveryError("busy"), 0.0)
    assert no_relay([one, other]) is None
    other.mark_failed(DeliveryError("wrong password", permanent=True), 0.0)
    assert no_relay([one, other]) == Pause(PauseKind.SERVER, "one: go away; other: wrong password")
