"""An email of a reader, parsed into a value. Pure.

All parsing happens here, before anything is looked up: a message that cannot be parsed affects only
itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import getaddresses
from typing import Final
from urllib.parse import unquote

from syndicate.bounces import nonstandard, plain_text
from syndicate.bounces.mime import (
    Mail,
    decoded,
    delivered_to,
    header,
    parse_message,
    parse_safely,
    subject,
)
from syndicate.signup.unsubscribe_words import own_text, text_of_html

MAX_LINKS: Final = 20
LINK: Final = re.compile(r"unsubscribe/([A-Za-z0-9-]{1,100})/([A-Za-z0-9_-]{40})(?![\w-])", re.A)
ANSWERED: Final = re.compile(r"<([0-9a-f]{40})@")
LISTS: Final = ("bulk", "list", "junk")
"""Values of `Precedence` of what programs send to many."""


@dataclass(frozen=True, slots=True)
class WrittenEmail:
    """An email of a reader. `sender` is the first address in its From header, which can be forged.

    `own_text` is its text without quotations. `links` are newsletter and token of each quoted
    unsubscribe link, `sent_to` the addresses it may have been sent to, and `answered` the ids,
    without domains, of the messages to which it replies.
    """

    subject: str
    sender: str
    from_header: str
    own_text: str
    is_from_a_program: bool
    links: tuple[tuple[str, str], ...]
    sent_to: tuple[str, ...]
    answered: frozenset[str]


def read_email(data: bytes) -> WrittenEmail:
    """The content of an email. Raises UnreadableEmailError, and nothing else."""
    return parse_safely(_read, parse_message(data))


def _read(message: Mail) -> WrittenEmail:
    from_header = header(message, "from")
    (_, sender), *_ = getaddresses([from_header]) or [("", "")]
    references = (str(message.get(name, "")) for name in ("in-reply-to", "references"))
    return WrittenEmail(
        subject(message),
        sender,
        from_header,
        _own_text(message),
        _is_from_a_program(message),
        tuple(_links(message)),
        delivered_to(message),
        frozenset(ANSWERED.findall(" ".join(references))),
    )


def _is_from_a_program(message: Mail) -> bool:
    """Whether a program wrote it: an automatic reply (RFC 3834), a list, a mail system."""
    submitted = header(message, "auto-submitted").lower() or "no"
    return (
        not submitted.startswith("no")
        or nonstandard.is_automatic(message)
        or plain_text.is_mail_system(message)
        or "list-id" in message
        or header(message, "precedence").lower() in LISTS
    )


def _own_text(message: Mail) -> str:
    """The text without quotations; without plain text, that of the HTML."""
    for kind, read in (("text/plain", str), ("text/html", text_of_html)):
        for part in message.walk():
            if part.get_content_type() == kind:
                return own_text(read(decoded(part)))
    return ""


def _links(message: Mail) -> Iterator[tuple[str, str]]:
    for part in message.walk():
        if part.get_content_maintype() == "text":
            links = LINK.findall(unquote(decoded(part)))[:MAX_LINKS]
            yield from ((newsletter.lower(), token) for newsletter, token in links)
