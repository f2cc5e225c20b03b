"""Send an issue to one address as a test, without a delivery in the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from syndicate.build.plan import next_texts
from syndicate.config.model import Newsletter
from syndicate.config.named import newsletter_named
from syndicate.delivery.messages import factory_from
from syndicate.delivery.relays import FailoverTransport, transports
from syndicate.errors import DeliveryError, SyndicateError
from syndicate.issues.compose import NEXT_ISSUE, own_address
from syndicate.issues.issue_names import has_text, issue_named, newest_draft
from syndicate.newsletters.personal import PersonalisedIssue
from syndicate.site import Setup, Site
from syndicate.store.claims import ClaimedDelivery
from syndicate.store.issue_sends import IssueSend
from syndicate.store.issues import Issue
from syndicate.subscribers.addresses import address as read_address
from syndicate.timestamps import format_timestamp

NO_SUBSCRIBER = 0
"""The id of no subscriber."""


@dataclass(frozen=True, slots=True)
class IssueToTest:
    """What a test email is made from. `sequence` is 0 for the next issue: no store has it yet."""

    newsletter: Newsletter
    texts: PersonalisedIssue
    slot: str
    sequence: int = 0

    @property
    def description(self) -> str:
        """Which issue it is, for people."""
        if self.slot == NEXT_ISSUE.name:
            return f"the next issue of {self.newsletter.name}"
        return f"{self.newsletter.name}/{self.slot}"


def issue_to_test(setup: Setup, site: Site, name: str, now: datetime) -> IssueToTest:
    """The issue that `name` means for a test email.

    NEWSLETTER/SLOT is that issue, NEWSLETTER/next the next issue as it would be made now.
    NEWSLETTER is the newest draft; without one, the next issue; with nothing new, the newest issue.
    Raises SyndicateError when there is no such issue, or when it cannot be sent.
    """
    newsletter_name, _, slot = name.strip("/").partition("/")
    wants_stored = slot != NEXT_ISSUE.name
    if wants_stored and (issue := issue_named(site, name) if slot else newest_draft(site, name)):
        return stored_issue(site, issue)
    newsletter = newsletter_named(site.config, newsletter_name)
    if texts := next_texts(setup, newsletter, site.progress, now):
        return IssueToTest(newsletter, texts, NEXT_ISSUE.name)
    if slot:
        raise SyndicateError(
            f"there is nothing new since the last issue of {newsletter_name}, so no next issue yet",
            hint=f"syndicate send-test {newsletter_name} ADDRESS",
        )
    return stored_issue(site, issue_named(site, name, has_text))


def stored_issue(site: Site, issue: Issue) -> IssueToTest:
    """An issue of the store, for a test email. Raises SyndicateError when it cannot be sent."""
    if not issue.personal:
        raise SyndicateError(
            f"{issue.name} was made without deliver: true, so it cannot be sent",
            hint=f"set newsletters.{issue.newsletter}.deliver: true, then make a new issue",
        )
    newsletter = newsletter_named(site.config, issue.newsletter)
    # The links of a draft lead to its own page, so that all of it can be seen.
    texts = PersonalisedIssue.from_json(issue.personal).replaced(own_address(issue, site.config))
    return IssueToTest(newsletter, texts, issue.slot, issue.sequence)


def send_test(site: Site, outbox: Path, issue: IssueToTest, address: str) -> str:
    """Send an issue to an address, which need not be subscribed, as a test; the server's reply.

    Its personal links do nothing. Each test has another Message-ID, because some servers drop a
    second message with the same one. Raises SyndicateError when it is not accepted.
    """
    started_at = format_timestamp(datetime.now(UTC))
    sending = IssueSend(issue.sequence, issue.newsletter.name, issue.slot, started_at)
    factory = replace(
        factory_from(site, issue.newsletter, issue.texts.as_test(), sending), salt=token_hex(8)
    )
    recipient = read_address(address).mail
    delivery = ClaimedDelivery(sending.issue, NO_SUBSCRIBER, "pending", 0, recipient, "")
    message = factory.write(delivery)
    transport = FailoverTransport(transports(site.config.sending, outbox, site.host).values())
    with transport.session() as session:
        session.begin(message.envelope)
        reply = session.finish(message.content)
    if session.doubt:
        raise DeliveryError(
            session.doubt, outcome_unknown=True, hint="check whether it arrived, or send it again"
        )
    return reply
