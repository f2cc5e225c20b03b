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
    dated,
    list_unsubscribe,
    mailbox_of,
    refuse_breaks,
    structured,
    unstructured,
)
from syndicate.mail.message import (
    alternatives,
    boundary_of,
    delimiter,
    domain,
    list_id,
    part_head,
    quoted_printable,
)
from syndicate.newsletters.personal import IssueVariant, PersonalisedIssue, Placeholders

# So much of the marks' digest tells a mark that was cut or changed.
TELLING = 12
KIND = "newsletter"
FIELDS = ("unsubscribe", "preferences", "name")
"""What a reader has of their own, as both Marks and Recipient call it."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A reader, and what is theirs alone. `name` is "" if not known.

    `date` (aware) is when the message is handed over: another on each try, while the id stays.
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
        """Encode the issue called `issue`, a word.

        Raises MessageError for what mail does not allow, and for marks that a template changed.
        """
        sender = newsletter.sender
        self._from = addressed("From", *mailbox_of("From", sender))
        feedback = (issue, newsletter.name, KIND, _sender_id(sender))
        self._of_the_list = (
            structured("List-ID", f"<{list_id(newsletter.name, sender)}>"),
            structured("Precedence", "bulk"),
            structured("Feedback-ID", ":".join(each.replace(":", "-") for each in feedback)),
        )
        self._named = _EncodedVariant(personal.named, personal.marks)
        self._nameless = _EncodedVariant(personal.nameless, personal.marks)

    def to(self, who: Recipient, *, smtputf8: bool = False) -> bytes:
        """The message to a reader, every line ended by CRLF; the same each time.

        `smtputf8` says that the server takes addresses that have more than ASCII before the @;
        such a message is UTF-8 (RFC 6532). Raises MessageError for what mail does not allow.
        """
        refuse_breaks("a name", who.name)
        refuse_breaks("the address of preferences", who.preferences)
        encoded = self._named if who.name else self._nameless
        headers = (
            self._from,
            addressed("To", who.name, as_sent(who.address, smtputf8=smtputf8)),
            encoded.subject(who.name),
            dated(who.date),
            structured("Message-ID", f"<{who.message_id}>"),
            *_unsubscribe_headers(who),
            *self._of_the_list,
            *encoded.ending,
            "",
        )
        return "\r\n".join(headers).encode() + encoded.body(who)


def message_id(issue: int, subscriber: int, salt: str, domain: str) -> str:
    """The id of the message of an issue (its sequence) to a subscriber, the same on a retry.

    `salt` is the site's own, so that nobody can make up ids; `domain` is the sender's, in ASCII.
    """
    said = f"message\0{issue}\0{subscriber}".encode()
    return f"{hmac.digest(salt.encode(), said, hashlib.sha256).hex()[:40]}@{domain}"


class _Slot(NamedTuple):
    """Where something of the reader's goes: which field of theirs, and into what."""

    field: str
    in_html: bool

    def filled(self, who: Recipient) -> bytes:
        value: str = getattr(who, self.field)
        return _continued(escape(value) if self.in_html else value)


class _EncodedVariant:
    """One form of an issue: its body with gaps, and the headers that depend on it."""

    def __init__(self, form: IssueVariant, marks: Placeholders) -> None:
        for text, fields in ((form.subject, ("name",)), (form.text, FIELDS), (form.html, FIELDS)):
            _refuse_changed(text, marks, fields)
        self._subject, self._name = form.subject, marks.name
        self._fixed = "" if marks.name in form.subject else unstructured("Subject", form.subject)
        plain = [part_head("plain"), *_pieces(form.text, marks, in_html=False)]
        html = [part_head("html"), *_pieces(form.html, marks, in_html=True)]
        boundary = boundary_of([repr(part).encode() for part in (plain, html)])
        self.ending = alternatives(boundary)
        line = delimiter(boundary)
        body = [line + b"\r\n", *plain, line + b"\r\n", *html, line + b"--\r\n"]
        self._pieces = [b"" if isinstance(each, _Slot) else each for each in body]
        self._gaps = [(at, each) for at, each in enumerate(body) if isinstance(each, _Slot)]
        self._kinds = {gap for _, gap in self._gaps}

    def subject(self, name: str) -> str:
        """The header Subject for somebody of this name."""
        return self._fixed or unstructured("Subject", self._subject.replace(self._name, name))

    def body(self, who: Recipient) -> bytes:
        """The body for somebody: what is theirs is encoded once, however often it stands there."""
        values = {gap: gap.filled(who) for gap in self._kinds}
        pieces = self._pieces.copy()
        for at, gap in self._gaps:
            pieces[at] = values[gap]
        return b"".join(pieces)


def _pieces(text: str, marks: Placeholders, *, in_html: bool) -> Iterator[bytes | _Slot]:
    """A text as encoded pieces, and what goes between them."""
    fields = {getattr(marks, field): field for field in FIELDS}
    *pieces, last = re.split(f"({'|'.join(map(re.escape, fields))})", text)
    for piece in pieces:
        yield _Slot(fields[piece], in_html) if piece in fields else _continued(piece)
    yield quoted_printable(last)


def _continued(text: str) -> bytes:
    """Encode text that something encoded follows, which is to begin a line of the message."""
    # The letter holds a place in the last line for the sign of a soft line break.
    encoded = quoted_printable(f"{text}x")[:-1]
    return encoded + b"=\r\n" if encoded and not encoded.endswith(b"\n") else encoded


def _refuse_changed(text: str, marks: Placeholders, fields: Sequence[str]) -> None:
    """No mark may be left when gaps are filled: raise MessageError if any is not whole."""
    whole = sum(text.count(getattr(marks, field)) for field in fields)
    if text.casefold().count(marks.digest[:TELLING]) != whole:
        raise MessageError(
            "a template changes a link or the name that each reader has of their own",
            hint="print links.unsubscribe_url, links.preferences_url and recipient_name as "
            "they are, without filters, and in the subject the name alone",
        )


def _unsubscribe_headers(who: Recipient) -> list[str]:
    """By one click and by email; a site without https (RFC 8058 requires it) only by email.

    Such a message is a file in an outbox: the configuration allows no other.
    """
    if who.unsubscribe.startswith("http:"):
        return list_unsubscribe(who.unsubscribe_by_mail, one_click=False)
    return list_unsubscribe(who.unsubscribe, who.unsubscribe_by_mail, one_click=True)


def _sender_id(sender: str) -> str:
    """What a sender is known by in Feedback-ID: 5 to 15 letters and digits."""
    return hashlib.sha256(domain(sender).encode()).hexdigest()[:12]
