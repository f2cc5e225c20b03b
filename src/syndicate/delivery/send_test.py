"""Send an issue to one address as a test, without a delivery in the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from syndicate.config.model import Newsletter
from syndicate.config.named import newsletter_named
from syndicate.delivery.messages import factory_from
from syndicate.delivery.relays import FailoverTransport, transports
from syndicate.errors import DeliveryError, SyndicateError
from syndicate.issues.compose import own_address
from syndicate.newsletters.personal import PersonalisedIssue
from syndicate.site import Site
from syndicate.store.claims import ClaimedDelivery
from syndicate.store.issue_sends import IssueSend
from syndicate.store.issues import Issue
from syndicate.subscribers.addresses import address as read_address
from syndicate.timestamps import format_timestamp

NO_SUBSCRIBER = 0
"""The id of no subscriber."""


def send_test_of(site: Site, outbox: Path, issue: Issue, address: str) -> str:
    """Send a test of an issue to an address, which need not be subscribed; the server's reply.

    Raises SyndicateError when it is not accepted.
    """
    if not issue.personal:
        raise SyndicateError(
            f"{issue.newsletter}/{issue.slot} was made without deliver: true, so it cannot be sent",
            hint=f"set newsletters.{issue.newsletter}.deliver: true, then make a new issue",
        )
    newsletter = newsletter_named(site.config, issue.newsletter)
    # The links of a draft lead to its own page, so that all of it can be seen.
    personal = PersonalisedIssue.from_json(issue.personal).replaced(own_address(issue, site.config))
    return send_test(site, outbox, newsletter, personal, issue.slot, address, issue.sequence)


def send_test(
    site: Site,
    outbox: Path,
    newsletter: Newsletter,
    personal: PersonalisedIssue,
    slot: str,
    address: str,
    issue: int = 0,
) -> str:
    """Send texts to an address, marked as a test; the server's reply.

    `issue` is the number of the issue, 0 for one that is not in the store.
    Its personal links do nothing. Each test has another Message-ID, because some servers drop a
    second message with the same one. Raises SyndicateError when it is not accepted.
    """
    sending = IssueSend(issue, newsletter.name, slot, format_timestamp(datetime.now(UTC)))
    factory = replace(
        factory_from(site, newsletter, personal.as_test(), sending), salt=token_hex(8)
    )
    recipient = read_address(address).mail
    message = factory.write(ClaimedDelivery(sending.issue, NO_SUBSCRIBER, 0, recipient, ""))
    transport = FailoverTransport(transports(site.config.sending, outbox, site.host).values())
    with transport.session() as session:
        session.begin(message.envelope)
        reply = session.finish(message.content)
    if session.doubt:
        raise DeliveryError(
            session.doubt, outcome_unknown=True, hint="check whether it arrived, or send it again"
        )
    return reply
