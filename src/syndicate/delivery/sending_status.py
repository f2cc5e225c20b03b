"""The status of issues being sent, from the store. Cheap: it is polled every few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syndicate.delivery.planning import approved_issues
from syndicate.issues.archive import Shown
from syndicate.site import Site
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends


@dataclass(frozen=True, slots=True)
class SendingStatus:
    """Issues that are to be sent, or wait for an operator.

    `active` are ids of issues being sent or ready to be; `waiting` approved issues whose web page
    is not public yet; `held_by_issue` counts deliveries with unknown outcome.
    """

    active: frozenset[int]
    waiting: tuple[str, ...]
    paused: tuple[IssueSend, ...]
    held_by_issue: Mapping[str, int]

    @property
    def needs_attention(self) -> bool:
        """Whether there is anything to do, for the sender or for an operator."""
        return bool(self.active or self.waiting or self.paused or self.held_by_issue)


def sending_status(site: Site, shown: Shown) -> SendingStatus:
    """Read the status; `shown` tests whether the page of an approved issue is public."""
    approved = [issue for _, issue in approved_issues(site)]
    ready = [issue for issue in approved if shown(site, issue)]
    sends = IssueSends(site.database).open()
    return SendingStatus(
        frozenset(
            (
                *(sending.issue for sending in sends if not sending.is_paused),
                *(issue.sequence for issue in ready),
            )
        ),
        tuple(issue.name for issue in approved if issue not in ready),
        tuple(sending for sending in sends if sending.is_paused),
        Deliveries(site.database).held(),
    )
