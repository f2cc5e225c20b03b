"""The status of issues being sent, from the store. Cheap: it is polled every few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syndicate.issues.archive import Shown
from syndicate.site import Site
from syndicate.store.deliveries import Deliveries, IssueSend
from syndicate.store.issues import Issues


@dataclass(frozen=True, slots=True)
class SendingStatus:
    """How things stand in the store: issues that are to be sent, or wait for a person's word.

    `waiting` are approved issues whose web page readers cannot read yet.
    """

    going_on: frozenset[int]
    waiting: tuple[str, ...]
    paused: tuple[IssueSend, ...]
    held_of: Mapping[str, int]

    @property
    def is_anything(self) -> bool:
        """Whether there is something to do for anybody."""
        return bool(self.going_on or self.waiting or self.paused or self.held_of)


def sending_status(site: Site, shown: Shown) -> SendingStatus:
    """Look at the store; `shown` is asked about approved issues."""
    deliveries, issues = Deliveries(site.database), Issues(site.database)
    approved = [
        issue
        for newsletter in site.config.newsletters.values()
        if newsletter.deliver
        for slot in issues.approved(newsletter.name)
        if (issue := issues.get(newsletter.name, slot))
    ]
    ready = [issue for issue in approved if shown(site, issue)]
    there = deliveries.open()
    on_their_way = (each.issue for each in there if not each.paused)
    return SendingStatus(
        frozenset((*on_their_way, *(issue.sequence for issue in ready))),
        tuple(issue.name for issue in approved if issue not in ready),
        tuple(each for each in there if each.paused),
        deliveries.held(),
    )
