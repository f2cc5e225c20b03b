"""Plan approved issues: each gets a delivery for every recipient, in steps, one transaction each.

Sending begins after the first step; a step that was not committed is repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from syndicate.config.model import Newsletter
from syndicate.delivery.pauses import old_approval
from syndicate.delivery.planning_pace import PlanningPace
from syndicate.issues.archive import Shown, is_written
from syndicate.site import Site
from syndicate.starter_values import has_starter_address, not_to_be_mailed
from syndicate.store.incarnation import Incarnation
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import Issue, Issues, IssueState
from syndicate.store.recipients import Recipients
from syndicate.timestamps import format_timestamp


def plan_approved(site: Site, now: datetime, shown: Shown = is_written) -> list[str]:
    """Begin to send each approved issue that is to be delivered, once its page is `shown`.

    One that is too old pauses until it is confirmed: resumed, or approved again. Returns the names
    of issues that still wait for their page.
    """
    waiting = []
    for newsletter, issue in approved_issues(site):
        if _may_be_mailed(site, newsletter, issue) and shown(site, issue):
            _begin(site, newsletter, issue, now)
        else:
            waiting.append(issue.name)
    return waiting


def plan_step(site: Site, now: datetime, pace: PlanningPace) -> bool:
    """Plan the next deliveries of the oldest issue that is not fully planned.

    Whether it has others to plan.
    """
    sends = IssueSends(site.database)
    unplanned = [each for each in sends.open() if not each.is_planned]
    if not unplanned:
        return False
    issue = Issues(site.database).get(unplanned[0].newsletter, unplanned[0].slot)
    assert issue is not None, "issues are never deleted"
    pace.step(site.database, partial(_plan_next, site, issue, format_timestamp(now)))
    sending = sends.get(issue.sequence)
    return sending is not None and not sending.is_planned


def _plan_next(site: Site, issue: Issue, now: str, limit: int) -> int:
    recipients = Recipients(site.database)
    current = IssueSends(site.database).get(issue.sequence)
    if current is None or current.ended_at or current.is_planned:
        return 0  # it was cancelled meanwhile
    tags = recipients.tags_of([article.id for article in issue.carried])
    return recipients.plan_next(current, tags, limit, now)


def approved_issues(site: Site) -> Iterator[tuple[Newsletter, Issue]]:
    """The approved issues of newsletters that are delivered."""
    issues = Issues(site.database)
    for newsletter in site.config.newsletters.values():
        for slot in issues.approved(newsletter.name) if newsletter.deliver else ():
            issue = issues.get(newsletter.name, slot)
            assert issue is not None, "issues are never deleted"
            yield newsletter, issue


def _begin(site: Site, newsletter: Newsletter, issue: Issue, now: datetime) -> None:
    sending = IssueSend(issue.sequence, issue.newsletter, issue.slot, format_timestamp(now))
    with site.database.transaction():
        if not Issues(site.database).move(issue.newsletter, issue.slot, IssueState.SENDING):
            return
        Recipients(site.database).begin(sending)
        if pause := old_approval(issue, newsletter, now):
            IssueSends(site.database).pause(issue.sequence, pause)
    incarnation = Incarnation(site.database, site.sent_record)
    incarnation.synchronise()
    incarnation.add_begun(issue.newsletter, issue.slot, issue.approved_at)


def _may_be_mailed(site: Site, newsletter: Newsletter, issue: Issue) -> bool:
    """Whether no values of the starter are left in it: it may have been made for the outbox."""
    if site.config.sending.transport != "smtp":
        return True
    example = has_starter_address(issue.text)
    return not (example or not_to_be_mailed(site.config, newsletter))
