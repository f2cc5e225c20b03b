"""A frozen issue and a subscriber -> the message and its envelope.

The issue is encoded once; after that nothing is read, so many threads may render.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from syndicate.bounces.return_path import return_path
from syndicate.catalogue.urls import base_url
from syndicate.config.model import Newsletter
from syndicate.errors import SyndicateError
from syndicate.mail.dkim import Signer
from syndicate.mail.headers import as_sent
from syndicate.mail.message import domain, mailbox
from syndicate.mail.personalise import EncodedIssue, Recipient, message_id
from syndicate.mail.transport import Envelope
from syndicate.newsletters.personal import PersonalisedIssue
from syndicate.signup.links import Links, mailbox_read
from syndicate.site import Site
from syndicate.store.deliveries import ClaimedDelivery, IssueSend
from syndicate.store.issues import Issues, slot_name
from syndicate.store.requests import SigningKey, SigningKeys
from syndicate.store.subscribers import Subscribers


@dataclass(frozen=True, slots=True)
class Written:
    """A message to one recipient, ready to be handed over."""

    envelope: Envelope
    message: bytes


@dataclass(frozen=True, slots=True)
class MessageFactory:
    """The messages of one issue. `salt` makes ids of messages that nobody can make up."""

    issue: int
    newsletter: Newsletter
    prepared: EncodedIssue
    links: Links
    secret: SigningKey
    salt: str
    bounces: str
    sign: Callable[[bytes], bytes]

    def write(self, claimed: ClaimedDelivery) -> Written:
        """The message of a delivery. Raises MessageError if mail does not allow it."""
        number = claimed.subscriber
        name = self.newsletter.name
        who = Recipient(
            address=claimed.address,
            name=claimed.name,
            unsubscribe=self.links.unsubscribe(name, number),
            unsubscribe_by_mail=self.links.unsubscribe_by_mail(self.newsletter, number),
            preferences=self.links.preferences(number),
            message_id=message_id(self.issue, number, self.salt, domain(self.newsletter.sender)),
            date=datetime.now(UTC),
        )
        message = self.sign(self.prepared.to(who, smtputf8=True))
        sender = return_path(self.bounces, self.secret, self.issue, number)
        return Written(Envelope(sender, as_sent(claimed.address, smtputf8=True)), message)


def message_factory(site: Site, sending: IssueSend) -> MessageFactory:
    """What writes the messages of an issue. Raises SyndicateError when none can be written."""
    newsletter = site.config.newsletters.get(sending.newsletter)
    issue = Issues(site.database).get(sending.newsletter, sending.slot)
    if newsletter is None or issue is None:
        raise SyndicateError(
            f"there is no newsletter {sending.newsletter} now",
            hint="put it back; then it can go on, or be cancelled",
        )
    return mail_from(site, newsletter, PersonalisedIssue.from_json(issue.personal), sending)


def mail_from(
    site: Site, newsletter: Newsletter, personal: PersonalisedIssue, sending: IssueSend
) -> MessageFactory:
    """What writes the messages of an issue with these texts. Raises SyndicateError."""
    with site.database.transaction():
        secret = SigningKeys(site.database).signing(sending.began)
        salt = Subscribers(site.database).salt()
    dkim = site.config.sending.dkim
    return MessageFactory(
        issue=sending.issue,
        newsletter=newsletter,
        prepared=EncodedIssue(
            personal,
            newsletter,
            issue=slot_name(sending.slot),
        ),
        links=Links(base_url(site.config.site), secret, mailbox_read(site.config.bounces)),
        secret=secret,
        salt=salt,
        bounces=site.config.bounces.address or mailbox(newsletter.sender),
        sign=Signer(dkim, domain(newsletter.sender)).signed if dkim.key else _unsigned,
    )


def _unsigned(message: bytes) -> bytes:
    return message
