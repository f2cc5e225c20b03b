"""The progress of an issue reaches its end, whatever happens to its recipients meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from mailing_site import MailingSite, never_stop, now

from syndicate.delivery import planning_pace
from syndicate.delivery.planning import plan_approved, plan_step
from syndicate.delivery.planning_pace import PlanningPace
from syndicate.delivery.progress import IssueProgress
from syndicate.delivery.relays import RelayError
from syndicate.site import Site
from syndicate.store.subscribers import Subscribers, SuppressionReason
from syndicate.subscribers.personal_data import erase

PEOPLE = [f"reader{number}@example.net" for number in range(5)]


class Watch:
    """Remembers the last progress of a run."""

    def __init__(self) -> None:
        self.done = self.planned = 0

    def __call__(self, in_progress: Sequence[IssueProgress], _: Sequence[RelayError]) -> None:
        for each in in_progress:
            self.done, self.planned = each.done, each.planned
            assert each.done <= each.planned


def test_the_progress_counts_people_that_a_later_step_suppresses(
    site: MailingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, last = site.subscribe(PEOPLE)
    site.issue()

    def suppress(opened: Site) -> None:
        with opened.database.transaction():
            Subscribers(opened.database).suppress(last.hash, SuppressionReason.BOUNCE, "", "2026")

    site.query(suppress)
    monkeypatch.setattr(planning_pace, "FIRST_LIMIT", 2)
    watch = Watch()
    assert site.send(never_stop, watch).sent == 4
    assert (watch.done, watch.planned) == (5, 5)


def test_the_progress_counts_people_who_were_erased_after_planning(site: MailingSite) -> None:
    site.subscribe(PEOPLE)
    site.issue()

    def plan_and_erase(opened: Site) -> None:
        plan_approved(opened, now() - timedelta(days=20))
        plan_step(opened, now(), PlanningPace())
        erase(opened.database, PEOPLE[0], now())

    site.query(plan_and_erase)
    watch = Watch()
    assert site.send(never_stop, watch).sent == 4
    assert (watch.done, watch.planned) == (5, 5)
