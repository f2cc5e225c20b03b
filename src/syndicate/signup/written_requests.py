"""Requests to unsubscribe in words: whether an email is one, and what proves its sender."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

from syndicate.bounces.handle import return_path_reader
from syndicate.errors import AddressError
from syndicate.mail.personalise import delivery_message_id
from syndicate.signup.subscriptions import SubscriptionService
from syndicate.signup.unsubscribe_words import asks_to_unsubscribe
from syndicate.signup.written_email import WrittenEmail
from syndicate.site import Site
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSends
from syndicate.store.requests import SigningKeys
from syndicate.store.subscribers import Subscriber, Subscribers
from syndicate.subscribers.addresses import address
from syndicate.subscribers.tokens import Purpose, TokenError
from syndicate.timestamps import format_timestamp

Proven = tuple[Subscriber, str]
"""The subscriber, and the newsletter to unsubscribe from."""


class WrittenRequest:
    """One email received by a site."""

    def __init__(
        self, site: Site, service: SubscriptionService, email: WrittenEmail, now: datetime
    ) -> None:
        self._site = site
        self._service = service
        self._now = now
        self._email = email

    def asks(self) -> bool:
        """Whether the subject or the text asks to unsubscribe."""
        if self._email.is_from_a_program:
            return False
        names = [
            self._email.from_header,
            *self._site.config.newsletters,
            *(each.title for each in self._site.config.newsletters.values()),
            self._site.config.site.title,
        ]
        return asks_to_unsubscribe(self._email.subject, self._email.own_text, names)

    def proven(self) -> Proven | None:
        """The subscriber, if the email contains a secret that only they know; else None."""
        for proofs in (self._by_link(), self._by_return_path(), self._by_message_id()):
            for proof in proofs:
                return proof
        return None

    @cached_property
    def sender(self) -> Subscriber | None:
        """The subscriber in the From header, which can be forged."""
        try:
            email_address = address(self._email.sender)
        except AddressError:
            return None
        subscribers = Subscribers(self._site.database)
        with self._site.database.transaction():
            return subscribers.find(email_address.hashed(subscribers.salt()))

    # -- its proof ---------------------------------------------------------------------------

    def _by_link(self) -> Iterator[Proven]:
        """By a link to unsubscribe that it quotes."""
        for newsletter, token in self._email.links:
            try:
                yield self._service.person(token, Purpose.UNSUBSCRIBE, newsletter), newsletter
            except TokenError:
                continue

    def _by_return_path(self) -> Iterator[Proven]:
        """By the return path of a message, to which it was sent."""
        database = self._site.database
        matches = return_path_reader(SigningKeys(database).valid(format_timestamp(self._now)))
        for matched in filter(None, map(matches, self._email.sent_to)):
            issue, number = matched
            sending = IssueSends(database).get(issue)
            subscriber = Subscribers(database).by_id(number)
            if sending and subscriber:
                yield subscriber, sending.newsletter

    def _by_message_id(self) -> Iterator[Proven]:
        """By the id of the message it replies to, which only its reader and we know."""
        subscriber, database = self.sender, self._site.database
        if subscriber is None or not self._email.answered:
            return
        with database.transaction():
            salt = Subscribers(database).salt()
        for sending, _ in Deliveries(database).for_subscriber(subscriber.id):
            if (
                delivery_message_id(sending.issue, subscriber.id, salt, "").rstrip("@")
                in self._email.answered
            ):
                yield subscriber, sending.newsletter
