"""What became of the planned issue and its deliveries, and how to set it."""

from __future__ import annotations

from syndicate.delivery.states import DeliveryState
from syndicate.site import Site
from syndicate.store.chunks import STATES, Chunks
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import Issue, Issues


def set_states(site: Site, *states: DeliveryState) -> None:
    """Set the states of the first deliveries; the others stay pending.

    With one that is being sent, a sender owns their chunk.
    """
    with site.database.transaction():
        for number, state in enumerate(states, 1):
            site.database.run(
                "UPDATE deliveries SET state = :state WHERE subscriber = :number",
                {"state": state, "number": number},
            )
        (issue,) = IssueSends(site.database).open()
        chunks = Chunks(site.database)
        for chunk in chunks.having(issue.issue, STATES):
            chunks.recount(chunk)
        if DeliveryState.SENDING in states:
            chunks.claim(issue.issue, "a sender", "2026", "2027")


def counts(site: Site, issue: Issue) -> dict[str, int]:
    """How many deliveries are in each state."""
    return Deliveries(site.database).counts(issue.sequence)


def issue_state(site: Site, issue: Issue) -> str:
    """The state of the issue now."""
    stored = Issues(site.database).get(issue.newsletter, issue.slot)
    assert stored is not None
    return stored.state


def sending_now(site: Site, issue: Issue) -> IssueSend:
    """The sending of the issue now."""
    stored = IssueSends(site.database).get(issue.sequence)
    assert stored is not None
    return stored
