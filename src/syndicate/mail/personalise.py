"""An issue, encoded once -> the message of each reader. Pure.

The texts are cut at their placeholders, and each piece is encoded on its own. A piece that would
end within a line ends in a soft line break (RFC 2045, section 6.7), and so does each inserted
value: all begin a line, so lines stay short and none begins with a dot, whatever a name contains.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import NamedTuple

from syndicate.config.model import Newsletter
from syndicate.errors import MessageError
from syndicate.mail.headers import (
    addressed,
    as_sent,
    list_unsubscribe,
    mailbox_of,
    refuse_breaks,
    unstructured,
)
from syndicate.mail.message import (
    boundary_of,
    delimiter,
    domain,
    list_id,
    part_head,
    quoted_printable,
)
from syndicate.mail.message_head import ListHeaders, message_head
from syndicate.newsletters.personal import IssueVariant, PersonalisedIssue, Placeholders

# This much of the placeholders' digest identifies one that was cut or changed.
DIGEST_LENGTH = 12
KIND = "newsletter"
FIELDS = ("unsubscribe", "preferences", "name")
"""The personal values, as fields of both Placeholders and Recipient."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A reader with their personal values. `name` is "" if unknown.

    `date` (aware) is when the message is sent: another one for each try, while the id stays.
    `unsubscribe` and `preferences` are https: URLs, `unsubscribe_by_mail` a mailto: URL,
    `message_id` comes without angle brackets.
    """

    address: str
    name: str
    unsubscribe: str
    unsubscribe_by_mail: str
    preferences: str
    message_id: str
    date: datetime


class EncodedIssue:
    """The messages of one issue."""

    def __init__(self, personal: PersonalisedIssue, newsletter: Newsletter, *, issue: str) -> None:
        """Encode an issue; `issue` is its name.

        Raises MessageError for what email does not allow, and if a template changed a placeholder.
        """
        sender = newsletter.sender
        self._from = addressed("From", *mailbox_of("From", sender))
        feedback = (issue, newsletter.name, KIND, _sender_id(sender))
        self._list_headers = ListHeaders(
            list_id(newsletter.name, sender),
            feedback_id=":".join(each.replace(":", "-") for each in feedback),
        )
        self._named = _EncodedVariant(personal.named, personal.placeholders)
        self._nameless = _EncodedVariant(personal.nameless, personal.placeholders)

    def to(self, recipient: Recipient, *, smtputf8: bool = False) -> bytes:
        """The message to a reader, with CRLF line ends; the same each time.

        With `smtputf8`, the address may have more than ASCII before the @; the message is UTF-8
        then (RFC 6532). Raises MessageError for what email does not allow.
        """
        refuse_breaks("a name", recipient.name)
        refuse_breaks("the address of preferences", recipient.preferences)
        encoded = self._named if recipient.name else self._nameless
        head = message_head(
            self._from,
            addressed("To", recipient.name, as_sent(recipient.address, smtputf8=smtputf8)),
            encoded.subject(recipient.name),
            date=recipient.date,
            message_id=recipient.message_id,
            list_headers=self._list_headers.lines(_unsubscribe_headers(recipient)),
            boundary=encoded.boundary,
        )
        return head + encoded.body(recipient)


def delivery_message_id(issue: int, subscriber: int, salt: str, domain: str) -> str:
    """The id of the message of an issue (its sequence) to a subscriber, the same on a retry.

    `salt` is secret, so that ids cannot be guessed; `domain` is the sender's, in ASCII.
    """
    text = f"message\0{issue}\0{subscriber}".encode()
    return f"{hmac.digest(salt.encode(), text, hashlib.sha256).hex()[:40]}@{domain}"


class _Slot(NamedTuple):
    """Where a personal value goes: which field, and whether into HTML."""

    field: str
    in_html: bool

    def filled(self, recipient: Recipient) -> bytes:
        value: str = getattr(recipient, self.field)
        return _soft_broken(escape(value) if self.in_html else value)


class _EncodedVariant:
    """One variant of an issue: its body with slots, and the headers that depend on it."""

    def __init__(self, variant: IssueVariant, placeholders: Placeholders) -> None:
        subject = variant.subject
        for text, fields in ((subject, ("name",)), (variant.text, FIELDS), (variant.html, FIELDS)):
            _refuse_changed(text, placeholders, fields)
        self._subject, self._name = subject, placeholders.name
        self._fixed = "" if self._name in subject else unstructured("Subject", subject)
        plain = [part_head("plain"), *_pieces(variant.text, placeholders, in_html=False)]
        html = [part_head("html"), *_pieces(variant.html, placeholders, in_html=True)]
        self.boundary = boundary_of([repr(part).encode() for part in (plain, html)])
        line = delimiter(self.boundary)
        body = [line + b"\r\n", *plain, line + b"\r\n", *html, line + b"--\r\n"]
        self._pieces = [b"" if isinstance(each, _Slot) else each for each in body]
        self._slots = [(at, each) for at, each in enumerate(body) if isinstance(each, _Slot)]

    def subject(self, name: str) -> str:
        """The Subject header for a reader of this name."""
        return self._fixed or unstructured("Subject", self._subject.replace(self._name, name))

    def body(self, recipient: Recipient) -> bytes:
        """The body for a reader. Each value is encoded once, however often it occurs."""
        values = {slot: slot.filled(recipient) for slot in {slot for _, slot in self._slots}}
        pieces = self._pieces.copy()
        for at, slot in self._slots:
            pieces[at] = values[slot]
        return b"".join(pieces)


def _pieces(text: str, placeholders: Placeholders, *, in_html: bool) -> Iterator[bytes | _Slot]:
    """A text as encoded pieces, with slots between them."""
    fields = {getattr(placeholders, field): field for field in FIELDS}
    *pieces, last = re.split(f"({'|'.join(map(re.escape, fields))})", text)
    for piece in pieces:
        yield _Slot(fields[piece], in_html) if piece in fields else _soft_broken(piece)
    yield quoted_printable(last)


def _soft_broken(text: str) -> bytes:
    """Encode text so that what follows it begins a line of the message."""
    # The extra character leaves room for a soft line break in the last line.
    encoded = quoted_printable(f"{text}x")[:-1]
    return encoded + b"=\r\n" if encoded and not encoded.endswith(b"\n") else encoded


def _refuse_changed(text: str, placeholders: Placeholders, fields: Sequence[str]) -> None:
    """Raise MessageError if a placeholder in the text is not whole: it could not be filled."""
    whole = sum(text.count(getattr(placeholders, field)) for field in fields)
    if text.casefold().count(placeholders.digest[:DIGEST_LENGTH]) != whole:
        raise MessageError(
            "a template changes a personal link or the name of the reader",
            hint="print links.unsubscribe_url, links.preferences_url and recipient_name as "
            "they are, without filters, and in the subject the name alone",
        )


def _unsubscribe_headers(recipient: Recipient) -> list[str]:
    """One-click and by email; only by email for a site without https, which RFC 8058 requires.

    Such a message goes to an outbox: the configuration allows nothing else.
    """
    if recipient.unsubscribe.startswith("http:"):
        return list_unsubscribe(recipient.unsubscribe_by_mail, one_click=False)
    return list_unsubscribe(recipient.unsubscribe, recipient.unsubscribe_by_mail, one_click=True)


def _sender_id(sender: str) -> str:
    """The id of the sender in Feedback-ID: 5 to 15 ASCII alphanumerics."""
    return hashlib.sha256(domain(sender).encode()).hexdigest()[:12]
