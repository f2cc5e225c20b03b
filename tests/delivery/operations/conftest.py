"""An approved issue whose deliveries are planned, on SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mailing_site import MailingSite, now

from syndicate.delivery.planning import plan_approved, plan_step
from syndicate.delivery.planning_pace import PlanningPace
from syndicate.site import Site
from syndicate.store.issue_sends import IssueSend
from syndicate.store.issues import Issue, Issues

ADDRESSES = [f"p{number}@example.org" for number in range(4)]


@pytest.fixture
def opened(sqlite_site: MailingSite) -> Iterator[Site]:
    """The site with an approved issue and its four deliveries, none of them sent."""
    sqlite_site.subscribe(ADDRESSES)
    sqlite_site.issue()
    with sqlite_site.folder.opened() as site:
        plan_approved(site, now())
        plan_step(site, now(), PlanningPace())
        yield site


@pytest.fixture
def issue(opened: Site) -> Issue:
    """The issue, as it was when its deliveries were planned."""
    (found,) = Issues(opened.database).all("weekly", 1)
    return found


@pytest.fixture
def sending(sqlite_site: MailingSite, opened: Site) -> IssueSend:
    """The sending of the issue."""
    return sqlite_site.issue_send
