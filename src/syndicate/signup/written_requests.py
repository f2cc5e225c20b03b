"""An email that asks in words to unsubscribe: whether it does, and who proves to have sent it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.utils import getaddresses
from functools import cached_property
from typing import Final
from urllib.parse import unquote

from syndicate.bounces import nonstandard, plain_text
from syndicate.bounces.handle import return_path_reader
from syndicate.bounces.mime import decoded, delivered_to, within_limits
from syndicate.errors import AddressError
from syndicate.mail.personalise import message_id
from syndicate.signup.subscriptions import SubscriptionService
from syndicate.signup.unsubscribe_words import asks_to_unsubscribe, own_text, text_of_html
from syndicate.site import Site
from syndicate.store.deliveries import Deliveries
from syndicate.store.requests import SigningKeys
from syndicate.store.subscribers import Subscriber, Subscribers
from syndicate.subscribers.addresses import address
from syndicate.subscribers.tokens import Purpose, TokenError
from syndicate.timestamps import format_timestamp

MAX_LINKS: Final = 20
LINK: Final = re.compile(r"unsubscribe/([A-Za-z0-9-]{1,100})/([A-Za-z0-9_-]{40})(?![\w-])", re.A)
ANSWERED: Final = re.compile(r"<([0-9a-f]{40})@")
LISTS: Final = ("bulk", "list", "junk")
"""Values of `Precedence` of what programs send to many."""

Proven = tuple[Subscriber, str]
"""The subscriber, and the newsletter to unsubscribe from."""


class WrittenRequest:
    """One email received by a site, as bytes."""

    def __init__(
        self, site: Site, service: SubscriptionService, data: bytes, now: datetime
    ) -> None:
        self._site = site
        self._service = service
        self._now = now
        self._message = message_from_bytes(data)

    def asks(self) -> bool:
        """Whether a person asks, in the subject or the text, to be unsubscribed."""
        if not within_limits(self._message) or self._is_from_a_program():
            return False
        names = [
            str(self._message.get("from", "")),
            *self._site.config.newsletters,
            *(each.title for each in self._site.config.newsletters.values()),
            self._site.config.site.title,
        ]
        return asks_to_unsubscribe(plain_text.subject(self._message), self._own_text(), names)

    def proven(self) -> Proven | None:
        """Who asks, if the email contains a secret that only they know; None without proof."""
        for proofs in (self._by_link(), self._by_return_path(), self._by_message_id()):
            for proof in proofs:
                return proof
        return None

    @cached_property
    def sender(self) -> Subscriber | None:
        """The subscriber in the From header, which can be forged."""
        (_, mail), *_ = getaddresses([str(self._message.get("from", ""))]) or [("", "")]
        try:
            given = address(mail)
        except AddressError:
            return None
        known = Subscribers(self._site.database)
        with self._site.database.transaction():
            return known.find(given.hashed(known.salt()))

    # -- its content -------------------------------------------------------------------------

    def _is_from_a_program(self) -> bool:
        """Whether a program wrote it: an automatic reply (RFC 3834), a list, a mail system."""
        message = self._message
        submitted = str(message.get("auto-submitted", "no")).strip().lower()
        return (
            not submitted.startswith("no")
            or nonstandard.is_automatic(message)
            or plain_text.is_mail_system(message)
            or "list-id" in message
            or str(message.get("precedence", "")).strip().lower() in LISTS
        )

    def _own_text(self) -> str:
        """The text without quotations; without plain text, that of the HTML."""
        for kind, read in (("text/plain", str), ("text/html", text_of_html)):
            for part in self._message.walk():
                if part.get_content_type() == kind:
                    return own_text(read(decoded(part)))
        return ""

    # -- its proof ---------------------------------------------------------------------------

    def _by_link(self) -> Iterator[Proven]:
        """By a link to unsubscribe that it quotes."""
        parts = (p for p in self._message.walk() if p.get_content_maintype() == "text")
        for part in parts:
            for newsletter, token in LINK.findall(unquote(decoded(part)))[:MAX_LINKS]:
                try:
                    yield self._service.person(token, Purpose.UNSUBSCRIBE, newsletter), newsletter
                except TokenError:
                    continue

    def _by_return_path(self) -> Iterator[Proven]:
        """By the return path of a message, to which it was sent."""
        database = self._site.database
        matches = return_path_reader(SigningKeys(database).good(format_timestamp(self._now)))
        for found in filter(None, map(matches, delivered_to(self._message))):
            issue, number = found
            sending = Deliveries(database).sending(issue)
            who = Subscribers(database).by_id(number)
            if sending and who:
                yield who, sending.newsletter

    def _by_message_id(self) -> Iterator[Proven]:
        """By the id of the message it replies to, which only its reader and we know."""
        texts = (str(self._message.get(name, "")) for name in ("in-reply-to", "references"))
        answered = set(ANSWERED.findall(" ".join(texts)))
        who, database = self.sender, self._site.database
        if who is None or not answered:
            return
        with database.transaction():
            salt = Subscribers(database).salt()
        for sending, _ in Deliveries(database).for_subscriber(who.id):
            if message_id(sending.issue, who.id, salt, "").rstrip("@") in answered:
                yield who, sending.newsletter
