"""A frozen issue and a subscriber -> the message and its envelope.

The issue is encoded once; writing a message then reads nothing else, so any thread may do it.
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
from syndicate.mail.personalise import EncodedIssue, Recipient, delivery_message_id
from syndicate.mail.transport import Envelope
from syndicate.newsletters.personal import PersonalisedIssue
from syndicate.signup.links import Links, mailbox_read
from syndicate.site import Site
from syndicate.store.claims import ClaimedDelivery
from syndicate.store.issue_sends import IssueSend
from syndicate.store.issues import Issues, slot_name
from syndicate.store.requests import SigningKey, SigningKeys
from syndicate.store.subscribers import Subscribers


@dataclass(frozen=True, slots=True)
class PersonalMessage:
    """The message to one recipient, ready to be sent; `content` are its bytes."""

    envelope: Envelope
    content: bytes


@dataclass(frozen=True, slots=True)
class MessageFactory:
    """Writes the messages of one issue.

    `links` and `key` make the personal links and the return path of a recipient, `salt` makes
    message ids unpredictable, and `sign` adds a DKIM signature. `bounces` is the address to which
    bounce reports are sent.
    """

    issue: int
    newsletter: Newsletter
    encoded: EncodedIssue
    links: Links
    key: SigningKey
    salt: str
    bounces: str
    sign: Callable[[bytes], bytes]

    def write(self, claimed: ClaimedDelivery) -> PersonalMessage:
        """Write the message of a delivery. Raises MessageError for an invalid address or name."""
        number = claimed.subscriber
        name = self.newsletter.name
        recipient = Recipient(
            address=claimed.address,
            name=claimed.name,
            unsubscribe=self.links.unsubscribe(name, number),
            unsubscribe_by_mail=self.links.unsubscribe_by_mail(self.newsletter, number),
            preferences=self.links.preferences(number),
            message_id=delivery_message_id(
                self.issue, number, self.salt, domain(self.newsletter.sender)
            ),
            date=datetime.now(UTC),
        )
        content = self.sign(self.encoded.to(recipient, smtputf8=True))
        sender = return_path(self.bounces, self.key, self.issue, number)
        return PersonalMessage(Envelope(sender, as_sent(claimed.address, smtputf8=True)), content)


def message_factory(site: Site, sending: IssueSend) -> MessageFactory:
    """The factory of an issue's messages. Raises SyndicateError when none can be written."""
    newsletter = site.config.newsletters.get(sending.newsletter)
    issue = Issues(site.database).get(sending.newsletter, sending.slot)
    if newsletter is None or issue is None:
        raise SyndicateError(
            f"config.yaml has no newsletter {sending.newsletter} any more",
            hint="put it back; then resume the issue, or cancel it",
        )
    return factory_from(site, newsletter, PersonalisedIssue.from_json(issue.personal), sending)


def factory_from(
    site: Site, newsletter: Newsletter, personal: PersonalisedIssue, sending: IssueSend
) -> MessageFactory:
    """The factory of messages with these texts. Raises SyndicateError."""
    with site.database.transaction():
        key = SigningKeys(site.database).signing(sending.started_at)
        salt = Subscribers(site.database).salt()
    dkim = site.config.sending.dkim
    return MessageFactory(
        issue=sending.issue,
        newsletter=newsletter,
        encoded=EncodedIssue(personal, newsletter, issue=slot_name(sending.slot)),
        links=Links(base_url(site.config.site), key, mailbox_read(site.config.bounces)),
        key=key,
        salt=salt,
        bounces=site.config.bounces.address or mailbox(newsletter.sender),
        sign=Signer(dkim, domain(newsletter.sender)).signed if dkim.key else _unsigned,
    )


def _unsigned(message: bytes) -> bytes:
    return message
